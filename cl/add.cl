/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * add - y = a + b; the gradient of both is dy, which the host copies.
 *
 *   a, b, y  count elements each; one work-item takes one element
 */
#include "storage.clh"

__kernel void add_fwd(__global storage *y, __global const storage *a, __global const storage *b,
                      uint count)
{
    size_t i = get_global_id(0);

    if (i < count) store1(load1(a + i) + load1(b + i), y + i);
}
