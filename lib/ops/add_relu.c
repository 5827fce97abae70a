/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * add_relu - rectified sum of maps of the same shape.
 *
 *   y    = max(x_0 + x_1 + ..., 0)     x_i, y [N,H,W,C], MOST of them at most
 *   dx_i = dy where y > 0, else 0
 *
 * The sum is in order and in float32, then rounded to the type of y.  NaN stays NaN, as in PyTorch.
 *
 * Backward reads y.  Recomputing it is costly, because it takes every x_i.
 */
#include "ops/ops.h"
#include "ops/storage.h"
#include "ops/tiles.h"

enum {
    MOST = 4,   /* inputs, as many as the kernels have arguments for */
    GROUP = 256 /* work-items of a group */
};

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = shape->in[0];
    for (int i = 1; i < shape->n_in; i++)
        if (!encnet__shape_equal(shape->in[i], shape->out))
            return encnet__fail(ENCNET_E_SHAPE,
                                "add_relu: input 0 is " SHAPE_FMT ", but input %d is " SHAPE_FMT,
                                SHAPE_ARG(shape->out), i, SHAPE_ARG(shape->in[i]));
    return ENCNET_OK;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_OUT;
}

static encnet_status forward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "add_relu", "add_relu_fwd", encnet__storage(call->out.type, "").text,
                  GRID1(count, GROUP), BUF(call->out.buffer), BUF(call->in[0].buffer),
                  BUF(call->in[1].buffer), BUF(call->in[2].buffer), BUF(call->in[3].buffer),
                  UINT(count));
}

static encnet_status backward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->out.shape);
    encnet__width v = encnet__width_within(call->dev, count);

    return LAUNCH(call->dev, "add_relu", "add_relu_bwd",
                  encnet__storage(call->out.type, v.options).text,
                  GRID1(encnet__width_vectors(v, count), GROUP), BUF(call->din[0].buffer),
                  BUF(call->din[1].buffer), BUF(call->din[2].buffer), BUF(call->din[3].buffer),
                  BUF(call->dout.buffer), BUF(call->out.buffer), UINT(count));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    for (size_t i = 0; i < encnet__shape_count(shape->out); i++) {
        out[i] = 0;
        for (int k = 0; k < shape->n_in; k++) out[i] += in[k][i];
        if (out[i] < 0) out[i] = 0;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return shape->n_in * (double)encnet__shape_count(shape->out);
}

/* clang-format off */
#define GROUP1 {1, 1, 1, GROUP + 1}
/* clang-format on */

static const encnet__case cases[] = {
    {.what = "one", .n_in = 2, .in = {{1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "odd", .n_in = 3, .in = {{2, 5, 7, 3}, {2, 5, 7, 3}, {2, 5, 7, 3}}},
    {.what = "group", .n_in = 2, .in = {{1, 1, 1, GROUP}, {1, 1, 1, GROUP}}},
    {.what = "group + 1", .n_in = MOST, .in = {GROUP1, GROUP1, GROUP1, GROUP1}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value in[MOST + 1];

    for (int i = 0; i < MOST; i++) in[i] = node->in[i];
    in[node->shape.n_in] = ENCNET__ONNX_END;
    return encnet__onnx_finish(m, encnet__onnx_apply(m, "Sum", in, NULL), ENCNET__ONNX_ABSENT,
                               true);
}

const encnet__op encnet__op_add_relu = {
    .name = "add_relu",
    .n_in = MOST,
    .optional = 0xc,
    .gradients = 0xf,
    .narrow = 0xf,
    .out_is_narrow = true,
    .infer = infer,
    .backward_reads = backward_reads,
    .forward = forward,
    .recompute = forward,
    .costly = true,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
