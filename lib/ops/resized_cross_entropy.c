/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resized_cross_entropy - cross_entropy of logits that are resized to the size of the labels.
 *
 *   loss = cross_entropy(resize(z), label, weight)     z [N,h,w,M], label int32 [N,H,W,1],
 *                                                      weight [M], 1 if absent
 *   dz   = that of the two, one behind the other
 *
 * The resized logits and their gradients, [N,H,W,M], are never in memory.  The pixels between the
 * same four logits are a cell; a work-group interpolates them, takes the exponentials, and sums what
 * they add to the gradients of the four.  That is done in forward: `saved` has the gradient of
 * loss V [N,h,w,M], and V.  Backward multiplies by dloss / V and reads nothing else.
 *
 * Accuracy: as that of resize and cross_entropy.  A gradient is a sum in fixed order over the pixels
 * of up to four cells.
 */
#include "ops/ops.h"

#include <encnet/options.h>
#include "ops/attr.h"
#include "ops/bilinear.h"

enum {
    ALL = 256, /* as in resized_cross_entropy.cl */
    GROUP = 64,
};

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = shape->in[0], w = shape->n_in > 2 ? shape->in[2] : (encnet__shape){0};

    TRY(encnet__cells_check("resized_cross_entropy", z, shape->in[1]));
    if (w.c != 0 && !encnet__shape_equal(w, (encnet__shape){1, 1, 1, z.c}))
        FAIL(ENCNET_E_SHAPE,
             "resized_cross_entropy: there are M=%d classes, the class weights are " SHAPE_FMT, z.c,
             SHAPE_ARG(w));
    shape->out = (encnet__shape){1, 1, 1, 1};
done:
    return rc;
}

/* [N,h,w,M] V/dloss dz, [1] V */
static size_t saved_bytes(const encnet__node_shape *shape)
{
    return (encnet__shape_count(shape->in[0]) + 1) * sizeof(float);
}

/* [3,cells] of the loss, [cells,4,M] of the gradients */
static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__shape z = shape->in[0];

    if (backward) return 0;
    return (3 * encnet__cells_count(z) + 4 * encnet__shape_count(z)) * sizeof(float);
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return 0;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__resized_cross_entropy_attr *attr = call->attr;
    const char *options = encnet__cells_options(call->dev);
    encnet_status rc = ENCNET_OK;
    encnet__shape z = call->in[0].shape, t = call->in[1].shape;
    size_t cells = encnet__cells_count(z);
    encnet__axis down = encnet__axis_of(z.h, t.h, attr->align_corners),
                 along = encnet__axis_of(z.w, t.w, attr->align_corners);
    encnet__grid grid = encnet__cells_grid(call->dev, z);

    TRY(LAUNCH(call->dev, "resized_cross_entropy", "resized_cross_entropy_fwd", options, grid,
               BUF(call->scratch), BUF(call->in[0].buffer), BUF(call->in[1].buffer),
               BUF(call->in[2].buffer), UINT(z.c), INT(z.h), INT(t.h), INT(down.a), INT(down.b),
               INT(down.d), INT(z.w), INT(t.w), INT(along.a), INT(along.b), INT(along.d)));
    TRY(LAUNCH(call->dev, "resized_cross_entropy", "resized_cross_entropy_sum", options,
               GRID1(ALL, ALL), BUF(call->out.buffer), BUF(call->saved),
               UINT(encnet__shape_count(z)), BUF(call->scratch), UINT(cells),
               UINT(attr->average_non_ignored ? 0 : encnet__shape_count(t))));
    grid.groups[0] = 1;
    grid.groups[1] = cells;
    TRY(LAUNCH(call->dev, "resized_cross_entropy", "resized_cross_entropy_gather", options, grid,
               BUF(call->saved), BUF(call->scratch), UINT(cells), INT(z.h), INT(z.w), UINT(z.c)));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->in[0].shape);

    return LAUNCH(call->dev, "resized_cross_entropy", "resized_cross_entropy_bwd",
                  encnet__cells_options(call->dev), GRID1(count, GROUP), BUF(call->din[0].buffer),
                  BUF(call->dout.buffer), BUF(call->saved), UINT(count));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__resized_cross_entropy_attr *attr = shape->attr;
    const encnet__cross_entropy_attr all = {.average_non_ignored = false};
    encnet__shape z = shape->in[0], t = shape->in[1];
    const encnet__node_shape pixel = {
        .attr = &all, .n_in = 3, .in = {{1, 1, 1, z.c}, {1, 1, 1, 1}, {1, 1, 1, z.c}}};
    double row[ENCNET__CELL_CLASSES], sum = 0, loss, V = (double)encnet__shape_count(t);
    size_t labelled = 0;

    for (size_t p = 0; p < encnet__shape_count(t); p++) {
        double label = in[1][p];
        labelled += label >= 0 && label < z.c && label != ENCNET_IGNORE;
        encnet__bilinear_pixel(row, in[0], z, t.h, t.w, attr->align_corners,
                               p / (size_t)t.w / (size_t)t.h, (int)(p / (size_t)t.w % (size_t)t.h),
                               (int)(p % (size_t)t.w));
        encnet__op_cross_entropy.reference(
            &loss, (const double *[]){row, &label, shape->n_in > 2 ? in[2] : NULL}, &pixel);
        sum += loss;
    }
    out[0] = sum / (attr->average_non_ignored ? (double)labelled + 0x1p-23 : V);
}

static double flops(const encnet__node_shape *shape)
{
    /* two times interpolation, difference, exp and sum, and the gradients of four corners */
    return 30.0 * (double)encnet__shape_count(shape->in[1]) * shape->in[0].c;
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS,
                                         ENCNET__FILL_POSITIVE};
static const encnet__resized_cross_entropy_attr all = {false, false}, valid = {true, false},
                                                all_corners = {false, true},
                                                valid_corners = {true, true};

#define ROW(N, h, w, M, H, W) .n_in = 2, .in = {{N, h, w, M}, {N, H, W, 1}}
#define WEIGHTED(N, h, w, M, H, W) .n_in = 3, .in = {{N, h, w, M}, {N, H, W, 1}, {1, 1, 1, M}}
static const encnet__case cases[] = {
    {.what = "one", .attr = &all, ROW(1, 1, 1, 1, 1, 1)},
    {.what = "one pixel grows, two tiles and a part", .attr = &all, ROW(1, 1, 1, 3, 9, 15)},
    {.what = "one pixel grows, corners", .attr = &all_corners, ROW(2, 1, 1, 3, 7, 9)},
    {.what = "one tile of a cell", .attr = &all, ROW(1, 1, 2, 3, 8, 8)},
    {.what = "one row", .attr = &valid_corners, ROW(1, 1, 5, 16, 1, 31)},
    {.what = "odd", .attr = &all, ROW(2, 3, 5, 3, 17, 23)},
    {.what = "odd, corners", .attr = &all_corners, ROW(2, 3, 5, 17, 17, 23)},
    {.what = "weights", .attr = &all, WEIGHTED(1, 3, 4, 19, 19, 25)},
    {.what = "labelled only", .attr = &valid, ROW(2, 2, 3, 16, 13, 9)},
    {.what = "labelled only, weights, corners",
     .attr = &valid_corners,
     WEIGHTED(1, 3, 2, 33, 17, 9)},
    {.what = "eightfold", .attr = &valid, ROW(1, 3, 4, 19, 24, 32)},
    {.what = "more than a tile of pixels in a cell", .attr = &valid, ROW(1, 2, 2, 5, 35, 33)},
    {.what = "shrinks", .attr = &all, ROW(1, 11, 10, 4, 2, 3)},
    {.what = "shrinks, corners", .attr = &all_corners, ROW(1, 11, 10, 4, 2, 3)},
    {.what = "to one pixel, corners", .attr = &all_corners, ROW(1, 3, 2, 4, 1, 1)},
    {.what = "same size", .attr = &all, ROW(1, 5, 7, 4, 5, 7)},
    {.what = "ADE20K", .attr = &all, ROW(1, 2, 2, 150, 5, 6)},
    {.what = "labels beyond the classes", .attr = &valid, ROW(1, 3, 3, 4, 9, 9), .classes = 8},
    {.what = "all classes that fit", .attr = &all, ROW(1, 1, 2, ENCNET__CELL_CLASSES, 3, 4)},
};

const encnet__op encnet__op_resized_cross_entropy = {
    .name = "resized_cross_entropy",
    .n_in = 3,
    .optional = 4,
    .gradients = 1,
    .integers = 2,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .scratch_bytes = scratch_bytes,
    .backward_reads = backward_reads,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
