/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * channel_scale - y[n,p,c] = x[n,p,c] (offset + g[n,c]).
 *
 *   x, y, dy, dx [N,pixels,channels]   g, dg [N,channels] float32   get_global_id(1) is the image n
 *
 * Forward and dx are the same kernel: dx[n,p,c] = dy[n,p,c] (offset + g[n,c]).
 */
#include "vector.clh"
#include "tiles.clh"

__kernel void channel_scale(__global storage *restrict y, __global const storage *restrict x,
                            __global const float *restrict g, uint pixels, uint channels,
                            float offset, uint chunk)
{
    tile t = tile_of(get_global_id(0), pixels, channels, chunk);
    size_t image = get_global_id(1);

    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            size_t at = (image * pixels + r) * channels + c;
            store(load(x + at) * (vload(g + image * channels + c) + offset), y + at);
        }
}

/* Sums of x dy over each chunk of pixels. */
__kernel void channel_scale_sums(__global float *restrict part, __global const storage *restrict x,
                                 __global const storage *restrict dy, uint pixels, uint channels,
                                 uint chunk)
{
    tile t = tile_of(get_global_id(0), pixels, channels, chunk);
    size_t image = get_global_id(1), chunks = (pixels + chunk - 1) / chunk;
    vfloat sum[TILE];

    if (t.row == t.last) return;
    part += (image * chunks + t.chunk) * channels;
    for (uint v = 0; v < t.vectors; v++) sum[v] = 0.0f;
    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) {
            size_t at = (image * pixels + r) * channels + channel_at(t, v);
            sum[v] += load(x + at) * load(dy + at);
        }
    for (uint v = 0; v < t.vectors; v++) vstore(sum[v], part + channel_at(t, v));
}
