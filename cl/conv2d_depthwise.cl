/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_depthwise - convolution with one kernel per channel, which is bound by memory.
 *
 *   y[p,c]  = relu?(sum over taps t of x[p + t,c] w[t,c] + b[c] + a[p,c])
 *   dw[t,c] = sum over pixels p of x[p + t,c] dy[p,c]
 *
 *   x  [N,in_h,in_w,C]    w, dw  [taps,C]    y, dy, a  [N,out_h,out_w,C]    b  [C]; b, a optional
 *   Which pixels are p + t: conv2d_map.clh.  The gradient of the input is the first sum over dy.
 *
 * A work-item goes along rows of pixels, TILE_P at once, each time through its `span` channels: all
 * of them on CPUs, one on GPUs.  A tap that leaves the input is skipped.  Rows follow each other
 * `apart_h` rows apart, and pixels `apart_w` columns (the dilation), so that what one reads is in the
 * cache for the next.
 *
 * VEC       floats of a vector
 * VECTORS   vectors of channels that share the addresses of a pixel: 1..4
 * TILE_P    pixels that share the weights or, for dw, an addition to memory: 1..8
 * Accuracy  y: one chain.  dw: chains of TILE_P terms, added up in order, then the parts
 */
#include "conv2d_map.clh"
#include "vector.clh"
#ifndef VECTORS
#define VECTORS 1
#endif
#if VECTORS < 1 || VECTORS > 4
#error "conv2d_depthwise.cl: VECTORS must be in 1..4"
#endif
#ifndef TILE_P
#define TILE_P 4
#endif
#if TILE_P < 1 || TILE_P > 8
#error "conv2d_depthwise.cl: TILE_P must be in 1..8"
#endif
#define TILE_C (VECTORS * VEC)

/* Number `index` of 0 .. size - 1 in the order 0, apart, 2 apart, ..., 1, 1 + apart, ...  There are
 * in_steps(size, apart) numbers; those that are not below `size` mean nothing. */
static inline int per_phase(int size, int apart)
{
    return (size + apart - 1) / apart;
}

static inline int in_steps(int size, int apart)
{
    return per_phase(size, apart) * apart;
}

static inline int step_at(int index, int size, int apart)
{
    const int per = per_phase(size, apart);

    return index % per * apart + index / per;
}

typedef struct row {
    int n, i;
} row;

/* VEC channels from c on: `whole` if all of them are before C; else zeros behind it. */
#define LOAD(row, c) (whole ? load((row) + (c)) : (c) < C ? load_part(row, c, C) : (vfloat)(0.0f))
#define VLOAD(row, c)                                                                              \
    (whole ? vload((row) + (c)) : (c) < C ? vload_part(row, c, C) : (vfloat)(0.0f))

/* What the tiles of a forward launch have in common. */
typedef struct operands {
    __global storage *y;
    __global const storage *x, *a;
    __global const float *w, *b;
    int relu;
} operands;

/* Output pixels (at.i, j ..), at most TILE_P of them and before `cols`; `vectors` vectors from
 * channel c on. */
INLINED void forward_tile(operands o, row at, int j, int apart, int c, int C, const bool whole,
                          index_map g)
{
    const int first_h = at.i * g.step + g.h0, first_v = j * g.step + g.w0;
    const long to = (((long)at.n * g.out_h + at.i * g.out_step + g.out_h0) * g.out_w +
                     j * g.out_step + g.out_w0) *
                    C;
    vfloat acc[TILE_P][VECTORS];

#pragma unroll
    for (int p = 0; p < TILE_P; p++)
#pragma unroll
        for (int q = 0; q < VECTORS; q++) acc[p][q] = (vfloat)(0.0f);
    for (int u = 0; u < g.taps_h; u++) {
        const int h = first_h + u * g.h_step;

        if ((uint)h >= (uint)g.in_h) continue;
        for (int t = 0; t < g.taps_w; t++) {
            const int v = first_v + t * g.w_step;
            __global const storage *px = o.x + (((long)at.n * g.in_h + h) * g.in_w + v) * C;
            __global const float *wp = o.w + (long)(g.tap0 + u * g.tap_h + t * g.tap_w) * C;
            vfloat wv[VECTORS];

#pragma unroll
            for (int q = 0; q < VECTORS; q++) wv[q] = VLOAD(wp, c + q * VEC);
#pragma unroll
            for (int p = 0; p < TILE_P; p++)
                if ((uint)(v + p * apart * g.step) < (uint)g.in_w)
#pragma unroll
                    for (int q = 0; q < VECTORS; q++)
                        acc[p][q] += LOAD(px + (long)p * apart * g.step * C, c + q * VEC) * wv[q];
        }
    }
#pragma unroll
    for (int p = 0; p < TILE_P; p++)
        if (j + p * apart < g.cols)
#pragma unroll
            for (int q = 0; q < VECTORS; q++) {
                const long pixel = to + (long)p * apart * g.out_step * C;
                vfloat r = acc[p][q];

                if (o.b) r += VLOAD(o.b, c + q * VEC);
                if (o.a) r += LOAD(o.a + pixel, c + q * VEC);
                if (o.relu) r = select(r, (vfloat)(0.0f), r < (vfloat)(0.0f));
                if (whole)
                    store(r, o.y + pixel + c + q * VEC);
                else if (c + q * VEC < C)
                    store_part(r, o.y + pixel, c + q * VEC, C);
            }
}

/* Work-item: span of channels; phases of a row's columns. */
__kernel void conv2d_depthwise(__global storage *y, __global const storage *x,
                               __global const float *w, __global const float *b,
                               __global const storage *a, int relu, int C, int span, int run,
                               int apart_h, int apart_w, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    const operands o = {y, x, a, w, b, relu};
    const int all_rows = in_steps(rows, apart_h), all_cols = in_steps(cols, apart_w);
    const int runs = (all_cols + run - 1) / run, line = (int)get_global_id(1) / runs;
    const int begin = (int)get_global_id(1) % runs * run, end = min(begin + run, all_cols);
    const row at = {line / all_rows, step_at(line % all_rows, rows, apart_h)};
    const int first = (int)get_global_id(0) * span;
    const int last = min(first + span, C);

    if (at.n >= images || at.i >= rows) return;
    for (int index = begin; index < end;) {
        const int j = step_at(index, cols, apart_w);
        int c = first;

        for (; c + TILE_C <= last; c += TILE_C) forward_tile(o, at, j, apart_w, c, C, true, g);
        if (c < last) forward_tile(o, at, j, apart_w, c, C, false, g);
        index += min(TILE_P, per_phase(cols, apart_w) - index % per_phase(cols, apart_w));
    }
}

/* dw[t,c ..] += x[p + t,c ..] dy[p,c ..], summed over the TILE_P pixels from (at.i, j) on. */
INLINED void filter_tile(__global float *dw, __global const storage *x, __global const storage *dy,
                         row at, int j, int apart, int c, int C, const bool whole, index_map g)
{
    const int first_h = at.i * g.step + g.h0, first_v = j * g.step + g.w0;
    __global const storage *dp = dy + (((long)at.n * g.out_h + at.i) * g.out_w + j) * C;
    vfloat d[TILE_P][VECTORS];

#pragma unroll
    for (int p = 0; p < TILE_P; p++)
#pragma unroll
        for (int q = 0; q < VECTORS; q++)
            d[p][q] = j + p * apart < g.cols ? LOAD(dp + (long)p * apart * C, c + q * VEC)
                                             : (vfloat)(0.0f);
    for (int u = 0; u < g.taps_h; u++) {
        const int h = first_h + u * g.h_step;

        if ((uint)h >= (uint)g.in_h) continue;
        for (int t = 0; t < g.taps_w; t++) {
            const int v = first_v + t * g.w_step;
            __global const storage *px = x + (((long)at.n * g.in_h + h) * g.in_w + v) * C;
            __global float *out = dw + (long)(u * g.taps_w + t) * C;
            vfloat acc[VECTORS];

#pragma unroll
            for (int q = 0; q < VECTORS; q++) acc[q] = (vfloat)(0.0f);
#pragma unroll
            for (int p = 0; p < TILE_P; p++)
                if (j + p * apart < g.cols && (uint)(v + p * apart * g.step) < (uint)g.in_w)
#pragma unroll
                    for (int q = 0; q < VECTORS; q++)
                        acc[q] += LOAD(px + (long)p * apart * g.step * C, c + q * VEC) * d[p][q];
#pragma unroll
            for (int q = 0; q < VECTORS; q++) {
                const int k = c + q * VEC;

                if (whole)
                    vstore(vload(out + k) + acc[q], out + k);
                else if (k < C)
                    vstore_part(vload_part(out, k, C) + acc[q], out, k, C);
            }
        }
    }
}

/* Work-item: span of channels; part, which are `run` successive rows, summed into dw[part].  The
 * index map is forward's. */
__kernel void conv2d_depthwise_filter(__global float *dw, __global const storage *x,
                                      __global const storage *dy, int C, int span, int run,
                                      int apart_h, int apart_w, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    const int all_rows = in_steps(rows, apart_h), all_cols = in_steps(cols, apart_w);
    const int part = (int)get_global_id(1), taps = taps_h * taps_w;
    const int first = (int)get_global_id(0) * span;
    const int last = min(first + span, C);

    dw += (long)part * taps * C;
    for (int t = 0; t < taps; t++)
        for (int c = first; c < last; c += VEC) vstore_part((vfloat)(0.0f), dw + (long)t * C, c, C);
    for (int line = part * run; line < (part + 1) * run; line++) {
        const row at = {line / all_rows, step_at(line % all_rows, rows, apart_h)};

        if (at.n >= images || at.i >= rows) continue;
        for (int index = 0; index < all_cols;) {
            const int j = step_at(index, cols, apart_w);
            int c = first;

            for (; c + TILE_C <= last; c += TILE_C)
                filter_tile(dw, x, dy, at, j, apart_w, c, C, true, g);
            if (c < last) filter_tile(dw, x, dy, at, j, apart_w, c, C, false, g);
            index += min(TILE_P, per_phase(cols, apart_w) - index % per_phase(cols, apart_w));
        }
    }
}
