/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resize - bilinear interpolation to h x w.
 *
 *   y  = (1 - f) x[floor(s)] + f x[floor(s) + 1] along each axis in turn; bilinear.h has s and f
 *   dx = the same weights, transposed
 *
 * The last input is repeated.  The result is that of PyTorch's interpolate(mode='bilinear') without
 * antialiasing, but PyTorch rounds s to a float, whereas here it is a fraction of integers: f is
 * accurate to 2^-24, PyTorch's to n 2^-24.  Equal sizes copy the bits.  Backward gathers: for each
 * input it adds the outputs that read it, first along rows, then along columns.  It reads only dy.
 */
#include "ops/ops.h"

#include "ops/attr.h"
#include "ops/bilinear.h"
#include "ops/resize_rows.h"
#include "ops/storage.h"
#include "ops/tiles.h"

static encnet_status infer(encnet__node_shape *shape)
{
    const encnet__resize_attr *attr = shape->attr;
    encnet__shape x = shape->in[0];

    if (attr->h < 1 || attr->w < 1 || !encnet__axis_fits(x.h, attr->h) ||
        !encnet__axis_fits(x.w, attr->w))
        return encnet__fail(ENCNET_E_SHAPE, "resize: " SHAPE_FMT " to %d x %d pixels", SHAPE_ARG(x),
                            attr->h, attr->w);
    shape->out = (encnet__shape){x.n, attr->h, attr->w, x.c};
    return ENCNET_OK;
}

/* [N,h,W,C], the intermediate between the two axes */
static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__shape x = shape->in[0];

    if (!backward) return 0;
    return sizeof(float) * (size_t)x.n * (size_t)shape->out.h * (size_t)x.w * (size_t)x.c;
}

/* The work-items for a row of `pairs`: one on a CPU, one per pair on a GPU; `share` is the number
 * of pairs per work-item. */
static encnet__grid grid_of(const encnet_device *dev, size_t pairs, size_t rows, size_t *share)
{
    encnet__grid grid;

    *share = encnet__device_facts_of(dev)->is_cpu ? pairs : 1;
    grid = encnet__tiles_vectors(dev, (pairs + *share - 1) / *share);
    grid.groups[1] = rows;
    return grid;
}

encnet_status encnet__resize_rows(encnet_device *dev, encnet__buffer *y, encnet__buffer *x,
                                  encnet__shape shape, int x_first, int x_rows, int h, int w,
                                  bool align_corners, encnet__type type,
                                  const encnet__row_range *range)
{
    encnet__axis down = encnet__axis_of(shape.h, h, align_corners),
                 along = encnet__axis_of(shape.w, w, align_corners);
    encnet__width vec = encnet__width_within(dev, (size_t)shape.c);
    size_t share;
    encnet__grid grid = grid_of(dev, (size_t)w * encnet__width_vectors(vec, (size_t)shape.c),
                                (size_t)range->images * (size_t)range->rows, &share);

    if (!encnet__axis_fits(shape.h, h) || !encnet__axis_fits(shape.w, w))
        return encnet__fail(ENCNET_E_SHAPE, "resize: " SHAPE_FMT " to %d x %d pixels",
                            SHAPE_ARG(shape), h, w);
    return LAUNCH(dev, "resize", "resize_fwd", encnet__storage(type, vec.options).text, grid,
                  BUF(y), BUF(x), INT(shape.h), INT(shape.w), UINT(shape.c), INT(w), INT(down.a),
                  INT(down.b), INT(down.d), INT(along.a), INT(along.b), INT(along.d), UINT(share),
                  UINT(range->image), UINT(range->first), UINT(range->rows), UINT(x_first),
                  UINT(x_rows));
}

/* The upper of the two rows that output j reads. */
static int reads(int j, int n, encnet__axis a)
{
    int64_t t = (int64_t)j * a.a + a.b;
    int at = t < 0 ? 0 : (int)(t / a.d);

    return at < n ? at : n - 1;
}

void encnet__resize_reads(int *x_first, int *x_rows, int H, int h, bool align_corners, int first,
                          int rows)
{
    encnet__axis a = encnet__axis_of(H, h, align_corners);
    int last = reads(first + rows - 1, H, a) + 1;

    *x_first = reads(first, H, a);
    *x_rows = (last < H ? last : H - 1) - *x_first + 1;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__resize_attr *attr = call->attr;
    encnet__shape x = call->in[0].shape, y = call->out.shape;

    return encnet__resize_rows(call->dev, call->out.buffer, call->in[0].buffer, x, 0, x.h, y.h, y.w,
                               attr->align_corners, call->out.type,
                               &(encnet__row_range){0, y.n, 0, y.h});
}

static encnet_status backward(const encnet__call *call)
{
    const encnet__resize_attr *attr = call->attr;
    encnet_status rc;
    encnet__shape x = call->in[0].shape, y = call->out.shape;
    encnet__axis h = encnet__axis_of(x.h, y.h, attr->align_corners),
                 w = encnet__axis_of(x.w, y.w, attr->align_corners);
    size_t row_floats = (size_t)x.w * (size_t)x.c, share;
    encnet__width vec = encnet__width_within(call->dev, (size_t)x.c);
    encnet__grid grid = grid_of(call->dev, (size_t)x.w * encnet__width_vectors(vec, (size_t)x.c),
                                (size_t)y.n * (size_t)y.h, &share);

    TRY(LAUNCH(call->dev, "resize", "resize_bwd_w",
               encnet__storage(call->out.type, vec.options).text, grid, BUF(call->scratch),
               BUF(call->dout.buffer), INT(x.w), UINT(x.c), INT(y.w), INT(w.a), INT(w.b), INT(w.d),
               UINT(share)));
    vec = encnet__width_within(call->dev, row_floats);
    grid = grid_of(call->dev, encnet__width_vectors(vec, row_floats), (size_t)x.n * (size_t)x.h,
                   &share);
    TRY(LAUNCH(call->dev, "resize", "resize_bwd_h",
               encnet__storage(call->out.type, vec.options).text, grid, BUF(call->din[0].buffer),
               BUF(call->scratch), INT(x.h), UINT(row_floats), INT(y.h), INT(h.a), INT(h.b),
               INT(h.d), UINT(share)));
done:
    return rc;
}

static double flops(const encnet__node_shape *shape)
{
    return 9 * (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__resize_attr *attr = shape->attr;
    encnet__shape y = shape->out;
    size_t h = (size_t)y.h, w = (size_t)y.w;

    for (size_t p = 0; p < (size_t)y.n * h * w; p++)
        encnet__bilinear_pixel(out + p * (size_t)y.c, in[0], shape->in[0], y.h, y.w,
                               attr->align_corners, p / w / h, (int)(p / w % h), (int)(p % w));
}

static const encnet__resize_attr one = {1, 1, false}, grow = {7, 9, false},
                                 grow_corners = {7, 9, true}, shrink = {2, 3, false},
                                 shrink_corners = {2, 3, true}, same = {3, 5, false},
                                 eight = {32, 40, false}, eight_corners = {32, 40, true},
                                 thin = {1, 11, true};

static const encnet__case cases[] = {
    {.what = "one", .attr = &one, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "one pixel grows", .attr = &grow, .n_in = 1, .in = {{2, 1, 1, 3}}},
    {.what = "one pixel grows, corners", .attr = &grow_corners, .n_in = 1, .in = {{1, 1, 1, 16}}},
    {.what = "grows, odd", .attr = &grow, .n_in = 1, .in = {{2, 3, 5, 19}}},
    {.what = "grows, corners", .attr = &grow_corners, .n_in = 1, .in = {{2, 3, 5, 3}}},
    {.what = "shrinks", .attr = &shrink, .n_in = 1, .in = {{1, 11, 10, 3}}},
    {.what = "shrinks, corners", .attr = &shrink_corners, .n_in = 1, .in = {{1, 11, 10, 16}}},
    {.what = "to one", .attr = &one, .n_in = 1, .in = {{2, 4, 3, 3}}},
    {.what = "to one row, corners", .attr = &thin, .n_in = 1, .in = {{1, 4, 3, 19}}},
    {.what = "same size", .attr = &same, .n_in = 1, .in = {{1, 3, 5, 272}}},
    {.what = "eightfold", .attr = &eight, .n_in = 1, .in = {{1, 4, 5, 19}}},
    {.what = "eightfold, corners", .attr = &eight_corners, .n_in = 1, .in = {{1, 4, 5, 1}}},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    const encnet__resize_attr *attr = node->shape.attr;
    const encnet__onnx_attr *attrs =
        ATTRS(ATTR_TEXT("mode", "linear"),
              ATTR_TEXT("coordinate_transformation_mode",
                        attr->align_corners ? "align_corners" : "half_pixel"));
    encnet__onnx_value x = node->in[0], size = node->like, absent = ENCNET__ONNX_ABSENT, front;

    if (size == absent && !node->factor)
        return encnet__onnx_refuse(m, encnet__fail(ENCNET_E_INTERNAL,
                                                   "resize: " SHAPE_FMT
                                                   " to %d x %d is the size of no other value",
                                                   SHAPE_ARG(node->shape.in[0]), attr->h, attr->w));
    front = encnet__onnx_apply(m, "Shape", INPUTS(x), NULL);
    if (size == absent) { /* [N,C,H,W] times [1,1,factor,factor] */
        size = encnet__onnx_apply(
            m, "Mul", INPUTS(front, ONNX_INTS(m, 1, 1, node->factor, node->factor)), NULL);
    } else { /* [N,C] of x, [H,W] of the other value */
        size = encnet__onnx_apply(m, "Shape", INPUTS(size), NULL);
        size = encnet__onnx_apply(m, "Slice", INPUTS(size, ONNX_INTS(m, 2), ONNX_INTS(m, 4)), NULL);
        front =
            encnet__onnx_apply(m, "Slice", INPUTS(front, ONNX_INTS(m, 0), ONNX_INTS(m, 2)), NULL);
        size = encnet__onnx_apply(m, "Concat", INPUTS(front, size), ATTRS(ATTR_INT("axis", 0)));
    }
    return encnet__onnx_apply(m, "Resize", INPUTS(x, absent, absent, size), attrs);
}

const encnet__op encnet__op_resize = {
    .name = "resize",
    .n_in = 1,
    .gradients = 1,
    .narrow = 1,
    .out_is_narrow = true,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
