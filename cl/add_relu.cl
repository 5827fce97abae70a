/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * add_relu - y = max(x0 + x1 + ..., 0); the gradient of every input is dy where y > 0, else 0.
 *
 *   x0 .. x3, dx0 .. dx3, y, dy  count elements each; x2, x3 and any gradient may be NULL; one
 *                                work-item takes one element forward, VEC elements backward
 */
#include "vector.clh"

__kernel void add_relu_fwd(__global storage *y, __global const storage *x0,
                           __global const storage *x1, __global const storage *x2,
                           __global const storage *x3, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float v = load1(x0 + i) + load1(x1 + i);

        if (x2) v += load1(x2 + i);
        if (x3) v += load1(x3 + i);
        store1(v > 0.0f || isnan(v) ? v : 0.0f, y + i);
    }
}

__kernel void add_relu_bwd(__global storage *dx0, __global storage *dx1, __global storage *dx2,
                           __global storage *dx3, __global const storage *dy,
                           __global const storage *y, uint count)
{
    const size_t i = get_global_id(0) * VEC;
    vfloat g;

    if (i >= count) return;
    g = where_positive(load_part(dy, i, count), load_part(y, i, count));
    if (dx0) store_part(g, dx0, i, count);
    if (dx1) store_part(g, dx1, i, count);
    if (dx2) store_part(g, dx2, i, count);
    if (dx3) store_part(g, dx3, i, count);
}
