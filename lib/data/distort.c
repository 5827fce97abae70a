/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * distort.c - photometric distortion of 8-bit pixels, equal bit by bit to mmsegmentation's
 * PhotoMetricDistortion with OpenCV.
 *
 * Every step yields 8 bits again: v * alpha + beta in float, clipped and truncated.  So brightness
 * and contrast are tables, and so are saturation and hue, but on OpenCV's 8-bit HSV (H in 0..179):
 * each of these two converts the pixel to HSV and back.
 */
#include "data/data.h"

#include <math.h>

enum { HSV_SHIFT = 12, HUES = 180 };

typedef struct tables {
    int saturation[256], hue[256]; /* 255 / i and 30 / i with HSV_SHIFT bits behind the point */
} tables;

static void tables_fill(tables *t)
{
    t->saturation[0] = t->hue[0] = 0;
    for (int i = 1; i < 256; i++) {
        t->saturation[i] = (int)lrint((255 << HSV_SHIFT) / (double)i);
        t->hue[i] = (int)lrint((HUES << HSV_SHIFT) / (6.0 * i));
    }
}

static void rgb_to_hsv(uint8_t hsv[3], const uint8_t rgb[3], const tables *t)
{
    int r = rgb[0], g = rgb[1], b = rgb[2], half = 1 << (HSV_SHIFT - 1);
    int high = r > g ? r : g, low = r < g ? r : g, spread, h;

    if (b > high) high = b;
    if (b < low) low = b;
    spread = high - low;
    if (high == r)
        h = g - b;
    else if (high == g)
        h = b - r + 2 * spread;
    else
        h = r - g + 4 * spread;
    h = (h * t->hue[spread] + half) >> HSV_SHIFT; /* an arithmetic shift: h may be negative */
    hsv[0] = (uint8_t)(h < 0 ? h + HUES : h);
    hsv[1] = (uint8_t)((spread * t->saturation[high] + half) >> HSV_SHIFT);
    hsv[2] = (uint8_t)high;
}

/* As OpenCV's vector code does: 1 - s h is rounded once (fused), and the result is truncated.  Its
 * scalar code, which converts the rest of a row, rounds instead; how long that rest is depends on
 * the processor, so it is not followed. */
static void hsv_to_rgb(uint8_t rgb[3], const uint8_t hsv[3])
{
    static const uint8_t pick[6][3] = {{0, 3, 1}, {2, 0, 1}, {1, 0, 3},
                                       {1, 2, 0}, {3, 1, 0}, {0, 1, 2}};
    float h = (float)hsv[0] * (6.0f / HUES), s = (float)hsv[1] * (1.0f / 255),
          v = (float)hsv[2] * (1.0f / 255);
    int sector = (int)h;
    float f = h - (float)sector, value[4];

    value[0] = v;
    value[1] = v * (1.0f - s);
    value[2] = v * (float)(1.0 - (double)s * f);
    value[3] = v * (float)(1.0 - (double)s * (1.0f - f));
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(value[pick[sector][c]] * 255.0f);
}

/* Replaces each entry t of the table by t * alpha + beta, clipped and truncated. */
static void table_then(uint8_t table[256], double alpha, double beta)
{
    for (int i = 0; i < 256; i++) {
        float f = (float)table[i] * (float)alpha;
        f += (float)beta;
        table[i] = (uint8_t)(f < 0 ? 0 : f > 255 ? 255 : f);
    }
}

static void table_identity(uint8_t table[256])
{
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)i;
}

void encnet__distort(uint8_t *rgb, size_t pixels, const encnet__drawn *d)
{
    uint8_t before[256], after[256], saturation[256], hsv[3];
    bool last = d->contrast && !d->contrast_first;
    tables t;

    tables_fill(&t);
    table_identity(before);
    table_identity(saturation);
    table_identity(after);
    if (d->brightness) table_then(before, 1, d->beta);
    if (d->contrast && d->contrast_first) table_then(before, d->alpha, 0);
    if (d->saturation) table_then(saturation, d->saturation_factor, 0);
    if (last) table_then(after, d->alpha, 0);

    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        for (int c = 0; c < 3; c++) rgb[c] = before[rgb[c]];
        if (d->saturation) {
            rgb_to_hsv(hsv, rgb, &t);
            hsv[1] = saturation[hsv[1]];
            hsv_to_rgb(rgb, hsv);
        }
        if (d->hue) {
            rgb_to_hsv(hsv, rgb, &t);
            hsv[0] = (uint8_t)((hsv[0] + d->hue_shift + HUES) % HUES);
            hsv_to_rgb(rgb, hsv);
        }
        if (last)
            for (int c = 0; c < 3; c++) rgb[c] = after[rgb[c]];
    }
}
