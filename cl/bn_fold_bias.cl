/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bn_fold_bias - out[k] = beta[k] + (b[k] - mean[k]) gamma[k] / sqrt(var[k] + eps).
 *
 *   b  [channels], or NULL for 0
 */
__kernel void bn_fold_bias(__global float *restrict out, __global const float *restrict gamma,
                           __global const float *restrict beta, __global const float *restrict mean,
                           __global const float *restrict var, __global const float *restrict b,
                           uint channels, float eps)
{
    size_t k = get_global_id(0);

    if (k < channels)
        out[k] = beta[k] + ((b ? b[k] : 0.0f) - mean[k]) * (gamma[k] * rsqrt(var[k] + eps));
}
