/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
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

/* Moves a velocity; *d becomes the gradient with the decay of its weight. */
static float moved(float *d, float p, float v, float g, float momentum, float decay, float scale)
{
    float kept = momentum * v;

    *d = fma(decay, p, scale * g);
    return kept + *d;
}

__kernel void sgd_nesterov(__global float *p, __global float *v, __global const float *g, uint count, float lr,
                           float momentum, float decay, float scale)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float d;

        v[i] = moved(&d, p[i], v[i], g[i], momentum, decay, scale);
        p[i] = fma(-lr, fma(momentum, v[i], d), p[i]);
    }
}

__kernel void sgd_step(__global float *p, __global float *v, __global const float *g, uint count, float lr,
                       float momentum, float decay, float scale)
{
    size_t i = get_global_id(0);

    if (i < count) {
        float d;

        v[i] = moved(&d, p[i], v[i], g[i], momentum, decay, scale);
        p[i] = fma(-lr, v[i], p[i]);
    }
}
