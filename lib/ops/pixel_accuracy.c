/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * pixel_accuracy - counts the labelled pixels whose largest logit is that of the label.
 *
 *   y = (pixels with argmax_m z[p,m] = label[p], pixels with a label)      int32 [1,1,1,2]
 *
 *   z [N,H,W,M], label int32 [N,H,W,1]
 *
 * Pixels with the label ENCNET_IGNORE or a label outside 0 .. M-1 are left out (mmsegmentation 0.7
 * counts the latter as wrong, later versions leave them out).  There is no gradient.
 */
#include "ops/ops.h"

#include <encnet/options.h>

enum {
    GROUP = 64, /* as in pixel_accuracy.cl */
    RUN = 16,
    ALL = 256,
};

static encnet__grid over_runs(encnet__shape label)
{
    encnet__grid grid = GRID1(encnet__shape_count(label), GROUP * RUN);

    grid.local[0] = GROUP;
    return grid;
}

static size_t items(encnet__shape label)
{
    return over_runs(label).groups[0] * GROUP;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = shape->in[0], t = shape->in[1];

    if (!encnet__shape_equal(t, (encnet__shape){z.n, z.h, z.w, 1}))
        FAIL(ENCNET_E_SHAPE,
             "pixel_accuracy: logits are " SHAPE_FMT ", labels " SHAPE_FMT ", not [%d,%d,%d,1]",
             SHAPE_ARG(z), SHAPE_ARG(t), z.n, z.h, z.w);
    if (encnet__shape_count(t) > INT32_MAX)
        FAIL(ENCNET_E_SHAPE, "pixel_accuracy: " SHAPE_FMT " may not fit 31-bit counts",
             SHAPE_ARG(t));
    shape->out = (encnet__shape){1, 1, 1, 2};
done:
    return rc;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    return backward ? 0 : 2 * items(shape->in[1]) * sizeof(int32_t);
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape label = call->in[1].shape;

    TRY(LAUNCH(call->dev, "pixel_accuracy", "pixel_accuracy_fwd", "", over_runs(label),
               BUF(call->scratch), BUF(call->in[0].buffer), BUF(call->in[1].buffer),
               UINT(encnet__shape_count(label)), UINT(call->in[0].shape.c)));
    TRY(LAUNCH(call->dev, "pixel_accuracy", "pixel_accuracy_sum", "", GRID1(ALL, ALL),
               BUF(call->out.buffer), BUF(call->scratch), UINT(items(label))));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t M = (size_t)shape->in[0].c;

    out[0] = out[1] = 0;
    for (size_t p = 0; p < encnet__shape_count(shape->in[1]); p++) {
        const double *z = in[0] + p * M;
        double t = in[1][p];
        size_t best = 0;

        if (t < 0 || t >= (double)M || t == ENCNET_IGNORE) continue;
        for (size_t m = 1; m < M; m++)
            if (z[m] > z[best]) best = m;
        out[0] += best == (size_t)t;
        out[1]++;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->in[0]);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS};

#define ROW(N, H, W, M) .n_in = 2, .in = {{N, H, W, M}, {N, H, W, 1}}
static const encnet__case cases[] = {
    {.what = "one", ROW(1, 1, 1, 1)},
    {.what = "odd", ROW(2, 5, 7, 3)},
    {.what = "a run of a group", ROW(1, GROUP, RUN, 2)},
    {.what = "a run of a group + 1", ROW(1, 25, 41, 2)},
    {.what = "Cityscapes", ROW(1, 16, 40, 19)},
    {.what = "labels beyond the classes", ROW(1, 9, 9, 4), .classes = 8},
    {.what = "more classes than the ignored label", ROW(1, 9, 9, 300)},
};

const encnet__op encnet__op_pixel_accuracy = {
    .name = "pixel_accuracy",
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
