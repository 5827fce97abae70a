/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cast - activations from the storage type of storage.clh to float32, and back.
 *
 *   x, y  count elements each; one work-item converts one element
 */
#include "storage.clh"

__kernel void cast_widen(__global float *restrict y, __global const storage *restrict x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) y[i] = load1(x + i);
}

__kernel void cast_narrow(__global storage *restrict y, __global const float *restrict x,
                          uint count)
{
    size_t i = get_global_id(0);

    if (i < count) store1(x[i], y + i);
}
