/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * drawn_scale - smoothing factors that are drawn anew in every step (PyTorch-Encoding's
 * "encnetdrop").
 *
 *   y[k]  = uniform in [-1, 0) in training, -1/2 in inference     s, y [1,1,1,K]
 *   ds[k] = dy[k]
 *   update: s = y
 *
 * The weight s has no say in y.  It holds the last draw and gets the gradient of y, whose step the
 * next draw overwrites.  The draws are words of the stream (seed, step, stream of the attributes),
 * so all ranks draw the same.
 */
#include "ops/ops.h"

#include "ops/attr.h"

enum { PURPOSE = 0x5343414c, GROUP = 64 }; /* "SCAL" */

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape s = shape->in[0];

    if (s.n != 1 || s.h != 1 || s.w != 1)
        return encnet__fail(ENCNET_E_SHAPE,
                            "drawn_scale: the scale is " SHAPE_FMT ", not [1,1,1,K]", SHAPE_ARG(s));
    shape->out = s;
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__drawn_scale_attr *attr = call->attr;
    int K = call->out.shape.c;

    if (attr->fixed) return encnet__fill(call->out.buffer, -0.5f);
    return LAUNCH(call->dev, "drawn_scale", "drawn_scale", "", GRID1((K + 3) / 4, GROUP),
                  BUF(call->out.buffer), UINT(K), UINT((uint32_t)call->seed),
                  UINT((uint32_t)(call->seed >> 32)), UINT(call->step), UINT(attr->stream),
                  UINT(PURPOSE));
}

static encnet_status backward(const encnet__call *call)
{
    return encnet__copy(call->din[0].buffer, 0, call->dout.buffer, 0,
                        encnet__shape_bytes(call->dout.shape, call->dout.type));
}

static encnet_status update(const encnet__call *call)
{
    encnet_status rc;

    TRY(forward(call));
    TRY(encnet__copy(call->in[0].buffer, 0, call->out.buffer, 0,
                     encnet__shape_bytes(call->out.shape, call->out.type)));
done:
    return rc;
}

/* Uses the seed and step of a check. */
static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__drawn_scale_attr *attr = shape->attr;
    encnet__rng r = encnet__rng_at(ENCNET__CHECK_SEED, ENCNET__CHECK_STEP, attr->stream, PURPOSE);

    (void)in;
    for (int k = 0; k < shape->out.c; k++)
        out[k] = attr->fixed ? -0.5 : (encnet__rng_u32(&r) >> 8) * 0x1p-24 - 1;
}

static double flops(const encnet__node_shape *shape)
{
    return shape->out.c;
}

static const encnet__drawn_scale_attr drawn = {.stream = 17}, other = {.stream = 1u << 31},
                                      fixed = {.fixed = true};

/* The gradient is no derivative of the reference: see tests/ops/test_drawn_scale.c. */
#define ROW(attribute, K) .attr = &attribute, .n_in = 1, .forward_only = true, .in = {{1, 1, 1, K}}
static const encnet__case cases[] = {
    {.what = "one", ROW(drawn, 1)},
    {.what = "odd", ROW(other, 7)},
    {.what = "a group + 1", ROW(drawn, 4 * GROUP + 1)},
    {.what = "inference", ROW(fixed, 16)},
};

/* In inference the weight counts for nothing. */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value zero =
        encnet__onnx_apply(m, "Mul", INPUTS(node->in[0], encnet__onnx_number(m, 0)), NULL);

    return encnet__onnx_apply(m, "Add", INPUTS(zero, encnet__onnx_number(m, -0.5f)), NULL);
}

const encnet__op encnet__op_drawn_scale = {
    .name = "drawn_scale",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .update = update,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
