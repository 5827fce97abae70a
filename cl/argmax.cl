/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * argmax - the class of each pixel: the lowest index of the largest channel; -1 where a channel is not finite.
 *
 *   y  int [P]
 *   z  [P,M]; one work-item owns the row of one pixel
 */
#include "rows.clh"

static bool row_is_finite(__global const float *row, uint size)
{
    float16 zeros = 0.0f;

    for (uint i = 0; i < size; i += 16) zeros += row_load(row, i, size, 0.0f) * 0.0f;
    return row_sum16(zeros) == 0.0f;
}

__kernel void argmax_fwd(__global int *y, __global const float *z, uint P, uint M)
{
    size_t p = get_global_id(0);

    if (p < P) y[p] = row_is_finite(z + p * M, M) ? (int)row_argmax(z + p * M, M) : -1;
}
