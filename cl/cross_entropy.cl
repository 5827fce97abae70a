/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cross_entropy - softmax cross-entropy of each pixel, averaged.
 *
 *   loss    = 1/V sum_p u[p] w[t] (log sum_m exp(z[p,m]) - z[p,t]),  t = label[p]    over pixels with 0 <= t < M, t != 255
 *   dz[p,m] = dloss u[p] w[t] / V (softmax(z[p])[m] - [m = t])
 *   V       = P, or the number of labelled pixels + 2^-23
 *
 *   z, dz   [P,M]
 *   label   int [P]; anything outside 0 .. M-1, and 255 always, is left out
 *   weight  [M] or null: all 1
 *   pixels  u [P] or null: all 1; the logits of a pixel that weighs 0 are not read
 *   partial [3,items] of cross_entropy_fwd: sum, its rounding errors, labelled pixels
 *   saved   [1]: V
 *
 * GROUP  work-items of a group, each with RUN pixels that lie GROUP apart; RUN is what a vector holds
 * ALL    work-items of the one group that adds up the partial sums: a power of two, 2..256
 */
#include "pixel_loss.clh"
#include "sums.clh"

#ifndef GROUP
#define GROUP 64
#endif
#define RUN 16
#ifndef ALL
#define ALL 256
#endif
#if GROUP < 1 || ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "cross_entropy.cl: GROUP must be positive, ALL a power of two in 2..256"
#endif

/* The pixels of an item go through exp and log together, one in each lane; one that is left out weighs 0. */
__kernel void cross_entropy_fwd(__global float *partial, __global const float *z, __global const int *label,
                                __global const float *weight, __global const float *pixels, uint P, uint M)
{
    size_t items = get_global_size(0);
    size_t item = get_global_id(0);
    size_t first = get_group_id(0) * (size_t)(GROUP * RUN) + get_local_id(0);
    float rest[RUN], gap[RUN], share[RUN];
    float16 loss;
    float2 sum = 0.0f;
    uint count = 0;

    for (uint i = 0; i < RUN; i++) {
        size_t p = first + i * GROUP;
        int t = p < P ? label[p] : IGNORE;

        rest[i] = gap[i] = share[i] = 0.0f;
        if (!labelled(t, M)) continue;
        count++;
        if (pixels && pixels[p] == 0.0f) continue;
        share[i] = weight ? weight[t] : 1.0f;
        if (pixels) share[i] *= pixels[p];
        gap[i] = gap_of(&rest[i], z + p * M, t, M);
    }
    loss = loss_of(vload16(0, gap), vload16(0, rest));
    vstore16(loss * vload16(0, share), 0, rest);
    for (uint i = 0; i < RUN; i++) sum = sum_add(sum, rest[i]);
    partial[item] = sum.x;
    partial[items + item] = sum.y;
    partial[2 * items + item] = (float)count;
}

/* `average` is V, or 0: the number of labelled pixels. */
__kernel void cross_entropy_sum(__global float *loss, __global float *saved, __global const float *partial,
                                uint items, uint average)
{
    __local float2 sums[ALL];
    __local uint counts[ALL];

    sum_losses(loss, saved, partial, items, average, sums, counts, ALL);
}

__kernel void cross_entropy_bwd(__global float *dz, __global const float *dloss, __global const float *z,
                                __global const int *label, __global const float *weight,
                                __global const float *pixels, __global const float *saved, uint P, uint M)
{
    size_t p = get_global_id(0);
    float factor, largest, rest, sum;
    int t;

    if (p >= P) return;
    t = label[p];
    dz += p * M;
    z += p * M;
    if (!labelled(t, M) || (pixels && pixels[p] == 0.0f)) {
        for (uint m = 0; m < M; m += 16) row_store(dz, m, M, (float16)(0.0f));
        return;
    }
    factor = dloss[0] / saved[0];
    if (weight) factor *= weight[t];
    if (pixels) factor *= pixels[p];
    largest = row_max(z, M);
    rest = rest_of(z, t, M, largest);
    sum = rest + exp(z[t] - largest);
    for (uint m = 0; m < M; m += 16) {
        float16 y = exp(row_load(z, m, M, -INFINITY) - largest) / sum;

        row_store(dz, m, M, factor * select(y, (float16)(-rest / sum), ROW_LANES == t - (int)m));
    }
}
