/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* turn.c - pictures turned by an angle, and blurred. */
#include "data/turn.h"

#include <math.h>
#include <string.h>

enum { REACH = 3 }; /* standard deviations of a blur, which is at most one pixel */

void encnet__turn_set(encnet__turn *t, int h, int w, double angle)
{
    double radians = angle * acos(-1) / 180;

    *t = (encnet__turn){angle, cos(radians), sin(radians), h, w};
}

void encnet__turn_back(double *from_y, double *from_x, const encnet__turn *t, double y, double x)
{
    double dy = y - (t->h - 1) / 2.0, dx = x - (t->w - 1) / 2.0;

    *from_x = t->cosine * dx - t->sine * dy + (t->w - 1) / 2.0;
    *from_y = t->sine * dx + t->cosine * dy + (t->h - 1) / 2.0;
}

void encnet__turned_pixel(uint8_t rgb[3], const encnet__picture *p, const encnet__turn *t, int y,
                          int x)
{
    double from_y, from_x, sum[3] = {0};
    int y0, x0;

    encnet__turn_back(&from_y, &from_x, t, y, x);
    y0 = (int)floor(from_y);
    x0 = (int)floor(from_x);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            double share =
                (i ? from_y - y0 : 1 - (from_y - y0)) * (j ? from_x - x0 : 1 - (from_x - x0));
            if (y0 + i < 0 || x0 + j < 0 || y0 + i >= p->h || x0 + j >= p->w) continue;
            for (int c = 0; c < 3; c++)
                sum[c] +=
                    share *
                    p->pixels[3 * ((size_t)(y0 + i) * (size_t)p->w + (size_t)(x0 + j)) + (size_t)c];
        }
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(sum[c] + 0.5);
}

/* One direction: the pixels of a line lie `step` apart. */
static void blur_line(uint8_t *out, const uint8_t *in, int n, size_t step, const double *weights)
{
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int k = -REACH; k <= REACH; k++) {
            int at = i + k < 0 ? 0 : i + k >= n ? n - 1 : i + k;
            sum += weights[k < 0 ? -k : k] * in[(size_t)at * step];
        }
        out[(size_t)i * step] = (uint8_t)(sum + 0.5);
    }
}

encnet_status encnet__blur(encnet__picture *p, double sigma, encnet__picture *rows)
{
    encnet_status rc = ENCNET_OK;
    double weights[REACH + 1], sum = 0;
    size_t row = 3 * (size_t)p->w;

    for (int k = 0; k <= REACH; k++) {
        weights[k] = k <= ceil(REACH * sigma) ? exp(-0.5 * k * k / (sigma * sigma)) : 0;
        sum += (k ? 2 : 1) * weights[k];
    }
    for (int k = 0; k <= REACH; k++) weights[k] /= sum;
    TRY(encnet__picture_new(rows, p->h, p->w, 3));
    for (int y = 0; y < p->h; y++)
        for (size_t c = 0; c < 3; c++)
            blur_line(rows->pixels + (size_t)y * row + c, p->pixels + (size_t)y * row + c, p->w, 3,
                      weights);
    for (size_t i = 0; i < row; i++) blur_line(p->pixels + i, rows->pixels + i, p->h, row, weights);
done:
    return rc;
}
