/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * accumulate - y += x, where two gradients meet.
 *
 *   x, y  count elements; one work-item adds VEC of them, because PoCL makes no vectors of halves
 */
#include "vector.clh"

__kernel void accumulate(__global storage *y, __global const storage *x, uint count)
{
    const size_t i = get_global_id(0) * VEC;

    if (i < count) store_part(load_part(y, i, count) + load_part(x, i, count), y, i, count);
}
