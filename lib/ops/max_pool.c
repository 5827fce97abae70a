/*
 * max_pool - the largest value of every window (torch.nn.MaxPool2d, floor mode, padding behaves as
 * -infinity).
 *
 *   x [N,H,W,C] -> y [N,floor((H + 2 pad - size) / stride) + 1, ...,C];  size <= 16, pad <= size /
 * 2 saved: which of the window it was, one byte per element; the first maximum in scan order dx =
 * sum of dy of the windows that this element won
 *
 * Exact.  A NaN wins its window, as in PyTorch.
 */
#include "ops/pool.h"

#include <math.h>

enum { GROUP = 256, MAX_SIZE = 16 }; /* size * size fits in a byte */

static encnet_status infer(encnet__node_shape *shape)
{
    return encnet__pool_infer(shape, "max_pool", MAX_SIZE);
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    return encnet__shape_count(shape->out);
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__pool_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;

    return LAUNCH(call->dev, "max_pool", "max_pool_fwd", "", GRID1(encnet__shape_count(y), GROUP),
                  BUF(call->out.buffer), BUF(call->saved), BUF(call->in[0].buffer), INT(x.n),
                  INT(x.h), INT(x.w), INT(x.c), INT(y.h), INT(y.w), INT(a->size), INT(a->stride),
                  INT(a->pad));
}

static encnet_status backward(const encnet__call *call)
{
    const encnet__pool_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;

    return LAUNCH(call->dev, "max_pool", "max_pool_bwd", "", GRID1(encnet__shape_count(x), GROUP),
                  BUF(call->din[0].buffer), BUF(call->dout.buffer), BUF(call->saved), INT(x.n),
                  INT(x.h), INT(x.w), INT(x.c), INT(y.h), INT(y.w), INT(a->size), INT(a->stride),
                  INT(a->pad));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;
    encnet__shape x = shape->in[0], y = shape->out;

    for (size_t i = 0; i < encnet__shape_count(y); i++) {
        int c = (int)(i % (size_t)y.c), k = (int)(i / (size_t)y.c % (size_t)y.w);
        int j = (int)(i / (size_t)y.c / (size_t)y.w % (size_t)y.h),
            n = (int)(i / (size_t)y.c / (size_t)y.w / (size_t)y.h);
        out[i] = -INFINITY;
        for (int h = j * a->stride - a->pad; h < j * a->stride - a->pad + a->size; h++)
            for (int w = k * a->stride - a->pad; w < k * a->stride - a->pad + a->size; w++)
                if (h >= 0 && h < x.h && w >= 0 && w < x.w) {
                    double v = in[0][(((size_t)n * x.h + h) * x.w + w) * x.c + c];
                    if (v > out[i]) out[i] = v;
                }
    }
}

static double flops(const encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;

    return (double)a->size * a->size * (double)encnet__shape_count(shape->out);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_KINKED};
static const encnet__pool_attr stem = {3, 2, 1}, two = {2, 2, 0}, one = {1, 1, 0},
                               dense = {3, 1, 1};

static const encnet__case cases[] = {
    {.what = "one", .attr = &one, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "stem on one pixel", .attr = &stem, .n_in = 1, .in = {{1, 1, 1, 5}}},
    {.what = "stem, odd", .attr = &stem, .n_in = 1, .in = {{2, 7, 9, 3}}},
    {.what = "stem, even", .attr = &stem, .n_in = 1, .in = {{1, 8, 6, 17}}},
    {.what = "halves", .attr = &two, .n_in = 1, .in = {{1, 6, 5, 4}}},
    {.what = "overlapping", .attr = &dense, .n_in = 1, .in = {{1, 5, 4, 2}}},
};

const encnet__op encnet__op_max_pool = {
    .name = "max_pool",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
