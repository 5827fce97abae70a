/*
 * resize - bilinear, to an explicit size (torch.nn.functional.interpolate, no antialiasing when
 * shrinking).
 *
 *   x [N,H,W,C] -> y [N,h,w,C]     along each axis, n to m elements:
 *   s  = (j + 0.5) n / m - 0.5, not below 0, or with align_corners j (n - 1) / (m - 1), 0 for m = 1
 *   i0 = floor(s), i1 = min(i0 + 1, n - 1), f = s - i0;  y[j] = (1 - f) x[i0] + f x[i1]
 *
 * Backward is the transpose, gathered, and needs nothing but dy.  PyTorch rounds s to float32; here
 * it is a fraction of integers, and only f is rounded.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/attr.h"

enum { GROUP = 64 };

static encnet_status infer(encnet__node_shape *shape)
{
    const encnet__resize_attr *a = shape->attr;
    encnet__shape x = shape->in[0];
    int most = x.h > x.w ? x.h : x.w, target = a->h > a->w ? a->h : a->w;

    if (a->h < 1 || a->w < 1)
        return encnet__fail(ENCNET_E_SHAPE, "resize: " SHAPE_FMT " cannot become %dx%d",
                            SHAPE_ARG(x), a->h, a->w);
    if ((int64_t)most * (2 * (int64_t)target + 3) > INT32_MAX)
        return encnet__fail(ENCNET_E_SHAPE, "resize: from %d to %d is beyond what 32 bits count",
                            most, target);
    shape->out = (encnet__shape){x.n, a->h, a->w, x.c};
    return ENCNET_OK;
}

static encnet_status run(const encnet__call *call, const char *kernel, encnet__tensor to,
                         encnet__tensor from)
{
    const encnet__resize_attr *a = call->attr;
    encnet__shape x = call->in[0].shape, written = to.shape;
    size_t pixels = (size_t)written.n * (size_t)written.h * (size_t)written.w;

    return LAUNCH(call->dev, "resize", kernel, "", GRID1(pixels, GROUP), BUF(to.buffer),
                  BUF(from.buffer), INT(x.n), INT(x.h), INT(x.w), INT(x.c), INT(a->h), INT(a->w),
                  INT(a->align_corners));
}

static encnet_status forward(const encnet__call *call)
{
    return run(call, "resize_fwd", call->out, call->in[0]);
}

static encnet_status backward(const encnet__call *call)
{
    return run(call, "resize_bwd", call->din[0], call->dout);
}

static int source(double *f, int j, int n, int m, bool align)
{
    double s = align ? (m > 1 ? (double)j * (n - 1) / (m - 1) : 0) : (j + 0.5) * n / m - 0.5;

    if (s < 0) s = 0;
    *f = s - floor(s);
    return (int)floor(s);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__resize_attr *a = shape->attr;
    encnet__shape x = shape->in[0], y = shape->out;

    for (int n = 0; n < y.n; n++)
        for (int j = 0; j < y.h; j++)
            for (int k = 0; k < y.w; k++)
                for (int c = 0; c < y.c; c++) {
                    double f, g, value = 0;
                    int h = source(&f, j, x.h, y.h, a->align_corners),
                        w = source(&g, k, x.w, y.w, a->align_corners);
                    for (int u = 0; u < 2; u++)
                        for (int v = 0; v < 2; v++) {
                            int row = h + u < x.h ? h + u : x.h - 1,
                                column = w + v < x.w ? w + v : x.w - 1;
                            value += (u ? f : 1 - f) * (v ? g : 1 - g) *
                                     in[0][(((size_t)n * x.h + row) * x.w + column) * x.c + c];
                        }
                    out[(((size_t)n * y.h + j) * y.w + k) * y.c + c] = value;
                }
}

static double flops(const encnet__node_shape *shape)
{
    return 7.0 * (double)encnet__shape_count(shape->out);
}

static const encnet__resize_attr to_one = {1, 1, false}, to_one_corners = {1, 1, true},
                                 same = {5, 4, false};
static const encnet__resize_attr twice = {10, 8, false}, odd = {13, 9, false},
                                 odd_corners = {13, 9, true};
static const encnet__resize_attr smaller = {4, 3, false}, smaller_corners = {4, 3, true};
static const encnet__resize_attr eight = {40, 56, false}, eight_corners = {33, 41, true};

static const encnet__case cases[] = {
    {.what = "one", .attr = &to_one, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "from one", .attr = &odd, .n_in = 1, .in = {{2, 1, 1, 3}}},
    {.what = "from one, corners", .attr = &odd_corners, .n_in = 1, .in = {{1, 1, 1, 2}}},
    {.what = "to one", .attr = &to_one, .n_in = 1, .in = {{1, 5, 7, 3}}},
    {.what = "to one, corners", .attr = &to_one_corners, .n_in = 1, .in = {{1, 5, 7, 3}}},
    {.what = "same size", .attr = &same, .n_in = 1, .in = {{1, 5, 4, 17}}},
    {.what = "twice", .attr = &twice, .n_in = 1, .in = {{2, 5, 4, 16}}},
    {.what = "odd", .attr = &odd, .n_in = 1, .in = {{2, 5, 7, 19}}},
    {.what = "odd, corners", .attr = &odd_corners, .n_in = 1, .in = {{2, 5, 7, 19}}},
    {.what = "smaller", .attr = &smaller, .n_in = 1, .in = {{1, 11, 8, 5}}},
    {.what = "smaller, corners", .attr = &smaller_corners, .n_in = 1, .in = {{1, 11, 8, 5}}},
    {.what = "eight times", .attr = &eight, .n_in = 1, .in = {{1, 5, 7, 6}}},
    {.what = "eight times, corners", .attr = &eight_corners, .n_in = 1, .in = {{1, 5, 6, 35}}},
};

const encnet__op encnet__op_resize = {
    .name = "resize",
    .n_in = 1,
    .gradients = 1,
    .infer = infer,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
