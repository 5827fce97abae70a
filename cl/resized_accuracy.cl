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
 * ALL  work-items of the one group that adds up: a power of two, 2..256
 */
#include "vector.clh"
#include "cells.clh"
#include "counts.clh"

#ifndef ALL
#define ALL 256
#endif
#if ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "resized_accuracy.cl: ALL must be a power of two in 2..256"
#endif

/* The lowest class of the largest logit of pixels s .. s + VEC - 1; 0 for NaNs. */
inline vint highest(__local const cell_tile *tile, uint s, __local const float *corners, uint M)
{
    vfloat w[4], best;
    vint at = 0;

    cell_weights(w, tile, s);
    best = cell_logit(corners, 0, w);
    for (uint m = 1; m < M; m++) {
        vfloat v = cell_logit(corners, m, w);
        vint more = v > best;

        best = select(best, v, more);
        at = select(at, (vint)((int)m), more);
    }
    return at;
}

__kernel void resized_accuracy_fwd(__global int *partial, __global const float *z, __global const int *label, uint M, int h,
                                   int H, int a_h, int b_h, int d_h, int w, int W, int a_w, int b_w, int d_w)
{
    __local float corners[4 * MOST];
    __local cell_tile tile;
    __local int found[TILE];
    axis down = {h, H, a_h, b_h, d_h}, along = {w, W, a_w, b_w, d_w};
    size_t cells = get_num_groups(0), index = get_group_id(0);
    uint l = (uint)get_local_id(0), lanes = (uint)get_local_size(0);
    cell c = cell_of(index, down, along);
    int2 count = 0;

    cell_load(corners, z, c, down, along, M);
    /* Once at least: PoCL 3.1 computes nonsense where barriers are in a loop that may not run. */
    for (uint first = 0; first == 0 || first < c.pixels; first += TILE) {
        uint some = cell_look(&tile, label, M, c, first, down, along);

        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = l * VEC; s < some; s += lanes * VEC) vstore(highest(&tile, s, corners, M), found + s);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = 0; l == 0 && s < some; s++)
            if (tile.target[s] >= 0) count += (int2)(found[s] == tile.target[s] ? 1 : 0, 1);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (l == 0) {
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
