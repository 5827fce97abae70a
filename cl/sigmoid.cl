/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * sigmoid - y = 1 / (1 + exp(-x)); dx = dy y (1 - y).
 *
 *   x, y, dx, dy  count elements each; one work-item writes one element
 *
 * exp(-x) overflows to infinity for x < -88, and y is 0 then, as it should be.
 */
#include "storage.clh"

__kernel void sigmoid_fwd(__global storage *restrict y, __global const storage *restrict x,
                          uint count)
{
    size_t i = get_global_id(0);

    if (i < count) store1(1.0f / (1.0f + exp(-load1(x + i))), y + i);
}

__kernel void sigmoid_bwd(__global storage *restrict dx, __global const storage *restrict dy,
                          __global const storage *restrict y, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float v = load1(y + i);

        store1(load1(dy + i) * v * (1.0f - v), dx + i);
    }
}
