/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * concat - concatenates tensors along the channels.
 *
 *   y[n,h,w,:] = x_0[n,h,w,:], x_1[n,h,w,:], ...        up to ENCNET__MAX_INPUTS of them
 *   dx_i       = its channels of dy; backward reads nothing else
 */
#include "ops/ops.h"

#include "ops/storage.h"
#include "ops/tiles.h"

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape first = shape->in[0];

    shape->out = first;
    shape->out.c = 0;
    for (int i = 0; i < shape->n_in; i++) {
        encnet__shape s = shape->in[i];
        if (s.n != first.n || s.h != first.h || s.w != first.w || s.c < 1)
            return encnet__fail(ENCNET_E_SHAPE,
                                "concat: input 0 is " SHAPE_FMT ", but input %d is " SHAPE_FMT,
                                SHAPE_ARG(first), i, SHAPE_ARG(s));
        shape->out.c += s.c;
    }
    return ENCNET_OK;
}

static size_t rows_of(encnet__shape s)
{
    return (size_t)s.n * (size_t)s.h * (size_t)s.w;
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t rows = rows_of(call->out.shape);
    int at = 0;

    for (int i = 0; i < call->n_in; at += call->in[i++].shape.c) {
        int channels = call->in[i].shape.c;
        encnet__tiles t = encnet__tiles_map(call->dev, rows, (size_t)channels);
        TRY(LAUNCH(call->dev, "concat", "copy_columns",
                   encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->out.buffer),
                   UINT(call->out.shape.c), UINT(at), BUF(call->in[i].buffer), UINT(channels),
                   UINT(0), UINT(rows), UINT(channels), UINT(t.chunk)));
    }
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t rows = rows_of(call->out.shape);
    int at = 0;

    for (int i = 0; i < call->n_in; at += call->in[i++].shape.c) {
        int channels = call->in[i].shape.c;
        encnet__tiles t = encnet__tiles_map(call->dev, rows, (size_t)channels);
        if (!call->din[i].buffer) continue;
        TRY(LAUNCH(call->dev, "concat", "copy_columns",
                   encnet__storage(call->out.type, t.options).text, t.grid,
                   BUF(call->din[i].buffer), UINT(channels), UINT(0), BUF(call->dout.buffer),
                   UINT(call->out.shape.c), UINT(at), UINT(rows), UINT(channels), UINT(t.chunk)));
    }
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    for (size_t r = 0; r < rows_of(shape->out); r++)
        for (int i = 0; i < shape->n_in; i++)
            for (size_t c = 0; c < (size_t)shape->in[i].c; c++)
                *out++ = in[i][r * (size_t)shape->in[i].c + c];
}

/* clang-format off */
#define S1 {1, 1, 1, 1}
/* clang-format on */

static const encnet__case cases[] = {
    {.what = "alone", .n_in = 1, .in = {{2, 3, 1, 5}}},
    {.what = "odd", .n_in = 2, .in = {{2, 5, 7, 3}, {2, 5, 7, 19}}},
    {.what = "more than a tile", .n_in = 3, .in = {{1, 2, 1, 2064}, {1, 2, 1, 1}, {1, 2, 1, 16}}},
    {.what = "eight", .n_in = 8, .in = {S1, S1, S1, S1, S1, S1, S1, S1}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value in[ENCNET__MAX_INPUTS + 1];

    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) in[i] = node->in[i];
    in[node->shape.n_in] = ENCNET__ONNX_END;
    return encnet__onnx_apply(m, "Concat", in, ATTRS(ATTR_INT("axis", 1)));
}

const encnet__op encnet__op_concat = {
    .name = "concat",
    .n_in = ENCNET__MAX_INPUTS,
    .optional = 0xfe,
    .gradients = 0xff,
    .narrow = 0xff,
    .out_is_narrow = true,
    .infer = infer,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .to_onnx = to_onnx,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
