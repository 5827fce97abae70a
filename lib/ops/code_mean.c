/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * code_mean - mean or sum over the codewords.
 *
 *   y[n,d]    = 1/q sum_k e[n,d,k]      e [N,1,D,K], y [N,1,1,D];  q = K, of a sum 1
 *   de[n,d,k] = dy[n,d] / q
 *
 * Backward reads only dy.
 */
#include "ops/ops.h"

#include "ops/attr.h"

enum { GROUP = 64 };

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape e = shape->in[0];

    if (e.h != 1)
        return encnet__fail(ENCNET_E_SHAPE, "code_mean: the codes are " SHAPE_FMT ", not [N,1,D,K]",
                            SHAPE_ARG(e));
    shape->out = (encnet__shape){e.n, 1, 1, e.w};
    return ENCNET_OK;
}

/* q */
static int divisor(const void *attr, int K)
{
    return ((const encnet__code_mean_attr *)attr)->sum ? 1 : K;
}

static encnet_status forward(const encnet__call *call)
{
    size_t rows = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "code_mean", "code_mean_fwd", "", GRID1(rows, GROUP),
                  BUF(call->out.buffer), BUF(call->in[0].buffer), UINT(rows),
                  UINT(call->in[0].shape.c), FLOAT(divisor(call->attr, call->in[0].shape.c)));
}

static encnet_status backward(const encnet__call *call)
{
    size_t rows = encnet__shape_count(call->out.shape);
    size_t count = encnet__shape_count(call->in[0].shape);

    return LAUNCH(call->dev, "code_mean", "code_mean_bwd", "", GRID1(count, GROUP),
                  BUF(call->din[0].buffer), BUF(call->dout.buffer), UINT(rows),
                  UINT(call->in[0].shape.c), FLOAT(divisor(call->attr, call->in[0].shape.c)));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t K = (size_t)shape->in[0].c;

    for (size_t i = 0; i < encnet__shape_count(shape->out); i++) {
        out[i] = 0;
        for (size_t k = 0; k < K; k++) out[i] += in[0][i * K + k] / divisor(shape->attr, (int)K);
    }
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->in[0]);
}

static const encnet__code_mean_attr mean = {false}, sum = {true};

static const encnet__case cases[] = {
    {.what = "one", .attr = &mean, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "odd", .attr = &mean, .n_in = 1, .in = {{2, 1, 7, 5}}},
    {.what = "vector", .attr = &mean, .n_in = 1, .in = {{1, 1, 3, 16}}},
    {.what = "vector + 1", .attr = &mean, .n_in = 1, .in = {{3, 1, 67, 17}}},
    {.what = "sum, vector + 1", .attr = &sum, .n_in = 1, .in = {{3, 1, 7, 17}}},
    {.what = "typical", .attr = &mean, .n_in = 1, .in = {{2, 1, 512, 32}}},
};

/* e is [N,K,1,D] there. */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    const encnet__code_mean_attr *attr = node->shape.attr;
    encnet__onnx_value y;

    if (attr->sum)
        y = encnet__onnx_apply(m, "ReduceSum", INPUTS(node->in[0], ONNX_INTS(m, 1)),
                               ATTRS(ATTR_INT("keepdims", 1)));
    else
        y = encnet__onnx_apply(m, "ReduceMean", INPUTS(node->in[0]),
                               ATTRS(ATTR_INTS("axes", 1), ATTR_INT("keepdims", 1)));
    return encnet__onnx_apply(m, "Reshape", INPUTS(y, ONNX_INTS(m, 0, -1, 1, 1)), NULL);
}

const encnet__op encnet__op_code_mean = {
    .name = "code_mean",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
