/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* curves.c - draws the curves of a training log: loss, learning rate, mIoU or top-1. */
#include "eval/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 900
#define HEIGHT 600
#define HEADROOM 1.06 /* above the highest point */
#define TEXT 1.5f     /* pixels per unit of the font */

static const encnet__rgb paper = {255, 255, 255}, ink = {32, 36, 44}, faint = {120, 126, 138},
                         grid = {230, 232, 236}, blue = {38, 98, 172}, orange = {214, 106, 20},
                         green = {30, 128, 76};

/* -- drawing ----------------------------------------------------------------------------------- */

typedef struct panel {
    int x, y, w, h;
    encnet__axis across, up;
} panel;

static encnet__point place(const panel *p, double x, double y)
{
    double u = (x - p->across.low) / (p->across.high - p->across.low);
    double v = (y - p->up.low) / (p->up.high - p->up.low);

    u = u < 0 ? 0 : u > 1 ? 1 : u; /* a spike stays inside its panel */
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    return (encnet__point){(float)(p->x + u * p->w), (float)(p->y + (1 - v) * p->h)};
}

static void draw_frame(encnet__canvas *c, const panel *p, const char *title)
{
    char text[32];

    encnet__canvas_text(c, (float)p->x, (float)p->y - 20, TEXT, ink, false, title);
    for (int i = 0; p->up.low + i * p->up.step <= p->up.high + 1e-6 * p->up.step; i++) {
        double value = p->up.low + i * p->up.step;
        int y = (int)place(p, p->across.low, value).y;
        encnet__canvas_rect(c, p->x, y, p->w, 1, i ? grid : faint);
        encnet__tick_text(text, sizeof text, value);
        encnet__canvas_text(c, (float)p->x - 8 - encnet__canvas_text_width(TEXT, text),
                            (float)y - 4, TEXT, faint, false, text);
    }
    for (int i = 0; p->across.low + i * p->across.step <= p->across.high + 1e-6 * p->across.step;
         i++) {
        double value = p->across.low + i * p->across.step;
        int x = (int)place(p, value, p->up.low).x;
        encnet__canvas_rect(c, x, p->y + p->h, 1, 5, faint);
        encnet__tick_text(text, sizeof text, value);
        encnet__canvas_text(c, (float)x - encnet__canvas_text_width(TEXT, text) / 2,
                            (float)(p->y + p->h) + 10, TEXT, faint, false, text);
    }
}

static encnet_status draw_curve(encnet__canvas *c, const panel *p, const encnet__curve *data,
                                float width, encnet__rgb colour, float opacity)
{
    encnet__point *line = encnet__alloc((size_t)data->count + 1, sizeof *line);

    if (!line)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for a curve of %d points", data->count);
    for (int i = 0; i < data->count; i++) line[i] = place(p, data->x[i], data->y[i]);
    encnet__canvas_line(c, line, data->count, width, colour, opacity);
    encnet__free(line);
    return ENCNET_OK;
}

static encnet_status draw_loss(encnet__canvas *c, panel p, const encnet__curve *loss)
{
    encnet_status rc = ENCNET_OK;
    encnet__curve mean = {0};
    double low, high;
    char title[96];

    TRY(encnet__curve_smooth(&mean, loss));
    encnet__curve_extremes(
        &low, &high, &mean); /* of the smooth curve, so that a spike does not flatten the rest */
    p.up = encnet__axis_round(low < 0 ? low : 0, high, 6);
    encnet__print(title, sizeof title, "loss: %.4g at the end", mean.y[mean.count - 1]);
    draw_frame(c, &p, title);
    TRY(draw_curve(c, &p, loss, 1.0f, blue, 0.35f));
    TRY(draw_curve(c, &p, &mean, 2.2f, blue, 1));
done:
    encnet__curve_free(&mean);
    return rc;
}

static encnet_status draw_rate(encnet__canvas *c, panel p, const encnet__curve *lr)
{
    double low, high;

    encnet__curve_extremes(&low, &high, lr);
    p.up = encnet__axis_over(0, high * HEADROOM, 4);
    draw_frame(c, &p, "learning rate");
    return draw_curve(c, &p, lr, 2.0f, orange, 1);
}

static encnet_status draw_miou(encnet__canvas *c, panel p, const encnet__curve *miou,
                               const char *score)
{
    double low, best;
    char title[64];

    encnet__curve_extremes(&low, &best, miou);
    p.up = encnet__axis_over(0, fmax(best, 1) * HEADROOM, 4);
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
    char name[96];
    char *end;

    snprintf(name, sizeof name, "%s", encnet__base_name(path));
    end = strstr(name, ".log.json");
    if (end) *end = '\0';
    if (encnet__canvas_can_write(name)) encnet__canvas_text(c, 64, 16, 2, ink, false, name);
}

encnet_status encnet_draw_curves(const char *png_path, const char *log_json_path)
{
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};
    encnet__history h = {0};
    panel p = {.x = 64, .y = 70, .w = WIDTH - 64 - 24, .h = 270};
    double last;

    NEED(png_path);
    NEED(log_json_path);
    TRY(encnet__history_read(&h, log_json_path));
    TRY(encnet__canvas_new(&c, HEIGHT, WIDTH, paper));
    heading(&c, log_json_path);
    last = h.loss.x[h.loss.count - 1];
    if (h.miou.count) last = fmax(last, h.miou.x[h.miou.count - 1]);
    p.across = encnet__axis_over(0, last, 10);
    TRY(draw_loss(&c, p, &h.loss));

    p.y = 420;
    p.h = 120;
    if (h.miou.count) p.w = (p.w - 76) / 2;
    p.across = encnet__axis_over(0, last, h.miou.count ? 5 : 10);
    encnet__canvas_text(&c, 64, HEIGHT - 22, TEXT, faint, false, "iteration");
    if (h.lr.count) TRY(draw_rate(&c, p, &h.lr));
    p.x += p.w + 76;
    if (h.miou.count) TRY(draw_miou(&c, p, &h.miou, h.score));
    TRY(encnet__picture_write(png_path, &c.picture, NULL));
done:
    encnet__canvas_free(&c);
    encnet__history_free(&h);
    return rc;
}
