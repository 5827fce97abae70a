/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * unit_codes - the codes of an image as one vector of length 1 (PyTorch-Encoding's CIFAR networks).
 *
 *   y[n,k D + d]  = e[n,d,k] / l[n]                       e [N,1,D,K], y [N,1,1,K D]
 *   l[n]          = max(sqrt(sum_d,k e[n,d,k]^2), 1e-8)
 *   de[n,d,k]     = (dy[n,k D + d] - y[n,k D + d] sum_i y[n,i] dy[n,i]) / l[n]
 *
 * Where the codes are shorter than 1e-8, y is linear in e: de = dy / l.  The vector has code after
 * code, as PyTorch flattens [N,K,D].  Backward reads y; l is saved, and is negative where y is
 * linear.
 */
#include "ops/ops.h"

#include <math.h>

enum { GROUP = 64 }; /* as in unit_codes.cl */
static const double LEAST = 1e-8;

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape e = shape->in[0];

    if (e.h != 1)
        return encnet__fail(ENCNET_E_SHAPE,
                            "unit_codes: the codes are " SHAPE_FMT ", not [N,1,D,K]", SHAPE_ARG(e));
    shape->out = (encnet__shape){e.n, 1, 1, e.w * e.c};
    return ENCNET_OK;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    return (size_t)shape->in[0].n * sizeof(float);
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_OUT;
}

/* A group of work-items for each image. */
static encnet__grid over_images(encnet__shape e)
{
    return (encnet__grid){{(size_t)e.n}, {GROUP}};
}

static encnet_status forward(const encnet__call *call)
{
    encnet__shape e = call->in[0].shape;

    return LAUNCH(call->dev, "unit_codes", "unit_codes_fwd", "", over_images(e),
                  BUF(call->out.buffer), BUF(call->saved), BUF(call->in[0].buffer), UINT(e.w),
                  UINT(e.c), FLOAT(LEAST));
}

static encnet_status backward(const encnet__call *call)
{
    encnet__shape e = call->in[0].shape;

    return LAUNCH(call->dev, "unit_codes", "unit_codes_bwd", "", over_images(e),
                  BUF(call->din[0].buffer), BUF(call->dout.buffer), BUF(call->out.buffer),
                  BUF(call->saved), UINT(e.w), UINT(e.c));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t D = (size_t)shape->in[0].w, K = (size_t)shape->in[0].c;

    for (size_t n = 0; n < (size_t)shape->in[0].n; n++) {
        const double *e = in[0] + n * D * K;
        double sum = 0;
        for (size_t i = 0; i < D * K; i++) sum += e[i] * e[i];
        for (size_t d = 0; d < D; d++)
            for (size_t k = 0; k < K; k++)
                out[n * D * K + k * D + d] = e[d * K + k] / fmax(sqrt(sum), LEAST);
    }
}

static double flops(const encnet__node_shape *shape)
{
    return 3.0 * (double)encnet__shape_count(shape->in[0]);
}

static const encnet__case cases[] = {
    {.what = "one", .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "odd", .n_in = 1, .in = {{3, 1, 7, 5}}},
    {.what = "a group", .n_in = 1, .in = {{2, 1, 4, GROUP / 4}}},
    {.what = "a group + 1", .n_in = 1, .in = {{2, 1, 5, 13}}},
    {.what = "EncNet-16k64d", .n_in = 1, .in = {{3, 1, 64, 16}}},
};

/* e is [N,K,1,D] there. */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value e =
        encnet__onnx_apply(m, "Reshape", INPUTS(node->in[0], ONNX_INTS(m, 0, -1, 1, 1)), NULL);
    encnet__onnx_value length = encnet__onnx_apply(
        m, "ReduceL2", INPUTS(e), ATTRS(ATTR_INTS("axes", 1), ATTR_INT("keepdims", 1)));

    length =
        encnet__onnx_apply(m, "Max", INPUTS(length, encnet__onnx_number(m, (float)LEAST)), NULL);
    return encnet__onnx_apply(m, "Div", INPUTS(e, length), NULL);
}

const encnet__op encnet__op_unit_codes = {
    .name = "unit_codes",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .backward_reads = backward_reads,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
