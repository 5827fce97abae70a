/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * avg_pool - y[n,i,j,c] = mean of x over the window of (i,j), or over the whole map.
 *
 *   x, dx [N,H,W,C]   y, dy [N,h,w,C]
 *
 * The window of (i,j) begins at (i stride - pad, j stride - pad); places outside x do not count.
 */
#include "vector.clh"
#include "tiles.clh"

/* How much of the i-th window lies in x, along an axis of n. */
inline int held(int i, int n, int size, int stride, int pad)
{
    int first = i * stride - pad;

    return min(first + size, n) - max(first, 0);
}

__kernel void avg_pool_fwd(__global storage *restrict y, __global const storage *restrict x,
                           uint images, int height, int width, uint channels, int out_height,
                           int out_width, int size, int stride, int pad, uint chunk)
{
    tile t = tile_of(get_global_id(0), images * out_height * out_width, channels, chunk);

    for (size_t r = t.row; r < t.last; r++) {
        int j0 = (int)(r % out_width) * stride - pad,
            i0 = (int)(r / out_width % out_height) * stride - pad;
        int count = held((int)(r / out_width % out_height), height, size, stride, pad) *
                    held((int)(r % out_width), width, size, stride, pad);
        __global const storage *image = x + r / out_width / out_height * height * width * channels;
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            vfloat sum = 0.0f;
            for (int i = max(i0, 0); i < min(i0 + size, height); i++)
                for (int j = max(j0, 0); j < min(j0 + size, width); j++)
                    sum += load(image + ((size_t)i * width + j) * channels + c);
            store(sum / (float)count, y + r * channels + c);
        }
    }
}

__kernel void avg_pool_bwd(__global storage *restrict dx, __global const storage *restrict dy,
                           uint images, int height, int width, uint channels, int out_height,
                           int out_width, int size, int stride, int pad, uint chunk)
{
    tile t = tile_of(get_global_id(0), images * height * width, channels, chunk);

    for (size_t r = t.row; r < t.last; r++) {
        /* The windows that hold the pixel: (i,j) from the first that reaches it to the last that
         * begins before it. */
        int q = (int)(r % width) + pad, p = (int)(r / width % height) + pad;
        int i0 = max(p - size + stride, 0) / stride, i1 = min(p / stride, out_height - 1);
        int j0 = max(q - size + stride, 0) / stride, j1 = min(q / stride, out_width - 1);
        size_t image = r / width / height * out_height * out_width;
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            vfloat sum = 0.0f;
            for (int i = i0; i <= i1; i++)
                for (int j = j0; j <= j1; j++)
                    sum += load(dy + (image + (size_t)i * out_width + j) * channels + c) /
                           (float)(held(i, height, size, stride, pad) *
                                   held(j, width, size, stride, pad));
            store(sum, dx + r * channels + c);
        }
    }
}

/* The whole map: sums over each chunk of the pixels of image get_global_id(1). */
__kernel void avg_pool_sums(__global float *restrict part, __global const storage *restrict x,
                            uint pixels, uint channels, uint chunk)
{
    tile t = tile_of(get_global_id(0), pixels, channels, chunk);
    size_t image = get_global_id(1), chunks = (pixels + chunk - 1) / chunk;
    vfloat sum[TILE];

    if (t.row == t.last) return;
    x += image * pixels * channels;
    part += (image * chunks + t.chunk) * channels;
    for (uint v = 0; v < t.vectors; v++) sum[v] = 0.0f;
    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) sum[v] += load(x + r * channels + channel_at(t, v));
    for (uint v = 0; v < t.vectors; v++) vstore(sum[v], part + channel_at(t, v));
}

/* The whole map: dx = dy `scale`, for image get_global_id(1). */
__kernel void avg_pool_spread(__global storage *restrict dx, __global const storage *restrict dy,
                              uint pixels, uint channels, float scale, uint chunk)
{
    tile t = tile_of(get_global_id(0), pixels, channels, chunk);
    size_t image = get_global_id(1);

    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            store(load(dy + image * channels + c) * scale,
                  dx + (image * pixels + r) * channels + c);
        }
}
