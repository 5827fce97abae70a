/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tiles - sums of partial results in a fixed order.
 *
 *   parts [images][parts][width]  one row of `width` floats per chunk, at an offset of the scratch
 *
 * `fan` parts at a time are summed into one, until a launch of lanes.clh can sum those that are left into
 * the result.
 */
#include "vector.clh"
#include "lanes.clh"

/* parts -> ceil(parts / fan), from offset `from` of the scratch to offset `to`. */
__kernel void tiles_merge(__global float *scratch, uint to, uint from, uint images, uint parts,
                          uint fan, uint width)
{
    uint vectors = width / VEC, merged = (parts + fan - 1) / fan;
    size_t id = get_global_id(0), group = id / vectors, image = group / merged;
    uint c = (uint)(id % vectors) * VEC, first = (uint)(group % merged) * fan;
    vfloat sum = 0.0f;

    if (image >= images) return;
    for (uint k = first; k < min(first + fan, parts); k++)
        sum += vload(scratch + from + (image * parts + k) * width + c);
    vstore(sum, scratch + to + group * width + c);
}

/* out [images][width] = scale times the sum of the last parts. */
__kernel MERGES void tiles_sum(__global storage *restrict out, __global const float *restrict scratch,
                               uint from, uint images, uint parts, uint width, float scale)
{
    EXCHANGE(vfloat, all);
    const lane l = lane_of_item(parts);
    const uint vectors = width / VEC, c = (uint)(l.column % vectors) * VEC;
    const size_t image = l.column / vectors;
    vfloat sum = 0.0f;

    scratch += from + image * parts * width + c;
    for (uint k = l.first; image < images && k < l.last; k++) sum += vload(scratch + k * width);
    sum = sum_of_lanes(sum, all);
    if (image < images && !l.index) store(sum * scale, out + image * width + c);
}
