/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resized_accuracy - counts the labelled pixels whose largest logit is that of the label, after the
 * logits are resized to the size of the labels.
 *
 *   y = pixel_accuracy(resize(z), label)      int32 [1,1,1,2]
 *
 *   z [N,h,w,M], label int32 [N,H,W,1]
 *
 * The resized logits are never in memory.  There is no gradient.
 */
#include "ops/ops.h"

#include "ops/attr.h"
#include "ops/bilinear.h"

enum { ALL = 256 }; /* as in resized_accuracy.cl */

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = (encnet__shape){1, 1, 1, 2};
    return encnet__cells_check("resized_accuracy", shape->in[0], shape->in[1]);
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    return backward ? 0 : 2 * encnet__cells_count(shape->in[0]) * sizeof(int32_t);
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__resized_accuracy_attr *attr = call->attr;
    encnet_status rc = ENCNET_OK;
    encnet__shape z = call->in[0].shape, t = call->in[1].shape;
    encnet__axis down = encnet__axis_of(z.h, t.h, attr->align_corners),
                 along = encnet__axis_of(z.w, t.w, attr->align_corners);

    TRY(LAUNCH(call->dev, "resized_accuracy", "resized_accuracy_fwd",
               encnet__cells_options(call->dev), encnet__cells_grid(call->dev, z),
               BUF(call->scratch), BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(z.c),
               INT(z.h), INT(t.h), INT(down.a), INT(down.b), INT(down.d), INT(z.w), INT(t.w),
               INT(along.a), INT(along.b), INT(along.d)));
    TRY(LAUNCH(call->dev, "resized_accuracy", "resized_accuracy_sum",
               encnet__cells_options(call->dev), GRID1(ALL, ALL), BUF(call->out.buffer),
               BUF(call->scratch), UINT(encnet__cells_count(z))));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__resized_accuracy_attr *attr = shape->attr;
    encnet__shape z = shape->in[0], t = shape->in[1];
    double row[ENCNET__CELL_CLASSES], counts[2], one[2] = {0, 0};
    const encnet__node_shape pixel = {.n_in = 2, .in = {{1, 1, 1, z.c}, {1, 1, 1, 1}}};

    for (size_t p = 0; p < encnet__shape_count(t); p++) {
        encnet__bilinear_pixel(row, in[0], z, t.h, t.w, attr->align_corners,
                               p / (size_t)t.w / (size_t)t.h, (int)(p / (size_t)t.w % (size_t)t.h),
                               (int)(p % (size_t)t.w));
        encnet__op_pixel_accuracy.reference(counts, (const double *[]){row, in[1] + p}, &pixel);
        one[0] += counts[0];
        one[1] += counts[1];
    }
    out[0] = one[0];
    out[1] = one[1];
}

static double flops(const encnet__node_shape *shape)
{
    return 8.0 * (double)encnet__shape_count(shape->in[1]) * shape->in[0].c;
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS};
static const encnet__resized_accuracy_attr centres = {false}, corners = {true};

#define ROW(N, h, w, M, H, W) .n_in = 2, .in = {{N, h, w, M}, {N, H, W, 1}}
static const encnet__case cases[] = {
    {.what = "one", .attr = &centres, ROW(1, 1, 1, 1, 1, 1)},
    {.what = "one pixel grows", .attr = &corners, ROW(1, 1, 1, 3, 9, 13)},
    {.what = "odd", .attr = &centres, ROW(2, 3, 5, 3, 17, 23)},
    {.what = "odd, corners", .attr = &corners, ROW(2, 3, 5, 17, 17, 23)},
    {.what = "eightfold", .attr = &centres, ROW(1, 3, 4, 19, 24, 32)},
    {.what = "shrinks", .attr = &centres, ROW(1, 11, 10, 4, 2, 3)},
    {.what = "shrinks, corners", .attr = &corners, ROW(1, 11, 10, 4, 2, 3)},
    {.what = "same size", .attr = &centres, ROW(1, 5, 7, 4, 5, 7)},
    {.what = "labels beyond the classes", .attr = &centres, ROW(1, 3, 3, 4, 9, 9), .classes = 8},
    {.what = "all classes that fit", .attr = &centres, ROW(1, 2, 3, ENCNET__CELL_CLASSES, 9, 10)},
};

const encnet__op encnet__op_resized_accuracy = {
    .name = "resized_accuracy",
    .n_in = 2,
    .integers = 2,
    .out_is_integer = true,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
