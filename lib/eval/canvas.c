/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * canvas.c - rectangles, pictures and smooth lines on a picture.
 *
 * A line first marks in the coverage mask how much of each pixel it covers (the larger mark wins),
 * and is then blended once, so that joints and crossings are not darker.
 */
#include "eval/eval.h"

#include <math.h>
#include <string.h>

encnet_status encnet__canvas_new(encnet__canvas *out, int h, int w, encnet__rgb paper)
{
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};

    TRY(encnet__picture_new(&c.picture, h, w, 3));
    c.cover = encnet__alloc((size_t)h, (size_t)w);
    if (!c.cover) FAIL(ENCNET_E_NOMEM, "no memory to draw %d x %d pixels", h, w);
    encnet__canvas_rect(&c, 0, 0, w, h, paper);
    *out = c;
    c = (encnet__canvas){0};
done:
    encnet__canvas_free(&c);
    return rc;
}

void encnet__canvas_free(encnet__canvas *c)
{
    encnet__picture_free(&c->picture);
    encnet__free(c->cover);
    c->cover = NULL;
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

void encnet__canvas_rect(encnet__canvas *c, int x, int y, int w, int h, encnet__rgb ink)
{
    int right = clamp(x + w, 0, c->picture.w), bottom = clamp(y + h, 0, c->picture.h);

    x = clamp(x, 0, c->picture.w);
    for (y = clamp(y, 0, c->picture.h); y < bottom; y++) {
        uint8_t *at = c->picture.pixels + ((size_t)y * (size_t)c->picture.w + (size_t)x) * 3;
        for (int i = x; i < right; i++, at += 3) at[0] = ink.r, at[1] = ink.g, at[2] = ink.b;
    }
}

void encnet__canvas_put(encnet__canvas *c, const encnet__picture *p, int x, int y)
{
    int left = clamp(-x, 0, p->w), right = clamp(c->picture.w - x, left, p->w);

    for (int i = clamp(-y, 0, p->h); i < p->h && y + i < c->picture.h; i++)
        memcpy(
            c->picture.pixels + ((size_t)(y + i) * (size_t)c->picture.w + (size_t)(x + left)) * 3,
            p->pixels + ((size_t)i * (size_t)p->w + (size_t)left) * 3, (size_t)(right - left) * 3);
}

void encnet__canvas_mark(encnet__canvas *c, int x, int y, encnet__rgb ink, float share)
{
    uint8_t *at;

    if (x < 0 || y < 0 || x >= c->picture.w || y >= c->picture.h) return;
    at = c->picture.pixels + 3 * ((size_t)y * (size_t)c->picture.w + (size_t)x);
    at[0] = (uint8_t)((float)at[0] + share * ((float)ink.r - (float)at[0]) + 0.5f);
    at[1] = (uint8_t)((float)at[1] + share * ((float)ink.g - (float)at[1]) + 0.5f);
    at[2] = (uint8_t)((float)at[2] + share * ((float)ink.b - (float)at[2]) + 0.5f);
}

/* Returns the distance of (x, y) to the segment from a to b. */
static float distance(float x, float y, encnet__point a, encnet__point b)
{
    float dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    float t = length > 0 ? ((x - a.x) * dx + (y - a.y) * dy) / length : 0;

    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypotf(x - a.x - t * dx, y - a.y - t * dy);
}

/* The pixels that a segment can touch, clipped: x0 <= x < x1. */
typedef struct area {
    int x0, y0, x1, y1;
} area;

static area touched(const encnet__canvas *c, encnet__point a, encnet__point b, float width)
{
    float reach = width / 2 + 1, w = (float)c->picture.w, h = (float)c->picture.h;
    float x0 = fminf(a.x, b.x) - reach, x1 = fmaxf(a.x, b.x) + reach;
    float y0 = fminf(a.y, b.y) - reach, y1 = fmaxf(a.y, b.y) + reach;

    /* clipped as floats, because distant points do not fit in an int */
    return (area){(int)fminf(fmaxf(x0, 0), w), (int)fminf(fmaxf(y0, 0), h),
                  (int)ceilf(fminf(fmaxf(x1, 0), w)), (int)ceilf(fminf(fmaxf(y1, 0), h))};
}

static void cover(encnet__canvas *c, encnet__point a, encnet__point b, float width)
{
    area r = touched(c, a, b, width);

    for (int y = r.y0; y < r.y1; y++) {
        for (int x = r.x0; x < r.x1; x++) {
            uint8_t *at = c->cover + (size_t)y * (size_t)c->picture.w + (size_t)x;
            float hidden = width / 2 + 0.5f - distance((float)x + 0.5f, (float)y + 0.5f, a, b);
            int mark = (int)(255 * (hidden < 0 ? 0 : hidden > 1 ? 1 : hidden) + 0.5f);
            if (mark > *at) *at = (uint8_t)mark;
        }
    }
}

/* Blends what a segment covers and clears the mask. */
static void blend(encnet__canvas *c, encnet__point a, encnet__point b, float width, encnet__rgb ink,
                  float opacity)
{
    area r = touched(c, a, b, width);

    for (int y = r.y0; y < r.y1; y++) {
        for (int x = r.x0; x < r.x1; x++) {
            size_t p = (size_t)y * (size_t)c->picture.w + (size_t)x;
            float share = opacity * (float)c->cover[p] / 255;

            c->cover[p] = 0;
            if (share > 0) encnet__canvas_mark(c, x, y, ink, share);
        }
    }
}

void encnet__canvas_line(encnet__canvas *c, const encnet__point *p, int n, float width,
                         encnet__rgb ink, float opacity)
{
    for (int i = n > 1 ? 1 : 0; i < n; i++) cover(c, p[i ? i - 1 : 0], p[i], width);
    for (int i = n > 1 ? 1 : 0; i < n; i++) blend(c, p[i ? i - 1 : 0], p[i], width, ink, opacity);
}
