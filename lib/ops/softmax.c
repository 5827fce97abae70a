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
#include "ops/softmax.h"

#include <math.h>

#include "ops/storage.h"

enum {
    GROUP = 64,
    /* ROW of softmax.cl, and what a group has of it in local memory */
    SHORTEST = 32,
    LONGEST = 512,
    FLOATS = 2048,
};

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

encnet_status encnet__softmax_rows(encnet__buffer *y, encnet_device *dev, encnet__buffer *x,
                                   size_t rows, size_t C, float least)
{
    bool local = !encnet__device_facts_of(dev)->is_cpu && C <= LONGEST;
    size_t row = SHORTEST;
    encnet__options options = {""};

    while (row < C) row *= 2;
    if (local) encnet__print(options.text, sizeof options.text, "-DROW=%zu", row);
    return LAUNCH(dev, "softmax", "softmax_fwd", options.text,
                  GRID1(local ? encnet__divide_up(rows, FLOATS / row) * GROUP : rows, GROUP),
                  BUF(y), BUF(x), UINT(rows), UINT(C), FLOAT(least));
}

static encnet_status forward(const encnet__call *call)
{
    return encnet__softmax_rows(call->out.buffer, call->dev, call->in[0].buffer,
                                pixels(call->out.shape), (size_t)call->out.shape.c, 0);
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
    {.what = "groups of less than 64", .n_in = 1, .in = {{1, 2, 4, 257}}},
    {.what = "too long for local memory", .n_in = 1, .in = {{1, 1, 2, 513}}},
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
