/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * dropout - sets random elements or whole channels to 0 and scales the others up (Srivastava et
 * al., JMLR 2014).
 *
 *   y  = x m / (1 - ratio)         m = 0 with probability `ratio`, else 1
 *   dx = dy m / (1 - ratio)
 *
 * There is one draw per element, or per (n,c) with by_channel (PyTorch's Dropout2d).  The draws are
 * words of the stream (seed, step, node), so the mask is not stored: backward and recompute draw it
 * again, and backward reads only dy.  The graph leaves the operator out of inference.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/storage.h"
#include "ops/tiles.h"

enum { PURPOSE = 0x44524f50, GROUP = 64 }; /* "DROP"; work-items of a group, four elements each */

static encnet_status infer(encnet__node_shape *shape)
{
    const encnet__dropout_attr *attr = shape->attr;

    if (!(attr->ratio >= 0 && attr->ratio < 1))
        return encnet__fail(ENCNET_E_SHAPE, "dropout: ratio %g does not lie in [0, 1)",
                            (double)attr->ratio);
    shape->out = shape->in[0];
    return ENCNET_OK;
}

/* An element is dropped if its word is below this. */
static uint32_t threshold_of(const encnet__dropout_attr *attr)
{
    return (uint32_t)floor((double)attr->ratio * 4294967296.0);
}

/* Computes to = from times the mask. */
static encnet_status mask(const encnet__call *call, encnet__buffer *to, encnet__buffer *from)
{
    const encnet__dropout_attr *attr = call->attr;
    encnet__shape s = call->out.shape;
    size_t pixels = (size_t)s.h * (size_t)s.w, count = encnet__shape_count(s);
    encnet__tiles t = encnet__tiles_map(call->dev, pixels, (size_t)s.c);
    uint32_t key0 = (uint32_t)call->seed, key1 = (uint32_t)(call->seed >> 32),
             threshold = threshold_of(attr);
    double scale = 1 / (1 - (double)attr->ratio);
    encnet__options options = encnet__storage(call->out.type, t.options);

    t.grid.groups[1] = (size_t)s.n;
    if (attr->by_channel)
        return LAUNCH(call->dev, "dropout", "dropout_channels", options.text, t.grid, BUF(to),
                      BUF(from), UINT(pixels), UINT(s.c), UINT(t.chunk), UINT(key0), UINT(key1),
                      UINT(call->step), UINT(call->node), UINT(PURPOSE), UINT(threshold),
                      FLOAT(scale));
    return LAUNCH(call->dev, "dropout", "dropout_elements", options.text,
                  GRID1((count + 3) / 4, GROUP), BUF(to), BUF(from), UINT(count), UINT(key0),
                  UINT(key1), UINT(call->step), UINT(call->node), UINT(PURPOSE), UINT(threshold),
                  FLOAT(scale));
}

static encnet_status forward(const encnet__call *call)
{
    return mask(call, call->out.buffer, call->in[0].buffer);
}

static encnet_status backward(const encnet__call *call)
{
    return mask(call, call->din[0].buffer, call->dout.buffer);
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->out);
}

/* Uses the seed, step and node of a check. */
static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__dropout_attr *attr = shape->attr;
    encnet__rng r =
        encnet__rng_at(ENCNET__CHECK_SEED, ENCNET__CHECK_STEP, ENCNET__CHECK_NODE, PURPOSE);
    size_t channels = (size_t)shape->out.c, count = encnet__shape_count(shape->out);
    size_t image = attr->by_channel ? count / (size_t)shape->out.n : 1,
           drawn = attr->by_channel ? channels : 1;

    for (size_t n = 0; n < count / image; n++)
        for (size_t c = 0; c < drawn; c++) {
            double keep =
                encnet__rng_u32(&r) < threshold_of(attr) ? 0 : 1 / (1 - (double)attr->ratio);
            for (size_t at = n * image + c; at < (n + 1) * image; at += drawn)
                out[at] = in[0][at] * keep;
        }
}

static const encnet__dropout_attr elements = {0.5f, false}, channels = {0.5f, true},
                                  none = {0, true};

static const encnet__case cases[] = {
    {.what = "one", .attr = &elements, .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "elements, odd", .attr = &elements, .n_in = 1, .in = {{2, 5, 7, 3}}},
    {.what = "elements, group + 1", .attr = &elements, .n_in = 1, .in = {{1, 1, 1, 4 * GROUP + 1}}},
    {.what = "channels, odd", .attr = &channels, .n_in = 1, .in = {{3, 5, 7, 3}}},
    {.what = "channels, more than a tile", .attr = &channels, .n_in = 1, .in = {{2, 3, 1, 2064}}},
    {.what = "nothing dropped", .attr = &none, .n_in = 1, .in = {{1, 2, 3, 16}}},
};

const encnet__op encnet__op_dropout = {
    .name = "dropout",
    .n_in = 1,
    .gradients = 1,
    .narrow = 1,
    .out_is_narrow = true,
    .infer = infer,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
