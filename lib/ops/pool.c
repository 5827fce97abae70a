/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* pool.c - the shape rule that max_pool and avg_pool share. */
#include "ops/pool.h"

/* The number of windows along an axis on which the first one can move by `room`. */
static int windows(const encnet__pool_attr *a, int room)
{
    int rest = room % a->stride; /* pixels of x after the last whole step */
    bool one_more = a->ceil && rest > 0 && rest + a->size - a->pad > a->stride; /* begins in x */

    return room / a->stride + 1 + one_more;
}

encnet_status encnet__pool_infer(encnet__node_shape *shape, const char *op, int max_size)
{
    const encnet__pool_attr *a = shape->attr;
    encnet__shape x = shape->in[0];
    int h = x.h + 2 * a->pad - a->size, w = x.w + 2 * a->pad - a->size;

    if (a->size < 1 || a->size > max_size || a->stride < 1 || a->pad < 0 || 2 * a->pad > a->size)
        return encnet__fail(ENCNET_E_SHAPE,
                            "%s: size %d, stride %d, pad %d; size is 1..%d, pad at most half of it",
                            op, a->size, a->stride, a->pad, max_size);
    if (h < 0 || w < 0)
        return encnet__fail(ENCNET_E_SHAPE,
                            "%s: a window of %d does not fit into " SHAPE_FMT " with pad %d", op,
                            a->size, SHAPE_ARG(x), a->pad);
    shape->out = (encnet__shape){x.n, windows(a, h), windows(a, w), x.c};
    return ENCNET_OK;
}

encnet__onnx_value encnet__pool_to_onnx(encnet__onnx *m, const char *op,
                                        const encnet__onnx_node *node)
{
    const encnet__pool_attr *a = node->shape.attr;

    return encnet__onnx_apply(m, op, INPUTS(node->in[0]),
                              ATTRS(ATTR_INTS("kernel_shape", a->size, a->size),
                                    ATTR_INTS("strides", a->stride, a->stride),
                                    ATTR_INTS("pads", a->pad, a->pad, a->pad, a->pad),
                                    ATTR_INT("ceil_mode", a->ceil)));
}
