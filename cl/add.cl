/*
 * add - y = a + b.
 *
 *   a, b, y  count elements each; one work-item writes one
 */
__kernel void add_fwd(__global float *restrict y, __global const float *restrict a,
                      __global const float *restrict b, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) y[i] = a[i] + b[i];
}
