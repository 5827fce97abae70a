/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * channel_scale - multiplies each channel of each image by a factor: x * g, or x + x * g (the
 * attention of the EncNet head).
 *
 *   y[n,h,w,c]  = x[n,h,w,c] (offset + g[n,c])         g [N,1,1,C], offset 0 or 1
 *   dx[n,h,w,c] = dy[n,h,w,c] (offset + g[n,c])
 *   dg[n,c]     = sum over h, w of x[n,h,w,c] dy[n,h,w,c]
 *
 * dg is summed over chunks of pixels and then over the chunks, in a fixed order.  dx needs g, dg
 * needs x.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/storage.h"
#include "ops/tiles.h"

enum { X, G, INPUTS };

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape x = shape->in[X], want = {x.n, 1, 1, x.c};

    if (!encnet__shape_equal(shape->in[G], want))
        return encnet__fail(ENCNET_E_SHAPE,
                            "channel_scale: x is " SHAPE_FMT ", but g is " SHAPE_FMT, SHAPE_ARG(x),
                            SHAPE_ARG(shape->in[G]));
    shape->out = x;
    return ENCNET_OK;
}

static size_t pixels_of(encnet__shape s)
{
    return (size_t)s.h * (size_t)s.w;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__shape x = shape->in[X];
    size_t parts;

    if (!backward) return 0;
    parts = encnet__tiles_reduce(shape->dev, pixels_of(x), (size_t)x.c).chunks;
    return sizeof(float) * encnet__tiles_levels(parts) * (size_t)x.n * (size_t)x.c;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(X) | ENCNET__READS_IN(G);
}

/* to = from (offset + g) */
static encnet_status scale(const encnet__call *call, encnet__buffer *to, encnet__buffer *from)
{
    const encnet__channel_scale_attr *attr = call->attr;
    encnet__shape x = call->in[X].shape;
    encnet__tiles t = encnet__tiles_map(call->dev, pixels_of(x), (size_t)x.c);

    t.grid.groups[1] = (size_t)x.n;
    return LAUNCH(call->dev, "channel_scale", "channel_scale",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(to), BUF(from),
                  BUF(call->in[G].buffer), UINT(pixels_of(x)), UINT(x.c), FLOAT(attr->offset),
                  UINT(t.chunk));
}

static encnet_status forward(const encnet__call *call)
{
    return scale(call, call->out.buffer, call->in[X].buffer);
}

static encnet_status backward_g(const encnet__call *call)
{
    encnet_status rc;
    encnet__shape x = call->in[X].shape;
    encnet__tiles t = encnet__tiles_reduce(call->dev, pixels_of(x), (size_t)x.c);

    t.grid.groups[1] = (size_t)x.n;
    TRY(LAUNCH(call->dev, "channel_scale", "channel_scale_sums",
               encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->scratch),
               BUF(call->in[X].buffer), BUF(call->dout.buffer), UINT(pixels_of(x)), UINT(x.c),
               UINT(t.chunk)));
    TRY(encnet__tiles_sum(&call->din[G], call->dev, call->scratch, (size_t)x.n, (size_t)x.c,
                          t.chunks, 1));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;

    if (call->din[X].buffer) TRY(scale(call, call->din[X].buffer, call->dout.buffer));
    if (call->din[G].buffer) TRY(backward_g(call));
done:
    return rc;
}

static double flops(const encnet__node_shape *shape)
{
    return 2 * (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__channel_scale_attr *attr = shape->attr;
    size_t channels = (size_t)shape->out.c, image = pixels_of(shape->out) * channels;

    for (size_t i = 0; i < encnet__shape_count(shape->out); i++)
        out[i] = in[X][i] * ((double)attr->offset + in[G][i / image * channels + i % channels]);
}

/* dg: a sum of terms of both signs accumulates about sqrt(pixels) rounding errors. */
static double tolerance(const encnet__node_shape *shape, double scale_of)
{
    return (32 + sqrt((double)pixels_of(shape->in[X]))) * 0x1p-24 * scale_of;
}

static const encnet__channel_scale_attr times = {0}, plus_times = {1};

static const encnet__case cases[] = {
    {.what = "one", .attr = &times, .n_in = INPUTS, .in = {{1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "odd", .attr = &times, .n_in = INPUTS, .in = {{3, 5, 7, 3}, {3, 1, 1, 3}}},
    {.what = "offset",
     .attr = &plus_times,
     .n_in = INPUTS,
     .in = {{2, 3, 1, 2064}, {2, 1, 1, 2064}}},
    {.what = "many chunks",
     .attr = &plus_times,
     .n_in = INPUTS,
     .in = {{2, 33, 31, 3}, {2, 1, 1, 3}}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    const encnet__channel_scale_attr *attr = node->shape.attr;
    encnet__onnx_value g = node->in[G];

    if (attr->offset != 0)
        g = encnet__onnx_apply(m, "Add", INPUTS(g, encnet__onnx_number(m, attr->offset)), NULL);
    return encnet__onnx_apply(m, "Mul", INPUTS(node->in[X], g), NULL);
}

const encnet__op encnet__op_channel_scale = {
    .name = "channel_scale",
    .n_in = INPUTS,
    .gradients = 3,
    .narrow = 1u << X,
    .out_is_narrow = true,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .backward_reads = backward_reads,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .tolerance = tolerance,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
