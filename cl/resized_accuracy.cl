/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resized_accuracy - pixel_accuracy of logits that are resized to the size of their labels; see cells.clh.
 *
 *   y        int [2]: correct, labelled
 *   z        [N,h,w,M]
 *   label    int [N,H,W]; anything outside 0 .. M-1, and 255 always, is left out
 *   partial  int [2,cells]
 *
 * ALL    work-items of the one group that adds up: a power of two, 2..256
 * LANES  work-items of a group at most
 */
#include "vector.clh"
#include "cells.clh"
#include "counts.clh"

#ifndef ALL
#define ALL 256
#endif
#ifndef LANES
#define LANES 64
#endif
#if LANES < 1 || ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "resized_accuracy.cl: LANES must be positive, ALL a power of two in 2..256"
#endif
#define IGNORE 255

/* The lowest class of the largest logit; 0 for a row of NaNs. */
inline uint highest(__local const float *corners, float4 w, uint M)
{
    vfloat best = cell_logits(corners, 0, w);
    vint at = CELL_LANES;
    uint lowest;

    for (uint m = VEC; m < M; m += VEC) {
        vfloat v = cell_logits(corners, m, w);
        vint more = v > best;

        best = select(best, v, more);
        at = select(at, (vint)(CELL_LANES + (int)m), more);
    }
    at = select((vint)(INT_MAX), at, best == (vfloat)(cell_max(best)));
    lowest = (uint)cell_min(at);
    return lowest < M ? lowest : 0;
}

__kernel void resized_accuracy_fwd(__global int *partial, __global const float *z, __global const int *label, uint M, int h,
                                   int H, int a_h, int b_h, int d_h, int w, int W, int a_w, int b_w, int d_w)
{
    __local float corners[4 * MOST];
    __local int2 counts[LANES];
    axis down = {h, H, a_h, b_h, d_h}, along = {w, W, a_w, b_w, d_w};
    size_t cells = get_num_groups(0), index = get_group_id(0);
    uint l = (uint)get_local_id(0), lanes = (uint)get_local_size(0);
    cell c = cell_of(index, down, along);
    int2 count = 0;

    cell_load(corners, z, c, down, along, M);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint s = l; s < c.pixels; s += lanes) {
        size_t p;
        float4 u = cell_weights(&p, c, s, down, along);
        int t = label[p];

        if (t >= 0 && (uint)t < M && t != IGNORE) count += (int2)(highest(corners, u, M) == (uint)t ? 1 : 0, 1);
    }
    counts[l] = count;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (l == 0) {
        for (uint k = 1; k < lanes; k++) count += counts[k];
        partial[index] = count.x;
        partial[cells + index] = count.y;
    }
}

__kernel void resized_accuracy_sum(__global int *y, __global const int *partial, uint cells)
{
    __local int2 sums[ALL];
    int2 sum = 0;

    for (size_t i = get_local_id(0); i < cells; i += ALL) sum += (int2)(partial[i], partial[cells + i]);
    counts_group(y, sums, sum, ALL);
}
