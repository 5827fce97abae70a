/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* check.c - holds an op against its double-precision reference on a device; see check.h. */
#include "selftest/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "selftest/draw.h"
#include "selftest/guard.h"

enum {
    MOST = 48,  /* elements of one gradient that are compared one by one */
    FEWEST = 6, /* ... of an op whose reference is slow */
};

#define STEP (1.0 / (1 << 20))  /* h of the central differences */
#define REFERENCE_FLOPS 1e8     /* about what one gradient may cost the host in reference passes */
#define GARBAGE 0x71234567u     /* 8e29: what scratch holds before the second run */
#define ROUNDING (16 * 0x1p-53) /* of one element of the reference, relative */

/* A gradient is rounded to the storage type, and so is what it may be made from: the output that
 * backward reads, whose error a sigmoid's slope quadruples, or the gradient of an addend. */
#define GRADIENT_ROUNDINGS 8

/* What the random streams are for. */
enum { PURPOSE_INPUT = 100, PURPOSE_DOUT, PURPOSE_PICK, PURPOSE_DIRECTION };

typedef struct checker {
    encnet__check *result;
    const encnet__op *op;
    const encnet__case *row;
    encnet__node_shape shape, fixed; /* fixed: with weights that can be prepared once */
    encnet__type storage;            /* of the tensors that the op takes in it */
    size_t out_count;
    encnet__guarded in[ENCNET__MAX_INPUTS], din[ENCNET__MAX_INPUTS];
    encnet__guarded out, dout, saved, scratch_fwd, scratch_bwd;
    encnet__guarded prepared, scratch_fixed;
    double *in64[ENCNET__MAX_INPUTS];
    double *ref, *plus, *minus; /* out_count each */
    encnet__call call;
} checker;

/* -- inputs ------------------------------------------------------------------------------------ */

static uint64_t seed_of(const checker *k)
{
    uint64_t hash = encnet__hash(ENCNET__FNV, k->op->name, strlen(k->op->name));

    return encnet__hash(hash, k->row->what, strlen(k->row->what));
}

/* Draws input i, rounded to its type, and brings it to the device. */
static encnet_status put_input(checker *k, int i)
{
    for (size_t at = 0; at < encnet__shape_count(k->row->in[i]); at++)
        encnet__guarded_set(&k->in[i], at, k->in64[i][at]);
    return encnet__guarded_put(&k->in[i]);
}

static encnet_status draw_input(checker *k, int i)
{
    encnet__random_input draw = {.kind = k->op->fill ? k->op->fill[i] : ENCNET__FILL_NORMAL,
                                 .shape = k->row->in[i],
                                 .type = k->in[i].type,
                                 .classes = k->row->classes ? k->row->classes : k->row->in[0].c};
    size_t count = encnet__shape_count(draw.shape);

    k->in64[i] = encnet__alloc(count, sizeof *k->in64[i]);
    if (!k->in64[i]) return encnet__fail(ENCNET_E_NOMEM, "no memory for %zu numbers", count);
    encnet__draw_tensor(k->in64[i], &draw,
                        encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_INPUT));
    return put_input(k, i);
}

/* -- set up ------------------------------------------------------------------------------------ */

static encnet__type type_of_input(const checker *k, int i)
{
    if (k->op->integers >> i & 1) return ENCNET__I32;
    return k->op->narrow >> i & 1 ? k->storage : ENCNET__F32;
}

static encnet__type type_of_out(const checker *k)
{
    if (k->op->out_is_integer) return ENCNET__I32;
    return k->op->out_is_narrow ? k->storage : ENCNET__F32;
}

static bool wants_backward(const checker *k)
{
    return k->op->backward && k->op->gradients && !k->row->forward_only;
}

static bool has_gradient(const checker *k, int i)
{
    return k->in[i].count && (k->op->gradients >> i & 1);
}

static encnet_status infer(checker *k, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;

    k->shape = (encnet__node_shape){
        .attr = k->row->attr, .n_in = k->row->n_in, .type = type_of_input(k, 0)};
    memcpy(k->shape.in, k->row->in, sizeof k->shape.in);
    TRY(k->op->infer(&k->shape));
    k->shape.dev = dev;
    if (!encnet__shape_valid(k->shape.out))
        FAIL(ENCNET_E_DEVICE, "infer gives " SHAPE_FMT, SHAPE_ARG(k->shape.out));
    k->out_count = encnet__shape_count(k->shape.out);
    k->fixed = k->shape;
    k->fixed.constant = ~1u;
    if (wants_backward(k)) k->shape.wanted = k->op->gradients;
    TRY(encnet__op_plan(k->op, &k->shape));
    if (k->op->prepare) TRY(encnet__op_plan(k->op, &k->fixed));
done:
    return rc;
}

static size_t words_of(size_t bytes)
{
    return (bytes + 3) / 4;
}

static size_t scratch_words(const encnet__op *op, const encnet__node_shape *shape, bool backward)
{
    return words_of(encnet__op_scratch_bytes(op, shape, backward));
}

static encnet_status take_words(encnet__guarded *g, encnet_device *dev, size_t words)
{
    return encnet__guarded_new(g, dev, words, ENCNET__F32, ENCNET__GUARD_WRITTEN);
}

/* What this rank alone exchanges: its contribution and, in backward, its sums. */
static encnet_status make_exchanged(checker *k, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    int i = k->op->sync->exchanged;

    TRY(encnet__op_contribution(&k->shape.in[i], k->op, &k->shape));
    TRY(take_words(&k->in[i], dev, encnet__shape_count(k->shape.in[i])));
    TRY(take_words(&k->din[i], dev, k->op->sync->sums_floats(&k->shape)));
done:
    return rc;
}

static encnet_status make_buffers(checker *k, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    const encnet__op *op = k->op;
    const encnet__node_shape *s = &k->shape;
    bool backward = wants_backward(k);

    for (int i = 0; i < k->row->n_in; i++) {
        size_t count = encnet__shape_count(s->in[i]);
        encnet__type type = type_of_input(k, i);
        TRY(encnet__guarded_new(&k->in[i], dev, count, type, ENCNET__GUARD_READ));
        if (backward && has_gradient(k, i))
            TRY(encnet__guarded_new(&k->din[i], dev, count, type, ENCNET__GUARD_WRITTEN));
    }
    TRY(encnet__guarded_new(&k->out, dev, k->out_count, type_of_out(k), ENCNET__GUARD_WRITTEN));
    TRY(take_words(&k->saved, dev, op->saved_bytes ? words_of(op->saved_bytes(s)) : 0));
    TRY(take_words(&k->scratch_fwd, dev, scratch_words(op, s, false)));
    if (backward) {
        TRY(encnet__guarded_new(&k->dout, dev, k->out_count, type_of_out(k), ENCNET__GUARD_READ));
        TRY(take_words(&k->scratch_bwd, dev, scratch_words(op, s, true)));
    }
    if (op->prepare) {
        TRY(take_words(&k->prepared, dev, words_of(op->prepared_bytes(&k->fixed))));
        TRY(take_words(&k->scratch_fixed, dev, scratch_words(op, &k->fixed, false)));
    }
    if (op->sync) TRY(make_exchanged(k, dev));
    k->ref = encnet__alloc(k->out_count, sizeof *k->ref);
    k->plus = encnet__alloc(k->out_count, sizeof *k->plus);
    k->minus = encnet__alloc(k->out_count, sizeof *k->minus);
    if (!k->ref || !k->plus || !k->minus) FAIL(ENCNET_E_NOMEM, "no memory for the reference");
done:
    return rc;
}

static void make_call(checker *k, encnet_device *dev)
{
    encnet__call *c = &k->call;

    *c = (encnet__call){.dev = dev,
                        .attr = k->row->attr,
                        .plan = k->shape.plan,
                        .n_in = k->row->n_in,
                        .saved = k->saved.view,
                        .scratch = k->scratch_fwd.view,
                        .seed = ENCNET__CHECK_SEED,
                        .step = ENCNET__CHECK_STEP,
                        .node = ENCNET__CHECK_NODE};
    for (int i = 0; i < k->row->n_in; i++)
        c->in[i] = (encnet__tensor){k->in[i].view, k->shape.in[i], type_of_input(k, i)};
    if (k->op->sync) {
        int i = k->op->sync->exchanged;
        c->in[i] = (encnet__tensor){k->in[i].view, k->shape.in[i], ENCNET__F32};
        c->din[i].buffer = k->din[i].view;
    }
    c->out = (encnet__tensor){k->out.view, k->shape.out, type_of_out(k)};
}

static void free_all(checker *k)
{
    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) {
        encnet__guarded_free(&k->in[i]);
        encnet__guarded_free(&k->din[i]);
        encnet__free(k->in64[i]);
    }
    encnet__guarded_free(&k->out);
    encnet__guarded_free(&k->dout);
    encnet__guarded_free(&k->saved);
    encnet__guarded_free(&k->scratch_fwd);
    encnet__guarded_free(&k->scratch_bwd);
    encnet__guarded_free(&k->prepared);
    encnet__guarded_free(&k->scratch_fixed);
    encnet__op_plan_free(k->op, k->shape.plan);
    encnet__op_plan_free(k->op, k->fixed.plan);
    encnet__free(k->ref);
    encnet__free(k->plus);
    encnet__free(k->minus);
}

/* -- comparing --------------------------------------------------------------------------------- */

/* What one rounding to a narrow type changes in a number of about `scale`. */
static double narrow_rounding(encnet__type type, double scale)
{
    if (type == ENCNET__F16) return 0x1p-11 * scale + 0x1p-25; /* half of the least step */
    return type == ENCNET__BF16 ? 0x1p-8 * scale : 0;
}

/* `roundings`: how often what is compared may have been rounded to the storage type. */
static double tolerance(const checker *k, double scale, double roundings)
{
    double allowed = k->op->tolerance ? k->op->tolerance(&k->shape, scale) : 32 * 0x1p-24 * scale;

    return allowed + roundings * narrow_rounding(k->storage, scale);
}

/* Notes |got - expected| in units of `allowed`; fails when it is above 1 or not a number. */
static encnet_status hold(checker *k, const char *what, size_t at, double got, double expected,
                          double allowed)
{
    double error = fabs(got - expected), ratio = error == 0 ? 0 : error / allowed;

    if (isnan(ratio)) ratio = INFINITY;
    if (ratio > k->result->worst) {
        k->result->worst = ratio;
        encnet__print(k->result->where, sizeof k->result->where, "%s: %s[%zu]: %.9g against %.9g",
                      k->row->what, what, at, got, expected);
    }
    if (ratio <= 1) return ENCNET_OK;
    return encnet__fail(ENCNET_E_DEVICE,
                        "%s[%zu] is %.9g, the reference %.9g: off by %.3g, allowed %.3g%s", what,
                        at, got, expected, error, allowed, isnan(got) ? " (never written?)" : "");
}

static encnet_status compare_out(checker *k, const char *what)
{
    encnet_status rc = ENCNET_OK;
    double scale = 0, allowed;

    for (size_t i = 0; i < k->out_count; i++) scale = fmax(scale, fabs(k->ref[i]));
    allowed = k->op->out_is_integer ? 0 : tolerance(k, scale, 1);
    for (size_t i = 0; i < k->out_count; i++)
        TRY(hold(k, what, i, encnet__guarded_now(&k->out, i), k->ref[i], allowed));
done:
    return rc;
}

/* Fetches; fails when the payload is not what the host expects, naming the pass and the tensor. */
static encnet_status unchanged(encnet__guarded *g, const char *pass, const char *name)
{
    encnet_status rc = ENCNET_OK;
    size_t at;

    rc = encnet__guarded_changed(g, &at);
    if (rc == ENCNET_E_DEVICE) rc = encnet__fail(rc, "%s, %s: %s", pass, name, encnet_last_error());
    if (rc != ENCNET_OK || at == g->count) return rc;
    return encnet__fail(ENCNET_E_DEVICE, "%s, %s[%zu]: the bits differ, %.9g instead of %.9g", pass,
                        name, at, encnet__guarded_now(g, at), encnet__guarded_get(g, at));
}

static encnet_status written(encnet__guarded *g, const char *pass, const char *name)
{
    encnet_status rc = encnet__guarded_fetch(g);

    if (rc == ENCNET_E_DEVICE) rc = encnet__fail(rc, "%s, %s: %s", pass, name, encnet_last_error());
    return rc;
}

static encnet_status inputs_unchanged(checker *k, const char *pass)
{
    encnet_status rc = ENCNET_OK;
    char name[16];

    for (int i = 0; i < k->row->n_in; i++) {
        snprintf(name, sizeof name, "in[%d]", i);
        TRY(unchanged(&k->in[i], pass, name));
    }
done:
    return rc;
}

/* -- forward ----------------------------------------------------------------------------------- */

static encnet_status check_forward(checker *k)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__op_forward(k->op, &k->call));
    TRY(written(&k->out, "forward", "out"));
    TRY(written(&k->saved, "forward", "saved"));
    TRY(written(&k->scratch_fwd, "forward", "scratch"));
    if (k->op->sync) TRY(written(&k->in[k->op->sync->exchanged], "forward", "contribution"));
    TRY(inputs_unchanged(k, "forward"));
    TRY(compare_out(k, "forward out"));
    encnet__guarded_keep(&k->out);
    encnet__guarded_keep(&k->saved);
done:
    return rc;
}

/* Spoils what a pass writes on the device while the host goes on expecting what it has. */
static encnet_status spoil(encnet__guarded *g)
{
    return encnet__guarded_fill(g, ENCNET__UNWRITTEN, true);
}

static encnet_status check_forward_again(checker *k)
{
    encnet_status rc = ENCNET_OK;

    TRY(spoil(&k->out));
    TRY(spoil(&k->saved));
    TRY(encnet__guarded_fill(&k->scratch_fwd, GARBAGE, false));
    TRY(encnet__op_forward(k->op, &k->call));
    TRY(unchanged(&k->out, "second forward", "out"));
    TRY(unchanged(&k->saved, "second forward", "saved"));
done:
    return rc;
}

static encnet_status check_recompute(checker *k)
{
    encnet_status rc = ENCNET_OK;
    encnet__call call = k->call;

    if (!k->op->recompute || k->row->forward_only) return ENCNET_OK;
    if (!k->op->costly) call.scratch = NULL;
    if (k->op->sync) call.in[k->op->sync->exchanged].buffer = NULL;
    TRY(spoil(&k->out));
    TRY(k->op->recompute(&call));
    TRY(unchanged(&k->out, "recompute", "out"));
    TRY(unchanged(&k->saved, "recompute", "saved"));
    TRY(inputs_unchanged(k, "recompute"));
done:
    return rc;
}

static encnet_status check_prepared(checker *k)
{
    encnet_status rc = ENCNET_OK;
    encnet__call call = k->call;

    if (k->prepared.count == 0) return ENCNET_OK;
    call.plan = k->fixed.plan;
    call.prepared = k->prepared.view;
    call.scratch = k->scratch_fixed.view;
    TRY(k->op->prepare(&call));
    TRY(written(&k->prepared, "prepare", "prepared"));
    encnet__guarded_keep(&k->prepared);
    TRY(spoil(&k->out));
    TRY(encnet__op_forward(k->op, &call));
    TRY(written(&k->out, "forward from prepared", "out"));
    TRY(unchanged(&k->prepared, "forward from prepared", "prepared"));
    TRY(written(&k->scratch_fixed, "forward from prepared", "scratch"));
    TRY(inputs_unchanged(k, "forward from prepared"));
    TRY(compare_out(k, "forward from prepared out"));
    TRY(encnet__guarded_put(&k->out));
done:
    return rc;
}

/* -- backward ---------------------------------------------------------------------------------- */

static encnet_status draw_dout(checker *k)
{
    encnet__rng r = encnet__rng_at(seed_of(k), 0, 0, PURPOSE_DOUT);

    for (size_t i = 0; i < k->out_count; i++)
        encnet__guarded_set(&k->dout, i, (double)(float)encnet__rng_normal(&r));
    return encnet__guarded_put(&k->dout);
}

/* The tensors that are not read may be gone by then: they hold NaN. */
static encnet_status hide_all_but(checker *k, unsigned reads)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < k->row->n_in; i++)
        if (!(reads & ENCNET__READS_IN(i)))
            TRY(encnet__guarded_fill(&k->in[i], ENCNET__UNWRITTEN, false));
    if (!(reads & ENCNET__READS_OUT)) TRY(encnet__guarded_fill(&k->out, ENCNET__UNWRITTEN, false));
    if (!(reads & ENCNET__READS_DOUT))
        TRY(encnet__guarded_fill(&k->dout, ENCNET__UNWRITTEN, false));
done:
    return rc;
}

/* Returns what backward reads for these gradients. */
static unsigned read_for(const checker *k, unsigned wanted)
{
    encnet__node_shape shape = k->shape;

    shape.wanted = wanted;
    return ENCNET__READS_DOUT | (k->op->backward_reads ? k->op->backward_reads(&shape) : 0);
}

static encnet__call backward_call(checker *k, unsigned wanted)
{
    encnet__call call = k->call;

    call.scratch = k->scratch_bwd.view;
    if (k->op->sync) call.in[k->op->sync->exchanged].buffer = NULL;
    call.dout = (encnet__tensor){k->dout.view, k->shape.out, type_of_out(k)};
    for (int i = 0; i < k->row->n_in; i++)
        call.din[i] = (encnet__tensor){wanted >> i & 1 ? k->din[i].view : NULL, k->shape.in[i],
                                       type_of_input(k, i)};
    return call;
}

/* Runs backward for the gradients in `wanted`, and sees that nothing else was written. */
static encnet_status run_backward(checker *k, unsigned wanted, const char *pass)
{
    encnet_status rc = ENCNET_OK;
    encnet__call call = backward_call(k, wanted);

    TRY(encnet__op_backward(k->op, &call));
    TRY(inputs_unchanged(k, pass));
    TRY(unchanged(&k->out, pass, "out"));
    TRY(unchanged(&k->dout, pass, "dout"));
    TRY(unchanged(&k->saved, pass, "saved"));
    TRY(written(&k->scratch_bwd, pass, "scratch"));
    if (k->op->sync) TRY(written(&k->din[k->op->sync->exchanged], pass, "sums"));
done:
    return rc;
}

/* d(sum dout out)/dh, and in `noise` the rounding that it may carry; plus and minus hold the two
 * outputs.  Elements that the step does not reach cancel exactly. */
static double difference(const checker *k, double *noise)
{
    double sum = 0, size = 0;

    for (size_t i = 0; i < k->out_count; i++) {
        double dout = encnet__guarded_get(&k->dout, i);
        if (k->plus[i] == k->minus[i]) continue;
        sum += dout * (k->plus[i] - k->minus[i]);
        size += fabs(dout) * (fabs(k->plus[i]) + fabs(k->minus[i]));
    }
    *noise = ROUNDING * size / (2 * STEP);
    return sum / (2 * STEP);
}

static void reference(const checker *k, double *out)
{
    k->op->reference(out, (const double *const *)k->in64, &k->shape);
}

static encnet_status compare_element(checker *k, int i, size_t at, double allowed)
{
    double kept = k->in64[i][at], noise, expected;
    char what[32];

    k->in64[i][at] = kept + STEP;
    reference(k, k->plus);
    k->in64[i][at] = kept - STEP;
    reference(k, k->minus);
    k->in64[i][at] = kept;
    expected = difference(k, &noise);
    snprintf(what, sizeof what, "backward din[%d]", i);
    return hold(k, what, at, encnet__guarded_now(&k->din[i], at), expected, allowed + noise);
}

static void move(checker *k, int i, double by)
{
    encnet__rng r = encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_DIRECTION);

    for (size_t at = 0; at < k->in[i].count; at++)
        k->in64[i][at] += encnet__rng_below(&r, 2) ? by : -by;
}

/* The whole gradient at once: its product with a direction of +1 and -1. */
static encnet_status compare_direction(checker *k, int i, double allowed)
{
    encnet__rng r = encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_DIRECTION);
    size_t count = k->in[i].count;
    double got = 0, expected, noise;
    char what[48];

    for (size_t at = 0; at < count; at++) {
        double d = encnet__guarded_now(&k->din[i], at);
        got += encnet__rng_below(&r, 2) ? d : -d;
    }
    move(k, i, STEP);
    reference(k, k->plus);
    move(k, i, -2 * STEP);
    reference(k, k->minus);
    move(k, i, STEP);
    expected = difference(k, &noise);
    snprintf(what, sizeof what, "backward din[%d] along a direction", i);
    /* Independent errors add up to sqrt(count) of them; 4 for luck and for a common bias. */
    return hold(k, what, 0, got, expected, 4 * sqrt((double)count) * allowed + noise);
}

static encnet_status compare_gradient(checker *k, int i)
{
    encnet_status rc = ENCNET_OK;
    encnet__rng r = encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_PICK);
    size_t count = k->in[i].count, picks = MOST;
    double flops = k->op->flops ? k->op->flops(&k->shape) : (double)k->out_count, scale = 0,
           allowed;
    char what[32];

    snprintf(what, sizeof what, "backward din[%d]", i);
    for (size_t at = 0; at < count; at++) {
        double d = encnet__guarded_now(&k->din[i], at);
        if (isnan(d)) TRY(hold(k, what, at, d, 0, 0));
        scale = fmax(scale, fabs(d));
    }
    allowed = tolerance(k, scale, GRADIENT_ROUNDINGS);
    if (flops * 2 * MOST > REFERENCE_FLOPS)
        picks = (size_t)fmax(FEWEST, floor(REFERENCE_FLOPS / (2 * flops)));
    if (count <= picks)
        for (size_t at = 0; at < count; at++) TRY(compare_element(k, i, at, allowed));
    else
        for (size_t n = 0; n < picks; n++)
            TRY(compare_element(k, i, encnet__rng_below(&r, (uint32_t)count), allowed));
    TRY(compare_direction(k, i, allowed));
done:
    return rc;
}

static encnet_status check_gradients(checker *k)
{
    encnet_status rc = ENCNET_OK;

    TRY(draw_dout(k));
    TRY(hide_all_but(k, read_for(k, k->shape.wanted)));
    TRY(run_backward(k, k->op->gradients, "backward"));
    for (int i = 0; i < k->row->n_in; i++) {
        if (!has_gradient(k, i)) continue;
        TRY(written(&k->din[i], "backward", "din"));
        TRY(compare_gradient(k, i));
        encnet__guarded_keep(&k->din[i]);
    }
done:
    return rc;
}

/* The second run: each gradient alone, into NaN, over other garbage in scratch. */
static encnet_status check_gradients_alone(checker *k)
{
    encnet_status rc = ENCNET_OK;
    char name[16];

    for (int i = 0; i < k->row->n_in; i++) {
        if (!has_gradient(k, i)) continue;
        snprintf(name, sizeof name, "din[%d]", i);
        TRY(spoil(&k->din[i]));
        TRY(encnet__guarded_fill(&k->scratch_bwd, GARBAGE, false));
        TRY(run_backward(k, 1u << i, "backward of one gradient alone"));
        TRY(unchanged(&k->din[i], "backward of one gradient alone", name));
    }
    for (int i = 0; i < k->row->n_in; i++) {
        snprintf(name, sizeof name, "din[%d]", i);
        TRY(unchanged(&k->din[i], "backward of another gradient", name));
    }
done:
    return rc;
}

static encnet_status check_backward_again(checker *k)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < k->row->n_in; i++) TRY(spoil(&k->din[i]));
    TRY(encnet__guarded_fill(&k->scratch_bwd, GARBAGE, false));
    TRY(run_backward(k, k->op->gradients, "second backward"));
    for (int i = 0; i < k->row->n_in; i++) TRY(unchanged(&k->din[i], "second backward", "din"));
done:
    return rc;
}

static unsigned gradients_of(const checker *k)
{
    unsigned bits = 0;

    for (int i = 0; i < k->row->n_in; i++) bits |= (unsigned)has_gradient(k, i) << i;
    return bits;
}

/* Runs backward for some gradients, while what it does not read for them is gone; they stay as they are. */
static encnet_status check_part(checker *k, unsigned wanted)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < k->row->n_in; i++)
        if (wanted >> i & 1) TRY(spoil(&k->din[i]));
    for (int i = 0; i < k->row->n_in; i++)
        if (k->in[i].count) TRY(put_input(k, i));
    TRY(hide_all_but(k, read_for(k, wanted)));
    TRY(run_backward(k, wanted, "backward in parts"));
    for (int i = 0; i < k->row->n_in; i++)
        if (wanted >> i & 1) TRY(unchanged(&k->din[i], "backward in parts", "din"));
done:
    return rc;
}

/* The second half of an operator with an exchange, with all gradients of the first there: what it does not
 * read then is gone. */
static encnet_status check_second_half(checker *k)
{
    encnet_status rc = ENCNET_OK;
    const encnet__sync *sync = k->op->sync;
    unsigned wanted = gradients_of(k), computed = wanted & ~sync->reduced;
    encnet__call call = backward_call(k, wanted);

    for (int i = 0; i < k->row->n_in; i++) TRY(spoil(&k->din[i]));
    TRY(sync->backward_sums(&call));
    TRY(hide_all_but(k, sync->backward_reads(&k->shape, computed)));
    TRY(k->op->backward(&call));
    for (int i = 0; i < k->row->n_in; i++)
        if (wanted >> i & 1) TRY(unchanged(&k->din[i], "second half of backward", "din"));
done:
    return rc;
}

/* As the graph runs backward; it ends what can be checked, as tensors are gone after it. */
static encnet_status check_parts(checker *k)
{
    encnet_status rc = ENCNET_OK;
    unsigned wanted = gradients_of(k), apart = wanted & k->op->apart;

    if (apart && apart != wanted) {
        TRY(check_part(k, apart));
        TRY(check_part(k, wanted & ~apart));
    }
    if (k->op->sync) TRY(check_second_half(k));
done:
    return rc;
}

/* -- the whole --------------------------------------------------------------------------------- */

encnet_status encnet__check_case(encnet__check *result, encnet_device *dev, const encnet__op *op,
                                 const encnet__case *row, encnet__type storage)
{
    encnet_status rc = ENCNET_OK;
    checker k = {.result = result, .op = op, .row = row, .storage = storage};

    TRY(infer(&k, dev));
    TRY(make_buffers(&k, dev));
    for (int i = 0; i < row->n_in; i++)
        if (k.in[i].count) TRY(draw_input(&k, i));
    make_call(&k, dev);
    reference(&k, k.ref);
    TRY(check_forward(&k));
    TRY(check_forward_again(&k));
    TRY(check_recompute(&k));
    TRY(check_prepared(&k));
    if (wants_backward(&k)) {
        TRY(check_gradients(&k));
        TRY(check_backward_again(&k));
        TRY(check_gradients_alone(&k));
        TRY(check_parts(&k));
    }
done:
    if (rc != ENCNET_OK)
        rc = encnet__fail(rc, "%s (%s, %s): %s", op->name, row->what, encnet__type_name(storage),
                          encnet_last_error());
    free_all(&k);
    return rc;
}

encnet_status encnet__check_op(encnet__check *result, encnet_device *dev, const encnet__op *op,
                               encnet__type storage, bool small_only)
{
    for (int i = 0; i < op->n_cases; i++) {
        encnet_status rc;
        if (small_only && op->cases[i].big) continue;
        rc = encnet__check_case(result, dev, op, &op->cases[i], storage);
        if (rc != ENCNET_OK) return rc;
    }
    return ENCNET_OK;
}
