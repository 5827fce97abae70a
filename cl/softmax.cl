/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * softmax - over the channels of each pixel.
 *
 *   y[p,c]  = exp(x[p,c] - max) / sum_c' exp(x[p,c'] - max), 0 where the exponential is below `least`
 *   dx[p,c] = y[p,c] (dy[p,c] - sum_c' y[p,c'] dy[p,c'])
 *
 *   x, y, dx, dy  [P,C]; one work-item owns the row of one pixel; y may be x
 *
 * ROW  0: an item reads its row three times.  32, 64 .. 512, at least C: the items of a group copy their rows to local
 *      memory and back, so that neighbours read neighbouring floats, and each once; ROW / 32 items work on a row
 */
#include "rows.clh"
#ifndef ROW
#define ROW 0
#endif
#if ROW < 0 || ROW > 512 || ROW % 32 || (ROW & (ROW - 1))
#error "softmax.cl: ROW must be 0 or a power of two in 32..512"
#endif

#if ROW == 0
__kernel void softmax_fwd(__global float *y, __global const float *x, uint P, uint C, float least)
{
    size_t p = get_global_id(0);

    if (p < P) row_softmax(y + p * C, x + p * C, C, least);
}
#else
#define GROUP 64
#define ROWS (2048 / ROW) /* rows of a group */
#define ITEMS (GROUP / ROWS) /* items of a row */

/* Items row, row + ROWS .. have a part each: all of them get the sum, or the maximum. */
#define OF_ROW(name, join)                                                                         \
    static float name(__local float *parts, float part)                                            \
    {                                                                                              \
        const uint id = (uint)get_local_id(0);                                                     \
                                                                                                   \
        barrier(CLK_LOCAL_MEM_FENCE);                                                              \
        parts[id] = part;                                                                          \
        for (uint half_of = GROUP / 2; half_of >= ROWS; half_of /= 2) {                            \
            barrier(CLK_LOCAL_MEM_FENCE);                                                          \
            if (id < half_of) parts[id] = join(parts[id], parts[id + half_of]);                    \
        }                                                                                          \
        barrier(CLK_LOCAL_MEM_FENCE);                                                              \
        return parts[id % ROWS];                                                                   \
    }
#define PLUS(a, b) ((a) + (b))
OF_ROW(max_of_row, fmax)
OF_ROW(sum_of_row, PLUS)

/* The softmax of the C numbers of `row`, which its items have every ITEMS-th of, from `first` on. */
static void softmax_of(__local float *row, __local float *parts, uint first, uint C, float least)
{
    float largest = -INFINITY, sum = 0.0f;

    for (uint c = first; c < C; c += ITEMS) largest = fmax(largest, row[c]);
    largest = max_of_row(parts, largest);
    for (uint c = first; c < C; c += ITEMS) {
        float e = exp(row[c] - largest);

        row[c] = e < least ? 0.0f : e;
        sum += row[c];
    }
    sum = sum_of_row(parts, sum);
    for (uint c = first; c < C; c += ITEMS) row[c] /= sum;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
softmax_fwd(__global float *y, __global const float *x, uint P, uint C, float least)
{
    __local float rows[ROWS * (ROW + 1)], parts[GROUP];
    const uint id = (uint)get_local_id(0);
    const uint pitch = C | 1; /* so that an element of each row lies in another bank */
    const size_t first = get_group_id(0) * ROWS;
    const uint count = (uint)min((size_t)ROWS, P - first);

    for (uint i = id; i < count * C; i += GROUP)
        rows[i / C * pitch + i % C] = x[first * C + i];
    barrier(CLK_LOCAL_MEM_FENCE);
    softmax_of(rows + id % ROWS * pitch, parts, id / ROWS, id % ROWS < count ? C : 0, least);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = id; i < count * C; i += GROUP)
        y[first * C + i] = rows[i / C * pitch + i % C];
}
#endif

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
