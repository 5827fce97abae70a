/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * pixel_accuracy - how many labelled pixels have their largest logit at the label.
 *
 *   y        int [2]: correct, labelled
 *   z        [P,M]
 *   label    int [P]; anything outside 0 .. M-1, and 255 always, is left out
 *   partial  int [2,items]
 *
 * GROUP  work-items of a group, each with RUN pixels that lie GROUP apart
 * ALL    work-items of the one group that adds up: a power of two, 2..256
 */
#include "counts.clh"
#include "rows.clh"

#ifndef GROUP
#define GROUP 64
#endif
#ifndef RUN
#define RUN 16
#endif
#ifndef ALL
#define ALL 256
#endif
#if GROUP < 1 || RUN < 1 || ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "pixel_accuracy.cl: GROUP and RUN must be positive, ALL a power of two in 2..256"
#endif
#define IGNORE 255

__kernel void pixel_accuracy_fwd(__global int *partial, __global const float *z, __global const int *label,
                                 uint P, uint M)
{
    size_t items = get_global_size(0);
    size_t first = get_group_id(0) * (size_t)(GROUP * RUN) + get_local_id(0);
    int correct = 0, count = 0;

    for (uint i = 0; i < RUN; i++) {
        size_t p = first + i * GROUP;
        int t = p < P ? label[p] : IGNORE;

        if (t >= 0 && (uint)t < M && t != IGNORE) {
            count++;
            correct += row_argmax(z + p * M, M) == (uint)t;
        }
    }
    partial[get_global_id(0)] = correct;
    partial[items + get_global_id(0)] = count;
}

__kernel void pixel_accuracy_sum(__global int *y, __global const int *partial, uint items)
{
    __local int2 sums[ALL];
    int2 sum = 0;

    for (size_t i = get_local_id(0); i < items; i += ALL) sum += (int2)(partial[i], partial[items + i]);
    counts_group(y, sums, sum, ALL);
}
