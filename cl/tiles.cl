/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tiles - sums of partial results in a fixed order.
 *
 *   parts [images][parts][width]  one row of `width` floats per chunk, at an offset of the scratch
 *
 * `fan` parts at a time are summed into one, until at most `fan` are left; these are summed into
 * the result.
 */
#include "vector.clh"

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
__kernel void tiles_sum(__global storage *restrict out, __global const float *restrict scratch,
                        uint from, uint images, uint parts, uint width, float scale)
{
    uint vectors = width / VEC;
    size_t id = get_global_id(0), image = id / vectors;
    uint c = (uint)(id % vectors) * VEC;
    vfloat sum = 0.0f;

    if (image >= images) return;
    for (uint k = 0; k < parts; k++) sum += vload(scratch + from + (image * parts + k) * width + c);
    store(sum * scale, out + image * width + c);
}
