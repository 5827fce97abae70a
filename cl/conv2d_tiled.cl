/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_tiled - convolution for GPUs: implicit matrix products, both operands' tiles in local
 * memory.
 *
 *   forward  y[p,k]    = relu?(sum over taps t, channels c of x[p + t,c] w[t,c,k] + b[k] + a[p,k])
 *   data     dx[p,c]   = sum over taps t, channels k of dy[p + t,k] w[t,c,k]
 *   filter   dw[t,c,k] = sum over pixels p of x[p + t,c] dy[p,k]
 *
 *   x, dx  [N,H,W,C]    w, dw  [R,S,C,K]    y, dy, a  [N,OH,OW,K]    b  [K]; b and a may be absent
 *   Which pixels are p + t: conv2d_map.clh.
 *
 * A work-group of GROUP = 256 items computes TILE x TILE outputs, PER x PER by each item, TILE = 16
 * PER. The sum is computed in steps of DEPTH terms: all items fetch the two slices of the next step
 * into registers while they multiply those of the current one from local memory.  All items reach
 * every barrier: edges are filled with zeros, and no item exits early.
 *
 * PER       outputs of an item along each axis: 4 or 8
 * ALIGNED   1: C and K are multiples of 4, so four channels are one load; 0: any C and K
 * Accuracy  one chain; the weights' gradient is a chain for every `run` pixels
 */
#include "conv2d_product.clh"
#include "conv2d_spots.clh"
#include "storage.clh"
#ifndef ALIGNED
#define ALIGNED 0
#endif
#if ALIGNED != 0 && ALIGNED != 1
#error "conv2d_tiled.cl: ALIGNED must be 0 or 1"
#endif
/* Taps that lead nearer do not leave out enough of a row to be worth looking for. */
#define FAR 8

/* Four channels of a row of `size`, from channel i on; zeros behind its end. */
static inline float4 load_quad(__global const storage *row, int i, int size)
{
#if ALIGNED
    return i < size ? load4_aligned(row + i) : (float4)(0.0f);
#else
    float4 v = (float4)(0.0f);

    if (i < size) v.s0 = load1(row + i);
    if (i + 1 < size) v.s1 = load1(row + i + 1);
    if (i + 2 < size) v.s2 = load1(row + i + 2);
    if (i + 3 < size) v.s3 = load1(row + i + 3);
    return v;
#endif
}

static inline void store_quad(float4 v, __global storage *row, int i, int size)
{
#if ALIGNED
    if (i < size) store4_aligned(v, row + i);
#else
    if (i < size) store1(v.s0, row + i);
    if (i + 1 < size) store1(v.s1, row + i + 1);
    if (i + 2 < size) store1(v.s2, row + i + 2);
    if (i + 3 < size) store1(v.s3, row + i + 3);
#endif
}

/* The same of weights. */
static inline float4 vload_quad(__global const float *row, int i, int size)
{
#if ALIGNED
    return i < size ? *(__global const float4 *)(row + i) : (float4)(0.0f);
#else
    float4 v = (float4)(0.0f);

    if (i < size) v.s0 = row[i];
    if (i + 1 < size) v.s1 = row[i + 1];
    if (i + 2 < size) v.s2 = row[i + 2];
    if (i + 3 < size) v.s3 = row[i + 3];
    return v;
#endif
}

static inline void vstore_quad(float4 v, __global float *row, int i, int size)
{
#if ALIGNED
    if (i < size) *(__global float4 *)(row + i) = v;
#else
    if (i < size) row[i] = v.s0;
    if (i + 1 < size) row[i + 1] = v.s1;
    if (i + 2 < size) row[i + 2] = v.s2;
    if (i + 3 < size) row[i + 3] = v.s3;
#endif
}

/* Four channels of the input pixel that lies (dh,dv) from the one of tap (0,0). */
static inline float4 fetch(__global const storage *x, pixel at, int dh, int dv, int c, int C, index_map g)
{
    const bool inside = (uint)(at.h + dh) < (uint)g.in_h && (uint)(at.v + dv) < (uint)g.in_w;

    if (!inside) return (float4)(0.0f);
    return load_quad(x + at.from + ((long)dh * g.in_w + dv) * C, c, C);
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_tiled_fwd(__global storage *y, __global const storage *x, __global const float *w,
                 __global const float *b, __global const storage *a, int relu, int C, int K,
                 int band, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    SLICE left[DEPTH * PITCH], right[DEPTH * PITCH];
    const int id = (int)get_local_id(0);
    const int p0 = (int)get_group_id(0) * TILE, k0 = (int)get_group_id(1) * TILE;
    const int pixels = g.images * g.rows * g.cols;
    const int taps = g.taps_h * g.taps_w;
    const reach r = reach_of(p0, min(p0 + TILE, pixels) - 1, band, g);
    pixel at[QUADS];
    float4 acc[PER][QUADS], xs[QUADS], ws[QUADS];

    for (int q = 0; q < QUADS; q++) at[q] = pixel_at(p0 + q * 64 + id / 4, band, C, g);
#pragma unroll
    for (int m = 0; m < PER; m++)
#pragma unroll
        for (int q = 0; q < QUADS; q++) acc[m][q] = (float4)(0.0f);

    for (int tap = next_tap(0, r, g), c = 0, held = 0; held || tap < taps;) {
        const bool multiplies = held;

        if (held) {
            barrier(CLK_LOCAL_MEM_FENCE);
            put_turned(left, xs);
            put(right, ws);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        held = tap < taps;
        if (held) {
            const int u = tap / g.taps_w, t = tap - u * g.taps_w;
            const size_t row = (size_t)(g.tap0 + u * g.tap_h + t * g.tap_w) * C + c + id / SIDE;
            const bool inside = c + id / SIDE < C;
#pragma unroll
            for (int q = 0; q < QUADS; q++) {
                xs[q] = fetch(x, at[q], u * g.h_step, t * g.w_step, c + id % 4 * 4, C, g);
                ws[q] = inside ? vload_quad(w + row * K, k0 + q * 64 + id % SIDE * 4, K)
                               : (float4)(0.0f);
            }
            c += DEPTH;
            if (c >= C) c = 0, tap = next_tap(tap + 1, r, g);
        }
        if (multiplies) multiply(acc, left, right);
    }
#pragma unroll
    for (int m = 0; m < PER; m++) {
        const int p = p0 + m / 4 * 64 + id / SIDE * 4 + m % 4;

        if (p >= pixels) continue;
        const long to = place(p, band, K, g);
#pragma unroll
        for (int q = 0; q < QUADS; q++) {
            const int k = k0 + q * 64 + id % SIDE * 4;
            float4 r = acc[m][q];

            if (b) r += vload_quad(b, k, K);
            if (a) r += load_quad(a + to, k, K);
            if (relu) r = select(r, (float4)(0.0f), r < 0.0f);
            store_quad(r, y + to, k, K);
        }
    }
}

/* C and K are the convolution's: the terms are K here, the outputs C. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_tiled_data(__global storage *dx, __global const storage *dy, __global const float *w, int C,
                  int K, int band, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    SLICE left[DEPTH * PITCH], right[DEPTH * PITCH];
    const int id = (int)get_local_id(0);
    const int p0 = (int)get_group_id(0) * TILE, c0 = (int)get_group_id(1) * TILE;
    const int pixels = g.images * g.rows * g.cols;
    const int taps = g.taps_h * g.taps_w;
    const reach r = reach_of(p0, min(p0 + TILE, pixels) - 1, band, g);
    pixel at[QUADS];
    float4 acc[PER][QUADS], ds[QUADS], ws[QUADS];

    for (int q = 0; q < QUADS; q++) at[q] = pixel_at(p0 + q * 64 + id / 4, band, K, g);
#pragma unroll
    for (int m = 0; m < PER; m++)
#pragma unroll
        for (int q = 0; q < QUADS; q++) acc[m][q] = (float4)(0.0f);

    for (int tap = next_tap(0, r, g), k = 0, held = 0; held || tap < taps;) {
        const bool multiplies = held;

        if (held) {
            barrier(CLK_LOCAL_MEM_FENCE);
            put_turned(left, ds);
            put_turned(right, ws);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        held = tap < taps;
        if (held) {
            const int u = tap / g.taps_w, t = tap - u * g.taps_w;
            const size_t row = (size_t)(g.tap0 + u * g.tap_h + t * g.tap_w) * C;
#pragma unroll
            for (int q = 0; q < QUADS; q++) {
                const int c = c0 + q * 64 + id / 4;
                ds[q] = fetch(dy, at[q], u * g.h_step, t * g.w_step, k + id % 4 * 4, K, g);
                ws[q] = c < C ? vload_quad(w + (row + c) * K, k + id % 4 * 4, K) : (float4)(0.0f);
            }
            k += DEPTH;
            if (k >= K) k = 0, tap = next_tap(tap + 1, r, g);
        }
        if (multiplies) multiply(acc, left, right);
    }
#pragma unroll
    for (int m = 0; m < PER; m++) {
        const int p = p0 + m / 4 * 64 + id / SIDE * 4 + m % 4;

        if (p >= pixels) continue;
        const long to = place(p, band, C, g);
#pragma unroll
        for (int q = 0; q < QUADS; q++)
            store_quad(acc[m][q], dx + to, c0 + q * 64 + id % SIDE * 4, C);
    }
}

/* The first step from `i` on, of DEPTH of the pixels first .. end - 1, that the tap of a source leads into the
 * input for any pixel; `steps` if there is none. */
static inline int next_step(int i, int steps, int first, int end, int4 source, index_map g)
{
    for (; i < steps; i++) {
        const int p = first + i * DEPTH;

        if (meets(reach_of(p, min(p + DEPTH, end) - 1, g.cols, g), source.x, source.y, g)) break;
    }
    return i;
}

/* Four rows of dw of a pixel. */
static inline float4 fetch_rows(__global const storage *x, pixel at, const SOURCE *sources, int C,
                                index_map g)
{
    float4 v = (float4)(0.0f);
    __global const storage *from = input_of(x, at, sources[0], C, g);

#if ALIGNED
    if (from) v = load4_aligned(from);
#else
    if (from) v.s0 = load1(from);
    from = input_of(x, at, sources[1], C, g);
    if (from) v.s1 = load1(from);
    from = input_of(x, at, sources[2], C, g);
    if (from) v.s2 = load1(from);
    from = input_of(x, at, sources[3], C, g);
    if (from) v.s3 = load1(from);
#endif
    return v;
}

/* Group (k tile, tile of rows, part): part z sums pixels z*run .. (z+1)*run - 1 into dw[z].  The index map is
 * forward's. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_tiled_filter(__global float *dw, __global const storage *x, __global const storage *dy,
                    int run, int C, int K, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    SLICE left[DEPTH * PITCH], right[DEPTH * PITCH];
    SOURCE sources[TILE];
    const int id = (int)get_local_id(0);
    const int k0 = (int)get_group_id(0) * TILE, row0 = (int)get_group_id(1) * TILE;
    const int part = (int)get_group_id(2), height = g.taps_h * g.taps_w * C;
    const int first = part * run, end = min(first + run, g.images * g.rows * g.cols);
    const int steps = end > first ? (end - first + DEPTH - 1) / DEPTH : 0;
    walker at = walker_at(first + id / SIDE, g);
    float4 acc[PER][QUADS], xs[QUADS], ds[QUADS];
    int i = 0;

    list_sources(sources, row0, TILE, C, g);
    barrier(CLK_LOCAL_MEM_FENCE);
    const int4 source = sources[0];
    const bool one_tap = row0 / C == (min(row0 + TILE, height) - 1) / C;
    const bool skips = one_tap && max(abs(source.x), abs(source.y)) >= FAR;
#pragma unroll
    for (int m = 0; m < PER; m++)
#pragma unroll
        for (int q = 0; q < QUADS; q++) acc[m][q] = (float4)(0.0f);

    if (skips) i = next_step(0, steps, first, end, source, g);
    for (int held = 0; held || i < steps;) {
        const bool multiplies = held;

        if (held) {
            barrier(CLK_LOCAL_MEM_FENCE);
            put(left, xs);
            put(right, ds);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        held = i < steps;
        if (held) {
            at = walk(at, first + i * DEPTH + id / SIDE - at.p, g);
            const pixel from = pixel_of(at, end, C, g);
#pragma unroll
            for (int q = 0; q < QUADS; q++) {
                const int n = q * 64 + id % SIDE * 4;
                xs[q] = fetch_rows(x, from, sources + n, C, g);
                ds[q] = at.p < end ? load_quad(dy + (size_t)at.p * K, k0 + n, K) : (float4)(0.0f);
            }
            i = skips ? next_step(i + 1, steps, first, end, source, g) : i + 1;
        }
        if (multiplies) multiply(acc, left, right);
    }
    dw += (size_t)part * height * K;
#pragma unroll
    for (int m = 0; m < PER; m++) {
        const int row = row0 + m / 4 * 64 + id / SIDE * 4 + m % 4;

        if (row >= height) continue;
#pragma unroll
        for (int q = 0; q < QUADS; q++)
            vstore_quad(acc[m][q], dw + (size_t)row * K, k0 + q * 64 + id % SIDE * 4, K);
    }
}
