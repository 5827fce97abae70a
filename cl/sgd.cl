/*
 * sgd - one step of gradient descent with momentum and weight decay.
 *
 *   g = scale g + decay p;   v = momentum v + g;   p = p - lr v, by Nesterov's momentum p - lr (g + momentum v)
 *
 *   p, v  [count] changed in place;  g  [count] read
 *
 * Rounded where PyTorch's CPU build rounds: the first and the last line by a fused multiply-add, the momentum's product
 * on its own.  Ten steps then give its bits, and every device gives the same.
 */
#pragma OPENCL FP_CONTRACT OFF

__kernel void sgd_nesterov(__global float *p, __global float *v, __global const float *g, uint count, float lr,
                           float momentum, float decay, float scale)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float d = fma(decay, p[i], scale * g[i]);
        float kept = momentum * v[i];
        float moved = kept + d;

        v[i] = moved;
        p[i] = fma(-lr, fma(momentum, moved, d), p[i]);
    }
}

__kernel void sgd_step(__global float *p, __global float *v, __global const float *g, uint count, float lr,
                       float momentum, float decay, float scale)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float d = fma(decay, p[i], scale * g[i]);
        float kept = momentum * v[i];
        float moved = kept + d;

        v[i] = moved;
        p[i] = fma(-lr, moved, p[i]);
    }
}
