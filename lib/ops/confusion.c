/*
 * confusion - how often a pixel of one class was given another.
 *
 *   counts[t,y] = number of pixels p with label[p] = t, prediction[p] = y
 *
 *   label, prediction int32 [N,H,W,1];  counts int32 [1,1,M,M], row = label
 *
 * Left out: label ENCNET_IGNORE, and anything outside 0 .. M-1 on either side.  Exact, since
 * integers add up in any order; no gradient.
 */
#include "ops/ops.h"

#include <encnet/options.h>
#include "ops/attr.h"

enum {
    GROUP = 64,
    RUN = 64, /* pixels of a work-item, as in confusion.cl */
};

static int classes(const void *attr)
{
    return ((const encnet__classes_attr *)attr)->classes;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape t = shape->in[0], y = shape->in[1];
    int M = classes(shape->attr);

    if (M < 1 || M > 32768)
        FAIL(ENCNET_E_SHAPE, "confusion: %d classes, 1 to 32768 are possible", M);
    if (t.c != 1 || !encnet__shape_equal(t, y))
        FAIL(ENCNET_E_SHAPE,
             "confusion: labels are " SHAPE_FMT ", predictions " SHAPE_FMT ", not both [N,H,W,1]",
             SHAPE_ARG(t), SHAPE_ARG(y));
    if (encnet__shape_count(t) > INT32_MAX)
        FAIL(ENCNET_E_SHAPE, "confusion: " SHAPE_FMT " may not fit 31-bit counts", SHAPE_ARG(t));
    shape->out = (encnet__shape){1, 1, M, M};
done:
    return rc;
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t P = encnet__shape_count(call->in[0].shape);
    size_t size = encnet__shape_count(call->out.shape);

    TRY(LAUNCH(call->dev, "confusion", "confusion_clear", "", GRID1(size, GROUP),
               BUF(call->out.buffer), UINT(size)));
    TRY(LAUNCH(call->dev, "confusion", "confusion_fwd", "", GRID1((P + RUN - 1) / RUN, GROUP),
               BUF(call->out.buffer), BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(P),
               UINT(call->out.shape.c)));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t M = (size_t)shape->out.c;

    for (size_t i = 0; i < M * M; i++) out[i] = 0;
    for (size_t p = 0; p < encnet__shape_count(shape->in[0]); p++) {
        double t = in[0][p], y = in[1][p];
        if (t >= 0 && t < (double)M && t != ENCNET_IGNORE && y >= 0 && y < (double)M)
            out[(size_t)t * M + (size_t)y]++;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->in[0]);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_LABELS, ENCNET__FILL_LABELS};
static const encnet__classes_attr one = {1}, two = {2}, city = {19}, many = {300};

#define ROW(N, H, W) .n_in = 2, .in = {{N, H, W, 1}, {N, H, W, 1}}
static const encnet__case cases[] = {
    {.what = "one", .attr = &one, ROW(1, 1, 1), .classes = 1},
    {.what = "odd", .attr = &city, ROW(3, 5, 7), .classes = 19},
    {.what = "two classes", .attr = &two, ROW(1, 9, 31), .classes = 2},
    {.what = "a run of a group", .attr = &two, ROW(1, GROUP, RUN), .classes = 2},
    {.what = "a run of a group + 1", .attr = &city, ROW(1, 17, 241), .classes = 19},
    {.what = "labels beyond the classes", .attr = &city, ROW(2, 9, 9), .classes = 40},
    {.what = "more classes than the ignored label", .attr = &many, ROW(1, 40, 40), .classes = 300},
};

const encnet__op encnet__op_confusion = {
    .name = "confusion",
    .n_in = 2,
    .integers = 3,
    .out_is_integer = true,
    .infer = infer,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
