/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * drawn_scale - y[k] uniform in [-1, 0): the upper 24 bits of word k, minus 1.
 *
 * Word k is word k % 4 of Philox block {k / 4, step, stream, PURPOSE} under the key of the run: the stream of
 * encnet__rng_at(seed, step, stream, PURPOSE) on the host.  A work-item takes the four numbers of a block.
 */
#include "random.clh"

__kernel void drawn_scale(__global float *y, uint K, uint key0, uint key1, uint step, uint stream, uint purpose)
{
    uint k = (uint)get_global_id(0) * 4;
    uint4 words = philox((uint2)(key0, key1), (uint4)(k / 4, step, stream, purpose));
    float4 s = convert_float4(words >> 8) * 0x1p-24f - 1.0f;

    if (k < K) y[k] = s.x;
    if (k + 1 < K) y[k + 1] = s.y;
    if (k + 2 < K) y[k + 2] = s.z;
    if (k + 3 < K) y[k + 3] = s.w;
}
