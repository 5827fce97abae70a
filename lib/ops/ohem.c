/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ohem - online hard example mining: which pixels count in the loss, as weights of 0 and 1.
 *
 *   B    = min_kept N                      z [N,H,W,M], t = label[p]
 *   thresh = 0:  u[p] = 1 for the B labelled pixels of the largest w[t] (log sum_m exp(z[p,m]) - z[p,t]),
 *                or for all if there are not more                   w [M], 1 if absent
 *   thresh > 0:  u[p] = 1 where softmax(z[p])[t] < max(thresh, q), q the probability in place
 *                min(B, labelled pixels - 1), from 0, of all in ascending order
 *
 * This is mmsegmentation's OHEMPixelSampler.  All images of the rank's batch are in one contest, and
 * the weights of classes play no part in the probability.  There is no gradient; cross_entropy takes
 * u.  Of equal losses the first ones in scan order count (PyTorch leaves the choice open; the loss is
 * the same).  Pixels with the label ENCNET_IGNORE or a label outside 0 .. M-1 have u = 0.  A NaN
 * counts as the hardest pixel, so that it shows in the loss.
 *
 * Losses and probabilities are those of float32, so of two pixels that are closer than its rounding
 * either may come first; what is made of them is exact.
 */
#include "ops/ops.h"

#include <math.h>
#include <stdlib.h>
#include <encnet/options.h>
#include "ops/attr.h"

enum {
    GROUP = 64, /* as in ohem.cl */
    RUN = 64,
    DIGITS = 256,
    KEY_RUN = 16, /* pixels of an item of ohem_loss_keys */
    BLOCK = GROUP * RUN,
};

static size_t pixels(encnet__shape z)
{
    return encnet__shape_count(z) / (size_t)z.c;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    const encnet__ohem_attr *a = shape->attr;
    encnet__shape z = shape->in[0], t = shape->in[1],
                  w = shape->n_in > 2 ? shape->in[2] : (encnet__shape){0};

    if (a->min_kept < 1 || !(a->thresh >= 0 && a->thresh <= 1))
        FAIL(ENCNET_E_SHAPE, "ohem: min_kept is %d, not 1 or more, or thresh %g is not in 0..1",
             a->min_kept, (double)a->thresh);
    if (!encnet__shape_equal(t, (encnet__shape){z.n, z.h, z.w, 1}))
        FAIL(ENCNET_E_SHAPE,
             "ohem: logits are " SHAPE_FMT ", labels " SHAPE_FMT ", not [%d,%d,%d,1]", SHAPE_ARG(z),
             SHAPE_ARG(t), z.n, z.h, z.w);
    if (w.c != 0 && !encnet__shape_equal(w, (encnet__shape){1, 1, 1, z.c}))
        FAIL(ENCNET_E_SHAPE, "ohem: there are M=%d classes, the class weights are " SHAPE_FMT, z.c,
             SHAPE_ARG(w));
    if (pixels(z) > UINT32_MAX / 2)
        FAIL(ENCNET_E_SHAPE, "ohem: " SHAPE_FMT " is too large", SHAPE_ARG(z));
    shape->out = t;
done:
    return rc;
}

/* Where the parts of scratch begin, in words. */
typedef struct layout {
    size_t P, blocks;
    size_t keys, counts, state, end;
} layout;

static layout layout_of(encnet__shape z)
{
    layout at = {.P = pixels(z)};

    at.blocks = encnet__divide_up(at.P, BLOCK);
    at.counts = at.keys + at.P;
    at.state = at.counts + at.blocks * DIGITS;
    at.end = at.state + 2;
    return at;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    return backward ? 0 : layout_of(shape->in[0]).end * sizeof(uint32_t);
}

/* B, which may be more than there are pixels. */
static size_t kept_of(const encnet__ohem_attr *a, encnet__shape z)
{
    size_t B = (size_t)a->min_kept * (size_t)z.n;

    return B < pixels(z) ? B : pixels(z);
}

static encnet_status make_keys(const encnet__call *call, const layout *at)
{
    const encnet__ohem_attr *a = call->attr;
    encnet__shape z = call->in[0].shape;

    if (a->thresh > 0)
        return LAUNCH(call->dev, "ohem", "ohem_probability_keys", "", GRID1(at->P, GROUP),
                      BUF(call->scratch), UINT(at->keys), BUF(call->in[0].buffer),
                      BUF(call->in[1].buffer), UINT(at->P), UINT(z.c));
    return LAUNCH(call->dev, "ohem", "ohem_loss_keys", "",
                  GRID1(encnet__divide_up(at->P, KEY_RUN), GROUP), BUF(call->scratch),
                  UINT(at->keys), BUF(call->in[0].buffer), BUF(call->in[1].buffer),
                  BUF(call->in[2].buffer), UINT(at->P), UINT(z.c));
}

/* Finds the key in place `kept`, from 1, of the largest. */
static encnet_status select_key(const encnet__call *call, const layout *at, size_t kept)
{
    encnet_status rc = ENCNET_OK;

    for (int shift = 24; shift >= 0; shift -= 8) {
        TRY(LAUNCH(call->dev, "ohem", "ohem_count", "", ((encnet__grid){{at->blocks}, {GROUP}}),
                   BUF(call->scratch), UINT(at->counts), UINT(at->keys), UINT(at->state),
                   UINT(at->P), UINT(shift)));
        TRY(LAUNCH(call->dev, "ohem", "ohem_digit", "", GRID1(GROUP, GROUP), BUF(call->scratch),
                   UINT(at->state), UINT(at->counts), UINT(at->blocks), UINT(shift),
                   UINT(shift == 24 ? kept : 0)));
    }
done:
    return rc;
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    const encnet__ohem_attr *a = call->attr;
    layout at = layout_of(call->in[0].shape);
    size_t B = kept_of(a, call->in[0].shape);

    TRY(make_keys(call, &at));
    TRY(select_key(call, &at, a->thresh > 0 ? B + 1 : B));
    if (a->thresh > 0)
        TRY(LAUNCH(call->dev, "ohem", "ohem_improbable", "", GRID1(at.P, GROUP),
                   BUF(call->out.buffer), BUF(call->scratch), UINT(at.keys), UINT(at.state),
                   UINT(at.P), FLOAT(a->thresh)));
    else
        TRY(LAUNCH(call->dev, "ohem", "ohem_hardest", "", ((encnet__grid){{at.blocks}, {GROUP}}),
                   BUF(call->out.buffer), BUF(call->scratch), UINT(at.keys), UINT(at.counts),
                   UINT(at.state), UINT(at.P)));
done:
    return rc;
}

/* -- reference --------------------------------------------------------------------------------- */

typedef struct contender {
    size_t p;
    double loss, probability;
} contender;

static contender contender_of(size_t p, const double *z, size_t t, size_t M, const double *w)
{
    double largest = -INFINITY, sum = 0;

    for (size_t m = 0; m < M; m++) largest = fmax(largest, z[m]);
    for (size_t m = 0; m < M; m++) sum += exp(z[m] - largest);
    return (contender){p, (w ? w[t] : 1) * (log(sum) + largest - z[t]), exp(z[t] - largest) / sum};
}

/* Largest loss first, then in scan order. */
static int by_loss(const void *a, const void *b)
{
    const contender *x = a, *y = b;

    if (x->loss != y->loss) return x->loss > y->loss ? -1 : 1;
    return x->p < y->p ? -1 : x->p > y->p;
}

static int by_probability(const void *a, const void *b)
{
    const contender *x = a, *y = b;

    return x->probability < y->probability ? -1 : x->probability > y->probability;
}

static void mark(double *u, contender *all, size_t n, const encnet__ohem_attr *a, size_t B)
{
    double least = (double)a->thresh;

    qsort(all, n, sizeof *all, a->thresh > 0 ? by_probability : by_loss);
    if (n) least = fmax(least, all[B < n ? B : n - 1].probability);
    for (size_t i = 0; i < n; i++) u[all[i].p] = a->thresh > 0 ? all[i].probability < least : i < B;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t P = pixels(shape->in[0]), M = (size_t)shape->in[0].c, n = 0;
    const double *w = shape->n_in > 2 ? in[2] : NULL;
    contender *all = encnet__alloc(P, sizeof *all);

    for (size_t p = 0; p < P; p++) {
        double t = in[1][p];
        out[p] = all ? 0 : NAN;
        if (all && t >= 0 && t < (double)M && t != ENCNET_IGNORE)
            all[n++] = contender_of(p, in[0] + p * M, (size_t)t, M, w);
    }
    if (all) mark(out, all, n, shape->attr, kept_of(shape->attr, shape->in[0]));
    encnet__free(all);
}

static double flops(const encnet__node_shape *shape)
{
    return 4.0 * (double)encnet__shape_count(shape->in[0]); /* maximum, difference, exp, sum */
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS,
                                         ENCNET__FILL_POSITIVE};
static const encnet__ohem_attr one = {0, 1}, ten = {0, 10}, many = {0, 1000}, most = {0, 3000},
                               low = {0.3f, 10}, high = {0.9f, 10}, below_many = {0.01f, 1000},
                               below_most = {0.01f, 3000};

#define ROW(N, H, W, M) .n_in = 2, .in = {{N, H, W, M}, {N, H, W, 1}}
static const encnet__case cases[] = {
    {.what = "one class", .attr = &one, ROW(1, 1, 1, 1)},
    {.what = "equal losses", .attr = &ten, ROW(2, 5, 7, 1)},
    {.what = "equal probabilities", .attr = &low, ROW(2, 5, 7, 1)},
    {.what = "odd", .attr = &ten, ROW(2, 5, 7, 3)},
    {.what = "odd, below 0.3", .attr = &low, ROW(2, 5, 7, 3)},
    {.what = "odd, below 0.9", .attr = &high, ROW(2, 5, 7, 19)},
    {.what = "weights",
     .attr = &ten,
     .n_in = 3,
     .in = {{1, 5, 7, 19}, {1, 5, 7, 1}, {1, 1, 1, 19}}},
    {.what = "fewer than are kept", .attr = &many, ROW(2, 5, 7, 16)},
    {.what = "fewer than are kept, below 0.01", .attr = &below_many, ROW(2, 5, 7, 16)},
    {.what = "block", .attr = &most, ROW(1, 1, BLOCK, 2)},
    {.what = "block + 1", .attr = &many, ROW(1, 17, 241, 2)},
    {.what = "blocks, below 0.01", .attr = &below_most, ROW(2, 33, 127, 3)},
    {.what = "labels beyond the classes", .attr = &ten, ROW(1, 9, 9, 4), .classes = 8},
    {.what = "Cityscapes",
     .attr = &(encnet__ohem_attr){0, 100000},
     ROW(1, 512, 512, 19),
     .big = true},
    {.what = "Cityscapes, below 0.7",
     .attr = &(encnet__ohem_attr){0.7f, 100000},
     ROW(1, 512, 512, 19),
     .big = true},
};

const encnet__op encnet__op_ohem = {
    .name = "ohem",
    .n_in = 3,
    .optional = 4,
    .integers = 2,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
