/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * merge - windows become the logits of a pass, and passes the mean of their probabilities.
 *
 *   sum     [R,W,M], R rows of a result    probs  [R,W,M] of a pass
 *   mid     [R,w,M], R rows of a pass      window [r,v,M], r rows of a window of v columns
 *   counts  [R,w], the windows that cover a pixel
 *
 * get_global_id(0) is a column, get_global_id(1) a row; a work-item owns the row of one pixel.
 */
#include "rows.clh"

/* Adds a pass; that of a mirrored image is mirrored back. */
__kernel void merge_add(__global float *sum, __global const float *probs, uint W, uint M,
                        uint is_mirrored)
{
    size_t x = get_global_id(0), row = get_global_id(1) * W;

    if (x >= W) return;
    sum += (row + x) * M;
    probs += (row + (is_mirrored ? W - 1 - x : x)) * M;
    for (uint m = 0; m < M; m += 16)
        row_store(sum, m, M, row_load(sum, m, M, 0.0f) + row_load(probs, m, M, 0.0f));
}

/* Adds a window at row y0 and column x0. */
__kernel void merge_window(__global float *mid, __global float *counts,
                           __global const float *window, uint w, uint M, uint y0, uint x0, uint v)
{
    size_t x = get_global_id(0), y = get_global_id(1), to = (y0 + y) * w + x0 + x;

    if (x >= v) return;
    mid += to * M;
    window += (y * v + x) * M;
    for (uint m = 0; m < M; m += 16)
        row_store(mid, m, M, row_load(mid, m, M, 0.0f) + row_load(window, m, M, 0.0f));
    counts[to] += 1.0f;
}

/* Divides by the number of windows. */
__kernel void merge_mean(__global float *mid, __global const float *counts, uint w, uint M)
{
    size_t x = get_global_id(0), p = get_global_id(1) * w + x;

    if (x >= w) return;
    mid += p * M;
    for (uint m = 0; m < M; m += 16)
        row_store(mid, m, M, row_load(mid, m, M, 0.0f) / counts[p]);
}

/* Divides by the number of passes. */
__kernel void merge_average(__global float *sum, uint W, uint M, float passes)
{
    size_t x = get_global_id(0);

    if (x >= W) return;
    sum += (get_global_id(1) * W + x) * M;
    for (uint m = 0; m < M; m += 16) row_store(sum, m, M, row_load(sum, m, M, 0.0f) / passes);
}
