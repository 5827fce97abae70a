/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * softmax - probabilities over the channels of each pixel.
 *
 *   y[p,c]  = exp(x[p,c] - max_c) / sum_c' exp(x[p,c'] - max_c)      x, y [N,H,W,C]
 *   dx[p,c] = y[p,c] (dy[p,c] - sum_c' y[p,c'] dy[p,c'])
 *
 * Backward needs y.
 */
#include "ops/ops.h"

#include <math.h>

enum { GROUP = 64 };

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = shape->in[0];
    return ENCNET_OK;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_OUT;
}

static size_t pixels(encnet__shape s)
{
    return encnet__shape_count(s) / (size_t)s.c;
}

static encnet_status forward(const encnet__call *call)
{
    size_t P = pixels(call->out.shape);

    return LAUNCH(call->dev, "softmax", "softmax_fwd", "", GRID1(P, GROUP), BUF(call->out.buffer),
                  BUF(call->in[0].buffer), UINT(P), UINT(call->out.shape.c));
}

static encnet_status backward(const encnet__call *call)
{
    size_t P = pixels(call->out.shape);

    return LAUNCH(call->dev, "softmax", "softmax_bwd", "", GRID1(P, GROUP),
                  BUF(call->din[0].buffer), BUF(call->dout.buffer), BUF(call->out.buffer), UINT(P),
                  UINT(call->out.shape.c));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t C = (size_t)shape->out.c;

    for (size_t p = 0; p < pixels(shape->out); p++) {
        const double *x = in[0] + p * C;
        double *y = out + p * C, largest = -INFINITY, sum = 0;

        for (size_t c = 0; c < C; c++) largest = fmax(largest, x[c]);
        for (size_t c = 0; c < C; c++) sum += y[c] = exp(x[c] - largest);
        for (size_t c = 0; c < C; c++) y[c] /= sum;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return 4.0 * (double)encnet__shape_count(shape->out); /* maximum, exp, sum, quotient */
}

static const encnet__case cases[] = {
    {.what = "one", .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "odd", .n_in = 1, .in = {{2, 5, 7, 3}}},
    {.what = "vector", .n_in = 1, .in = {{1, 3, 5, 16}}},
    {.what = "vector + 1", .n_in = 1, .in = {{1, 13, 5, 17}}},
    {.what = "Cityscapes", .n_in = 1, .in = {{2, 4, 8, 19}}},
    {.what = "ADE20K", .n_in = 1, .in = {{1, 3, 3, 150}}},
};

const encnet__op encnet__op_softmax = {
    .name = "softmax",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .backward_reads = backward_reads,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
