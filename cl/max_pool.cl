/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * max_pool - y[n,i,j,c] = max of x over the window of (i,j); dx sums dy over the windows whose
 * maximum its pixel is.
 *
 *   x, dx [N,H,W,C]   y, dy [N,h,w,C]   winner [N,h,w,C]  place of the maximum in its window
 *
 * The window of (i,j) begins at (i stride - pad, j stride - pad); places outside x count as
 * -infinity.  The first of equal values wins; a NaN wins over any number, as in PyTorch.
 */
#include "vector.clh"
#include "tiles.clh"

__kernel void max_pool_fwd(__global storage *restrict y, __global uchar *restrict winner,
                           __global const storage *restrict x, uint images, int height, int width,
                           uint channels, int out_height, int out_width, int size, int stride,
                           int pad, uint chunk)
{
    tile t = tile_of(get_global_id(0), images * out_height * out_width, channels, chunk);

    for (size_t r = t.row; r < t.last; r++) {
        int j0 = (int)(r % out_width) * stride - pad,
            i0 = (int)(r / out_width % out_height) * stride - pad;
        __global const storage *image = x + r / out_width / out_height * height * width * channels;
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            vfloat best = -INFINITY;
            vint place = max(-i0, 0) * size + max(-j0, 0);
            for (int i = max(i0, 0); i < min(i0 + size, height); i++)
                for (int j = max(j0, 0); j < min(j0 + size, width); j++) {
                    vfloat here = load(image + ((size_t)i * width + j) * channels + c);
                    vint wins = (here > best) | isnan(here);
                    best = select(best, here, wins);
                    place = select(place, (vint)((i - i0) * size + j - j0), wins);
                }
            store(best, y + r * channels + c);
            vstore(to_vuchar(place), winner + r * channels + c);
        }
    }
}

__kernel void max_pool_bwd(__global storage *restrict dx, __global const storage *restrict dy,
                           __global const uchar *restrict winner, uint images, int height,
                           int width, uint channels, int out_height, int out_width, int size,
                           int stride, int pad, uint chunk)
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
                for (int j = j0; j <= j1; j++) {
                    size_t at = (image + (size_t)i * out_width + j) * channels + c;
                    vint place = (p - i * stride) * size + q - j * stride;
                    sum +=
                        select((vfloat)(0.0f), load(dy + at), place == to_vint(vload(winner + at)));
                }
            store(sum, dx + r * channels + c);
        }
    }
}
