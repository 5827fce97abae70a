/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_grouped - convolution in groups: a vector of one group's outputs for a few pixels, in
 * registers.
 *
 *   y[p,k]    = relu?(sum over taps t, c < CG of x[p + t, g*CG + c] w[t,c,k] + b[k] + a[p,k])
 *   dw[t,c,k] = sum over pixels p of x[p + t, g*CG + c] dy[p,k]            g = k / KG
 *
 *   x  [N,in_h,in_w,C]    w, dw  [taps,CG,K]    y, dy, a  [N,out_h,out_w,K]    b  [K]
 *   CG = C / groups, KG = K / groups; b and a are optional.  Which pixels are p + t:
 *   conv2d_map.clh.  The gradient of the input is the first sum over dy, with the weights turned:
 *   conv2d_grouped_turn.
 *
 * VEC       floats of a vector: divides KG, so that all outputs of a vector read the same inputs
 * TILE_P    pixels of a tile, in one row: 1..8
 * TILE_C    input channels of a tile of dw: 1..8
 * Accuracy  y: one chain.  dw: a chain for each part, then the parts in order
 */
#include "conv2d_map.clh"
#include "vector.clh"
#ifndef TILE_P
#define TILE_P 4
#endif
#if TILE_P < 1 || TILE_P > 8
#error "conv2d_grouped.cl: TILE_P must be in 1..8"
#endif
#ifndef TILE_C
#define TILE_C 4
#endif
#if TILE_C < 1 || TILE_C > 8
#error "conv2d_grouped.cl: TILE_C must be in 1..8"
#endif

/* Work-item: vector of outputs; a run of `run` columns of a row; image. */
__kernel void conv2d_grouped(__global storage *y, __global const storage *x,
                             __global const float *w, __global const float *b,
                             __global const storage *a, int relu, int C, int K, int groups, int run,
                             INDEX_MAP)
{
    const int k = (int)get_global_id(0) * VEC, CG = C / groups, KG = K / groups;
    const int runs = (cols + run - 1) / run, n = (int)get_global_id(2);
    const int i = (int)get_global_id(1) / runs, j0 = (int)get_global_id(1) % runs * run;

    if (k >= K || i >= rows) return;
    x += k / KG * CG;
    for (int j = j0; j < min(j0 + run, cols); j += TILE_P) {
        vfloat acc[TILE_P];

#pragma unroll
        for (int p = 0; p < TILE_P; p++) acc[p] = (vfloat)(0.0f);
        for (int u = 0; u < taps_h; u++) {
            const int h = i * step + h0 + u * h_step;

            if ((uint)h >= (uint)in_h) continue;
            for (int t = 0; t < taps_w; t++) {
                const int v = j * step + w0 + t * w_step;
                __global const storage *px = x + (((long)n * in_h + h) * in_w + v) * C;
                __global const float *wp = w + (long)(tap0 + u * tap_h + t * tap_w) * CG * K + k;

                for (int c = 0; c < CG; c++, wp += K) {
                    const vfloat wv = vload(wp);
#pragma unroll
                    for (int p = 0; p < TILE_P; p++)
                        if ((uint)(v + p * step) < (uint)in_w)
                            acc[p] += load1(px + (long)p * step * C + c) * wv;
                }
            }
        }
#pragma unroll
        for (int p = 0; p < TILE_P; p++)
            if (j + p < cols) {
                const long to = (((long)n * out_h + i * out_step + out_h0) * out_w +
                                 (j + p) * out_step + out_w0) *
                                    K +
                                k;

                if (b) acc[p] += vload(b + k);
                if (a) acc[p] += load(a + to);
                if (relu) acc[p] = select(acc[p], (vfloat)(0.0f), acc[p] < (vfloat)(0.0f));
                store(acc[p], y + to);
            }
    }
}

/* out[t,k - g*KG,c] = w[t,c - g*CG,k] for the channels c and k of each group g; out [taps,KG,C].
 * Work-item: c; a row of out. */
__kernel void conv2d_grouped_turn(__global float *out, __global const float *w, int taps, int C,
                                  int K, int groups)
{
    const int c = (int)get_global_id(0), row = (int)get_global_id(1);
    const int CG = C / groups, KG = K / groups, t = row / KG, g = c / CG;

    if (c >= C || t >= taps) return;
    out[(long)row * C + c] = w[((long)t * CG + c % CG) * K + g * KG + row % KG];
}

/* Work-item: vector of outputs; a tap and TILE_C input channels of the group; part, which are `run`
 * rows of all images, summed into dw[part].  The index map is forward's. */
__kernel void conv2d_grouped_filter(__global float *dw, __global const storage *x,
                                    __global const storage *dy, int C, int K, int groups, int run,
                                    INDEX_MAP)
{
    const int k = (int)get_global_id(0) * VEC, part = (int)get_global_id(2);
    const int CG = C / groups, KG = K / groups, c_tiles = (CG + TILE_C - 1) / TILE_C;
    const int c = (int)get_global_id(1) % c_tiles * TILE_C, tap = (int)get_global_id(1) / c_tiles;
    const int last = min((part + 1) * run, images * rows);
    const int dh = h0 + tap / taps_w * h_step, dv = w0 + tap % taps_w * w_step;
    /* The columns j with 0 <= j*step + dv < in_w. */
    const int low = dv < 0 ? (-dv + step - 1) / step : 0;
    const int high = dv < in_w ? min(cols, (in_w - dv + step - 1) / step) : 0;
    int from[TILE_C];
    vfloat acc[TILE_C];

    if (k >= K) return;
#pragma unroll
    for (int q = 0; q < TILE_C; q++) {
        acc[q] = (vfloat)(0.0f);
        from[q] = k / KG * CG + min(c + q, CG - 1); /* the last one again behind the group's end */
    }
    for (int r = part * run; r < last; r++) {
        const int h = r % rows * step + dh, n = r / rows;
        __global const storage *px = x + (((long)n * in_h + h) * in_w + dv) * C;
        __global const storage *dp = dy + (long)r * cols * K + k;

        if ((uint)h >= (uint)in_h) continue;
        for (int j = low; j < high; j++) {
            const vfloat d = load(dp + (long)j * K);
#pragma unroll
            for (int q = 0; q < TILE_C; q++) acc[q] += load1(px + (long)j * step * C + from[q]) * d;
        }
    }
    dw += ((long)part * taps_h * taps_w + tap) * CG * K;
#pragma unroll
    for (int q = 0; q < TILE_C; q++)
        if (c + q < CG) vstore(acc[q], dw + (long)(c + q) * K + k);
}
