/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resize.c - bilinear and nearest resizing of 8-bit pictures, equal bit by bit to OpenCV's
 * cv::resize().
 *
 * base/place.h says where a pixel lies in the source, and its two weights of 11 bits.  Rows are interpolated
 * along x exactly (19 bits), then along y, where products are cut to 16 bits and the sum is
 * rounded. If both sides are halved, the mean of 2 x 2 pixels is taken instead.
 */
#include "data/resize.h"

#include <math.h>
#include <string.h>

#include "base/place.h"

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

static void row_along_x(int *out, const uint8_t *in, const encnet__place_of_pixel *places, int w,
                        int channels)
{
    for (int x = 0; x < w; x++) {
        const uint8_t *a = in + (size_t)places[x].at * (size_t)channels;
        const uint8_t *b = places[x].w1 ? a + channels : a; /* stays within the row */
        for (int c = 0; c < channels; c++) *out++ = a[c] * places[x].w0 + b[c] * places[x].w1;
    }
}

encnet_status encnet__resize_linear(uint8_t *out, const encnet__picture *in,
                                    const encnet__window *part, encnet__picture *rows)
{
    encnet_status rc = ENCNET_OK;
    size_t pitch = (size_t)in->w * (size_t)in->channels, n = (size_t)part->w * (size_t)in->channels;
    int have[2] = {-1, -1}; /* the source rows in row[0] and row[1], interpolated along x */
    int *row[2];
    encnet__place_of_pixel *places;

    TRY(encnet__picture_new(rows, 1, part->w,
                            (int)sizeof *places + 2 * in->channels * (int)sizeof(int)));
    places = (encnet__place_of_pixel *)(void *)rows->pixels;
    row[0] = (int *)(void *)(places + part->w);
    row[1] = row[0] + n;
    for (int x = 0; x < part->w; x++) places[x] = encnet__place_x(part->x + x, part->full_w, in->w);

    for (int y = 0; y < part->h; y++) {
        encnet__place_of_pixel p = encnet__place_y(part->y + y, part->full_h, in->h);
        int want[2] = {clamp(p.at, 0, in->h - 1), clamp(p.at + 1, 0, in->h - 1)};
        if (have[1] == want[0]) { /* the lower row becomes the upper one */
            int *swap = row[0];
            row[0] = row[1];
            row[1] = swap;
            have[1] = have[0];
            have[0] = want[0];
        }
        for (int k = 0; k < 2; k++)
            if (have[k] != want[k]) {
                row_along_x(row[k], in->pixels + (size_t)want[k] * pitch, places, part->w,
                            in->channels);
                have[k] = want[k];
            }
        for (size_t i = 0; i < n; i++)
            *out++ = (uint8_t)((((p.w0 * (row[0][i] >> 4)) >> 16) +
                                ((p.w1 * (row[1][i] >> 4)) >> 16) + 2) >>
                               2);
    }
done:
    return rc;
}

void encnet__nearest_map(int *map, int size_out, int size_in)
{
    double scale = 1.0 / ((double)size_out / size_in);

    for (int i = 0; i < size_out; i++) {
        int at = (int)floor(i * scale);
        map[i] = at < size_in - 1 ? at : size_in - 1;
    }
}

static encnet_status nearest(encnet__picture *out, const encnet__picture *in)
{
    size_t c = (size_t)in->channels;
    int *map = encnet__alloc((size_t)out->h + (size_t)out->w, sizeof *map), *map_x = map + out->h;

    if (!map)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for resizing to %d x %d", out->w, out->h);
    encnet__nearest_map(map, out->h, in->h);
    encnet__nearest_map(map_x, out->w, in->w);
    for (int y = 0; y < out->h; y++)
        for (int x = 0; x < out->w; x++)
            memcpy(out->pixels + ((size_t)y * (size_t)out->w + (size_t)x) * c,
                   in->pixels + ((size_t)map[y] * (size_t)in->w + (size_t)map_x[x]) * c, c);
    encnet__free(map);
    return ENCNET_OK;
}

encnet_status encnet__picture_resize(encnet__picture *out, const encnet__picture *in, int h, int w,
                                     bool is_nearest)
{
    encnet_status rc = ENCNET_OK;
    encnet__window all = {h, w, 0, 0, h, w};
    encnet__picture rows = {0};

    TRY(encnet__picture_new(out, h, w, in->channels));
    if (is_nearest)
        TRY(nearest(out, in));
    else
        TRY(encnet__resize_linear(out->pixels, in, &all, &rows));
done:
    encnet__picture_free(&rows);
    return rc;
}

void encnet__keep_ratio(int *h_out, int *w_out, int h, int w, int box_a, int box_b)
{
    int box_long = box_a > box_b ? box_a : box_b, box_short = box_a > box_b ? box_b : box_a;
    double f_long = (double)box_long / (h > w ? h : w),
           f_short = (double)box_short / (h > w ? w : h);
    double f = f_long < f_short ? f_long : f_short;

    *h_out = (int)(h * f + 0.5);
    *w_out = (int)(w * f + 0.5);
    if (*h_out < 1) *h_out = 1; /* a very long and thin image */
    if (*w_out < 1) *w_out = 1;
}
