/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * relu - y = max(x, 0); dx = dy where x > 0, else 0.
 *
 *   x, y, dx, dy  count elements each; one work-item writes one element
 */
#include "storage.clh"

__kernel void relu_fwd(__global storage *y, __global const storage *x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float v = load1(x + i);

        store1(v > 0.0f || isnan(v) ? v : 0.0f, y + i);
    }
}

__kernel void relu_bwd(__global storage *dx, __global const storage *dy, __global const storage *x,
                       uint count)
{
    size_t i = get_global_id(0);

    if (i < count) store1(load1(x + i) > 0.0f ? load1(dy + i) : 0.0f, dx + i);
}
