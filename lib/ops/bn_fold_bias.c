/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bn_fold_bias - the bias of a convolution with the following batch norm folded in, for inference.
 *
 *   out[k] = beta[k] + (b[k] - mean[k]) gamma[k] / sqrt(var[k] + eps)        b = 0 when absent
 *
 * Forward only.  bn_fold_weight computes the matching weight.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/attr.h"

enum { GAMMA, BETA, MEAN, VAR, B, INPUTS };
enum { GROUP = 64 };

static encnet_status infer(encnet__node_shape *shape)
{
    static const char *const names[INPUTS] = {"gamma", "beta", "mean", "var", "b"};
    encnet__shape gamma = shape->in[GAMMA];

    for (int i = BETA; i < INPUTS; i++) {
        if (i == B && shape->in[B].c == 0) continue;
        if (!encnet__shape_equal(shape->in[i], gamma))
            return encnet__fail(ENCNET_E_SHAPE,
                                "bn_fold_bias: gamma is " SHAPE_FMT ", but %s is " SHAPE_FMT,
                                SHAPE_ARG(gamma), names[i], SHAPE_ARG(shape->in[i]));
    }
    shape->out = gamma;
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__bn_fold_attr *attr = call->attr;
    size_t channels = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "bn_fold_bias", "bn_fold_bias", "", GRID1(channels, GROUP),
                  BUF(call->out.buffer), BUF(call->in[GAMMA].buffer), BUF(call->in[BETA].buffer),
                  BUF(call->in[MEAN].buffer), BUF(call->in[VAR].buffer), BUF(call->in[B].buffer),
                  UINT(channels), FLOAT(attr->eps));
}

static double flops(const encnet__node_shape *shape)
{
    return 3 * (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__bn_fold_attr *attr = shape->attr;

    for (size_t k = 0; k < encnet__shape_count(shape->out); k++)
        out[k] = in[BETA][k] + ((in[B] ? in[B][k] : 0) - in[MEAN][k]) * in[GAMMA][k] /
                                   sqrt(in[VAR][k] + (double)attr->eps);
}

static const encnet__fill_kind fill[INPUTS] = {ENCNET__FILL_NORMAL, ENCNET__FILL_NORMAL,
                                               ENCNET__FILL_NORMAL, ENCNET__FILL_POSITIVE,
                                               ENCNET__FILL_NORMAL};

static const encnet__bn_fold_attr attr = {1e-5f};

#define FOUR(K)                                                                                    \
    {1, 1, 1, K}, {1, 1, 1, K}, {1, 1, 1, K},                                                      \
    {                                                                                              \
        1, 1, 1, K                                                                                 \
    }

static const encnet__case cases[] = {
    {.what = "one", .attr = &attr, .n_in = INPUTS, .in = {FOUR(1)}},
    {.what = "group + 1", .attr = &attr, .n_in = INPUTS, .in = {FOUR(GROUP + 1)}},
    {.what = "with a bias", .attr = &attr, .n_in = INPUTS, .in = {FOUR(19), {1, 1, 1, 19}}},
};

const encnet__op encnet__op_bn_fold_bias = {
    .name = "bn_fold_bias",
    .n_in = INPUTS,
    .optional = 1u << B,
    .infer = infer,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
