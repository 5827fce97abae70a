/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* map.c - the geometry of convolutions: operations, and the index maps of forward and of the gradient
 * of the input, which lib/ops/conv2d.md derives. */
#include "ops/conv/map.h"

int encnet__conv_map_pixels(const encnet__conv_map *map)
{
    return map->images * map->rows * map->cols;
}

encnet__conv_map encnet__conv_forward_map(const encnet__conv *conv)
{
    encnet__conv_map map = {.images = conv->n,
                            .in_h = conv->h,
                            .in_w = conv->w,
                            .rows = conv->out_h,
                            .cols = conv->out_w,
                            .step = conv->stride,
                            .out_h = conv->out_h,
                            .out_w = conv->out_w,
                            .out_step = 1,
                            .taps_h = conv->r,
                            .taps_w = conv->s,
                            .h0 = -conv->pad,
                            .w0 = -conv->pad,
                            .h_step = conv->dilation,
                            .w_step = conv->dilation,
                            .tap0 = 0,
                            .tap_h = conv->s,
                            .tap_w = 1};

    return map;
}

/* One axis of a phase: the kernel positions first, first + every, ... that contribute to it, and
 * the offset of the pixel of dy that each of them reads. */
typedef struct axis {
    int pixels, first, every, taps, offset, offset_step;
} axis;

/* Input pixel i*stride + phase is fed by output pixel o through kernel position r where
 * o*stride = i*stride + phase + pad - r*dilation, so r takes part when the stride divides phase +
 * pad - r*dilation.  The smallest such r repeats after stride / gcd(stride, dilation) positions. */
static axis axis_of(const encnet__conv *conv, int size, int kernel, int phase)
{
    axis a = {.pixels = size > phase ? encnet__ceil_div(size - phase, conv->stride) : 0,
              .first = 0,
              .every = 1};

    while (a.first < kernel && (phase + conv->pad - a.first * conv->dilation) % conv->stride)
        a.first++;
    while (a.every * conv->dilation % conv->stride) a.every++;
    a.taps = a.first < kernel ? encnet__ceil_div(kernel - a.first, a.every) : 0;
    a.offset = (phase + conv->pad - a.first * conv->dilation) / conv->stride;
    a.offset_step = -(a.every * conv->dilation / conv->stride);
    return a;
}

encnet__conv_map encnet__conv_data_map(const encnet__conv *conv, int row_phase, int col_phase)
{
    axis row = axis_of(conv, conv->h, conv->r, row_phase);
    axis col = axis_of(conv, conv->w, conv->s, col_phase);
    encnet__conv_map map = {.images = conv->n,
                            .in_h = conv->out_h,
                            .in_w = conv->out_w,
                            .rows = row.pixels,
                            .cols = col.pixels,
                            .step = 1,
                            .out_h = conv->h,
                            .out_w = conv->w,
                            .out_step = conv->stride,
                            .out_h0 = row_phase,
                            .out_w0 = col_phase,
                            .taps_h = col.taps ? row.taps : 0,
                            .taps_w = col.taps,
                            .h0 = row.offset,
                            .w0 = col.offset,
                            .h_step = row.offset_step,
                            .w_step = col.offset_step,
                            .tap0 = row.first * conv->s + col.first,
                            .tap_h = row.every * conv->s,
                            .tap_w = col.every};

    return map;
}

double encnet__conv_flops(const encnet__conv *conv)
{
    return 2.0 * conv->n * conv->out_h * conv->out_w * conv->k * conv->r * conv->s *
           (conv->c / conv->groups);
}

bool encnet__conv_is_gemm(const encnet__conv *conv)
{
    return conv->r == 1 && conv->s == 1 && conv->stride == 1 && conv->pad == 0 && conv->groups == 1;
}

int encnet__conv_band(const encnet__conv_map *map)
{
    enum { NARROW = 16 };
    int far = map->w_step < 0 ? -map->w_step : map->w_step;

    return map->taps_w > 1 && far >= NARROW / 2 && map->cols > NARROW ? NARROW : map->cols;
}
