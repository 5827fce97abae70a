/*
 * curves.c - draws the curves of a training log: loss, learning rate, mIoU or top-1.
 *
 * The log is NAME.log.json.  An incomplete line, which a killed run leaves at the end, is ignored.
 * If a resumed run repeats iterations, the later lines count.
 */
#include "eval/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 900
#define HEIGHT 600
#define MAX_LOG_BYTES ((size_t)256 << 20)
#define SMOOTHING 40  /* the smooth curve averages over 1/40 of the run to each side */
#define HEADROOM 1.06 /* above the highest point */
#define TEXT 1.5f     /* pixels per unit of the font */

static const encnet__rgb paper = {255, 255, 255}, ink = {32, 36, 44}, faint = {120, 126, 138},
                         grid = {230, 232, 236}, blue = {38, 98, 172}, orange = {214, 106, 20},
                         green = {30, 128, 76};

/* -- reading ----------------------------------------------------------------------------------- */

typedef struct curve {
    double *x, *y;
    int count, capacity;
} curve;

static void curve_free(curve *c)
{
    encnet__free(c->x);
    encnet__free(c->y);
}

/* Appends a point and drops points from x on, which a resume has repeated. */
static encnet_status curve_add(curve *c, double x, double y)
{
    while (c->count && c->x[c->count - 1] >= x) c->count--;
    if (c->count == c->capacity) {
        int more =
            c->capacity ? 2 * c->capacity : 256; /* a log of 256 MB has fewer than 2^28 lines */
        double *xs = encnet__realloc(c->x, (size_t)more, sizeof *xs);
        double *ys = xs ? encnet__realloc(c->y, (size_t)more, sizeof *ys) : NULL;
        if (xs) c->x = xs;
        if (ys) c->y = ys;
        if (!ys) return encnet__fail(ENCNET_E_NOMEM, "no memory for a curve of %d points", more);
        c->capacity = more;
    }
    c->x[c->count] = x;
    c->y[c->count++] = y;
    return ENCNET_OK;
}

/* Returns the text after "key": in a flat JSON object; NULL if there is none.  A key within a
 * string does not match, because its quotes are escaped. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    for (const char *p = line; (p = strstr(p, key)); p += length) {
        const char *after = p + length;
        if (p == line || p[-1] != '"' || *after != '"') continue;
        for (after++; *after == ' '; after++) {
        }
        if (*after != ':') continue;
        for (after++; *after == ' '; after++) {
        }
        return after;
    }
    return NULL;
}

static bool number_of(double *out, const char *line, const char *key)
{
    const char *text = value_of(line, key), *end;

    return text && encnet__real(out, text, &end) && fabs(*out) < 1e30; /* false for NaN */
}

typedef struct history {
    curve loss, lr, miou;
    const char *score; /* what `miou` is */
} history;

static encnet_status read_line(history *h, const char *line)
{
    encnet_status rc = ENCNET_OK;
    const char *mode = value_of(line, "mode");
    double iter, value, last = h->loss.count ? h->loss.x[h->loss.count - 1] : 0;

    if (!mode || !number_of(&iter, line, "iter") || iter < 0) goto done;
    if (strncmp(mode, "\"train\"", 7) == 0) {
        if (number_of(&value, line, "loss")) TRY(curve_add(&h->loss, iter, value));
        if (number_of(&value, line, "lr")) TRY(curve_add(&h->lr, iter, value));
    } else if (strncmp(mode, "\"val\"", 5) == 0 &&
               (number_of(&value, line, "mIoU") || number_of(&value, line, "top1"))) {
        if (value_of(line, "top1")) h->score = "top-1";
        /* mmcv writes the number of validation images as "iter": use the last training line's */
        TRY(curve_add(&h->miou, iter > last ? iter : last, 100 * value));
    }
done:
    return rc;
}

static encnet_status read_log(history *h, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *text = NULL, *line, *next;
    size_t size;

    TRY(encnet__file_read(&text, &size, path, MAX_LOG_BYTES));
    for (line = text; line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] ? line + length + 1 : NULL;
        line[length] = '\0';
        while (length && (line[length - 1] == '\r' || line[length - 1] == ' ')) length--;
        if (length && line[length - 1] == '}') TRY(read_line(h, line));
    }
    if (h->loss.count == 0) FAIL(ENCNET_E_DATA, "%s: no training line with a loss in it", path);
done:
    encnet__free(text);
    return rc;
}

/* Averages over up to `reach` points to each side. */
static encnet_status smooth(curve *out, const curve *in)
{
    encnet_status rc = ENCNET_OK;
    int reach = in->count / SMOOTHING;
    double sum = 0;
    int left = 0, right = 0; /* sum is over left .. right - 1 */

    for (int i = 0; i < in->count; i++) {
        while (right < in->count && right <= i + reach) sum += in->y[right++];
        while (left < i - reach) sum -= in->y[left++];
        TRY(curve_add(out, in->x[i], sum / (right - left)));
    }
done:
    return rc;
}

/* -- drawing ----------------------------------------------------------------------------------- */

/* An axis from low to high with a tick every `step`. */
typedef struct axis {
    double low, high, step;
} axis;

typedef struct panel {
    int x, y, w, h;
    axis across, up;
} panel;

/* Returns the smallest of 1, 2, 5, 10, ... that gives at most `ticks` steps. */
static double nice_step(double span, int ticks)
{
    double step = pow(10, floor(log10(span / ticks)));

    if (step * ticks < span) step *= 2;
    if (step * ticks < span) step *= 2.5;
    if (step * ticks < span) step *= 2;
    return step;
}

static axis axis_over(double low, double high, int ticks)
{
    axis a = {low, high, 1};

    if (!(a.high > a.low)) a.high = a.low + (a.low != 0 ? fabs(a.low) : 1);
    a.step = nice_step(a.high - a.low, ticks);
    return a;
}

/* Makes an axis like axis_over(), widened to whole steps. */
static axis axis_round(double low, double high, int ticks)
{
    axis a = axis_over(low, high, ticks);

    a.low = floor(a.low / a.step) * a.step;
    a.high = ceil(a.high / a.step - 1e-9) * a.step;
    return a;
}

static encnet__point place(const panel *p, double x, double y)
{
    double u = (x - p->across.low) / (p->across.high - p->across.low);
    double v = (y - p->up.low) / (p->up.high - p->up.low);

    u = u < 0 ? 0 : u > 1 ? 1 : u; /* a spike stays inside its panel */
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    return (encnet__point){(float)(p->x + u * p->w), (float)(p->y + (1 - v) * p->h)};
}

static void tick_text(char *out, size_t size, double value)
{
    if (fabs(value) >= 10000 && fmod(value, 100) == 0)
        encnet__print(out, size, "%gk", value / 1000);
    else
        encnet__print(out, size, "%.4g", fabs(value) < 1e-12 ? 0 : value);
}

static void draw_frame(encnet__canvas *c, const panel *p, const char *title)
{
    char text[32];

    encnet__canvas_text(c, (float)p->x, (float)p->y - 20, TEXT, ink, false, title);
    for (int i = 0; p->up.low + i * p->up.step <= p->up.high + 1e-6 * p->up.step; i++) {
        double value = p->up.low + i * p->up.step;
        int y = (int)place(p, p->across.low, value).y;
        encnet__canvas_rect(c, p->x, y, p->w, 1, i ? grid : faint);
        tick_text(text, sizeof text, value);
        encnet__canvas_text(c, (float)p->x - 8 - encnet__canvas_text_width(TEXT, text),
                            (float)y - 4, TEXT, faint, false, text);
    }
    for (int i = 0; p->across.low + i * p->across.step <= p->across.high + 1e-6 * p->across.step;
         i++) {
        double value = p->across.low + i * p->across.step;
        int x = (int)place(p, value, p->up.low).x;
        encnet__canvas_rect(c, x, p->y + p->h, 1, 5, faint);
        tick_text(text, sizeof text, value);
        encnet__canvas_text(c, (float)x - encnet__canvas_text_width(TEXT, text) / 2,
                            (float)(p->y + p->h) + 10, TEXT, faint, false, text);
    }
}

static encnet_status draw_curve(encnet__canvas *c, const panel *p, const curve *data, float width,
                                encnet__rgb colour, float opacity)
{
    encnet__point *line = encnet__alloc((size_t)data->count + 1, sizeof *line);

    if (!line)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for a curve of %d points", data->count);
    for (int i = 0; i < data->count; i++) line[i] = place(p, data->x[i], data->y[i]);
    encnet__canvas_line(c, line, data->count, width, colour, opacity);
    encnet__free(line);
    return ENCNET_OK;
}

static void extremes(double *low, double *high, const curve *c)
{
    *low = *high = c->y[0];
    for (int i = 1; i < c->count; i++) {
        *low = fmin(*low, c->y[i]);
        *high = fmax(*high, c->y[i]);
    }
}

static encnet_status draw_loss(encnet__canvas *c, panel p, const curve *loss)
{
    encnet_status rc = ENCNET_OK;
    curve mean = {0};
    double low, high;
    char title[96];

    TRY(smooth(&mean, loss));
    extremes(&low, &high,
             &mean); /* of the smooth curve, so that a spike does not flatten the rest */
    p.up = axis_round(low < 0 ? low : 0, high, 6);
    encnet__print(title, sizeof title, "loss: %.4g at the end", mean.y[mean.count - 1]);
    draw_frame(c, &p, title);
    TRY(draw_curve(c, &p, loss, 1.0f, blue, 0.35f));
    TRY(draw_curve(c, &p, &mean, 2.2f, blue, 1));
done:
    curve_free(&mean);
    return rc;
}

static encnet_status draw_rate(encnet__canvas *c, panel p, const curve *lr)
{
    double low, high;

    extremes(&low, &high, lr);
    p.up = axis_over(0, high * HEADROOM, 4);
    draw_frame(c, &p, "learning rate");
    return draw_curve(c, &p, lr, 2.0f, orange, 1);
}

static encnet_status draw_miou(encnet__canvas *c, panel p, const curve *miou, const char *score)
{
    double low, best;
    char title[64];

    extremes(&low, &best, miou);
    p.up = axis_over(0, fmax(best, 1) * HEADROOM, 4);
    encnet__print(title, sizeof title, "validation %s: best %.2f %%", score, best);
    draw_frame(c, &p, title);
    for (int i = 0; i < miou->count && miou->count <= 50; i++) {
        encnet__point at = place(&p, miou->x[i], miou->y[i]);
        encnet__canvas_line(c, &at, 1, 7, green, 1);
    }
    return draw_curve(c, &p, miou, 2.0f, green, 1);
}

/* The name of the log, without folder and ".log.json". */
static void heading(encnet__canvas *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    char name[96];
    char *end;

    snprintf(name, sizeof name, "%s", slash ? slash + 1 : path);
    end = strstr(name, ".log.json");
    if (end) *end = '\0';
    encnet__canvas_text(c, 64, 16, 2, ink, false, name);
}

encnet_status encnet_draw_curves(const char *png_path, const char *log_json_path)
{
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};
    history h = {.score = "mIoU"};
    panel p = {.x = 64, .y = 70, .w = WIDTH - 64 - 24, .h = 270};
    double last;

    NEED(png_path);
    NEED(log_json_path);
    TRY(read_log(&h, log_json_path));
    TRY(encnet__canvas_new(&c, HEIGHT, WIDTH, paper));
    heading(&c, log_json_path);
    last = h.loss.x[h.loss.count - 1];
    if (h.miou.count) last = fmax(last, h.miou.x[h.miou.count - 1]);
    p.across = axis_over(0, last, 10);
    TRY(draw_loss(&c, p, &h.loss));

    p.y = 420;
    p.h = 120;
    if (h.miou.count) p.w = (p.w - 76) / 2;
    p.across = axis_over(0, last, h.miou.count ? 5 : 10);
    encnet__canvas_text(&c, 64, HEIGHT - 22, TEXT, faint, false, "iteration");
    if (h.lr.count) TRY(draw_rate(&c, p, &h.lr));
    p.x += p.w + 76;
    if (h.miou.count) TRY(draw_miou(&c, p, &h.miou, h.score));
    TRY(encnet__picture_write(png_path, &c.picture, NULL));
done:
    encnet__canvas_free(&c);
    curve_free(&h.loss);
    curve_free(&h.lr);
    curve_free(&h.miou);
    return rc;
}
