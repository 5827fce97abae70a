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
 * One work-item computes each of the four sums and writes it, for 16 channels at a time.
 */
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
