/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * class_cross_entropy - cross-entropy of the class of each image with smoothed labels, averaged.
 *
 *   loss    = 1/N sum_n log sum_m exp(z[n,m]) - (1 - eps) z[n,t] - eps/M sum_m z[n,m],  t = label[n], 0 <= t < M
 *   dz[n,m] = dloss / N (softmax(z[n])[m] - (1 - eps) [m = t] - eps/M)
 *
 *   z, dz   [N,M]
 *   label   int [N]; an image whose label is no class adds 0
 *   losses  [N]
 *
 * ALL  work-items of the one group that adds up the losses: a power of two, 2..256
 */
#include "pixel_loss.clh"
#include "sums.clh"

#ifndef ALL
#define ALL 256
#endif
#if ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "class_cross_entropy.cl: ALL must be a power of two in 2..256"
#endif

/* mean over m of z[t] - z[m] */
static float lead_of(__global const float *z, int t, uint M)
{
    float16 sums = 0.0f;

    for (uint m = 0; m < M; m += 16) sums += z[t] - row_load(z, m, M, z[t]);
    return row_sum16(sums) / (float)M;
}

__kernel void class_cross_entropy_fwd(__global float *losses, __global const float *z,
                                      __global const int *label, uint N, uint M, float eps)
{
    size_t n = get_global_id(0);
    float gap, rest;
    int t;

    if (n >= N) return;
    t = label[n];
    z += n * M;
    losses[n] = 0.0f;
    if (t < 0 || (uint)t >= M) return;
    gap = gap_of(&rest, z, t, M);
    losses[n] = loss_of((float16)(gap), (float16)(rest)).s0;
    if (eps > 0.0f) losses[n] += eps * lead_of(z, t, M);
}

__kernel void class_cross_entropy_mean(__global float *loss, __global const float *losses, uint N)
{
    __local float2 sums[ALL];
    __local uint counts[ALL];
    uint l = get_local_id(0);
    float2 sum = 0.0f;

    for (size_t n = l; n < N; n += ALL) sum = sum_add(sum, losses[n]);
    sums[l] = sum;
    counts[l] = 0;
    sum_group(sums, counts, ALL);
    if (l == 0) loss[0] = (sums[0].x + sums[0].y) / (float)N;
}

__kernel void class_cross_entropy_bwd(__global float *dz, __global const float *dloss,
                                      __global const float *z, __global const int *label, uint N,
                                      uint M, float eps)
{
    size_t n = get_global_id(0);
    float factor = dloss[0] / (float)N, share = eps / (float)M;
    float largest, rest, sum;
    int t;

    if (n >= N) return;
    t = label[n];
    dz += n * M;
    z += n * M;
    if (t < 0 || (uint)t >= M) {
        for (uint m = 0; m < M; m += 16) row_store(dz, m, M, (float16)(0.0f));
        return;
    }
    largest = row_max(z, M);
    rest = rest_of(z, t, M, largest);
    sum = rest + exp(z[t] - largest);
    for (uint m = 0; m < M; m += 16) {
        float16 y = exp(row_load(z, m, M, -INFINITY) - largest) / sum - share;

        row_store(dz, m, M,
                  factor * select(y, (float16)(eps - share - rest / sum), ROW_LANES == t - (int)m));
    }
}
