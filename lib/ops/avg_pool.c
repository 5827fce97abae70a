/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * avg_pool - mean over a window, or over the whole map (size 0).
 *
 *   y[n,i,j,c]  = mean of x[n, i stride - pad + r, j stride - pad + s, c] over the 0 <= r, s < size
 *                 that lie in x
 *   dx[n,h,w,c] = sum over the windows that contain (h,w) of dy / their number of pixels in x
 *
 * Padding does not count (PyTorch's count_include_pad = False).  The mean over a whole map is
 * summed over chunks of pixels and then over the chunks, in a fixed order.  Backward reads only dy.
 */
#include "ops/pool.h"

#include <math.h>

#include "ops/storage.h"
#include "ops/tiles.h"

static bool is_global(const void *attr)
{
    return ((const encnet__pool_attr *)attr)->size == 0;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape x = shape->in[0];

    if (!is_global(shape->attr)) return encnet__pool_infer(shape, "avg_pool", 1 << 12);
    shape->out = (encnet__shape){x.n, 1, 1, x.c};
    return ENCNET_OK;
}

static size_t pixels_of(encnet__shape s)
{
    return (size_t)s.h * (size_t)s.w;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__shape x = shape->in[0];
    size_t parts;

    if (backward || !is_global(shape->attr)) return 0;
    parts = encnet__tiles_reduce(shape->dev, pixels_of(x), (size_t)x.c).chunks;
    return sizeof(float) * encnet__tiles_levels(parts) * (size_t)x.n * (size_t)x.c;
}

static encnet_status forward_global(const encnet__call *call)
{
    encnet_status rc;
    encnet__shape x = call->in[0].shape;
    size_t pixels = pixels_of(x), channels = (size_t)x.c;
    encnet__tiles t = encnet__tiles_reduce(call->dev, pixels, channels);

    t.grid.groups[1] = (size_t)x.n;
    TRY(LAUNCH(call->dev, "avg_pool", "avg_pool_sums",
               encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->scratch),
               BUF(call->in[0].buffer), UINT(pixels), UINT(channels), UINT(t.chunk)));
    TRY(encnet__tiles_sum(&call->out, call->dev, call->scratch, (size_t)x.n, channels, t.chunks,
                          (float)(1.0 / (double)pixels)));
done:
    return rc;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__pool_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;
    encnet__tiles t = encnet__tiles_map(call->dev, (size_t)y.n * pixels_of(y), (size_t)y.c);

    if (is_global(call->attr)) return forward_global(call);
    return LAUNCH(call->dev, "avg_pool", "avg_pool_fwd",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->out.buffer),
                  BUF(call->in[0].buffer), UINT(x.n), INT(x.h), INT(x.w), UINT(x.c), INT(y.h),
                  INT(y.w), INT(a->size), INT(a->stride), INT(a->pad), UINT(t.chunk));
}

static encnet_status backward_global(const encnet__call *call)
{
    encnet__shape x = call->in[0].shape;
    encnet__tiles t = encnet__tiles_map(call->dev, pixels_of(x), (size_t)x.c);

    t.grid.groups[1] = (size_t)x.n;
    return LAUNCH(call->dev, "avg_pool", "avg_pool_spread",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->din[0].buffer),
                  BUF(call->dout.buffer), UINT(pixels_of(x)), UINT(x.c),
                  FLOAT(1.0 / (double)pixels_of(x)), UINT(t.chunk));
}

static encnet_status backward(const encnet__call *call)
{
    const encnet__pool_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;
    encnet__tiles t = encnet__tiles_map(call->dev, (size_t)x.n * pixels_of(x), (size_t)x.c);

    if (is_global(call->attr)) return backward_global(call);
    return LAUNCH(call->dev, "avg_pool", "avg_pool_bwd",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->din[0].buffer),
                  BUF(call->dout.buffer), UINT(x.n), INT(x.h), INT(x.w), UINT(x.c), INT(y.h),
                  INT(y.w), INT(a->size), INT(a->stride), INT(a->pad), UINT(t.chunk));
}

static double flops(const encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;

    if (is_global(a)) return (double)encnet__shape_count(shape->in[0]);
    return (double)a->size * a->size * (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;
    encnet__shape x = shape->in[0], y = shape->out;
    int tall = is_global(a) ? x.h : a->size, wide = is_global(a) ? x.w : a->size;

    for (size_t at = 0; at < encnet__shape_count(y); at++) {
        int c = (int)(at % (size_t)y.c), j = (int)(at / (size_t)y.c % (size_t)y.w);
        int i = (int)(at / (size_t)y.c / (size_t)y.w % (size_t)y.h);
        size_t n = at / (size_t)y.c / (size_t)y.w / (size_t)y.h;
        double sum = 0, count = 0;
        for (int h = i * a->stride - a->pad; h < i * a->stride - a->pad + tall; h++)
            for (int w = j * a->stride - a->pad; w < j * a->stride - a->pad + wide; w++) {
                if (h < 0 || h >= x.h || w < 0 || w >= x.w) continue;
                count += 1;
                sum +=
                    in[0][((n * (size_t)x.h + (size_t)h) * (size_t)x.w + (size_t)w) * (size_t)x.c +
                          (size_t)c];
            }
        out[at] = sum / count;
    }
}

/* The mean of values of both signs is about sqrt(terms) times smaller than the values. */
static double tolerance(const encnet__node_shape *shape, double scale)
{
    const encnet__pool_attr *a = shape->attr;
    size_t terms = is_global(a) ? pixels_of(shape->in[0]) : (size_t)a->size * (size_t)a->size;

    return (32 + sqrt((double)terms)) * 0x1p-24 * scale;
}

static const encnet__pool_attr whole = {0}, two = {2, 2, 0, false}, padded = {3, 2, 1, false},
                               dense = {3, 1, 1, false}, over = {2, 2, 0, true},
                               padded_over = {3, 2, 1, true};

static const encnet__case cases[] = {
    {.what = "one", .attr = &whole, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "whole, odd", .attr = &whole, .n_in = 1, .in = {{3, 5, 7, 3}}},
    {.what = "whole, more than a tile", .attr = &whole, .n_in = 1, .in = {{2, 3, 1, 2064}}},
    {.what = "whole, many chunks", .attr = &whole, .n_in = 1, .in = {{2, 33, 31, 3}}},
    {.what = "two", .attr = &two, .n_in = 1, .in = {{1, 5, 4, 16}}},
    {.what = "padded", .attr = &padded, .n_in = 1, .in = {{2, 7, 6, 3}}},
    {.what = "over the edge", .attr = &over, .n_in = 1, .in = {{2, 5, 7, 3}}},
    {.what = "over one edge", .attr = &over, .n_in = 1, .in = {{1, 4, 5, 16}}},
    {.what = "padded, over the edge", .attr = &padded_over, .n_in = 1, .in = {{1, 6, 5, 3}}},
    {.what = "overlapping", .attr = &dense, .n_in = 1, .in = {{1, 4, 3, 16}}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    if (is_global(node->shape.attr))
        return encnet__onnx_apply(m, "GlobalAveragePool", INPUTS(node->in[0]), NULL);
    return encnet__pool_to_onnx(m, "AveragePool", node); /* there, too, padding does not count */
}

const encnet__op encnet__op_avg_pool = {
    .name = "avg_pool",
    .n_in = 1,
    .gradients = 1,
    .narrow = 1,
    .out_is_narrow = true,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .recompute = forward,
    .costly = true,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .tolerance = tolerance,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
