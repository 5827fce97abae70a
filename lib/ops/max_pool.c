/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * max_pool - maximum over a window.
 *
 *   y[n,i,j,c]  = max over 0 <= r, s < size of x[n, i stride - pad + r, j stride - pad + s, c]
 *   dx[n,h,w,c] = sum of dy over the windows in which x[n,h,w,c] is the maximum
 *
 * Padding behaves like -infinity.  As in PyTorch, the first of equal values in scan order wins, and
 * NaN wins over any number.  The place of the maximum in its window is saved, one byte per output,
 * so that backward reads neither x nor y.  Forward is exact; backward adds at most ceil(size /
 * stride)^2 terms.
 */
#include "ops/pool.h"

#include <math.h>

#include "ops/storage.h"
#include "ops/tiles.h"

enum { LARGEST = 16 }; /* a place, r size + s, fits in a byte */

static encnet_status infer(encnet__node_shape *shape)
{
    return encnet__pool_infer(shape, "max_pool", LARGEST);
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    return encnet__shape_count(shape->out);
}

static size_t rows_of(encnet__shape s)
{
    return (size_t)s.n * (size_t)s.h * (size_t)s.w;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__pool_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;
    encnet__tiles t = encnet__tiles_map(call->dev, rows_of(y), (size_t)y.c);

    return LAUNCH(call->dev, "max_pool", "max_pool_fwd",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->out.buffer),
                  BUF(call->saved), BUF(call->in[0].buffer), UINT(x.n), INT(x.h), INT(x.w),
                  UINT(x.c), INT(y.h), INT(y.w), INT(a->size), INT(a->stride), INT(a->pad),
                  UINT(t.chunk));
}

static encnet_status backward(const encnet__call *call)
{
    const encnet__pool_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;
    encnet__tiles t = encnet__tiles_map(call->dev, rows_of(x), (size_t)x.c);

    return LAUNCH(call->dev, "max_pool", "max_pool_bwd",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->din[0].buffer),
                  BUF(call->dout.buffer), BUF(call->saved), UINT(x.n), INT(x.h), INT(x.w),
                  UINT(x.c), INT(y.h), INT(y.w), INT(a->size), INT(a->stride), INT(a->pad),
                  UINT(t.chunk));
}

static double flops(const encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;

    return (double)a->size * a->size * (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;
    encnet__shape x = shape->in[0], y = shape->out;

    for (size_t at = 0; at < encnet__shape_count(y); at++) {
        int c = (int)(at % (size_t)y.c), j = (int)(at / (size_t)y.c % (size_t)y.w);
        int i = (int)(at / (size_t)y.c / (size_t)y.w % (size_t)y.h);
        size_t n = at / (size_t)y.c / (size_t)y.w / (size_t)y.h;
        out[at] = -INFINITY;
        for (int h = i * a->stride - a->pad; h < i * a->stride - a->pad + a->size; h++)
            for (int w = j * a->stride - a->pad; w < j * a->stride - a->pad + a->size; w++)
                if (h >= 0 && h < x.h && w >= 0 && w < x.w)
                    out[at] = fmax(out[at],
                                   in[0][((n * (size_t)x.h + (size_t)h) * (size_t)x.w + (size_t)w) *
                                             (size_t)x.c +
                                         (size_t)c]);
    }
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_KINKED};

static const encnet__pool_attr stem = {3, 2, 1}, two = {2, 2, 0}, dense = {3, 1, 1},
                               sparse = {1, 3, 0};

static const encnet__case cases[] = {
    {.what = "one", .attr = &stem, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "stem, even", .attr = &stem, .n_in = 1, .in = {{1, 8, 6, 16}}},
    {.what = "stem, odd", .attr = &stem, .n_in = 1, .in = {{2, 7, 9, 3}}},
    {.what = "two", .attr = &two, .n_in = 1, .in = {{1, 5, 4, 16}}},
    {.what = "overlapping, more than a tile", .attr = &dense, .n_in = 1, .in = {{1, 3, 2, 2064}}},
    {.what = "unread pixels", .attr = &sparse, .n_in = 1, .in = {{1, 8, 5, 3}}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    return encnet__pool_to_onnx(m, "MaxPool", node);
}

const encnet__op encnet__op_max_pool = {
    .name = "max_pool",
    .n_in = 1,
    .gradients = 1,
    .narrow = 1,
    .out_is_narrow = true,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
