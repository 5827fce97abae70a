/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * presence - which classes occur in an image: the target of the SE loss.
 *
 *   t[n,m] = 1 if label[n,h,w] = m for any h, w, else 0      label int32 [N,H,W,1], t [N,1,1,M]
 *
 * ENCNET_IGNORE and labels outside 0 .. M-1 are ignored.  Runs of pixels become bit sets, which are
 * then united without atomics.  There is no gradient.
 */
#include "ops/ops.h"

#include <encnet/options.h>
#include "ops/attr.h"

enum {
    GROUP = 64,
    RUN = 512, /* pixels of one bit set, as in presence.cl */
};

static int classes(const void *attr)
{
    return ((const encnet__classes_attr *)attr)->classes;
}

static size_t pixels(encnet__shape label)
{
    return (size_t)label.h * (size_t)label.w;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape label = shape->in[0];

    if (classes(shape->attr) < 1)
        FAIL(ENCNET_E_SHAPE, "presence: %d classes", classes(shape->attr));
    if (label.c != 1)
        FAIL(ENCNET_E_SHAPE, "presence: labels are " SHAPE_FMT ", not [N,H,W,1]", SHAPE_ARG(label));
    shape->out = (encnet__shape){label.n, 1, 1, classes(shape->attr)};
done:
    return rc;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    size_t words = encnet__divide_up((size_t)classes(shape->attr), 32);

    return backward ? 0
                    : (size_t)shape->in[0].n * encnet__divide_up(pixels(shape->in[0]), RUN) *
                          words * sizeof(uint32_t);
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape label = call->in[0].shape;
    size_t M = (size_t)classes(call->attr), N = (size_t)label.n;
    size_t runs = encnet__divide_up(pixels(label), RUN), words = encnet__divide_up(M, 32);
    encnet__grid over_runs = GRID1(runs, GROUP);

    over_runs.groups[1] = words;
    over_runs.groups[2] = N;
    TRY(LAUNCH(call->dev, "presence", "presence_mark", "", over_runs, BUF(call->scratch),
               BUF(call->in[0].buffer), UINT(pixels(label)), UINT(M), UINT(runs), UINT(words)));
    TRY(LAUNCH(call->dev, "presence", "presence_fwd", "", GRID1(N * M, GROUP),
               BUF(call->out.buffer), BUF(call->scratch), UINT(N), UINT(M), UINT(runs),
               UINT(words)));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t P = pixels(shape->in[0]), M = (size_t)shape->out.c;

    for (size_t i = 0; i < encnet__shape_count(shape->out); i++) out[i] = 0;
    for (size_t i = 0; i < encnet__shape_count(shape->in[0]); i++) {
        double t = in[0][i];
        if (t >= 0 && t < (double)M && t != ENCNET_IGNORE) out[i / P * M + (size_t)t] = 1;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->in[0]);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_LABELS};
static const encnet__classes_attr one = {1}, city = {19}, word = {32}, more = {33}, ade = {150},
                                  many = {300};

static const encnet__case cases[] = {
    {.what = "one", .attr = &one, .n_in = 1, .in = {{1, 1, 1, 1}}, .classes = 1},
    {.what = "odd", .attr = &city, .n_in = 1, .in = {{3, 2, 5, 1}}, .classes = 19},
    {.what = "word", .attr = &word, .n_in = 1, .in = {{2, 5, 7, 1}}, .classes = 32},
    {.what = "word + 1", .attr = &more, .n_in = 1, .in = {{2, 5, 7, 1}}, .classes = 33},
    {.what = "labels beyond the classes",
     .attr = &city,
     .n_in = 1,
     .in = {{2, 3, 3, 1}},
     .classes = 40},
    {.what = "run", .attr = &ade, .n_in = 1, .in = {{2, 1, RUN, 1}}, .classes = 150},
    {.what = "run + 1", .attr = &ade, .n_in = 1, .in = {{2, 27, 19, 1}}, .classes = 150},
    {.what = "more classes than the ignored label",
     .attr = &many,
     .n_in = 1,
     .in = {{1, 20, 20, 1}},
     .classes = 300},
};

const encnet__op encnet__op_presence = {
    .name = "presence",
    .n_in = 1,
    .integers = 1,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
