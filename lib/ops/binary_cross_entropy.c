/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * binary_cross_entropy - mean cross-entropy of independent binary logits; the SE loss without its
 * weight.
 *
 *   loss    = 1/(N M) sum_i max(z,0) - z t + log(1 + exp(-|z|))      z, t [N,1,1,M], t in 0 .. 1
 *   dz[i]   = dloss / (N M) (sigmoid(z) - t)
 *
 * t has no gradient.  Backward needs z and t.
 */
#include "ops/ops.h"

#include <math.h>

enum { GROUP = 64, ALL = 256 /* as in binary_cross_entropy.cl */ };

static encnet_status infer(encnet__node_shape *shape)
{
    if (!encnet__shape_equal(shape->in[0], shape->in[1]))
        return encnet__fail(ENCNET_E_SHAPE,
                            "binary_cross_entropy: logits are " SHAPE_FMT ", targets " SHAPE_FMT,
                            SHAPE_ARG(shape->in[0]), SHAPE_ARG(shape->in[1]));
    shape->out = (encnet__shape){1, 1, 1, 1};
    return ENCNET_OK;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(0) | ENCNET__READS_IN(1);
}

static encnet_status forward(const encnet__call *call)
{
    return LAUNCH(call->dev, "binary_cross_entropy", "binary_cross_entropy_fwd", "",
                  GRID1(ALL, ALL), BUF(call->out.buffer), BUF(call->in[0].buffer),
                  BUF(call->in[1].buffer), UINT(encnet__shape_count(call->in[0].shape)));
}

static encnet_status backward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->in[0].shape);

    return LAUNCH(call->dev, "binary_cross_entropy", "binary_cross_entropy_bwd", "",
                  GRID1(count, GROUP), BUF(call->din[0].buffer), BUF(call->dout.buffer),
                  BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(count));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t count = encnet__shape_count(shape->in[0]);
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += fmax(in[0][i], 0) - in[0][i] * in[1][i] + log1p(exp(-fabs(in[0][i])));
    out[0] = sum / (double)count;
}

static double flops(const encnet__node_shape *shape)
{
    return 6.0 * (double)encnet__shape_count(shape->in[0]);
}

/* |z| has a kink at 0, but the sum does not. */
static const encnet__fill_kind fill[] = {ENCNET__FILL_KINKED, ENCNET__FILL_BINARY};

static const encnet__case cases[] = {
    {.what = "one", .n_in = 2, .in = {{1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "odd", .n_in = 2, .in = {{3, 1, 1, 7}, {3, 1, 1, 7}}},
    {.what = "group", .n_in = 2, .in = {{1, 1, 1, ALL}, {1, 1, 1, ALL}}},
    {.what = "group + 1", .n_in = 2, .in = {{1, 1, 1, ALL + 1}, {1, 1, 1, ALL + 1}}},
    {.what = "ADE20K", .n_in = 2, .in = {{4, 1, 1, 150}, {4, 1, 1, 150}}},
};

const encnet__op encnet__op_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .n_in = 2,
    .gradients = 1,
    .infer = infer,
    .backward_reads = backward_reads,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
