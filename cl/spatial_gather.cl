/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * spatial_gather - softmax of every class map over the positions, and its gradient; the products with features are those
 * of regions.cl.
 *
 *   a[n,p,k]  = exp(z[n,p,k] - m[n,k]) / s[n,k]      m = max_p z,  s = sum_p exp(z - m)
 *   dz[n,p,k] = a[n,p,k] (da[n,p,k] - sum_p' a[n,p',k] da[n,p',k] / sum_p' a[n,p',k])
 *
 * The last sum is 1 but for rounding.  Dividing by it makes dz sum to 0 over the positions: the gradient of a bias in front
 * of z is such a sum, and would have what rounding leaves of it.  For the same reason da is that of features less those of
 * position 0, which adds to da[n,:,k] a constant.
 *
 *   z, dz  [N,P,K]  class maps
 *   a, da  [N,P,K]  floats, in scratch
 *   saved  [N,2,K]  m, 1 / s
 *   part   [N,B,2,K] maximum and sum of each block of positions; backward: its sums of a da and of a
 *
 * VEC  classes of a vector: 4, 8 or 16
 *
 * Work-items own a vector of classes.  No atomics, fixed order.
 */
#ifndef VEC
#define VEC 16
#endif
#include "shares.clh"
#if VEC != 4 && VEC != 8 && VEC != 16
#error "spatial_gather.cl: VEC must be 4, 8 or 16"
#endif

/* The start of a maximum.  A NaN is passed over; the sum of exponentials meets it again. */
#define LOWEST -FLT_MAX

/* part = maximum and sum of exponentials of a block.  Item (vector of k, n b). */
__kernel void spatial_gather_block(__global float *scratch, uint part, __global const storage *z,
                                   uint N, uint P, uint K, uint B, uint block)
{
    uint k = (uint)get_global_id(0) * VEC;
    size_t nb = get_global_id(1);
    size_t n = nb / B;
    uint first = (uint)(nb % B) * block;
    uint last = min(first + block, P);
    vfloat largest = LOWEST, sum = 0.0f;
    __global float *out = scratch + part + nb * 2 * K;

    if (k >= K || n >= N) return;
    z += n * P * K;
    for (size_t p = first; p < last; p++) largest = fmax(largest, load_part(z + p * K, k, K));
    for (size_t p = first; p < last; p++) sum += exp(load_part(z + p * K, k, K) - largest);
    vstore_part(largest, out, k, K);
    vstore_part(sum, out + K, k, K);
}

/* saved = the same of all blocks, the sum inverted.  Item (vector of k, n). */
__kernel void spatial_gather_merge(__global float *saved, __global const float *scratch, uint part,
                                   uint N, uint K, uint B)
{
    uint k = (uint)get_global_id(0) * VEC;
    size_t n = get_global_id(1);
    vfloat largest = LOWEST, sum = 0.0f;
    __global const float *in = scratch + part + n * B * 2 * K;

    if (k >= K || n >= N) return;
    for (size_t b = 0; b < B; b++) largest = fmax(largest, vload_part(in + b * 2 * K, k, K));
    for (size_t b = 0; b < B; b++)
        sum += vload_part(in + (b * 2 + 1) * K, k, K) *
               exp(vload_part(in + b * 2 * K, k, K) - largest);
    vstore_part(largest, saved + n * 2 * K, k, K);
    vstore_part(1.0f / sum, saved + (n * 2 + 1) * K, k, K);
}

/* Item (vector of k, n p); rows = N P. */
__kernel void spatial_gather_assign(__global float *scratch, uint a, __global const storage *z,
                                    __global const float *saved, uint rows, uint P, uint K)
{
    uint k = (uint)get_global_id(0) * VEC;
    size_t row = get_global_id(1);
    __global const float *stats = saved + row / P * 2 * K;
    vfloat share;

    if (k >= K || row >= rows) return;
    share = exp(load_part(z + row * K, k, K) - vload_part(stats, k, K)) *
            vload_part(stats + K, k, K);
    share = select(share, (vfloat)(0.0f), share < NORMAL);
    vstore_part(share, scratch + a + row * K, k, K);
}

/* part = the sums over the block of a da and of a.  Item (vector of k, n b). */
__kernel void spatial_gather_bwd_block(__global float *scratch, uint part, uint a, uint da, uint N,
                                       uint P, uint K, uint B, uint block)
{
    uint k = (uint)get_global_id(0) * VEC;
    size_t nb = get_global_id(1);
    size_t n = nb / B;
    uint first = (uint)(nb % B) * block;
    uint last = min(first + block, P);
    vfloat sum = 0.0f, shares = 0.0f;
    __global float *out = scratch + part + nb * 2 * K;

    if (k >= K || n >= N) return;
    for (size_t p = n * P + first; p < n * P + last; p++) {
        vfloat share = vload_part(scratch + a + p * K, k, K);
        sum = fma(share, vload_part(scratch + da + p * K, k, K), sum);
        shares += share;
    }
    vstore_part(sum, out, k, K);
    vstore_part(shares, out + K, k, K);
}

/* The first block of an image becomes the mean of da under a.  Item (vector of k, n). */
__kernel void spatial_gather_bwd_merge(__global float *scratch, uint part, uint N, uint K, uint B)
{
    uint k = (uint)get_global_id(0) * VEC;
    size_t n = get_global_id(1);
    __global float *sums = scratch + part + n * B * 2 * K;
    vfloat sum = 0.0f, shares = 0.0f;

    if (k >= K || n >= N) return;
    for (size_t b = 0; b < B; b++) {
        sum += vload_part(sums + b * 2 * K, k, K);
        shares += vload_part(sums + (b * 2 + 1) * K, k, K);
    }
    vstore_part(sum / shares, sums, k, K);
}

/* Item (vector of k, n p); rows = N P. */
__kernel void spatial_gather_bwd_z(__global storage *dz, __global const float *scratch, uint part,
                                   uint a, uint da, uint rows, uint P, uint K, uint B)
{
    uint k = (uint)get_global_id(0) * VEC;
    size_t row = get_global_id(1);
    vfloat share, slope;

    if (k >= K || row >= rows) return;
    share = vload_part(scratch + a + row * K, k, K);
    slope = vload_part(scratch + da + row * K, k, K) -
            vload_part(scratch + part + row / P * B * 2 * K, k, K);
    share = select(share, (vfloat)(0.0f), share < LEAST);
    store_part(share * slope, dz + row * K, k, K);
}
