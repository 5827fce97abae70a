/*
 * accumulate - y += x, where two gradients meet.
 *
 *   x, y  count elements; one work-item adds one
 */
__kernel void accumulate(__global float *y, __global const float *x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) y[i] += x[i];
}
