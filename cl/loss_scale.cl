/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * loss_scale - whether a gradient is not finite.
 *
 *   x      [count] read; a multiple of 4, as buckets of gradients are
 *   found  set to 1 if an element is infinite or NaN, else left as it is
 *
 * GROUP  work-items of a group: 1..1024
 * RUNS   vectors that a work-item reads: a group reads GROUP * RUNS vectors in a row
 */
#ifndef GROUP
#define GROUP 64
#endif
#ifndef RUNS
#define RUNS 16
#endif
#if GROUP < 1 || GROUP > 1024
#error "loss_scale.cl: GROUP must be in 1..1024"
#endif
#if RUNS < 1
#error "loss_scale.cl: RUNS must be positive"
#endif
#define EXPONENT 0x7f800000 /* all of its bits are set in what is not finite */

__kernel void loss_scale_check(volatile __global int *found, __global const float *x, uint count)
{
    size_t first = 4 * ((size_t)get_group_id(0) * GROUP * RUNS + get_local_id(0));
    int4 bad = 0;

    for (int k = 0; k < RUNS; k++) {
        size_t i = first + (size_t)4 * GROUP * k;

        if (i < count) bad |= (as_int4(vload4(0, x + i)) & EXPONENT) == EXPONENT;
    }
    if (any(bad)) atomic_or(found, 1);
}
