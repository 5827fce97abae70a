/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_resized_losses.c - which losses interpolate themselves, and that the graph computes the same afterwards. */
#include "graph_test.h"

#include <math.h>

enum { SIDE = 3, CLASSES = 5, WIDE = 17, COUNT = SIDE * SIDE * CLASSES, PIXELS = WIDE * WIDE };

/* What reads the enlarged logits. */
typedef struct row {
    const char *what;
    bool align_corners, average, weights, accuracy, hardest, is_output;
    int size; /* of the label */
    bool fused;
} row;

static const row rows[] = {
    {.what = "loss", .size = WIDE, .fused = true},
    {.what = "loss and accuracy", .accuracy = true, .size = WIDE, .fused = true},
    {.what = "corners, labelled only, weights",
     .align_corners = true,
     .average = true,
     .weights = true,
     .accuracy = true,
     .size = WIDE,
     .fused = true},
    {.what = "ohem reads them too", .accuracy = true, .hardest = true, .size = WIDE},
    {.what = "an output", .is_output = true, .size = WIDE},
    {.what = "made smaller", .size = SIDE - 1},
};

static void lay_out(graph_test *t, const row *of)
{
    encnet__shape labels = {1, of->size, of->size, 1};
    encnet__resize_attr size = {of->size, of->size, of->align_corners};
    encnet__cross_entropy_attr average = {of->average};
    encnet__ohem_attr hardest = {.thresh = 0.7f, .min_kept = 4};
    encnet__node z = graph_test_input(t, "image", SIDE, CLASSES), in[4], label;
    int classes = CLASSES;

    z = graph_test_conv(t, z, true);
    z = encnet__graph_apply(t->g, &encnet__op_resize, &size, sizeof size, &z, 1);
    label = encnet__graph_input(t->g, "label", labels, ENCNET__I32);
    in[0] = z;
    in[1] = label;
    in[2] = of->weights ? graph_test_weight(t, ENCNET__VECTOR, &classes, false) : ENCNET__NONE;
    in[3] = of->hardest ? encnet__graph_apply(t->g, &encnet__op_ohem, &hardest, sizeof hardest,
                                              (encnet__node[]){z, label}, 2)
                        : ENCNET__NONE;
    encnet__graph_loss(
        t->g, "loss",
        encnet__graph_apply(t->g, &encnet__op_cross_entropy, &average, sizeof average, in, 4), 0.4);
    if (of->accuracy)
        encnet__graph_accuracy(
            t->g, "accuracy",
            encnet__graph_apply(t->g, &encnet__op_pixel_accuracy, NULL, 0, in, 2));
    if (of->is_output) encnet__graph_output(t->g, "z", z);
}

/* Values that differ from each other. */
static void fill(graph_test *t, const row *of)
{
    float values[CLASSES * CLASSES], x[COUNT];
    int32_t label[PIXELS];

    for (int i = 0; i < encnet__weights_count(t->weights); i++) {
        encnet__param *p = encnet__weights_at(t->weights, i);
        for (size_t k = 0; k < encnet__param_count(p); k++)
            values[k] = (float)((k * 37 + (size_t)i * 11) % 29) / 29 + (p->trainable ? -0.5f : 1);
        assert_ok(encnet__param_write(p, p->value, values));
    }
    for (int i = 0; i < COUNT; i++) x[i] = (float)(i * 7919 % 1009) / 250 - 2;
    for (int i = 0; i < of->size * of->size; i++) label[i] = i % 7 ? i * 13 % CLASSES : 255;
    assert_ok(encnet__write(encnet__graph_tensor(t->g, "image").buffer, 0, x, sizeof x));
    assert_ok(encnet__write(encnet__graph_tensor(t->g, "label").buffer, 0, label,
                            (size_t)of->size * (size_t)of->size * sizeof *label));
}

typedef struct result {
    int resizes, fused;
    encnet__term terms[ENCNET__MAX_TERMS];
    float gradient[CLASSES * CLASSES];
} result;

/* What the graph computes, with or without the pass. */
static void run(result *out, const row *of, bool fuse)
{
    graph_test t;
    int n_terms;
    double loss;

    *out = (result){0};
    graph_test_begin(&t, test_device, true);
    lay_out(&t, of);
    assert_ok(encnet__graph_built(t.g));
    if (fuse) assert_ok(encnet__pass_resized_losses(t.g));
    out->resizes = graph_test_count(&t, &encnet__op_resize);
    out->fused = graph_test_count(&t, &encnet__op_resized_cross_entropy) +
                 graph_test_count(&t, &encnet__op_resized_accuracy);
    assert_ok(encnet__pass_gradients(t.g));
    assert_ok(encnet__pass_algorithms(t.g));
    assert_ok(encnet__pass_forward(t.g));
    assert_ok(encnet__pass_order(t.g));
    assert_ok(encnet__pass_backward(t.g));
    assert_ok(encnet__pass_place(t.g));
    assert_ok(encnet__weights_allocate(t.weights, ENCNET__FOR_TRAINING));
    assert_ok(encnet__graph_allocate(t.g));
    fill(&t, of);
    assert_ok(encnet__graph_forward(t.g, 0, 0));
    assert_ok(encnet__graph_backward(t.g, false, NULL));
    assert_ok(encnet__graph_terms(t.g, out->terms, &n_terms, &loss));
    assert_int_equal(n_terms, of->accuracy ? 2 : 1);
    assert_ok(encnet__param_read(out->gradient, encnet__weights_at(t.weights, 0),
                                 encnet__weights_at(t.weights, 0)->grad));
    for (int i = 0; i < n_terms; i++) out->terms[i].name = NULL; /* it ends with the graph */
    graph_test_end(&t);
}

static void fuses_what_can_be(void **state)
{
    const row *of = *state;
    result plain, fused;
    double off = 0, size = 0;

    run(&plain, of, false);
    run(&fused, of, true);
    assert_int_equal(plain.resizes, 1);
    assert_int_equal(fused.resizes, of->fused ? 0 : 1);
    assert_int_equal(fused.fused, of->fused ? 1 + of->accuracy : 0);
    assert_close(fused.terms[0].value, plain.terms[0].value, 1e-6 * plain.terms[0].value);
    if (of->accuracy) assert_close(fused.terms[1].value, plain.terms[1].value, 0);
    for (int i = 0; i < CLASSES * CLASSES; i++) {
        off += pow((double)fused.gradient[i] - (double)plain.gradient[i], 2);
        size += pow((double)plain.gradient[i], 2);
    }
    assert_true(size > 0);
    assert_close(sqrt(off / size), 0, 1e-5);
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(rows)];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tests[i] = (struct CMUnitTest){.name = rows[i].what,
                                       .test_func = fuses_what_can_be,
                                       .initial_state = (void *)&rows[i]};
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
