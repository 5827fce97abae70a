/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * top_accuracy - counts the images whose label is among the k largest logits.
 *
 *   y = (images with fewer than k logits above that of their label, images with a label)
 *                                                                     int32 [1,1,1,2]
 *
 *   z [N,1,1,M], label int32 [N,1,1,1]; of equal logits the one of the lower index is above
 *
 * Images whose label lies outside 0 .. M-1 are left out.  A label whose logit is NaN is wrong.
 * There is no gradient.
 */
#include "ops/ops.h"

#include "ops/attr.h"

enum { ALL = 64 }; /* as in top_accuracy.cl */

static encnet_status infer(encnet__node_shape *shape)
{
    const encnet__top_accuracy_attr *attr = shape->attr;
    encnet__shape z = shape->in[0], t = shape->in[1];

    if (z.h != 1 || z.w != 1 || !encnet__shape_equal(t, (encnet__shape){z.n, 1, 1, 1}))
        return encnet__fail(ENCNET_E_SHAPE,
                            "top_accuracy: logits are " SHAPE_FMT ", labels " SHAPE_FMT
                            ", not [N,1,1,M] and [N,1,1,1]",
                            SHAPE_ARG(z), SHAPE_ARG(t));
    if (attr->k < 1)
        return encnet__fail(ENCNET_E_SHAPE, "top_accuracy: k = %d, must be 1 or more", attr->k);
    shape->out = (encnet__shape){1, 1, 1, 2};
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__top_accuracy_attr *attr = call->attr;
    encnet__shape z = call->in[0].shape;

    return LAUNCH(call->dev, "top_accuracy", "top_accuracy", "", GRID1(ALL, ALL),
                  BUF(call->out.buffer), BUF(call->in[0].buffer), BUF(call->in[1].buffer),
                  UINT(z.n), UINT(z.c), UINT(attr->k));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__top_accuracy_attr *attr = shape->attr;
    size_t N = (size_t)shape->in[0].n, M = (size_t)shape->in[0].c;

    out[0] = out[1] = 0;
    for (size_t n = 0; n < N; n++) {
        const double *z = in[0] + n * M;
        int above = 0;
        size_t t;
        if (in[1][n] < 0 || in[1][n] >= (double)M) continue;
        t = (size_t)in[1][n];
        for (size_t m = 0; m < M; m++) above += z[m] > z[t] || (z[m] == z[t] && m < t);
        out[0] += above < attr->k;
        out[1]++;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->in[0]);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS};
static const encnet__top_accuracy_attr best = {1}, five = {5};

#define ROW(attribute, N, M) .attr = &attribute, .n_in = 2, .in = {{N, 1, 1, M}, {N, 1, 1, 1}}
static const encnet__case cases[] = {
    {.what = "one", ROW(best, 1, 1)},
    {.what = "odd", ROW(best, 3, 5)},
    {.what = "fewer classes than k", ROW(five, 7, 3)},
    {.what = "CIFAR-10", ROW(five, ALL, 10)},
    {.what = "more images than items", ROW(five, 2 * ALL + 1, 17)},
    {.what = "ImageNet", ROW(five, 5, 1000)},
    {.what = "labels beyond the classes", ROW(best, 19, 4), .classes = 8},
};

const encnet__op encnet__op_top_accuracy = {
    .name = "top_accuracy",
    .n_in = 2,
    .integers = 2,
    .out_is_integer = true,
    .infer = infer,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
