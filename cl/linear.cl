/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * linear - a matrix times a few vectors (N is a batch, rarely over 16).
 *
 *   y[n,k]  = b[k] + sum_c x[n,c] w[c,k]
 *   dx[n,c] = sum_k dy[n,k] w[c,k]      dw[c,k] = sum_n x[n,c] dy[n,k]      db[k] = sum_n dy[n,k]
 *
 *   x, dx  [N,C];  w, dw  [C,K];  b, db  [K] or null;  y, dy  [N,K]
 *
 * On a CPU one work-item computes each of the four sums and writes it, for 16 channels at a time.  On a GPU
 * neighbouring items read neighbouring weights: an item has TILE_C outputs of dw, one of db, and a share of the terms
 * of y and of dx, of which LANES items make one.
 *
 * LANES  as in lanes.clh
 */
#include "vector.clh"
#include "lanes.clh"

#if LANES == 1
#include "rows.clh"

/* Item (16 outputs, image).  Four partial sums shorten the chain of additions. */
__kernel void linear_fwd(__global float *y, __global const float *x, __global const float *w,
                         __global const float *b, uint C, uint K)
{
    uint k = (uint)get_global_id(0) * 16;
    size_t n = get_global_id(1);
    float16 s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f, sum;
    uint c = 0;

    if (k >= K) return;
    x += n * C;
    for (; c + 4 <= C; c += 4, w += (size_t)4 * K) {
        s0 += x[c] * row_load(w, k, K, 0.0f);
        s1 += x[c + 1] * row_load(w + K, k, K, 0.0f);
        s2 += x[c + 2] * row_load(w + (size_t)2 * K, k, K, 0.0f);
        s3 += x[c + 3] * row_load(w + (size_t)3 * K, k, K, 0.0f);
    }
    if (c < C) s0 += x[c] * row_load(w, k, K, 0.0f);
    if (c + 1 < C) s1 += x[c + 1] * row_load(w + K, k, K, 0.0f);
    if (c + 2 < C) s2 += x[c + 2] * row_load(w + (size_t)2 * K, k, K, 0.0f);
    sum = (s0 + s1) + (s2 + s3);
    if (b) sum += row_load(b, k, K, 0.0f);
    row_store(y + n * K, k, K, sum);
}

/* Item (input channel, image). */
__kernel void linear_bwd_x(__global float *dx, __global const float *dy, __global const float *w, uint C, uint K)
{
    size_t c = get_global_id(0);
    size_t n = get_global_id(1);
    float16 sums = 0.0f;

    if (c >= C) return;
    for (uint k = 0; k < K; k += 16)
        sums += row_load(dy + n * K, k, K, 0.0f) * row_load(w + c * K, k, K, 0.0f);
    dx[n * C + c] = row_sum16(sums);
}

/* Item (16 outputs, input channel). */
__kernel void linear_bwd_w(__global float *dw, __global const float *x, __global const float *dy, uint N, uint C,
                           uint K)
{
    uint k = (uint)get_global_id(0) * 16;
    size_t c = get_global_id(1);
    float16 sum = 0.0f;

    if (k >= K) return;
    for (size_t n = 0; n < N; n++) sum += x[n * C + c] * row_load(dy + n * K, k, K, 0.0f);
    row_store(dw + c * K, k, K, sum);
}

__kernel void linear_bwd_b(__global float *db, __global const float *dy, uint N, uint K)
{
    uint k = (uint)get_global_id(0) * 16;
    float16 sum = 0.0f;

    if (k >= K) return;
    for (size_t n = 0; n < N; n++) sum += row_load(dy + n * K, k, K, 0.0f);
    row_store(db, k, K, sum);
}
#else
#define TILE_C 8 /* input channels of an item of linear_bwd_w */

/* Lanes of the terms of an output, image.  Four partial sums shorten the chain of additions. */
__kernel MERGES void linear_fwd(__global float *y, __global const float *x, __global const float *w,
                                __global const float *b, uint C, uint K)
{
    EXCHANGE(vfloat, all);
    const lane l = lane_of_item(C);
    size_t n = get_global_id(1);
    float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f, sum;
    uint c = l.column < K ? l.first : l.last;

    x += n * C;
    w += (size_t)c * K + l.column;
    for (; c + 4 <= l.last; c += 4, w += (size_t)4 * K) {
        s0 += x[c] * w[0];
        s1 += x[c + 1] * w[K];
        s2 += x[c + 2] * w[(size_t)2 * K];
        s3 += x[c + 3] * w[(size_t)3 * K];
    }
    for (; c < l.last; c++, w += K) s0 += x[c] * w[0];
    sum = sum_of_lanes((s0 + s1) + (s2 + s3), all);
    if (l.index == 0 && l.column < K) y[n * K + l.column] = b ? sum + b[l.column] : sum;
}

/* LANES neighbouring items of an input channel, image; they add up in halves. */
__kernel MERGES void linear_bwd_x(__global float *dx, __global const float *dy, __global const float *w, uint C, uint K)
{
    EXCHANGE(float, all);
    const uint id = get_local_id(0), index = id % LANES;
    size_t c = get_group_id(0) * COLUMNS + id / LANES;
    size_t n = get_global_id(1);
    float sum = 0.0f;

    if (c < C)
        for (uint k = index; k < K; k += LANES) sum += dy[n * K + k] * w[c * K + k];
    all[id] = sum;
    for (uint half_of = LANES / 2; half_of > 0; half_of /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (index < half_of) all[id] += all[id + half_of];
    }
    if (c < C && index == 0) dx[n * C + c] = all[id];
}

/* Item (output, tile of input channels, which the group has in local memory). */
__kernel MERGES void linear_bwd_w(__global float *dw, __global const float *x, __global const float *dy, uint N,
                                  uint C, uint K)
{
    __local float inputs[TILE_C];
    const uint id = (uint)get_local_id(0), c0 = (uint)get_group_id(1) * TILE_C;
    const size_t k = get_global_id(0);
    float sums[TILE_C];

#pragma unroll
    for (uint j = 0; j < TILE_C; j++) sums[j] = 0.0f;
    for (size_t n = 0; n < N; n++) {
        float slope = k < K ? dy[n * K + k] : 0.0f;

        barrier(CLK_LOCAL_MEM_FENCE);
        if (id < TILE_C) inputs[id] = c0 + id < C ? x[n * C + c0 + id] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
        for (uint j = 0; j < TILE_C; j++) sums[j] += inputs[j] * slope;
    }
#pragma unroll
    for (uint j = 0; j < TILE_C; j++)
        if (k < K && c0 + j < C) dw[(size_t)(c0 + j) * K + k] = sums[j];
}

__kernel void linear_bwd_b(__global float *db, __global const float *dy, uint N, uint K)
{
    size_t k = get_global_id(0);
    float sum = 0.0f;

    if (k >= K) return;
    for (size_t n = 0; n < N; n++) sum += dy[n * K + k];
    db[k] = sum;
}
#endif
