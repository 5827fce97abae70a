/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_gemm - adds bias and addend to a product of CLBlast and applies ReLU.
 *
 *   y[p,k] = relu?(y[p,k] + b[k] + a[p,k])        y, a [P,K]; b and a may be absent
 */
__kernel void conv2d_gemm_epilogue(__global float *y, __global const float *b, __global const float *a,
                              int relu, int K, uint count)
{
    const size_t i = get_global_id(0);
    float v;

    if (i >= count) return;
    v = y[i];
    if (b) v += b[i % K];
    if (a) v += a[i];
    y[i] = relu && v < 0.0f ? 0.0f : v;
}
