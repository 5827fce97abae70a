/*
 * relu - y = max(x, 0); dx = dy where x > 0, else 0.
 *
 *   x, y, dx, dy  count elements each; one work-item writes one
 */
__kernel void relu_fwd(__global float *y, __global const float *x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) y[i] = x[i] > 0.0f || isnan(x[i]) ? x[i] : 0.0f;
}

__kernel void relu_bwd(__global float *dx, __global const float *dy, __global const float *x, uint count)
{
    size_t i = get_global_id(0);

    if (i < count) dx[i] = x[i] > 0.0f ? dy[i] : 0.0f;
}
