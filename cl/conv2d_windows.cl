/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_windows - gradient of the weights where x has few channels.
 *
 *   dw[r,s,c,k] = sum over n,i,j of x[n, i*stride + r - pad, j*stride + s - pad, c] dy[n,i,j,k]
 *
 *   x  [N,H,W,C]    dy  [N,OH,OW,K]    dw  [R,S,C,K]    of the sums: [parts][R][K][E]
 *
 * The S pixels of x that a kernel row meets at an output pixel are S*C floats side by side: its window.
 * Vectors are pieces of windows, so what is left of the last one is less than VEC of S*C floats, not of C
 * or K.  A row of x is copied behind zeros first, for the windows that reach over the edge; then it is
 * multiplied by the rows of dy that a kernel row brings it to.
 *
 * VEC       floats of a register: 8 or 16
 * TILE_K    output channels of a tile of sums: 1..16; TILE_K * VECTORS registers are sums
 * Accuracy  a chain for each row of dy; the rows of a part are added in order, then the parts
 */
#ifndef VEC
#define VEC 16
#endif
#if VEC != 8 && VEC != 16
#error "conv2d_windows.cl: VEC must be 8 or 16"
#endif
#include "vector.clh"
#include "coefficients.clh"
#ifndef TILE_K
#define TILE_K 6
#endif
#if TILE_K < 1 || TILE_K > 16
#error "conv2d_windows.cl: TILE_K must be in 1..16"
#endif
#define VECTORS 4 /* of a window, in a tile of sums, at most */

/* Writes a row of x [W,C] to `row`, where `pad` pixels of zeros are in front of it, and zeros behind it up to
 * `floats`.  `left` floats of the tensor follow the row's first. */
static inline void copy_row(__global float *row, __global const storage *x,
                            __global const float *coefficients, size_t left, int W, int C, int pad,
                            int floats)
{
    const int size = coefficients ? C : W * C; /* side by side that are treated alike */
    __global float *to = row + pad * C;

    for (int i = 0; i < W * C; i += size)
        for (int c = 0; c < size; c += VEC) {
            const uint inside = (uint)min(left - i, (size_t)INT_MAX);
            const vfloat v = load_inside(x + i, c, size, inside);

            vstore(normalised(v, coefficients, c, C), to + i + c); /* what follows overwrites the zeros */
        }
    for (int i = 0; i < pad * C; i++) row[i] = 0.0f;
    for (int i = (pad + W) * C; i < floats; i++) row[i] = 0.0f;
}

/* sums[k][e] += sum over OW pixels of `vectors` vectors of windows, `step` floats apart, times channels of dy:
 * `tile` of its K. */
INLINED void add_tile(__global float *sums, int E, const int tile, const int vectors,
                      __global const float *window, __global const storage *dy, int OW, int step, int K)
{
    vfloat acc[TILE_K][VECTORS];

#pragma unroll
    EACH(k, TILE_K, tile)
#pragma unroll
        EACH(q, VECTORS, vectors) acc[k][q] = 0.0f;
#pragma unroll 2
    for (int j = 0; j < OW; j++) {
        float d[TILE_K];

#pragma unroll
        EACH(k, TILE_K, tile) d[k] = load1(dy + (size_t)j * K + k);
#pragma unroll
        EACH(q, VECTORS, vectors) {
            const vfloat x = vload(window + (size_t)j * step + q * VEC);
#pragma unroll
            EACH(k, TILE_K, tile) acc[k][q] += d[k] * x;
        }
    }
#pragma unroll
    EACH(k, TILE_K, tile)
#pragma unroll
        EACH(q, VECTORS, vectors) {
            __global float *to = sums + (size_t)k * E + q * VEC;
            vstore(vload(to) + acc[k][q], to);
        }
}

/* The same for all K channels of dy. */
INLINED void add_vectors(__global float *sums, int E, const int vectors, __global const float *window,
                         __global const storage *dy, int OW, int step, int K)
{
    int k = 0;

    for (; k + TILE_K <= K; k += TILE_K)
        add_tile(sums + (size_t)k * E, E, TILE_K, vectors, window, dy + k, OW, step, K);
    for (; k < K; k++) add_tile(sums + (size_t)k * E, E, 1, vectors, window, dy + k, OW, step, K);
}

/* The same for all E floats of the windows: four vectors at a time, but five as three and two. */
static inline void add_row(__global float *sums, int E, __global const float *row,
                           __global const storage *dy, int OW, int step, int K)
{
    for (int e = 0; e < E;) {
        const int left = (E - e) / VEC, some = left == 5 ? 3 : min(left, VECTORS);

        if (some == 4) add_vectors(sums + e, E, 4, row + e, dy, OW, step, K);
        if (some == 3) add_vectors(sums + e, E, 3, row + e, dy, OW, step, K);
        if (some == 2) add_vectors(sums + e, E, 2, row + e, dy, OW, step, K);
        if (some == 1) add_vectors(sums + e, E, 1, row + e, dy, OW, step, K);
        e += some * VEC;
    }
}

/* Work-item p: part p of the rows of x.  In scratch every one has room for its sums [R][K][E] and a row of
 * `floats`. */
__kernel void conv2d_windows(__global float *scratch, __global const storage *x,
                             __global const float *coefficients, __global const storage *dy, int images,
                             int H, int W, int C, int OH, int OW, int K, int R, int E, int stride,
                             int pad, int floats)
{
    const size_t part = get_global_id(0), parts = get_global_size(0), all = (size_t)R * K * E;
    const int rows = images * H;
    __global float *sums = scratch + part * all, *row = scratch + parts * all + part * floats;

    for (size_t i = 0; i < all; i += VEC) vstore((vfloat)(0.0f), sums + i);
    for (int at = (int)(part * rows / parts); at < (int)((part + 1) * rows / parts); at++) {
        const int n = at / H, h = at % H;
        const size_t from = (size_t)at * W * C;

        copy_row(row, x + from, coefficients, (size_t)rows * W * C - from, W, C, pad, floats);
        for (int r = 0; r < R; r++) {
            const int i = (h + pad - r) / stride;

            if (h + pad < r || i * stride != h + pad - r || i >= OH) continue;
            add_row(sums + (size_t)r * K * E, E, row, dy + ((size_t)n * OH + i) * OW * K, OW,
                    stride * C, K);
        }
    }
}

/* Work-item (k,r) adds the parts and turns them. */
__kernel void conv2d_windows_end(__global float *dw, __global const float *sums, int parts, int K, int R,
                                 int E, int window)
{
    const int k = (int)get_global_id(0), r = (int)get_global_id(1);

    sums += ((size_t)r * K + k) * E;
    dw += (size_t)r * window * K + k;
    for (int e = 0; e < window; e += VEC) {
        vfloat sum = vload(sums + e);
        float to[VEC];

        for (int p = 1; p < parts; p++) sum += vload(sums + (size_t)p * R * K * E + e);
        vstore(sum, to);
        for (int i = 0; i < VEC; i++)
            if (e + i < window) dw[(size_t)(e + i) * K] = to[i];
    }
}
