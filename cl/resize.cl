/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resize - bilinear interpolation; forward and backward both gather.
 *
 *   x, dx [N,H,W,C]   y, dy [N,h,w,C]   rows_x [N,h,W,C]  gradient along the rows only,
 *                                       float32
 *
 * Along an axis, output j lies at t(j) / d of the input (bilinear.clh); in output j, input p has the
 * weight max(0, 1 - |t(j) - p d| / d).
 *
 * Forward computes rows row0 .. row0 + rows - 1 of each image from image0 on; x has rows x_row0 ..
 * x_row0 + x_rows - 1 of each.
 *
 * A work-item takes `share` of the (pixel, vector of channels) pairs of one row, get_global_id(1):
 * all of them on a CPU, one on a GPU.  VEC need not divide C: the last vector of a pixel overlaps
 * the one before it, within one work-item.
 */
#include "vector.clh"
#include "bilinear.clh"

/* The first channel of vector v. */
inline uint channel_of(uint v, uint channels)
{
    return min(v * VEC, channels - VEC);
}

__kernel void resize_fwd(__global storage *restrict y, __global const storage *restrict x,
                         int height, int width, uint channels, int out_width,
                         int a_h, int b_h, int d_h, int a_w, int b_w, int d_w, uint share,
                         uint image0, uint row0, uint rows, uint x_row0, uint x_rows)
{
    uint vectors = (channels + VEC - 1) / VEC, pairs = out_width * vectors;
    size_t row = get_global_id(1), stride = (size_t)width * channels;
    size_t first = get_global_id(0) * share, last = min(first + share, (size_t)pairs);
    tap down = tap_of((int)(row0 + row % rows), height, a_h, b_h, d_h);
    __global const storage *image = x + (image0 + row / rows) * x_rows * stride;
    __global const storage *upper = image + (down.low - x_row0) * stride;
    __global const storage *lower = image + (down.high - x_row0) * stride;
    uint j = first / vectors, v = first % vectors;

    y += row * out_width * channels;
    for (size_t k = first; k < last; j++, v = 0) {
        tap along = tap_of((int)j, width, a_w, b_w, d_w);
        for (; v < vectors && k < last; v++, k++) {
            uint c = channel_of(v, channels);
            size_t left = (size_t)along.low * channels + c,
                   right = (size_t)along.high * channels + c;
            vfloat top =
                load(upper + left) * (1.0f - along.weight) + load(upper + right) * along.weight;
            vfloat bottom =
                load(lower + left) * (1.0f - along.weight) + load(lower + right) * along.weight;
            store(top * (1.0f - down.weight) + bottom * down.weight, y + (size_t)j * channels + c);
        }
    }
}

/* The outputs j in first .. last - 1 that read input p. */
typedef struct span {
    int first, last;
} span;

inline span span_of(int p, int n, int m, int a, int b, int d)
{
    int after = (p - 1) * d - b, before = (p + 1) * d - b; /* after < j a < before */
    span s;

    s.first = p == 0 || after < 0 ? 0 : min(after / a + 1, m);
    s.last = p == n - 1 ? m : before <= 0 ? 0 : min((before + a - 1) / a, m);
    return s;
}

inline float weight_of(int j, int p, int n, int a, int b, int d)
{
    int off = clamp(j * a + b, 0, (n - 1) * d) - p * d;

    return 1.0f - (float)abs(off) / (float)d;
}

/* rows_x[n,i,p,c] = sum over j of weight(j,p) dy[n,i,j,c] */
__kernel void resize_bwd_w(__global float *restrict rows_x, __global const storage *restrict dy,
                           int width, uint channels, int out_width, int a, int b, int d, uint share)
{
    uint vectors = (channels + VEC - 1) / VEC, pairs = width * vectors;
    size_t row = get_global_id(1), first = get_global_id(0) * share,
           last = min(first + share, (size_t)pairs);
    uint p = first / vectors, v = first % vectors;

    dy += row * out_width * channels;
    rows_x += row * width * channels;
    for (size_t k = first; k < last; p++, v = 0) {
        span s = span_of((int)p, width, out_width, a, b, d);
        for (; v < vectors && k < last; v++, k++) {
            uint c = channel_of(v, channels);
            vfloat sum = 0.0f;
            for (int j = s.first; j < s.last; j++)
                sum += load(dy + (size_t)j * channels + c) * weight_of(j, (int)p, width, a, b, d);
            vstore(sum, rows_x + (size_t)p * channels + c);
        }
    }
}

/* dx[n,p,:] = sum over i of weight(i,p) rows_x[n,i,:], whole rows of W*C floats at once */
__kernel void resize_bwd_h(__global storage *restrict dx, __global const float *restrict rows_x,
                           int height, uint row_floats, int out_height, int a, int b, int d,
                           uint share)
{
    uint vectors = (row_floats + VEC - 1) / VEC;
    size_t row = get_global_id(1), first = get_global_id(0) * share,
           last = min(first + share, (size_t)vectors);
    int p = (int)(row % height);
    span s = span_of(p, height, out_height, a, b, d);

    rows_x += row / height * out_height * row_floats;
    dx += row * row_floats;
    for (size_t v = first; v < last; v++) {
        uint c = channel_of((uint)v, row_floats);
        vfloat sum = 0.0f;
        for (int i = s.first; i < s.last; i++)
            sum += vload(rows_x + (size_t)i * row_floats + c) * weight_of(i, p, height, a, b, d);
        store(sum, dx + c);
    }
}
