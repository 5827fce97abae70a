/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * report_page.c - report.html: scores, curves, classes, confusion and pictures on one page.
 *
 * The page is one file in UTF-8 that needs no network and no script: pictures are data URIs, curves are
 * SVG.  It follows the reader's light or dark mode, and prints.
 */
#define _POSIX_C_SOURCE 200809L
#include "eval/report.h"
#include "models/read_weights.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE "report.html"
#define CELLS 40    /* with more classes the matrix is the picture confusion.png */
#define MIX_UPS 10  /* pairs of classes that are confused most */
#define POINTS 600  /* of a curve */
#define CHART_W 320 /* of a chart, in units of its SVG */
#define CHART_H 150
#define CHART_LEFT 40 /* room for the numbers at its axes */
#define CHART_BOTTOM 22

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#20242c;--soft:#667080;--line:#e2e5ea;\n"
    "--rail:#eef0f3;--bar:#2662ac;--warm:#d66a14;--good:#1e804c;--heat:38,98,172}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#16191f;--ink:#e4e7ec;--soft:#98a2b3;\n"
    "--line:#2d333d;--rail:#242a33;--bar:#6aa5ea;--warm:#f09a52;--good:#5cc48d;--heat:84,148,224}}"
    "\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:72rem;padding:2.5rem 1.5rem 4rem;background:var(--paper);\n"
    "color:var(--ink);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0}\n"
    "h2{font-size:1.1rem;margin:2.8rem 0 .8rem}\n"
    "p{margin:.3rem 0}\n"
    ".soft,th,figcaption{color:var(--soft)}\n"
    ".means{display:grid;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));margin:1.6rem 0 "
    "0}\n"
    ".means div{padding:.7rem .9rem;border:1px solid var(--line);margin:0 -1px -1px 0}\n"
    ".means dt{color:var(--soft);font-size:.85rem}\n"
    ".means dd{margin:0;font-size:1.35rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse}\n"
    "th{font-weight:normal;text-align:start}\n"
    ".classes{width:100%}\n"
    ".classes td,.classes th{padding:.22rem .5rem;border-bottom:1px solid var(--line);\n"
    "text-align:end;white-space:nowrap}\n"
    ".classes .name{text-align:start;white-space:normal}\n"
    ".classes .wide{width:30%}\n"
    ".swatch{display:inline-block;width:.85em;height:.85em;margin-inline-end:.55em;\n"
    "vertical-align:-.08em;border:1px solid var(--soft)}\n"
    ".key>span{display:inline-block;margin-inline-end:1.2em}\n"
    ".rail{display:block;min-width:4rem;height:.6rem;background:var(--rail)}\n"
    ".rail i{display:block;height:100%;background:var(--bar)}\n"
    ".matrix td{width:2.1rem;min-width:1.6rem;height:1.9rem;text-align:center;font-size:.75rem;\n"
    "border:1px solid var(--paper);background:var(--rail)}\n"
    ".matrix th{font-size:.8rem;white-space:nowrap;padding:0 "
    ".5rem;text-align:end;color:var(--ink)}\n"
    ".matrix thead th{padding:.5rem 0;vertical-align:bottom;text-align:center}\n"
    ".matrix thead span{writing-mode:vertical-rl;text-orientation:sideways;\n"
    "transform:rotate(180deg)}\n"
    ".matrix .high{color:#fff}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:1.5rem}\n"
    "svg{width:100%;height:auto;display:block;overflow:visible}\n"
    "svg text{fill:var(--soft);font:10px system-ui,sans-serif}\n"
    "svg path{fill:none;stroke-width:1.6;stroke-linejoin:round}\n"
    "svg .grid{stroke:var(--line);stroke-width:1}\n"
    "figure{margin:0 0 1.2rem;break-inside:avoid}\n"
    "figcaption{font-size:.85rem;margin-bottom:.3rem;overflow-wrap:anywhere}\n"
    ".row{display:grid;grid-template-columns:repeat(4,1fr);gap:.4rem}\n"
    ".row img{width:100%;height:auto;display:block}\n"
    "@media print{body{max-width:none;padding:0;font-size:11px}\n"
    "h2{break-after:avoid}tr,.matrix{break-inside:avoid}\n"
    ".charts{grid-template-columns:repeat(3,1fr)}\n"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

/* -- parts of a page --------------------------------------------------------------------------- */

static void add_base64(encnet__text *t, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        uint32_t v = 0;
        char four[4];
        for (size_t k = 0; k < 3; k++) v = v << 8 | (i + k < size ? (uint8_t)bytes[i + k] : 0);
        for (int k = 0; k < 4; k++) four[k] = digits[v >> (18 - 6 * k) & 63];
        if (i + 2 >= size) four[3] = '=';
        if (i + 1 >= size) four[2] = '=';
        encnet__text_bytes(t, four, 4);
    }
}

static encnet_status add_picture(encnet__text *t, const encnet__picture *p, const char *alt)
{
    encnet_status rc = ENCNET_OK;
    encnet__text png = {0};

    TRY(encnet__picture_encode(&png, p, NULL));
    encnet__text_add(t, "<img alt=\"%s\" width=\"%d\" height=\"%d\" src=\"data:image/png;base64,",
                     alt, p->w, p->h);
    add_base64(t, png.data, png.size);
    encnet__text_add(t, "\">");
done:
    encnet__text_free(&png);
    return rc;
}

static void add_percent(encnet__text *t, double percent)
{
    if (isnan(percent))
        encnet__text_add(t, "&ndash;");
    else
        encnet__text_add(t, "%.2f", percent);
}

static void add_swatch(encnet__text *t, const uint8_t rgb[3])
{
    encnet__text_add(t, "<span class=\"swatch\" style=\"background:#%02x%02x%02x\"></span>", rgb[0],
                     rgb[1], rgb[2]);
}

/* A name may be in a script that runs from right to left. */
static void add_name(encnet__text *t, const char *name)
{
    encnet__text_add(t, "<bdi>");
    encnet__text_html(t, name);
    encnet__text_add(t, "</bdi>");
}

/* -- scores ------------------------------------------------------------------------------------ */

static void add_head(encnet__text *t, const encnet_scores *s, const encnet_options *o,
                     const char *split)
{
    const char *name;
    double percent;

    encnet__text_add(t, "<h1>");
    encnet__text_html(t, o->model.network);
    encnet__text_add(t, " on ");
    encnet__text_html(t, o->model.backbone);
    encnet__text_add(
        t, "</h1>\n<p class=\"soft\">%d images of %s (%s), %d classes; eval.mode = %s%s", s->images,
        o->data.type, split, s->classes, o->eval.mode, o->eval.flip ? ", eval.flip" : "");
    if (*o->model.checkpoint) {
        encnet__text_add(t, "; weights of ");
        encnet__text_html(t, o->model.checkpoint);
    }
    encnet__text_add(t, "; encnet-cl %s</p>\n<dl class=\"means\">\n", encnet_version());
    for (int i = 0; encnet_scores_mean(s, i, &name, &percent); i++) {
        encnet__text_add(t, "<div><dt>%s</dt><dd>", name);
        add_percent(t, percent);
        encnet__text_add(t, "</dd></div>\n");
    }
    encnet__text_add(
        t, "</dl>\n<p class=\"soft\">in percent; means are over the classes that have the "
           "score</p>\n");
}

typedef struct ranked {
    int m;
    double score; /* NaN is last */
} ranked;

static int descending(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    bool x_none = isnan(x->score), y_none = isnan(y->score);

    if (x_none != y_none) return x_none ? 1 : -1;
    if (!x_none && x->score != y->score) return x->score < y->score ? 1 : -1;
    return x->m - y->m;
}

/* The classes by their first score, which has a bar. */
static void add_classes(encnet__text *t, const encnet__report *r, const encnet_scores *s,
                        ranked *order)
{
    const char *name, *first = "";
    double percent = 0;

    for (int m = 0; m < s->classes; m++) {
        (void)encnet_scores_of_class(s, m, 0, &first, &percent);
        order[m] = (ranked){m, percent};
    }
    qsort(order, (size_t)s->classes, sizeof *order, descending);
    encnet__text_add(
        t,
        "<h2>Classes by %s</h2>\n<div class=\"scroll\"><table class=\"classes\"><thead><tr>"
        "<th class=\"name\">class</th><th class=\"wide\"></th>",
        first);
    for (int i = 0; encnet_scores_of_class(s, 0, i, &name, &percent); i++)
        encnet__text_add(t, "<th>%s</th>", name);
    encnet__text_add(t, "<th>%s</th></tr></thead><tbody>\n",
                     s->labels_images ? "images" : "pixels");
    for (int i = 0; i < s->classes; i++) {
        int m = order[i].m;
        encnet__text_add(t, "<tr><td class=\"name\">");
        add_swatch(t, r->classes[m].rgb);
        add_name(t, s->class_score[m].name);
        encnet__text_add(t,
                         "</td><td class=\"wide\"><span class=\"rail\"><i style=\"width:%.2f%%\">"
                         "</i></span></td>",
                         isnan(order[i].score) ? 0 : order[i].score);
        for (int k = 0; encnet_scores_of_class(s, m, k, &name, &percent); k++) {
            encnet__text_add(t, "<td>");
            add_percent(t, percent);
            encnet__text_add(t, "</td>");
        }
        encnet__text_add(t, "<td>%llu</td></tr>\n", (unsigned long long)s->class_score[m].pixels);
    }
    encnet__text_add(t, "</tbody></table></div>\n");
}

/* -- confusion --------------------------------------------------------------------------------- */

/* Each row is divided by its label's pixels. */
static void add_matrix(encnet__text *t, const encnet_scores *s)
{
    size_t M = (size_t)s->classes;

    encnet__text_add(t, "<div class=\"scroll\"><table class=\"matrix\"><thead><tr><th></th>");
    for (size_t k = 0; k < M; k++) {
        encnet__text_add(t, "<th><span>");
        add_name(t, s->class_score[k].name);
        encnet__text_add(t, "</span></th>");
    }
    encnet__text_add(t, "</tr></thead><tbody>\n");
    for (size_t m = 0; m < M; m++) {
        uint64_t all = s->class_score[m].pixels;
        encnet__text_add(t, "<tr><th>");
        add_name(t, s->class_score[m].name);
        encnet__text_add(t, "</th>");
        for (size_t k = 0; k < M; k++) {
            double share = all ? (double)s->confusion[m * M + k] / (double)all : 0;
            if (share < 0.005) {
                encnet__text_add(t, "<td></td>");
                continue;
            }
            encnet__text_add(t, "<td%s style=\"background:rgba(var(--heat),%.2f)\">%.0f</td>",
                             share > 0.5 ? " class=\"high\"" : "", 0.08 + 0.92 * share,
                             100 * share);
        }
        encnet__text_add(t, "</tr>\n");
    }
    encnet__text_add(t, "</tbody></table></div>\n");
}

/* Lists the most frequent confusions. */
static void add_mix_ups(encnet__text *t, const encnet_scores *s)
{
    size_t M = (size_t)s->classes, cells = M * M, best[MIX_UPS];
    int n = 0;

    for (size_t i = 0; i < cells; i++) {
        int at;
        if (i / M == i % M || !s->confusion[i]) continue;
        if (n == MIX_UPS && s->confusion[i] <= s->confusion[best[n - 1]]) continue;
        if (n < MIX_UPS) n++;
        for (at = n - 1; at > 0 && s->confusion[best[at - 1]] < s->confusion[i]; at--)
            best[at] = best[at - 1];
        best[at] = i;
    }
    if (!n) return;
    encnet__text_add(t,
                     "<h2>Most frequent confusions</h2>\n<div class=\"scroll\"><table "
                     "class=\"classes\"><thead><tr>"
                     "<th class=\"name\">label</th><th class=\"name\">taken for</th><th>%s</th>"
                     "<th>of the label, %%</th></tr></thead><tbody>\n",
                     s->labels_images ? "images" : "pixels");
    for (int i = 0; i < n; i++) {
        const encnet_class_score *label = &s->class_score[best[i] / M];
        uint64_t count = s->confusion[best[i]];
        encnet__text_add(t, "<tr><td class=\"name\">");
        add_name(t, label->name);
        encnet__text_add(t, "</td><td class=\"name\">");
        add_name(t, s->class_score[best[i] % M].name);
        encnet__text_add(t, "</td><td>%llu</td><td>%.1f</td></tr>\n", (unsigned long long)count,
                         100 * ((double)count / (double)label->pixels));
    }
    encnet__text_add(t, "</tbody></table></div>\n");
}

static encnet_status add_confusion(encnet__text *t, const encnet__report *r, const encnet_scores *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture drawn = {0};

    encnet__text_add(t, "<h2>Confusion</h2>\n<p class=\"soft\">A row is a label, a column what was "
                        "predicted for it, in percent of the label.</p>\n");
    if (s->classes <= CELLS) {
        add_matrix(t, s);
    } else {
        TRY(encnet__report_confusion(&drawn, r, s));
        encnet__text_add(t, "<div class=\"scroll\">");
        TRY(add_picture(t, &drawn, "confusion matrix"));
        encnet__text_add(t, "</div>\n");
    }
    add_mix_ups(t, s);
done:
    encnet__picture_free(&drawn);
    return rc;
}

/* -- curves ------------------------------------------------------------------------------------ */

typedef struct chart {
    encnet__axis across, up;
} chart;

static double chart_x(const chart *c, double x)
{
    double u = (x - c->across.low) / (c->across.high - c->across.low);

    return CHART_LEFT + (CHART_W - CHART_LEFT - 8) * fmin(fmax(u, 0), 1);
}

static double chart_y(const chart *c, double y)
{
    double v = (y - c->up.low) / (c->up.high - c->up.low);

    return 6 + (CHART_H - CHART_BOTTOM - 6) * (1 - fmin(fmax(v, 0), 1));
}

static void add_axes(encnet__text *t, const chart *c)
{
    char text[32];

    for (int i = 0; c->up.low + i * c->up.step <= c->up.high + 1e-6 * c->up.step; i++) {
        double value = c->up.low + i * c->up.step, y = chart_y(c, value);
        encnet__tick_text(text, sizeof text, value);
        encnet__text_add(t,
                         "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                         "text-anchor=\"end\">%s</text>\n",
                         CHART_LEFT, y, CHART_W - 8, CHART_LEFT - 5, y + 3.5, text);
    }
    for (int i = 0; c->across.low + i * c->across.step <= c->across.high + 1e-6 * c->across.step;
         i++) {
        double value = c->across.low + i * c->across.step;
        encnet__tick_text(text, sizeof text, value);
        encnet__text_add(t, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                         chart_x(c, value), CHART_H - 6, text);
    }
}

static void add_line(encnet__text *t, const chart *c, const encnet__curve *data, const char *colour,
                     double opacity)
{
    int step = (data->count + POINTS - 1) / POINTS;

    encnet__text_add(t, "<path stroke=\"var(--%s)\" opacity=\"%.2f\" d=\"", colour, opacity);
    for (int i = 0; i < data->count; i += step)
        encnet__text_add(t, "%c%.1f %.1f", i ? 'L' : 'M', chart_x(c, data->x[i]),
                         chart_y(c, data->y[i]));
    encnet__text_add(t, "\"/>\n");
    for (int i = 0; i < data->count && data->count <= 50 && opacity == 1; i++)
        encnet__text_add(t, "<circle r=\"2.2\" cx=\"%.1f\" cy=\"%.1f\" fill=\"var(--%s)\"/>\n",
                         chart_x(c, data->x[i]), chart_y(c, data->y[i]), colour);
}

/* One figure; behind `data` lies `behind`, unless it is NULL. */
static void add_chart(encnet__text *t, const char *title, chart c, const encnet__curve *data,
                      const encnet__curve *behind, const char *colour)
{
    encnet__text_add(t,
                     "<figure><figcaption>%s</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" "
                     "aria-label=\"%s\">\n",
                     title, CHART_W, CHART_H, title);
    add_axes(t, &c);
    if (behind) add_line(t, &c, behind, colour, 0.3);
    add_line(t, &c, data, colour, 1);
    encnet__text_add(t, "</svg></figure>\n");
}

static encnet_status add_charts(encnet__text *t, const encnet__history *h)
{
    encnet_status rc = ENCNET_OK;
    encnet__curve mean = {0};
    encnet__text title = {0};
    double low, high, last = h->loss.x[h->loss.count - 1];
    chart c;

    if (h->miou.count) last = fmax(last, h->miou.x[h->miou.count - 1]);
    c.across = encnet__axis_over(0, last, 5);
    encnet__text_add(t, "<h2>Training</h2>\n<div class=\"charts\">\n");
    TRY(encnet__curve_smooth(&mean, &h->loss));
    encnet__curve_extremes(&low, &high, &mean);
    c.up = encnet__axis_round(low < 0 ? low : 0, high, 4);
    encnet__text_add(&title, "loss: %.4g at the end", mean.y[mean.count - 1]);
    if (title.data) add_chart(t, title.data, c, &mean, &h->loss, "bar");
    if (h->miou.count) {
        encnet__curve_extremes(&low, &high, &h->miou);
        c.up = encnet__axis_round(0, fmax(high, 1), 4);
        title.size = 0;
        encnet__text_add(&title, "validation %s: best %.2f %%", h->score, high);
        if (title.data) add_chart(t, title.data, c, &h->miou, NULL, "good");
    }
    if (h->lr.count) {
        encnet__curve_extremes(&low, &high, &h->lr);
        c.up = encnet__axis_round(0, high, 4);
        add_chart(t, "learning rate", c, &h->lr, NULL, "warm");
    }
    encnet__text_add(t, "</div>\n<p class=\"soft\">over the iterations of the training</p>\n");
    t->failed = t->failed || title.failed;
done:
    encnet__curve_free(&mean);
    encnet__text_free(&title);
    return rc;
}

/* Finds the newest log in a folder, owned by the caller; leaves *out if there is none. */
static void find_log(char **out, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    struct stat st;
    time_t newest = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        char *path = encnet__ends_in(entry->d_name, ".log.json")
                         ? encnet__path_join(folder, entry->d_name)
                         : NULL;
        if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
            (!*out || st.st_mtime > newest)) {
            newest = st.st_mtime;
            encnet__free(*out);
            *out = path;
            path = NULL;
        }
        encnet__free(path);
    }
    if (dir) closedir(dir);
}

/* Adds the curves of the log beside the weights, or in the work directory that their checkpoint is in.
 * A log that cannot be read has none. */
static encnet_status add_curves(encnet__text *t, const char *checkpoint)
{
    encnet_status rc = ENCNET_OK;
    encnet__history h = {0};
    char *weights = NULL, *up = NULL, *log = NULL, *slash;

    if (!*checkpoint || encnet__weights_path(&weights, checkpoint) != ENCNET_OK) goto done;
    slash = strrchr(weights, '/');
    if (slash) *slash = '\0';
    up = encnet__path_join(slash ? weights : ".", "..");
    if (!up) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", weights);
    find_log(&log, slash ? weights : ".");
    if (!log) find_log(&log, up);
    if (log && encnet__history_read(&h, log) == ENCNET_OK) TRY(add_charts(t, &h));
done:
    encnet__history_free(&h);
    encnet__free(weights);
    encnet__free(up);
    encnet__free(log);
    return rc;
}

/* -- pictures ---------------------------------------------------------------------------------- */

static encnet_status add_pictures(encnet__text *t, const encnet__report *r, bool of_images)
{
    static const char *const what[ENCNET__THUMBS] = {"image", "label", "prediction", "errors"};
    encnet_status rc = ENCNET_OK;
    encnet__text caption = {0};

    if (!r->n_rows) return ENCNET_OK;
    encnet__text_add(t, "<h2>Images</h2>\n");
    encnet__text_add(t, of_images
                            ? "<p class=\"soft\">image and the colours of its label and of the "
                              "most probable class</p>\n"
                            : "<p class=\"soft\">image, label, prediction, and errors: what is "
                              "wrong in red, what is not labelled in grey</p>\n");
    if (r->M <= CELLS) encnet__text_add(t, "<p class=\"key\">");
    for (int m = 0; m < r->M && r->M <= CELLS; m++) {
        encnet__text_add(t, "<span>");
        add_swatch(t, r->classes[m].rgb);
        add_name(t, r->classes[m].name);
        encnet__text_add(t, "</span>\n");
    }
    if (r->M <= CELLS) encnet__text_add(t, "</p>\n");
    for (int i = 0; i < r->n_rows; i++) {
        caption.size = 0;
        encnet__report_caption(&caption, r, i, false);
        if (caption.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the report", r->rows[i].name);
        encnet__text_add(t, "<figure><figcaption>");
        add_name(t, caption.data);
        encnet__text_add(t, "</figcaption><div class=\"row\">\n");
        for (int k = 0; k < ENCNET__THUMBS; k++)
            if (r->rows[i].thumb[k].pixels) TRY(add_picture(t, &r->rows[i].thumb[k], what[k]));
        encnet__text_add(t, "\n</div></figure>\n");
    }
done:
    encnet__text_free(&caption);
    return rc;
}

/* -- the page ---------------------------------------------------------------------------------- */

encnet_status encnet__report_page(const encnet__report *r, const encnet_scores *scores,
                                  const encnet_options *options, const char *split)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};
    char *path = encnet__path_join(r->dir, PAGE);
    ranked *order = encnet__alloc((size_t)scores->classes + 1, sizeof *order);

    if (!path || !order) FAIL(ENCNET_E_NOMEM, "%s: no memory for the report", r->dir);
    encnet__text_add(&t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    encnet__text_html(&t, options->model.network);
    encnet__text_add(&t, ": evaluation</title>\n<style>\n");
    encnet__text_bytes(&t, style, sizeof style - 1);
    encnet__text_add(&t, "</style>\n</head>\n<body>\n");
    add_head(&t, scores, options, split);
    TRY(add_curves(&t, options->model.checkpoint));
    add_classes(&t, r, scores, order);
    TRY(add_pictures(&t, r, scores->labels_images));
    TRY(add_confusion(&t, r, scores));
    encnet__text_add(&t, "</body>\n</html>\n");
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the report", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    encnet__free(path);
    encnet__free(order);
    return rc;
}
