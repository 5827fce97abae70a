/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * accumulate - y += x, where two gradients meet.
 *
 *   x, y  count elements; one work-item adds one element
 */
#include "storage.clh"

__kernel void accumulate(__global storage *y, __global const storage *x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) store1(load1(y + i) + load1(x + i), y + i);
}
