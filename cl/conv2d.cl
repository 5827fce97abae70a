/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d - kernels that all algorithms of a convolution use: the sum of partial results, and the
 * gradient of the bias.
 *
 *   out[i] = parts[0][i] + parts[1][i] + ...      always in this order, so that a run repeats
 *   db[k]  = sum_p dy[p,k]                        dy [P,K]
 *
 * BLOCK     pixels of dy summed in one chain: 1..4096
 * Accuracy  chains of BLOCK terms, summed in a chain of their own
 */
#include "storage.clh"
#ifndef BLOCK
#define BLOCK 64
#endif
#if BLOCK < 1 || BLOCK > 4096
#error "conv2d.cl: BLOCK must be in 1..4096"
#endif

__kernel void conv2d_sum(__global float *out, __global const float *parts, int n_parts, uint count)
{
    const size_t i = get_global_id(0);
    float sum = 0.0f;

    if (i >= count) return;
#pragma unroll 8 /* as many loads are on their way */
    for (int j = 0; j < n_parts; j++) sum += parts[(size_t)j * count + i];
    out[i] = sum;
}

/* parts[j][k] = the sum over the j-th run of `run` pixels. */
__kernel void conv2d_bias_parts(__global float *parts, __global const storage *dy, int K,
                                int pixels, int run)
{
    const int k = (int)get_global_id(0), part = (int)get_global_id(1);
    const int end = min(pixels, (part + 1) * run);
    float sum = 0.0f;

    if (k >= K) return;
    for (int p = part * run; p < end;) {
        const int stop = min(end, p + BLOCK);
        float chain = 0.0f;

        for (; p < stop; p++) chain += load1(dy + (size_t)p * K + k);
        sum += chain;
    }
    parts[(size_t)part * K + k] = sum;
}
