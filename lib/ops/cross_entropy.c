/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cross_entropy - softmax cross-entropy of every pixel, averaged.
 *
 *   loss    = 1/V sum_p u[p] w[t] (log sum_m exp(z[p,m]) - z[p,t])    z [N,H,W,M], t = label[p];
 *                                                                     w [M], u [N,H,W,1], 1 if
 *                                                                     absent
 *   dz[p,m] = dloss u[p] w[t] / V (softmax(z[p])[m] - [m = t])        0 where the pixel is left out
 *   V       = N H W, or the number of labelled pixels + 2^-23
 *
 * The sum leaves out pixels with the label ENCNET_IGNORE or a label outside 0 .. M-1, where PyTorch
 * fails.  Weights of classes and pixels do not change V (mmsegmentation 0.x).  Backward needs z, the
 * labels, the weights and V, which is saved.
 *
 * Accuracy: the loss of a pixel is log(1 + rest), where rest is the sum over the other classes, so
 * it keeps its digits if the label is almost certain.  Pixels are added with compensation of
 * rounding errors, so the sum of half a million pixels is as accurate as one of them.
 */
#include "ops/ops.h"

#include <math.h>
#include <encnet/options.h>
#include "ops/attr.h"

enum {
    GROUP = 64, /* as in cross_entropy.cl */
    RUN = 16,
    ALL = 256,
};

static size_t pixels(encnet__shape z)
{
    return encnet__shape_count(z) / (size_t)z.c;
}

static encnet__grid over_runs(encnet__shape z)
{
    encnet__grid grid = GRID1(pixels(z), GROUP * RUN);

    grid.local[0] = GROUP;
    return grid;
}

static size_t items(encnet__shape z)
{
    return over_runs(z).groups[0] * GROUP;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = shape->in[0], t = shape->in[1],
                  w = shape->n_in > 2 ? shape->in[2] : (encnet__shape){0},
                  u = shape->n_in > 3 ? shape->in[3] : (encnet__shape){0};

    if (!encnet__shape_equal(t, (encnet__shape){z.n, z.h, z.w, 1}))
        FAIL(ENCNET_E_SHAPE,
             "cross_entropy: logits are " SHAPE_FMT ", labels " SHAPE_FMT ", not [%d,%d,%d,1]",
             SHAPE_ARG(z), SHAPE_ARG(t), z.n, z.h, z.w);
    if (w.c != 0 && !encnet__shape_equal(w, (encnet__shape){1, 1, 1, z.c}))
        FAIL(ENCNET_E_SHAPE,
             "cross_entropy: there are M=%d classes, the class weights are " SHAPE_FMT, z.c,
             SHAPE_ARG(w));
    if (u.c != 0 && !encnet__shape_equal(u, t))
        FAIL(ENCNET_E_SHAPE,
             "cross_entropy: labels are " SHAPE_FMT ", the weights of pixels " SHAPE_FMT,
             SHAPE_ARG(t), SHAPE_ARG(u));
    if (pixels(z) > UINT32_MAX / 2)
        FAIL(ENCNET_E_SHAPE, "cross_entropy: " SHAPE_FMT " is too large", SHAPE_ARG(z));
    shape->out = (encnet__shape){1, 1, 1, 1};
done:
    return rc;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    (void)shape;
    return sizeof(float); /* V */
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    return backward ? 0 : 3 * items(shape->in[0]) * sizeof(float);
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(0) | ENCNET__READS_IN(1) | ENCNET__READS_IN(2) | ENCNET__READS_IN(3);
}

static bool averages_labelled(const void *attr)
{
    return attr && ((const encnet__cross_entropy_attr *)attr)->average_non_ignored;
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = call->in[0].shape;
    size_t P = pixels(z);

    TRY(LAUNCH(call->dev, "cross_entropy", "cross_entropy_fwd", "", over_runs(z),
               BUF(call->scratch), BUF(call->in[0].buffer), BUF(call->in[1].buffer),
               BUF(call->in[2].buffer), BUF(call->in[3].buffer), UINT(P), UINT(z.c)));
    TRY(LAUNCH(call->dev, "cross_entropy", "cross_entropy_sum", "", GRID1(ALL, ALL),
               BUF(call->out.buffer), BUF(call->saved), BUF(call->scratch), UINT(items(z)),
               UINT(averages_labelled(call->attr) ? 0 : P)));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet__shape z = call->in[0].shape;
    size_t P = pixels(z);

    return LAUNCH(call->dev, "cross_entropy", "cross_entropy_bwd", "", GRID1(P, GROUP),
                  BUF(call->din[0].buffer), BUF(call->dout.buffer), BUF(call->in[0].buffer),
                  BUF(call->in[1].buffer), BUF(call->in[2].buffer), BUF(call->in[3].buffer),
                  BUF(call->saved), UINT(P), UINT(z.c));
}

static double pixel_loss(const double *z, size_t t, size_t M)
{
    double largest = -INFINITY, sum = 0;

    for (size_t m = 0; m < M; m++) largest = fmax(largest, z[m]);
    for (size_t m = 0; m < M; m++) sum += exp(z[m] - largest);
    return log(sum) + largest - z[t];
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t P = pixels(shape->in[0]), M = (size_t)shape->in[0].c, labelled = 0;
    double sum = 0;

    for (size_t p = 0; p < P; p++) {
        double t = in[1][p];
        if (t < 0 || t >= (double)M || t == ENCNET_IGNORE) continue;
        labelled++;
        sum += (shape->n_in > 2 && in[2] ? in[2][(size_t)t] : 1) *
               (shape->n_in > 3 && in[3] ? in[3][p] : 1) * pixel_loss(in[0] + p * M, (size_t)t, M);
    }
    out[0] = sum / (averages_labelled(shape->attr) ? (double)labelled + 0x1p-23 : (double)P);
}

static double flops(const encnet__node_shape *shape)
{
    return 4.0 * (double)encnet__shape_count(shape->in[0]); /* maximum, difference, exp, sum */
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS,
                                         ENCNET__FILL_POSITIVE, ENCNET__FILL_BINARY};
static const encnet__cross_entropy_attr all = {.average_non_ignored = false},
                                        valid = {.average_non_ignored = true};

static const encnet__case cases[] = {
    {.what = "one class", .attr = &all, .n_in = 2, .in = {{1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "odd", .attr = &all, .n_in = 2, .in = {{2, 5, 7, 3}, {2, 5, 7, 1}}},
    {.what = "weights",
     .attr = &all,
     .n_in = 3,
     .in = {{1, 5, 7, 19}, {1, 5, 7, 1}, {1, 1, 1, 19}}},
    {.what = "labelled only", .attr = &valid, .n_in = 2, .in = {{2, 5, 7, 16}, {2, 5, 7, 1}}},
    {.what = "labelled only, weights",
     .attr = &valid,
     .n_in = 3,
     .in = {{1, 9, 7, 17}, {1, 9, 7, 1}, {1, 1, 1, 17}}},
    {.what = "pixels that weigh nothing",
     .attr = &all,
     .n_in = 4,
     .in = {{2, 5, 7, 3}, {2, 5, 7, 1}, {0}, {2, 5, 7, 1}}},
    {.what = "pixels that weigh nothing, labelled only, weights",
     .attr = &valid,
     .n_in = 4,
     .in = {{1, 9, 7, 17}, {1, 9, 7, 1}, {1, 1, 1, 17}, {1, 9, 7, 1}}},
    {.what = "a run of a group",
     .attr = &all,
     .n_in = 2,
     .in = {{1, 1, GROUP *RUN, 2}, {1, 1, GROUP *RUN, 1}}},
    {.what = "a run of a group + 1",
     .attr = &all,
     .n_in = 2,
     .in = {{1, 25, 41, 2}, {1, 25, 41, 1}}},
    {.what = "ADE20K", .attr = &all, .n_in = 2, .in = {{1, 3, 3, 150}, {1, 3, 3, 1}}},
    {.what = "labels beyond the classes",
     .attr = &all,
     .n_in = 2,
     .in = {{1, 9, 9, 4}, {1, 9, 9, 1}},
     .classes = 8},
    {.what = "labels beyond the classes, labelled only",
     .attr = &valid,
     .n_in = 2,
     .in = {{1, 9, 9, 4}, {1, 9, 9, 1}},
     .classes = 8},
    {.what = "more classes than the ignored label",
     .attr = &all,
     .n_in = 2,
     .in = {{1, 3, 3, 300}, {1, 3, 3, 1}}},
};

const encnet__op encnet__op_cross_entropy = {
    .name = "cross_entropy",
    .n_in = 4,
    .optional = 4 | 8,
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
