/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * add - the sum of two maps of the same shape.
 *
 *   y  = a + b      a, b, y [N,H,W,C]
 *   da = db = dy
 *
 * The sum is in float32, then rounded to the type of y.  Backward reads only dy.
 */
#include "ops/ops.h"
#include "ops/storage.h"

enum { GROUP = 256 }; /* work-items of a group; one element each */

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = shape->in[0];
    if (encnet__shape_equal(shape->in[0], shape->in[1])) return ENCNET_OK;
    return encnet__fail(ENCNET_E_SHAPE, "add: a is " SHAPE_FMT ", but b is " SHAPE_FMT,
                        SHAPE_ARG(shape->in[0]), SHAPE_ARG(shape->in[1]));
}

static encnet_status forward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "add", "add_fwd", encnet__storage(call->out.type, "").text,
                  GRID1(count, GROUP), BUF(call->out.buffer), BUF(call->in[0].buffer),
                  BUF(call->in[1].buffer), UINT(count));
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t bytes = encnet__shape_bytes(call->dout.shape, call->dout.type);

    for (int i = 0; i < 2; i++)
        if (call->din[i].buffer)
            TRY(encnet__copy(call->din[i].buffer, 0, call->dout.buffer, 0, bytes));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    for (size_t i = 0; i < encnet__shape_count(shape->out); i++) out[i] = in[0][i] + in[1][i];
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->out);
}

/* clang-format off */
#define TWICE(...) .n_in = 2, .in = {{__VA_ARGS__}, {__VA_ARGS__}}
/* clang-format on */

static const encnet__case cases[] = {
    {.what = "one", TWICE(1, 1, 1, 1)},
    {.what = "odd", TWICE(2, 5, 7, 3)},
    {.what = "group", TWICE(1, 1, 1, GROUP)},
    {.what = "group + 1", TWICE(1, 1, 1, GROUP + 1)},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    return encnet__onnx_apply(m, "Add", INPUTS(node->in[0], node->in[1]), NULL);
}

const encnet__op encnet__op_add = {
    .name = "add",
    .n_in = 2,
    .gradients = 3,
    .narrow = 3,
    .out_is_narrow = true,
    .infer = infer,
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
