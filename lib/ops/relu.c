/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * relu - rectified linear unit.
 *
 *   y  = max(x, 0)                 x, y [N,H,W,C]
 *   dx = dy where x > 0, else 0
 *
 * Backward needs x.  NaN stays NaN, as in PyTorch.  The result is exact.
 */
#include "ops/ops.h"
#include "ops/storage.h"

enum { GROUP = 256 }; /* work-items of a group; one element each */

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = shape->in[0];
    return ENCNET_OK;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(0);
}

static encnet_status forward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "relu", "relu_fwd", encnet__storage(call->out.type, "").text,
                  GRID1(count, GROUP), BUF(call->out.buffer), BUF(call->in[0].buffer), UINT(count));
}

static encnet_status backward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "relu", "relu_bwd", encnet__storage(call->out.type, "").text,
                  GRID1(count, GROUP), BUF(call->din[0].buffer), BUF(call->dout.buffer),
                  BUF(call->in[0].buffer), UINT(count));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    for (size_t i = 0; i < encnet__shape_count(shape->out); i++)
        out[i] = in[0][i] > 0 ? in[0][i] : 0;
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->out);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_KINKED};

static const encnet__case cases[] = {
    {.what = "one", .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "odd", .n_in = 1, .in = {{2, 5, 7, 3}}},
    {.what = "group", .n_in = 1, .in = {{1, 1, 1, GROUP}}},
    {.what = "group + 1", .n_in = 1, .in = {{1, 1, 1, GROUP + 1}}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    return encnet__onnx_apply(m, "Relu", INPUTS(node->in[0]), NULL);
}

const encnet__op encnet__op_relu = {
    .name = "relu",
    .n_in = 1,
    .gradients = 1,
    .narrow = 1,
    .out_is_narrow = true,
    .infer = infer,
    .backward_reads = backward_reads,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
