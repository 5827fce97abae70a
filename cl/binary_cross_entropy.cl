/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * binary_cross_entropy - on logits, averaged over everything.
 *
 *   loss  = 1/count sum_i (max(z,0) - z t + log(1 + exp(-|z|)))     never overflows, never takes log 0
 *   dz[i] = dloss / count (sigmoid(z) - t)
 *
 *   z, t, dz  [count]
 *
 * ALL  work-items of the one group that adds up: a power of two, 2..256
 */
#include "sums.clh"

#ifndef ALL
#define ALL 256
#endif
#if ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "binary_cross_entropy.cl: ALL must be a power of two in 2..256"
#endif

__kernel void binary_cross_entropy_fwd(__global float *loss, __global const float *z, __global const float *t,
                                       uint count)
{
    __local float2 sums[ALL];
    uint l = get_local_id(0);
    float2 sum = 0.0f;

    for (size_t i = l; i < count; i += ALL) {
        sum = sum_add(sum, fmax(z[i], 0.0f) - z[i] * t[i]);
        sum = sum_add(sum, log1p(exp(-fabs(z[i]))));
    }
    sums[l] = sum;
    for (uint left = ALL / 2; left > 0; left /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (l < left) sums[l] = sum_merge(sums[l], sums[l + left]);
    }
    if (l == 0) loss[0] = (sums[0].x + sums[0].y) / (float)count;
}

__kernel void binary_cross_entropy_bwd(__global float *dz, __global const float *dloss, __global const float *z,
                                       __global const float *t, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float e = exp(-fabs(z[i]));
        float y = (z[i] >= 0.0f ? 1.0f : e) / (1.0f + e);

        dz[i] = (y - t[i]) * (dloss[0] / (float)count);
    }
}
