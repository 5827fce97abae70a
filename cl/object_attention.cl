/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * object_attention - the gradient of the softmax over the regions of each position, which is that of softmax.cl; the
 * products with features are those of regions.cl.
 *
 *   da = a (da - sum_k a da), in place
 *
 *   a, da  [rows,K]  rows = N P positions; da at an offset of scratch
 */
#include "shares.clh"

/* Item (position). */
__kernel void object_attention_bwd_assign(__global float *scratch, uint at, __global const float *a,
                                          uint rows, uint K)
{
    size_t row = get_global_id(0);
    __global float *da = scratch + at + row * K;
    float16 sums = 0.0f;
    float mean;

    if (row >= rows) return;
    a += row * K;
    for (uint k = 0; k < K; k += 16) sums += row_load(a, k, K, 0.0f) * row_load(da, k, K, 0.0f);
    mean = row_sum16(sums);
    for (uint k = 0; k < K; k += 16) {
        float16 share = row_load(a, k, K, 0.0f);

        share = select(share, (float16)(0.0f), share < LEAST);
        row_store(da, k, K, share * (row_load(da, k, K, 0.0f) - mean));
    }
}
