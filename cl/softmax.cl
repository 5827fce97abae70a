/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * softmax - over the channels of each pixel.
 *
 *   y[p,c]  = exp(x[p,c] - max) / sum_c' exp(x[p,c'] - max)
 *   dx[p,c] = y[p,c] (dy[p,c] - sum_c' y[p,c'] dy[p,c'])
 *
 *   x, y, dx, dy  [P,C]; one work-item owns the row of one pixel
 */
#include "rows.clh"

__kernel void softmax_fwd(__global float *y, __global const float *x, uint P, uint C)
{
    size_t p = get_global_id(0);

    if (p < P) row_softmax(y + p * C, x + p * C, C, 0.0f);
}

__kernel void softmax_bwd(__global float *dx, __global const float *dy, __global const float *y, uint P, uint C)
{
    size_t p = get_global_id(0);
    float16 sums = 0.0f;
    float sum;

    if (p >= P) return;
    dx += p * C;
    dy += p * C;
    y += p * C;
    for (uint c = 0; c < C; c += 16) sums += row_load(y, c, C, 0.0f) * row_load(dy, c, C, 0.0f);
    sum = row_sum16(sums);
    for (uint c = 0; c < C; c += 16)
        row_store(dx, c, C, row_load(y, c, C, 0.0f) * (row_load(dy, c, C, 0.0f) - sum));
}
