/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * code_mean - mean or sum over the codes, which lie last.
 *
 *   y[i]    = 1/q sum_k e[i,k]
 *   de[i,k] = dy[i] / q          q: K of a mean, 1 of a sum
 *
 *   e, de  [rows,K];  y, dy  [rows], rows = N D
 */
#include "rows.clh"

__kernel void code_mean_fwd(__global float *y, __global const float *e, uint rows, uint K,
                            float q)
{
    size_t i = get_global_id(0);
    float16 sums = 0.0f;

    if (i >= rows) return;
    for (uint k = 0; k < K; k += 16) sums += row_load(e + i * K, k, K, 0.0f);
    y[i] = row_sum16(sums) / q;
}

__kernel void code_mean_bwd(__global float *de, __global const float *dy, uint rows, uint K,
                            float q)
{
    size_t i = get_global_id(0);

    if (i < (size_t)rows * K) de[i] = dy[i / K] / q;
}
