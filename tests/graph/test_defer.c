/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_defer.c - norms whose value is never written: which they are, and that a step has the same bits. */
#include "graph_test.h"

#include "device/device.h"

enum { IMAGES = 2, IN = 5, MOST = 8 * 128 * 128 };

/* conv IN -> C, norm, `more` times conv C -> C, norm, then conv C -> K, norm, mean over the pixels, loss */
typedef struct row {
    const char *what, *conv; /* the algorithms that may be taken */
    int kernel, c, k, side;
    bool deferred; /* the first norm */
    int more;      /* if there are any, convolutions are recomputed */
    bool frozen;   /* the weights up to the first norm */
} row;

static const row rows[] = {
    {"winograd, channels that fill no line", "winograd,packed", 3, 18, 20, 11, true, 0, false},
    {"winograd_lanes", "winograd_lanes,winograd,packed", 3, 18, 20, 11, true, 0, false},
    {"winograd, lines", "winograd,packed", 3, 32, 16, 8, true, 0, false},
    {"winograd, recomputed", "winograd,packed", 3, 18, 20, 24, true, 6, false},
    {"windows, vectors over several pixels", "windows,winograd,packed", 3, 18, 20, 11, true, 0,
     false},
    {"strassen, filter packed with a tail", "strassen,packed", 1, 64, 64, 5, true, 0, false},
    {"strassen, two panels, a tail of 8", "strassen,packed", 1, 128, 64, 13, true, 6, false},
    {"winograd, frozen", "winograd,packed", 3, 18, 20, 24, true, 6, true},
    {"packed reads in place", "packed", 1, 64, 64, 5, false, 0, false},
};

typedef struct step {
    float loss, gradients[MOST];
    size_t n;
    bool deferred;  /* the first norm */
    int recomputed; /* convolutions that a deferred norm reads */
} step;

static encnet__node conv(graph_test *t, encnet__node x, const row *of, int c, int k)
{
    int dims[4] = {k, c, of->kernel, of->kernel};
    encnet__conv2d_attr attr = {1, of->kernel / 2, 1, 1, false};
    encnet__node in[] = {x, graph_test_weight(t, ENCNET__CONV, dims, true), ENCNET__NONE,
                         ENCNET__NONE};

    return encnet__graph_apply(t->g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
}

/* Where the values of norms are to be kept, they have to be written. */
static void lay_out(graph_test *t, const row *of, encnet_device *dev, bool kept)
{
    static const encnet__pool_attr whole = {0};
    encnet__node x, label;

    graph_test_begin(t, dev, true);
    x = encnet__graph_input(t->g, "image", (encnet__shape){IMAGES, of->side, of->side, IN},
                            ENCNET__F32);
    label = encnet__graph_input(t->g, "label", (encnet__shape){IMAGES, 1, 1, of->k}, ENCNET__F32);
    x = graph_test_norm(t, conv(t, x, of, IN, of->c), ENCNET__NONE);
    if (kept) encnet__graph_output(t->g, "y", x);
    for (int i = 0; of->frozen && i < t->declared; i++)
        encnet__weights_at(t->weights, i)->trainable = false;
    for (int i = 0; i < of->more; i++) {
        x = graph_test_norm(t, conv(t, x, of, of->c, of->c), ENCNET__NONE);
        if (kept) encnet__graph_output(t->g, "y", x);
    }
    x = graph_test_norm(t, conv(t, x, of, of->c, of->k), ENCNET__NONE);
    x = encnet__graph_apply(t->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    encnet__graph_loss(t->g, "loss", graph_test_loss(t, x, label), 1);
    if (of->more) encnet__graph_set_recompute(t->g, ENCNET__RECOMPUTE_FULL);
    assert_ok(encnet__graph_make_plan(t->g, false));
}

static void fill(encnet__buffer *b, size_t n, float low)
{
    float values[MOST];

    assert_true(n <= MOST);
    for (size_t i = 0; i < n; i++) values[i] = (float)(i * 7919 % 1009) / 1009 + low;
    assert_ok(encnet__write(b, 0, values, n * sizeof *values));
}

static void fill_weights(graph_test *t)
{
    assert_ok(encnet__weights_allocate(t->weights, ENCNET__FOR_TRAINING));
    for (int i = 0; i < encnet__weights_count(t->weights); i++) {
        encnet__param *p = encnet__weights_at(t->weights, i);
        fill(p->value, encnet__param_count(p), -0.4f);
    }
}

static void read_gradients(step *out, graph_test *t)
{
    out->n = 0;
    for (int i = 0; i < encnet__weights_count(t->weights); i++) {
        encnet__param *p = encnet__weights_at(t->weights, i);
        if (!p->trainable) continue;
        assert_true(out->n + encnet__param_count(p) <= MOST);
        assert_ok(encnet__param_read(out->gradients + out->n, p, p->grad));
        out->n += encnet__param_count(p);
    }
}

static void look(step *out, const encnet__graph *g)
{
    out->recomputed = 0;
    for (int n = g->n_nodes - 1; n >= 0; n--) {
        const node *v = &g->nodes[n];
        if (v->op != &encnet__op_batch_norm) continue;
        out->deferred = v->deferred;
        out->recomputed += v->deferred && !g->nodes[v->in[0]].stored;
    }
}

static void take_step(step *out, const row *of, encnet_device *dev, bool kept)
{
    graph_test t;
    encnet__term terms[ENCNET__MAX_TERMS];
    int n_terms;
    double total;

    lay_out(&t, of, dev, kept);
    look(out, t.g);
    fill_weights(&t);
    assert_ok(encnet__graph_allocate(t.g));
    fill(encnet__graph_tensor(t.g, "image").buffer, (size_t)(IMAGES * of->side * of->side * IN),
         -0.5f);
    fill(encnet__graph_tensor(t.g, "label").buffer, (size_t)(IMAGES * of->k), 0);
    for (int i = 0; i < 2; i++) { /* the second finds what the first has left */
        assert_ok(encnet__graph_forward(t.g, 0, 0));
        assert_ok(encnet__graph_backward(t.g, false, NULL));
    }
    assert_ok(encnet__graph_terms(t.g, terms, &n_terms, &total));
    out->loss = (float)total;
    read_gradients(out, &t);
    graph_test_end(&t);
}

static void a_step_has_the_same_bits(void **state)
{
    static step written, deferred;
    const row *of = *state;
    encnet_device_options options = *encnet__device_options_of(test_device);
    bool is_cpu = encnet__device_facts_of(test_device)->is_cpu, differs = false;
    encnet_device *dev;

    if (!is_cpu) skip();
    options.conv = of->conv;
    assert_ok(encnet_device_open(&dev, &options));
    take_step(&written, of, dev, true);
    take_step(&deferred, of, dev, false);
    encnet_device_close(dev);
    assert_false(written.deferred);
    assert_int_equal(deferred.deferred, of->deferred);
    if (of->more) assert_true(deferred.recomputed > 0);
    assert_int_equal(written.n, deferred.n);
    assert_memory_equal(&written.loss, &deferred.loss, sizeof written.loss);
    assert_memory_equal(written.gradients, deferred.gradients, written.n * sizeof(float));
    for (size_t i = 1; i < written.n; i++) differs |= written.gradients[i] != written.gradients[0];
    assert_true(differs);
}

/* The last norm is read by a mean, which applies nothing; and a norm with an addend is not deferred. */
static void other_norms_are_written(void **state)
{
    graph_test t;
    encnet__node x, y;
    int deferred = 0;

    (void)state;
    graph_test_begin(&t, test_device, true);
    x = graph_test_input(&t, "image", 4, 64);
    y = graph_test_norm(&t, graph_test_conv(&t, x, false), x);
    y = graph_test_conv(&t, y, false);
    y = graph_test_relu(&t, graph_test_norm(&t, y, ENCNET__NONE));
    y = encnet__graph_apply(t.g, &encnet__op_avg_pool, &(encnet__pool_attr){0},
                            sizeof(encnet__pool_attr), &y, 1);
    encnet__graph_loss(t.g, "loss", graph_test_loss(&t, y, graph_test_input(&t, "label", 1, 64)),
                       1);
    assert_ok(encnet__graph_make_plan(t.g, false));
    for (int n = 0; n < t.g->n_nodes; n++) deferred += t.g->nodes[n].deferred;
    assert_int_equal(deferred, 0);
    graph_test_end(&t);
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(rows) + 1];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tests[i] = (struct CMUnitTest){.name = rows[i].what,
                                       .test_func = a_step_has_the_same_bits,
                                       .initial_state = (void *)&rows[i]};
    tests[COUNT_OF(rows)] = (struct CMUnitTest)cmocka_unit_test(other_norms_are_written);
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
