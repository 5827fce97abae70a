/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * unit_codes - the codes of an image as one vector of length 1.
 *
 *   y[n,k D + d] = e[n,d,k] / l[n],  l[n] = max(|e[n]|, least)
 *   de[n,d,k]    = (dy[n,k D + d] - y[n,k D + d] (y[n] dy[n])) / l[n], without the product where |e[n]| < least
 *
 *   e, de   [N,D,K]
 *   y, dy   [N,K,D]
 *   length  [N]: l, negative where |e| < least
 *
 * GROUP  work-items of a group, which takes an image: a power of two, 2..256
 */
#ifndef GROUP
#define GROUP 64
#endif
#if GROUP < 2 || GROUP > 256 || (GROUP & (GROUP - 1))
#error "unit_codes.cl: GROUP must be a power of two in 2..256"
#endif

/* The sum over the group, the same in every work-item. */
static float group_sum(__local float *sums, float own)
{
    uint l = get_local_id(0);

    sums[l] = own;
    for (uint left = GROUP / 2; left > 0; left /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (l < left) sums[l] += sums[l + left];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return sums[0];
}

__kernel void unit_codes_fwd(__global float *y, __global float *length, __global const float *e, uint D, uint K,
                             float least)
{
    __local float sums[GROUP];
    size_t n = get_group_id(0);
    uint count = D * K;
    float sum = 0.0f;

    e += n * count;
    y += n * count;
    for (uint i = get_local_id(0); i < count; i += GROUP) sum = fma(e[i], e[i], sum);
    sum = sqrt(group_sum(sums, sum));
    if (get_local_id(0) == 0) length[n] = sum < least ? -least : sum;
    sum = sum < least ? least : sum;
    for (uint i = get_local_id(0); i < count; i += GROUP) y[i] = e[i % D * K + i / D] / sum;
}

__kernel void unit_codes_bwd(__global float *de, __global const float *dy, __global const float *y,
                             __global const float *length, uint D, uint K)
{
    __local float sums[GROUP];
    size_t n = get_group_id(0);
    uint count = D * K;
    float sum = 0.0f;

    de += n * count;
    dy += n * count;
    y += n * count;
    for (uint i = get_local_id(0); i < count; i += GROUP) sum = fma(y[i], dy[i], sum);
    sum = group_sum(sums, sum);
    if (length[n] < 0.0f) sum = 0.0f;
    for (uint i = get_local_id(0); i < count; i += GROUP) {
        uint at = i % K * D + i / K;

        de[i] = (dy[at] - y[at] * sum) / fabs(length[n]);
    }
}
