/*
 * avg_pool - mean of every window, or with size 0 of the whole map (torch.nn.AvgPool2d,
 * count_include_pad; global pooling).
 *
 *   x [N,H,W,C] -> y [N,floor((H + 2 pad - size) / stride) + 1, ...,C], or [N,1,1,C]
 *   dx = sum of dy of the windows that hold this element, over the window's area
 *
 * Backward needs nothing but dy.
 */
#include "ops/pool.h"

enum { GROUP = 64, MAX_SIZE = 1 << 12 };

/* The window: the whole map for size 0. */
typedef struct window {
    int r, s, stride, pad;
} window;

static window window_of(const encnet__pool_attr *a, encnet__shape x)
{
    if (a->size == 0) return (window){x.h, x.w, 1, 0};
    return (window){a->size, a->size, a->stride, a->pad};
}

static encnet_status infer(encnet__node_shape *shape)
{
    const encnet__pool_attr *a = shape->attr;

    if (a->size != 0) return encnet__pool_infer(shape, "avg_pool", MAX_SIZE);
    shape->out = (encnet__shape){shape->in[0].n, 1, 1, shape->in[0].c};
    return ENCNET_OK;
}

static encnet_status run(const encnet__call *call, const char *kernel, encnet__tensor to,
                         encnet__tensor from)
{
    encnet__shape x = call->in[0].shape, y = call->out.shape;
    window w = window_of(call->attr, x);

    return LAUNCH(call->dev, "avg_pool", kernel, "", GRID1(encnet__shape_count(to.shape), GROUP),
                  BUF(to.buffer), BUF(from.buffer), INT(x.n), INT(x.h), INT(x.w), INT(x.c),
                  INT(y.h), INT(y.w), INT(w.r), INT(w.s), INT(w.stride), INT(w.pad));
}

static encnet_status forward(const encnet__call *call)
{
    return run(call, "avg_pool_fwd", call->out, call->in[0]);
}

static encnet_status backward(const encnet__call *call)
{
    return run(call, "avg_pool_bwd", call->din[0], call->dout);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    encnet__shape x = shape->in[0], y = shape->out;
    window v = window_of(shape->attr, x);

    for (size_t i = 0; i < encnet__shape_count(y); i++) {
        int c = (int)(i % (size_t)y.c), k = (int)(i / (size_t)y.c % (size_t)y.w);
        int j = (int)(i / (size_t)y.c / (size_t)y.w % (size_t)y.h),
            n = (int)(i / (size_t)y.c / (size_t)y.w / (size_t)y.h);
        out[i] = 0;
        for (int h = j * v.stride - v.pad; h < j * v.stride - v.pad + v.r; h++)
            for (int w = k * v.stride - v.pad; w < k * v.stride - v.pad + v.s; w++)
                if (h >= 0 && h < x.h && w >= 0 && w < x.w)
                    out[i] +=
                        in[0][(((size_t)n * x.h + h) * x.w + w) * x.c + c] / ((double)v.r * v.s);
    }
}

static double flops(const encnet__node_shape *shape)
{
    window w = window_of(shape->attr, shape->in[0]);

    return (double)w.r * w.s * (double)encnet__shape_count(shape->out);
}

static const encnet__pool_attr whole = {0, 0, 0}, two = {2, 2, 0}, dense = {3, 1, 1},
                               one = {1, 1, 0};

static const encnet__case cases[] = {
    {.what = "one", .attr = &one, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "whole map", .attr = &whole, .n_in = 1, .in = {{2, 7, 9, 19}}},
    {.what = "whole map of one", .attr = &whole, .n_in = 1, .in = {{3, 1, 1, 2}}},
    {.what = "whole map, large", .attr = &whole, .n_in = 1, .in = {{1, 65, 67, 3}}, .big = true},
    {.what = "halves, odd", .attr = &two, .n_in = 1, .in = {{1, 5, 7, 3}}},
    {.what = "overlapping, padded", .attr = &dense, .n_in = 1, .in = {{2, 5, 4, 2}}},
};

const encnet__op encnet__op_avg_pool = {
    .name = "avg_pool",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
