/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bn_fold_weight - out[i,k] = w[i,k] gamma[k] / sqrt(var[k] + eps).
 *
 *   w, out [rows,channels]  rows = R*S*C, channels = K, the output channels
 */
#include "vector.clh"
#include "tiles.clh"

__kernel void bn_fold_weight(__global float *restrict out, __global const float *restrict w,
                             __global const float *restrict gamma,
                             __global const float *restrict var, uint rows, uint channels,
                             uint chunk, float eps)
{
    tile t = tile_of(get_global_id(0), rows, channels, chunk);

    for (uint v = 0; v < t.vectors; v++) {
        uint c = channel_at(t, v);
        vfloat factor = vload(gamma + c) * rsqrt(vload(var + c) + eps);
        for (size_t r = t.row; r < t.last; r++)
            vstore(vload(w + r * channels + c) * factor, out + r * channels + c);
    }
}
