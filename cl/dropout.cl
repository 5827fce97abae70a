/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * dropout - to = from times 0 (word < threshold) or `scale`; forward and backward alike.
 *
 * Word i is word i % 4 of Philox block {i / 4, step, node, PURPOSE} under the key of the run: the
 * stream of encnet__rng_at(seed, step, node, PURPOSE) on the host.
 */
#include "vector.clh"
#include "tiles.clh"
#include "random.clh"

inline uint4 block_of(size_t i, uint key0, uint key1, uint step, uint node, uint purpose)
{
    return philox((uint2)(key0, key1), (uint4)((uint)(i / 4), step, node, purpose));
}

/* One word per element; a work-item takes the four of a block. */
__kernel void dropout_elements(__global storage *restrict to, __global const storage *restrict from,
                               uint count, uint key0, uint key1, uint step, uint node, uint purpose,
                               uint threshold, float scale)
{
    size_t i = get_global_id(0) * 4;
    uint4 words = block_of(i, key0, key1, step, node, purpose);

    if (i < count) store1(load1(from + i) * (words.x < threshold ? 0.0f : scale), to + i);
    if (i + 1 < count)
        store1(load1(from + i + 1) * (words.y < threshold ? 0.0f : scale), to + i + 1);
    if (i + 2 < count)
        store1(load1(from + i + 2) * (words.z < threshold ? 0.0f : scale), to + i + 2);
    if (i + 3 < count)
        store1(load1(from + i + 3) * (words.w < threshold ? 0.0f : scale), to + i + 3);
}

/* One word per image and channel; get_global_id(1) is the image. */
__kernel void dropout_channels(__global storage *restrict to, __global const storage *restrict from,
                               uint pixels, uint channels, uint chunk, uint key0, uint key1,
                               uint step, uint node, uint purpose, uint threshold, float scale)
{
    tile t = tile_of(get_global_id(0), pixels, channels, chunk);
    size_t image = get_global_id(1);
    float factor[TILE * VEC];

    if (t.row == t.last) return;
    for (uint k = 0; k < t.width; k++) {
        size_t i = image * channels + t.channel + k;
        uint4 words = block_of(i, key0, key1, step, node, purpose);
        uint low = i & 1 ? words.y : words.x, high = i & 1 ? words.w : words.z;
        factor[k] = (i & 2 ? high : low) < threshold ? 0.0f : scale;
    }
    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            size_t at = (image * pixels + r) * channels + c;
            store(load(from + at) * vload(factor + c - t.channel), to + at);
        }
}
