/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * top_accuracy - how many images have their label among the K largest logits.
 *
 *   y      int [2]: correct, labelled
 *   z      [N,M]
 *   label  int [N]; an image whose label lies outside 0 .. M-1 is left out
 *
 * ALL  work-items of the only group, each with every ALL-th image: a power of two, 2..256
 */
#include "counts.clh"

#ifndef ALL
#define ALL 64
#endif
#if ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "top_accuracy.cl: ALL must be a power of two in 2..256"
#endif

__kernel void top_accuracy(__global int *y, __global const float *z, __global const int *label, uint N, uint M, uint K)
{
    __local int2 sums[ALL];
    int2 sum = 0;

    for (size_t n = get_local_id(0); n < N; n += ALL) {
        __global const float *row = z + n * M;
        int t = label[n];
        uint above = 0;

        if (t < 0 || (uint)t >= M) continue;
        for (uint m = 0; m < M; m++) above += row[m] > row[t] || (row[m] == row[t] && m < (uint)t);
        sum += (int2)(above < K && !isnan(row[t]), 1);
    }
    counts_group(y, sums, sum, ALL);
}
