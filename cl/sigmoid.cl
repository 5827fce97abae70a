/*
 * sigmoid - y = 1 / (1 + exp(-x)); dx = dy y (1 - y).
 *
 *   x, y, dx, dy  count elements each; one work-item writes one
 *
 * exp(-x) overflows to infinity for x < -88, and y is 0 then, as it should be.
 */
__kernel void sigmoid_fwd(__global float *restrict y, __global const float *restrict x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) y[i] = 1.0f / (1.0f + exp(-x[i]));
}

__kernel void sigmoid_bwd(__global float *restrict dx, __global const float *restrict dy,
                          __global const float *restrict y, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) dx[i] = dy[i] * y[i] * (1.0f - y[i]);
}
