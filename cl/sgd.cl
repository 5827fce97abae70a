/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * sgd - one step of gradient descent with momentum and weight decay, of up to WEIGHTS tensors in one launch: networks
 * have hundreds that are small.
 *
 *   g = scale g + decay p;   v = momentum v + g;   p = p - lr v, by Nesterov's momentum p - lr (g + momentum v)
 *
 *   p, v  [count] changed in place;  g  [count] read;  lr and decay are a tensor's own
 *
 * Groups of GROUP / VEC items take GROUP elements each, and go to the tensors in order.  A tensor with count 0 is
 * not there.
 *
 * Rounded where PyTorch's CPU build rounds: the first and the last line by a fused multiply-add, the momentum's product
 * on its own.  Ten steps then give its bits, and every device gives the same.
 */
#pragma OPENCL FP_CONTRACT OFF
#include "vector.clh"
#define GROUP 256

typedef struct rule {
    float momentum, scale;
    int nesterov;
} rule;

static void move(__global float *p, __global float *v, __global const float *g, uint count, float lr,
                 float decay, uint group, rule by)
{
    uint i = group * GROUP + (uint)get_local_id(0) * VEC;
    vfloat weight, step, moved;

    if (i >= count) return;
    prefetch_line(p + i + 512);
    prefetch_line(v + i + 512);
    weight = vload_part(p, i, count);
    step = fma((vfloat)(decay), weight, by.scale * vload_part(g, i, count));
    moved = by.momentum * vload_part(v, i, count) + step;
    vstore_part(moved, v, i, count);
    if (by.nesterov) moved = fma((vfloat)(by.momentum), moved, step);
    vstore_part(fma((vfloat)(-lr), moved, weight), p, i, count);
}

#define TENSOR(i)                                                                                  \
    __global float *p##i, __global float *v##i, __global const float *g##i, uint count##i,         \
        float lr##i, float decay##i
/* Moves the item's element, if its group is one of this tensor's. */
#define MOVE(i)                                                                                    \
    {                                                                                              \
        uint groups = count##i / GROUP + (count##i % GROUP != 0);                                  \
        if (group < groups) {                                                                      \
            move(p##i, v##i, g##i, count##i, lr##i, decay##i, group, by);                          \
            return;                                                                                \
        }                                                                                          \
        group -= groups;                                                                           \
    }

__kernel __attribute__((reqd_work_group_size(GROUP / VEC, 1, 1))) void
sgd_step(float momentum, float scale, int nesterov, TENSOR(0), TENSOR(1), TENSOR(2), TENSOR(3),
         TENSOR(4), TENSOR(5), TENSOR(6), TENSOR(7))
{
    rule by = {momentum, scale, nesterov};
    uint group = get_group_id(0);

    MOVE(0)
    MOVE(1)
    MOVE(2)
    MOVE(3)
    MOVE(4)
    MOVE(5)
    MOVE(6)
    MOVE(7)
}
