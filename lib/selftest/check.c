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

/* What the random streams are for. */
enum { PURPOSE_INPUT = 100, PURPOSE_DOUT, PURPOSE_PICK, PURPOSE_DIRECTION };

typedef struct checker {
    encnet__check *result;
    const encnet__op *op;
    const encnet__case *row;
    encnet__node_shape shape, fixed; /* fixed: with weights that can be prepared once */
    size_t out_count;
    encnet__guarded in[ENCNET__MAX_INPUTS], din[ENCNET__MAX_INPUTS];
    encnet__guarded out, dout, saved, scratch_fwd, scratch_bwd, message;
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

/* Draws input i, rounds it to float, and brings it to the device. */
static encnet_status draw_input(checker *k, int i)
{
    encnet__random_input draw = {.kind = k->op->fill ? k->op->fill[i] : ENCNET__FILL_NORMAL,
                                 .shape = k->row->in[i],
                                 .classes = k->row->classes ? k->row->classes : k->row->in[0].c,
                                 .is_integer = k->op->integers >> i & 1};
    size_t count = encnet__shape_count(draw.shape);

    k->in64[i] = encnet__alloc(count, sizeof *k->in64[i]);
    if (!k->in64[i]) return encnet__fail(ENCNET_E_NOMEM, "no memory for %zu numbers", count);
    encnet__draw_tensor(k->in64[i], encnet__guarded_bits(&k->in[i]), &draw,
                        encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_INPUT));
    return encnet__guarded_put(&k->in[i]);
}

/* -- set up ------------------------------------------------------------------------------------ */

static bool wants_backward(const checker *k)
{
    return k->op->backward && k->op->gradients && !k->row->forward_only;
}

static bool has_gradient(const checker *k, int i)
{
    return k->in[i].words && (k->op->gradients >> i & 1);
}

static encnet_status infer(checker *k, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;

    k->shape = (encnet__node_shape){.attr = k->row->attr, .n_in = k->row->n_in};
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
    return op->scratch_bytes ? words_of(op->scratch_bytes(shape, backward)) : 0;
}

static encnet_status make_buffers(checker *k, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    const encnet__op *op = k->op;
    const encnet__node_shape *s = &k->shape;
    bool backward = wants_backward(k);

    for (int i = 0; i < k->row->n_in; i++) {
        size_t count = encnet__shape_count(s->in[i]);
        TRY(encnet__guarded_new(&k->in[i], dev, count, ENCNET__GUARD_READ));
        if (backward && has_gradient(k, i))
            TRY(encnet__guarded_new(&k->din[i], dev, count, ENCNET__GUARD_WRITTEN));
    }
    TRY(encnet__guarded_new(&k->out, dev, k->out_count, ENCNET__GUARD_WRITTEN));
    TRY(encnet__guarded_new(&k->saved, dev, op->saved_bytes ? words_of(op->saved_bytes(s)) : 0,
                            ENCNET__GUARD_WRITTEN));
    TRY(encnet__guarded_new(&k->scratch_fwd, dev, scratch_words(op, s, false),
                            ENCNET__GUARD_WRITTEN));
    if (backward) {
        TRY(encnet__guarded_new(&k->dout, dev, k->out_count, ENCNET__GUARD_READ));
        TRY(encnet__guarded_new(&k->scratch_bwd, dev, scratch_words(op, s, true),
                                ENCNET__GUARD_WRITTEN));
    }
    if (op->prepare) {
        TRY(encnet__guarded_new(&k->prepared, dev, words_of(op->prepared_bytes(&k->fixed)),
                                ENCNET__GUARD_WRITTEN));
        TRY(encnet__guarded_new(&k->scratch_fixed, dev, scratch_words(op, &k->fixed, false),
                                ENCNET__GUARD_WRITTEN));
    }
    TRY(encnet__guarded_new(&k->message, dev, op->reduce ? op->message_floats(s, false) : 0,
                            ENCNET__GUARD_WRITTEN));
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
                        .message = {.buffer = k->message.view},
                        .seed = ENCNET__CHECK_SEED,
                        .step = ENCNET__CHECK_STEP,
                        .node = ENCNET__CHECK_NODE};
    for (int i = 0; i < k->row->n_in; i++)
        c->in[i] = (encnet__tensor){k->in[i].view, k->shape.in[i],
                                    k->op->integers >> i & 1 ? ENCNET__I32 : ENCNET__F32};
    c->out = (encnet__tensor){k->out.view, k->shape.out,
                              k->op->out_is_integer ? ENCNET__I32 : ENCNET__F32};
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
    encnet__guarded_free(&k->message);
    encnet__op_plan_free(k->op, k->shape.plan);
    encnet__op_plan_free(k->op, k->fixed.plan);
    encnet__free(k->ref);
    encnet__free(k->plus);
    encnet__free(k->minus);
}

/* -- comparing --------------------------------------------------------------------------------- */

static double as_double(uint32_t bits, bool is_integer)
{
    float f;
    int32_t i;

    memcpy(&f, &bits, sizeof f);
    memcpy(&i, &bits, sizeof i);
    return is_integer ? (double)i : (double)f;
}

static double tolerance(const checker *k, double scale)
{
    return k->op->tolerance ? k->op->tolerance(&k->shape, scale) : 32 * 0x1p-24 * scale;
}

/* Notes |got - expected| in units of `allowed`; fails when it is above 1 or not a number. */
static encnet_status hold(checker *k, const char *what, size_t at, double got, double expected,
                          double allowed)
{
    double error = fabs(got - expected), ratio = error == 0 ? 0 : error / allowed;

    if (isnan(ratio)) ratio = INFINITY;
    if (ratio > k->result->worst) {
        k->result->worst = ratio;
        snprintf(k->result->where, sizeof k->result->where, "%s: %s[%zu]: %.9g against %.9g",
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
    bool is_integer = k->op->out_is_integer;
    double scale = 0, allowed;

    for (size_t i = 0; i < k->out_count; i++) scale = fmax(scale, fabs(k->ref[i]));
    allowed = is_integer ? 0 : tolerance(k, scale);
    for (size_t i = 0; i < k->out_count; i++)
        TRY(hold(k, what, i, as_double(encnet__guarded_now(&k->out)[i], is_integer), k->ref[i],
                 allowed));
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
    if (rc != ENCNET_OK || at == g->words) return rc;
    return encnet__fail(ENCNET_E_DEVICE, "%s, %s[%zu]: the bits differ, %.9g instead of %.9g", pass,
                        name, at, as_double(encnet__guarded_now(g)[at], false),
                        as_double(encnet__guarded_bits(g)[at], false));
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
    TRY(written(&k->message, "forward", "message"));
    TRY(inputs_unchanged(k, "forward"));
    TRY(compare_out(k, "forward out"));
    encnet__guarded_keep(&k->out);
    encnet__guarded_keep(&k->saved);
done:
    return rc;
}

/* Spoils what a pass writes on the device while the host goes on expecting what it has. */
static encnet_status spoil(encnet__guarded *g, uint32_t bits)
{
    encnet_status rc = ENCNET_OK;
    uint32_t *kept = NULL;

    if (g->words == 0) return ENCNET_OK;
    kept = encnet__alloc(g->words, sizeof *kept);
    if (!kept) FAIL(ENCNET_E_NOMEM, "no memory for %zu words", g->words);
    memcpy(kept, encnet__guarded_bits(g), g->words * sizeof *kept);
    TRY(encnet__guarded_fill(g, bits));
    memcpy(encnet__guarded_bits(g), kept, g->words * sizeof *kept);
done:
    encnet__free(kept);
    return rc;
}

static encnet_status check_forward_again(checker *k)
{
    encnet_status rc = ENCNET_OK;

    TRY(spoil(&k->out, ENCNET__UNWRITTEN));
    TRY(spoil(&k->saved, ENCNET__UNWRITTEN));
    TRY(encnet__guarded_fill(&k->scratch_fwd, GARBAGE));
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
    call.scratch = NULL;
    TRY(spoil(&k->out, ENCNET__UNWRITTEN));
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

    if (k->prepared.words == 0) return ENCNET_OK;
    call.plan = k->fixed.plan;
    call.prepared = k->prepared.view;
    call.scratch = k->scratch_fixed.view;
    TRY(k->op->prepare(&call));
    TRY(written(&k->prepared, "prepare", "prepared"));
    encnet__guarded_keep(&k->prepared);
    TRY(spoil(&k->out, ENCNET__UNWRITTEN));
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
    uint32_t *bits = encnet__guarded_bits(&k->dout);

    for (size_t i = 0; i < k->out_count; i++) {
        float f = (float)encnet__rng_normal(&r);
        memcpy(&bits[i], &f, sizeof f);
    }
    return encnet__guarded_put(&k->dout);
}

/* The tensors that backward does not ask for may be gone by then: they hold NaN. */
static encnet_status hide_unread(checker *k)
{
    encnet_status rc = ENCNET_OK;
    unsigned reads = k->op->backward_reads ? k->op->backward_reads(&k->shape) : 0;

    for (int i = 0; i < k->row->n_in; i++)
        if (!(reads & ENCNET__READS_IN(i))) TRY(encnet__guarded_fill(&k->in[i], ENCNET__UNWRITTEN));
    if (!(reads & ENCNET__READS_OUT)) TRY(encnet__guarded_fill(&k->out, ENCNET__UNWRITTEN));
done:
    return rc;
}

/* Runs backward for the gradients in `wanted`, and sees that nothing else was written. */
static encnet_status run_backward(checker *k, unsigned wanted, const char *pass)
{
    encnet_status rc = ENCNET_OK;
    encnet__call call = k->call;

    call.scratch = k->scratch_bwd.view;
    call.dout = (encnet__tensor){k->dout.view, k->shape.out, ENCNET__F32};
    for (int i = 0; i < k->row->n_in; i++)
        call.din[i] =
            (encnet__tensor){wanted >> i & 1 ? k->din[i].view : NULL, k->shape.in[i], ENCNET__F32};
    TRY(encnet__op_backward(k->op, &call));
    TRY(inputs_unchanged(k, pass));
    TRY(unchanged(&k->out, pass, "out"));
    TRY(unchanged(&k->dout, pass, "dout"));
    TRY(unchanged(&k->saved, pass, "saved"));
    TRY(written(&k->scratch_bwd, pass, "scratch"));
    TRY(written(&k->message, pass, "message"));
done:
    return rc;
}

/* d(sum dout out)/dh, and in `noise` the rounding that it may carry; plus and minus hold the two
 * outputs.  Elements that the step does not reach cancel exactly. */
static double difference(const checker *k, double *noise)
{
    double sum = 0, size = 0;

    for (size_t i = 0; i < k->out_count; i++) {
        double dout = as_double(encnet__guarded_bits(&k->dout)[i], false);
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
    return hold(k, what, at, as_double(encnet__guarded_now(&k->din[i])[at], false), expected,
                allowed + noise);
}

static void move(checker *k, int i, double by)
{
    encnet__rng r = encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_DIRECTION);

    for (size_t at = 0; at < k->in[i].words; at++)
        k->in64[i][at] += encnet__rng_below(&r, 2) ? by : -by;
}

/* The whole gradient at once: its product with a direction of +1 and -1. */
static encnet_status compare_direction(checker *k, int i, double allowed)
{
    encnet__rng r = encnet__rng_at(seed_of(k), (uint32_t)i, 0, PURPOSE_DIRECTION);
    size_t count = k->in[i].words;
    double got = 0, expected, noise;
    char what[48];

    for (size_t at = 0; at < count; at++) {
        double d = as_double(encnet__guarded_now(&k->din[i])[at], false);
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
    const uint32_t *din = encnet__guarded_now(&k->din[i]);
    size_t count = k->in[i].words, picks = MOST;
    double flops = k->op->flops ? k->op->flops(&k->shape) : (double)k->out_count, scale = 0,
           allowed;
    char what[32];

    snprintf(what, sizeof what, "backward din[%d]", i);
    for (size_t at = 0; at < count; at++) {
        double d = as_double(din[at], false);
        if (isnan(d)) TRY(hold(k, what, at, d, 0, 0));
        scale = fmax(scale, fabs(d));
    }
    allowed = tolerance(k, scale);
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
    TRY(hide_unread(k));
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
        TRY(spoil(&k->din[i], ENCNET__UNWRITTEN));
        TRY(encnet__guarded_fill(&k->scratch_bwd, GARBAGE));
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

    for (int i = 0; i < k->row->n_in; i++) TRY(spoil(&k->din[i], ENCNET__UNWRITTEN));
    TRY(encnet__guarded_fill(&k->scratch_bwd, GARBAGE));
    TRY(run_backward(k, k->op->gradients, "second backward"));
    for (int i = 0; i < k->row->n_in; i++) TRY(unchanged(&k->din[i], "second backward", "din"));
done:
    return rc;
}

/* -- the whole --------------------------------------------------------------------------------- */

encnet_status encnet__check_case(encnet__check *result, encnet_device *dev, const encnet__op *op,
                                 const encnet__case *row)
{
    encnet_status rc = ENCNET_OK;
    checker k = {.result = result, .op = op, .row = row};

    TRY(infer(&k, dev));
    TRY(make_buffers(&k, dev));
    for (int i = 0; i < row->n_in; i++)
        if (k.in[i].words) TRY(draw_input(&k, i));
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
    }
done:
    if (rc != ENCNET_OK)
        rc = encnet__fail(rc, "%s (%s): %s", op->name, row->what, encnet_last_error());
    free_all(&k);
    return rc;
}

encnet_status encnet__check_op(encnet__check *result, encnet_device *dev, const encnet__op *op,
                               bool small_only)
{
    for (int i = 0; i < op->n_cases; i++) {
        encnet_status rc;
        if (small_only && op->cases[i].big) continue;
        rc = encnet__check_case(result, dev, op, &op->cases[i]);
        if (rc != ENCNET_OK) return rc;
    }
    return ENCNET_OK;
}
