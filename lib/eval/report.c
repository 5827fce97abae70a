/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * report.c - the report of an evaluation.
 *
 *   contact_sheet.png   image | label | prediction of some images, and the colours of the classes
 *   confusion.png       the confusion matrix, each row divided by the pixels of its label
 *   confusion.csv       the counts of the matrix, under the names of the classes
 *   scores.csv          name,IoU,Acc,Dice,Fscore,Precision,Recall,pixels; of whole images
 *                       name,Acc,images
 *   classes.csv         index,name,r,g,b: the classes and their colours, as a data set has them; an
 *                       existing one stays, because the folder may be a data set's
 *   overlays/NAME.png   the same images with their predictions on top
 *
 * report_page.c adds report.html, encoding_page.c encoding/NAME.png.
 */
#define _POSIX_C_SOURCE 200809L
#include "eval/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHEET "contact_sheet.png"
#define CONFUSION "confusion.png"
#define COUNTS "confusion.csv"
#define SCORES "scores.csv"
#define CLASSES "classes.csv"
#define PAGE "report.html"
#define THUMB 256 /* longest side of a thumbnail, pixels */
#define GAP 6     /* between thumbnails */
#define MARGIN 16
#define TEXT 1.5f  /* pixels per unit of the font; a capital is 6 units high */
#define CAPTION 16 /* height of the line below a row */
#define NAMED 255  /* with more classes the confusion matrix has no names and cells of 2 pixels */
#define LEGEND_CLASSES 40 /* with more classes there is no legend: 150 colours look alike */

static const encnet__rgb paper = {255, 255, 255}, ink = {32, 36, 44}, faint = {120, 126, 138},
                         empty_row = {236, 236, 238};
static const char *const captions[3] = {"image", "label", "prediction"};

encnet_status encnet__report_open(encnet__report **out, const char *dir,
                                  const encnet__class *classes, int M, double opacity)
{
    encnet_status rc = ENCNET_OK;
    encnet__report *r = encnet__alloc(1, sizeof *r);

    if (!r) FAIL(ENCNET_E_NOMEM, "no memory for the report in %s", dir);
    r->dir = encnet__strdup(dir);
    if (!r->dir) FAIL(ENCNET_E_NOMEM, "no memory for the report in %s", dir);
    r->M = M;
    r->opacity = opacity;
    memcpy(r->classes, classes, (size_t)M * sizeof *classes);
    encnet__palette_of(r->palette, classes, M);
    r->is_new = !encnet__is_directory(dir);
    TRY(encnet__make_dirs(dir));
    *out = r;
    r = NULL;
done:
    encnet__report_free(r);
    return rc;
}

encnet_status encnet__report_check(encnet__guard *guard, const char *dir, const char *name)
{
    static const char *const files[] = {SHEET, CONFUSION, COUNTS, SCORES, PAGE};
    static const char *const folders[] = {"overlays", "encoding"}; /* of files of an image */
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};

    for (size_t i = 0; i < COUNT_OF(files) + COUNT_OF(folders); i++) {
        path.size = 0;
        if (i < COUNT_OF(files))
            encnet__text_add(&path, "%s/%s", dir, files[i]);
        else
            encnet__text_add(&path, "%s/%s/%s.png", dir, folders[i - COUNT_OF(files)], name);
        if (path.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", dir);
        TRY(encnet__guard_check(guard, path.data));
    }
done:
    encnet__text_free(&path);
    return rc;
}

void encnet__report_free(encnet__report *r)
{
    if (!r) return;
    if (r->is_new) (void)rmdir(r->dir); /* only if nothing was written */
    for (int i = 0; i < r->n_rows; i++)
        for (int k = 0; k < ENCNET__THUMBS; k++) encnet__picture_free(&r->rows[i].thumb[k]);
    encnet__free(r->dir);
    encnet__free(r);
}

/* -- thumbnails -------------------------------------------------------------------------------- */

/* Computes the size of a thumbnail.  Small pictures grow by an integer factor, which keeps pixels
 * square. */
static void thumb_size(int *h, int *w, const encnet__picture *p)
{
    double f = (double)THUMB / (p->h > p->w ? p->h : p->w);

    if (f >= 1) f = floor(f);
    *h = (int)(p->h * f + 0.5) > 0 ? (int)(p->h * f + 0.5) : 1;
    *w = (int)(p->w * f + 0.5) > 0 ? (int)(p->w * f + 0.5) : 1;
}

/* Resizes to a thumbnail; each pixel is the mean of the pixels that it covers. */
static encnet_status shrink(encnet__picture *out, const encnet__picture *p)
{
    encnet_status rc = ENCNET_OK;
    int h, w;

    thumb_size(&h, &w, p);
    TRY(encnet__picture_new(out, h, w, 3));
    for (int y = 0; y < h; y++) {
        int y0 = (int)((int64_t)y * p->h / h), y1 = (int)((int64_t)(y + 1) * p->h / h);
        for (int x = 0; x < w; x++) {
            int x0 = (int)((int64_t)x * p->w / w), x1 = (int)((int64_t)(x + 1) * p->w / w);
            uint64_t sum[3] = {0}, count = 0;
            for (int i = y0; i < y1 || i == y0; i++) {
                const uint8_t *at = p->pixels + ((size_t)i * (size_t)p->w + (size_t)x0) * 3;
                for (int j = x0; j < x1 || j == x0; j++, at += 3, count++)
                    sum[0] += at[0], sum[1] += at[1], sum[2] += at[2];
            }
            for (int c = 0; c < 3; c++)
                out->pixels[((size_t)y * (size_t)w + (size_t)x) * 3 + (size_t)c] =
                    (uint8_t)((sum[c] + count / 2) / count);
        }
    }
done:
    return rc;
}

/* Keeps a name, of a long one the end, which begins with a whole character. */
static void take_name(encnet__report_row *at, const char *name)
{
    size_t length = strlen(name);

    if (length >= sizeof at->name) name += length - sizeof at->name + 1;
    while (((unsigned char)*name & 0xC0) == 0x80) name++;
    snprintf(at->name, sizeof at->name, "%s", name);
}

/* The image in pale grey, what is wrong in red, and grey where there is no label. */
static encnet_status mark_errors(encnet__picture *out, const encnet__picture *image,
                                 const encnet__picture *label, const encnet__picture *ids)
{
    static const int red[3] = {204, 36, 29}, none[3] = {150, 154, 162};
    encnet_status rc = ENCNET_OK;
    size_t P = (size_t)ids->h * (size_t)ids->w;

    TRY(encnet__picture_new(out, ids->h, ids->w, 3));
    for (size_t p = 0; p < P; p++) {
        const uint8_t *at = image->pixels + 3 * p;
        int grey = (at[0] + at[1] + at[2]) / 3;
        bool right = label->pixels[p] == ids->pixels[p], counts = label->pixels[p] != ENCNET_IGNORE;
        for (size_t c = 0; c < 3; c++)
            out->pixels[3 * p + c] = (uint8_t)(!counts ? (grey + 3 * none[c]) / 4
                                               : right ? (grey + 3 * 255) / 4
                                                       : (grey + 3 * red[c]) / 4);
    }
done:
    return rc;
}

encnet_status encnet__report_add(encnet__report *r, const char *name, const encnet__picture *image,
                                 const encnet__picture *label, const encnet__picture *ids)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture coloured = {0};
    char *path = NULL, *overlays = NULL;
    encnet__report_row *at = &r->rows[r->n_rows];

    if (r->n_rows == ENCNET__REPORT_ROWS) goto done;
    r->n_rows++; /* the report frees the row, even if it is incomplete */
    take_name(at, name);
    TRY(shrink(&at->thumb[ENCNET__IMAGE], image));
    TRY(encnet__colour(&coloured, label, r->palette));
    TRY(shrink(&at->thumb[ENCNET__LABEL], &coloured));
    TRY(encnet__colour(&coloured, ids, r->palette));
    TRY(shrink(&at->thumb[ENCNET__PREDICTION], &coloured));
    TRY(mark_errors(&coloured, image, label, ids));
    TRY(shrink(&at->thumb[ENCNET__ERRORS], &coloured));
    TRY(encnet__overlay(&coloured, ids, image, r->palette, r->opacity));
    overlays = encnet__path_join(r->dir, "overlays");
    if (!overlays) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", name);
    TRY(encnet__output_path(&path, overlays, name, ".png"));
    TRY(encnet__picture_write(path, &coloured, NULL));
done:
    encnet__picture_free(&coloured);
    encnet__free(path);
    encnet__free(overlays);
    return rc;
}

encnet_status encnet__report_image(encnet__report *r, const char *name,
                                   const encnet__picture *image)
{
    encnet__report_row *at = &r->rows[r->n_rows];

    if (r->n_rows == ENCNET__REPORT_ROWS) return ENCNET_OK;
    r->n_rows++;
    take_name(at, name);
    return shrink(&at->thumb[ENCNET__IMAGE], image);
}

/* Label and most probable class are squares in the colours of their classes. */
encnet_status encnet__report_answer(encnet__report *r, int label, const float *probs)
{
    encnet_status rc = ENCNET_OK;
    encnet__report_row *at = &r->rows[r->n_answers];

    if (r->n_answers == r->n_rows) return ENCNET_OK;
    r->n_answers++;
    at->label = label;
    for (int m = 1; m < r->M; m++)
        if (probs[m] > probs[at->best]) at->best = m;
    at->probability = (double)probs[at->best];
    for (int k = 0; k < 2; k++) {
        encnet__picture *p = &at->thumb[ENCNET__LABEL + k];
        TRY(encnet__picture_new(p, at->thumb[ENCNET__IMAGE].h, at->thumb[ENCNET__IMAGE].w, 3));
        for (size_t i = 0; i < 3 * (size_t)p->h * (size_t)p->w; i++)
            p->pixels[i] = r->classes[k ? at->best : label].rgb[i % 3];
    }
done:
    return rc;
}

void encnet__report_caption(encnet__text *out, const encnet__report *r, int i, bool drawn)
{
    const encnet__report_row *at = &r->rows[i];
    char numbers[2][16];

    if (drawn && !encnet__canvas_can_write(at->name))
        encnet__text_add(out, "image %d", i + 1);
    else
        encnet__text_add(out, "%s", at->name);
    if (i >= r->n_answers) return;
    encnet__text_add(
        out, ": %s, %s %.0f %%",
        drawn ? encnet__class_text(numbers[0], r->classes, at->label) : r->classes[at->label].name,
        drawn ? encnet__class_text(numbers[1], r->classes, at->best) : r->classes[at->best].name,
        100 * at->probability);
}

/* -- contact sheet ----------------------------------------------------------------------------- */

/* The legend at `top`, and its height; only measures if `c` is NULL. */
static int legend(encnet__canvas *c, const encnet__report *r, int top, int width)
{
    if (r->M > LEGEND_CLASSES) return 0;
    return encnet__legend(c, r->classes, r->M, NULL, top, width, MARGIN, TEXT);
}

/* The caption of a row in the font of the canvas, which lacks characters of some names. */
static encnet_status draw_caption(encnet__canvas *c, const encnet__report *r, int i, int x, int y)
{
    encnet_status rc = ENCNET_OK;
    encnet__text caption = {0};

    encnet__report_caption(&caption, r, i, true);
    if (caption.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the report", r->rows[i].name);
    encnet__canvas_text(c, (float)x, (float)y, 1.2f, faint, false, caption.data);
done:
    encnet__text_free(&caption);
    return rc;
}

static encnet_status contact_sheet(const encnet__report *r, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};
    int cell_w = 1, cell_h = 1, head = MARGIN + 18;
    int groups = r->n_rows > 4 ? 2 : 1, lines = (r->n_rows + groups - 1) / groups;
    int group_w, width, height;

    for (int i = 0; i < r->n_rows; i++) {
        if (r->rows[i].thumb[0].w > cell_w) cell_w = r->rows[i].thumb[0].w;
        if (r->rows[i].thumb[0].h > cell_h) cell_h = r->rows[i].thumb[0].h;
    }
    group_w = 3 * (cell_w + GAP) - GAP;
    width = 2 * MARGIN + groups * group_w + (groups - 1) * 3 * GAP;
    height = head + lines * (cell_h + CAPTION + GAP) + GAP;
    TRY(encnet__canvas_new(&c, height + legend(NULL, r, 0, width) + GAP, width, paper));
    for (int i = 0; i < r->n_rows; i++) {
        int left = MARGIN + i / lines * (group_w + 3 * GAP);
        int top = head + i % lines * (cell_h + CAPTION + GAP);
        for (int k = 0; k < 3; k++, left += cell_w + GAP) {
            if (i % lines == 0)
                encnet__canvas_text(&c, (float)left, MARGIN - 2, TEXT, ink, false, captions[k]);
            encnet__canvas_put(&c, &r->rows[i].thumb[k], left, top);
            if (k == 0) TRY(draw_caption(&c, r, i, left, top + cell_h + 5));
        }
    }
    legend(&c, r, height, width);
    TRY(encnet__picture_write(path, &c.picture, NULL));
done:
    encnet__canvas_free(&c);
    return rc;
}

/* -- confusion --------------------------------------------------------------------------------- */

/* The colour of a fraction of 0..1: from white through blue to almost black. */
static encnet__rgb heat(double share)
{
    static const double stops[4][3] = {
        {250, 251, 253}, {158, 196, 226}, {48, 116, 180}, {10, 38, 88}};
    double at = share * 3;
    int i = at >= 2 ? 2 : (int)at;
    uint8_t c[3];

    for (int k = 0; k < 3; k++)
        c[k] = (uint8_t)(stops[i][k] + (at - i) * (stops[i + 1][k] - stops[i][k]) + 0.5);
    return (encnet__rgb){c[0], c[1], c[2]};
}

/* Draws a row of cells from y = `top` on. */
static void heat_row(encnet__canvas *c, const uint64_t *counts, int M, int left, int top, int cell)
{
    uint64_t all = 0;
    float unit = (float)cell / 22;
    char text[8];

    for (int k = 0; k < M; k++) all += counts[k];
    for (int k = 0; k < M; k++) {
        double share = all ? (double)counts[k] / (double)all : 0;
        encnet__rgb on = share > 0.45 ? paper : ink;
        float x = (float)(left + k * cell), y = (float)top;
        encnet__canvas_rect(c, left + k * cell, top, cell - 1, cell - 1,
                            all ? heat(share) : empty_row);
        if (cell < 24 || share < 0.005) continue;
        encnet__print(text, sizeof text, "%.0f", 100 * share);
        encnet__canvas_text(
            c, x + ((float)cell - 1 - encnet__canvas_text_width(unit, text)) / 2 - 0.5f,
            y + ((float)cell - 1 - 6 * unit) / 2 - 0.5f, unit, on, false, text);
    }
}

static void heading(char *out, size_t size, const encnet_scores *scores)
{
    const char *name;
    double percent;
    size_t used = 0;

    for (int i = 0; i < 3 && encnet_scores_mean(scores, i, &name, &percent) && used < size; i++)
        used += (size_t)encnet__print(out + used, size - used, "%s %.2f   ", name, percent);
    if (used < size) snprintf(out + used, size - used, "(percent, %d images)", scores->images);
}

encnet_status encnet__report_confusion(encnet__picture *out, const encnet__report *r,
                                       const encnet_scores *scores)
{
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};
    int M = r->M, cell = M <= 12 ? 44 : M <= 24 ? 34 : M <= 40 ? 26 : M <= NAMED ? 12 : 2;
    float unit = cell > 12 ? TEXT : 1.0f, widest = 0;
    int left, top, width, for_heading;
    char line[128], number[16];

    for (int m = 0; m < M && M <= NAMED; m++) {
        float wide = encnet__canvas_text_width(unit, encnet__class_text(number, r->classes, m));
        if (wide > widest) widest = wide;
    }
    heading(line, sizeof line, scores);
    for_heading = 2 * MARGIN + (int)encnet__canvas_text_width(TEXT, line) + 1;
    left = MARGIN + 18 + (int)widest + 8;
    top = MARGIN + 40 + (int)widest + 8;
    width = left + M * cell + MARGIN;
    if (width < for_heading) width = for_heading;
    TRY(encnet__canvas_new(&c, top + M * cell + MARGIN, width, paper));
    encnet__canvas_text(&c, MARGIN, MARGIN, TEXT, ink, false, line);
    encnet__canvas_text(&c, (float)left, MARGIN + 22, TEXT, faint, false, "prediction");
    encnet__canvas_text(&c, MARGIN, (float)top + encnet__canvas_text_width(TEXT, "label"), TEXT,
                        faint, true, "label");
    for (int m = 0; m < M; m++) {
        const char *name = encnet__class_text(number, r->classes, m);
        float middle = (float)(m * cell) + ((float)cell - 1 - 6 * unit) / 2;
        if (M <= NAMED) {
            encnet__canvas_text(&c, (float)left - 8 - encnet__canvas_text_width(unit, name),
                                (float)top + middle, unit, ink, false, name);
            encnet__canvas_text(&c, (float)left + middle, (float)top - 8, unit, ink, true, name);
        }
        heat_row(&c, scores->confusion + (size_t)m * (size_t)M, M, left, top + m * cell, cell);
    }
    *out = c.picture;
    c.picture = (encnet__picture){0};
done:
    encnet__canvas_free(&c);
    return rc;
}

static encnet_status confusion_picture(const encnet__report *r, const encnet_scores *scores,
                                       const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture drawn = {0};

    TRY(encnet__report_confusion(&drawn, r, scores));
    TRY(encnet__picture_write(path, &drawn, NULL));
done:
    encnet__picture_free(&drawn);
    return rc;
}

/* -- table ------------------------------------------------------------------------------------- */

static void csv_percent(encnet__text *t, double value)
{
    if (isnan(value))
        encnet__text_add(t, ",nan"); /* C libraries spell it differently */
    else
        encnet__text_add(t, ",%.4f", value);
}

static encnet_status class_table(const encnet_scores *scores, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};
    const char *name;
    double percent;

    encnet__text_add(&t, "name");
    for (int i = 0; encnet_scores_of_class(scores, 0, i, &name, &percent); i++)
        encnet__text_add(&t, ",%s", name);
    encnet__text_add(&t, scores->labels_images ? ",images\n" : ",pixels\n");
    for (int m = 0; m < scores->classes; m++) {
        encnet__text_csv(&t, scores->class_score[m].name);
        for (int i = 0; encnet_scores_of_class(scores, m, i, &name, &percent); i++)
            csv_percent(&t, percent);
        encnet__text_add(&t, ",%llu\n", (unsigned long long)scores->class_score[m].pixels);
    }
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}

/* A row for each label, a column for each prediction. */
static encnet_status confusion_table(const encnet_scores *scores, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};
    size_t M = (size_t)scores->classes;

    encnet__text_add(&t, "label");
    for (size_t m = 0; m < M; m++) {
        encnet__text_add(&t, ",");
        encnet__text_csv(&t, scores->class_score[m].name);
    }
    encnet__text_add(&t, "\r\n");
    for (size_t m = 0; m < M; m++) {
        encnet__text_csv(&t, scores->class_score[m].name);
        for (size_t k = 0; k < M; k++)
            encnet__text_add(&t, ",%llu", (unsigned long long)scores->confusion[m * M + k]);
        encnet__text_add(&t, "\r\n");
    }
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}

encnet_status encnet__report_finish(encnet__report *r, const encnet_scores *scores)
{
    encnet_status rc = ENCNET_OK;
    char *sheet = encnet__path_join(r->dir, SHEET);
    char *confusion = encnet__path_join(r->dir, CONFUSION);
    char *counts = encnet__path_join(r->dir, COUNTS);
    char *table = encnet__path_join(r->dir, SCORES);
    char *classes = encnet__path_join(r->dir, CLASSES);

    if (!sheet || !confusion || !counts || !table || !classes)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for the report", r->dir);
    TRY(contact_sheet(r, sheet));
    TRY(confusion_picture(r, scores, confusion));
    TRY(confusion_table(scores, counts));
    TRY(class_table(scores, table));
    if (access(classes, F_OK) != 0) TRY(encnet__classes_write(classes, r->classes, r->M));
done:
    encnet__free(sheet);
    encnet__free(confusion);
    encnet__free(counts);
    encnet__free(table);
    encnet__free(classes);
    return rc;
}
