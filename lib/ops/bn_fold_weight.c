/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bn_fold_weight - the weight of a convolution with the following batch norm folded in, for
 * inference.
 *
 *   out[r,s,c,k] = w[r,s,c,k] gamma[k] / sqrt(var[k] + eps)
 *
 * Forward only.  bn_fold_bias computes the matching bias.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/tiles.h"

enum { W, GAMMA, VAR, INPUTS };

static encnet_status infer(encnet__node_shape *shape)
{
    static const char *const names[INPUTS] = {"w", "gamma", "var"};
    encnet__shape w = shape->in[W], want = {1, 1, 1, w.c};

    for (int i = GAMMA; i < INPUTS; i++)
        if (!encnet__shape_equal(shape->in[i], want))
            return encnet__fail(ENCNET_E_SHAPE,
                                "bn_fold_weight: w is " SHAPE_FMT ", but %s is " SHAPE_FMT,
                                SHAPE_ARG(w), names[i], SHAPE_ARG(shape->in[i]));
    shape->out = w;
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__bn_fold_attr *attr = call->attr;
    encnet__shape w = call->in[W].shape;
    size_t rows = (size_t)w.n * (size_t)w.h * (size_t)w.w;
    encnet__tiles t = encnet__tiles_map(call->dev, rows, (size_t)w.c);

    return LAUNCH(call->dev, "bn_fold_weight", "bn_fold_weight", t.options, t.grid,
                  BUF(call->out.buffer), BUF(call->in[W].buffer), BUF(call->in[GAMMA].buffer),
                  BUF(call->in[VAR].buffer), UINT(rows), UINT(w.c), UINT(t.chunk),
                  FLOAT(attr->eps));
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__bn_fold_attr *attr = shape->attr;
    size_t channels = (size_t)shape->out.c;

    for (size_t i = 0; i < encnet__shape_count(shape->out); i++)
        out[i] =
            in[W][i] * in[GAMMA][i % channels] / sqrt(in[VAR][i % channels] + (double)attr->eps);
}

static const encnet__fill_kind fill[INPUTS] = {ENCNET__FILL_NORMAL, ENCNET__FILL_NORMAL,
                                               ENCNET__FILL_POSITIVE};

static const encnet__bn_fold_attr attr = {1e-5f};

static const encnet__case cases[] = {
    {.what = "one",
     .attr = &attr,
     .n_in = INPUTS,
     .in = {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "odd",
     .attr = &attr,
     .n_in = INPUTS,
     .in = {{3, 3, 5, 7}, {1, 1, 1, 7}, {1, 1, 1, 7}}},
    {.what = "tile + 1 vector",
     .attr = &attr,
     .n_in = INPUTS,
     .in = {{1, 1, 4, 2064}, {1, 1, 1, 2064}, {1, 1, 1, 2064}}},
};

const encnet__op encnet__op_bn_fold_weight = {
    .name = "bn_fold_weight",
    .n_in = INPUTS,
    .infer = infer,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
