/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * argmax - the class of each pixel.
 *
 *   y[p] = lowest m with z[p,m] = max_m' z[p,m']      z [N,H,W,M], y int32 [N,H,W,1]
 *
 * Where a channel is NaN or infinite there is no class: -1.  There is no gradient.
 */
#include "ops/ops.h"

#include <math.h>

enum { GROUP = 64 };

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = shape->in[0];
    shape->out.c = 1;
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    size_t P = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "argmax", "argmax_fwd", "", GRID1(P, GROUP), BUF(call->out.buffer),
                  BUF(call->in[0].buffer), UINT(P), UINT(call->in[0].shape.c));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t M = (size_t)shape->in[0].c;

    for (size_t p = 0; p < encnet__shape_count(shape->out); p++) {
        size_t best = 0;
        bool finite = true;
        for (size_t m = 0; m < M; m++) {
            finite = finite && isfinite(in[0][p * M + m]);
            if (in[0][p * M + m] > in[0][p * M + best]) best = m;
        }
        out[p] = finite ? (double)best : -1;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->in[0]);
}

static const encnet__case cases[] = {
    {.what = "one", .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "odd", .n_in = 1, .in = {{2, 5, 7, 3}}},
    {.what = "vector", .n_in = 1, .in = {{1, 13, 5, 16}}},
    {.what = "vector + 1", .n_in = 1, .in = {{1, 8, 8, 17}}},
    {.what = "ADE20K", .n_in = 1, .in = {{1, 5, 7, 150}}},
};

const encnet__op encnet__op_argmax = {
    .name = "argmax",
    .n_in = 1,
    .out_is_integer = true,
    .infer = infer,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
