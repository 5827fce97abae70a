/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_fold_batch_norm.c - which batch norms are folded, and that the graph computes the same afterwards. */
#include "graph_test.h"

#include <math.h>

enum { SIDE = 5, CHANNELS = 6, COUNT = SIDE * SIDE * CHANNELS };

typedef encnet__node layers(graph_test *t, encnet__node x);

static encnet__node conv_norm(graph_test *t, encnet__node x)
{
    return graph_test_norm(t, graph_test_conv(t, x, false), ENCNET__NONE);
}

static encnet__node bias_and_addend(graph_test *t, encnet__node x)
{
    return graph_test_norm(t, graph_test_conv(t, x, true), graph_test_relu(t, x));
}

static encnet__node norm_alone(graph_test *t, encnet__node x)
{
    return graph_test_norm(t, x, ENCNET__NONE);
}

static encnet__node read_twice(graph_test *t, encnet__node x)
{
    encnet__node z = graph_test_conv(t, x, false);

    return graph_test_norm(t, z, z);
}

static encnet__node conv_is_output(graph_test *t, encnet__node x)
{
    encnet__node z = graph_test_conv(t, x, false);

    encnet__graph_output(t->g, "z", z);
    return graph_test_norm(t, z, ENCNET__NONE);
}

static encnet__node conv_with_relu(graph_test *t, encnet__node x)
{
    encnet__node z = graph_test_conv(t, x, false);

    if (z != ENCNET__NONE) ((encnet__conv2d_attr *)t->g->nodes[z].attr)->relu = true;
    return graph_test_norm(t, z, ENCNET__NONE);
}

typedef struct row {
    const char *what;
    layers *lay_out;
    int left; /* batch norms that are not folded */
} row;

static const row rows[] = {
    {"conv, norm, relu", conv_norm, 0},
    {"bias and addend", bias_and_addend, 0},
    {"norm alone", norm_alone, 1},
    {"conv read twice", read_twice, 1},
    {"conv is an output", conv_is_output, 1},
    {"conv with a relu", conv_with_relu, 1},
};

/* Values that differ from each other, positive where they are a variance. */
static void fill_weights(graph_test *t)
{
    float values[CHANNELS * CHANNELS];

    assert_ok(encnet__weights_allocate(t->weights, ENCNET__FOR_INFERENCE));
    for (int i = 0; i < encnet__weights_count(t->weights); i++) {
        encnet__param *p = encnet__weights_at(t->weights, i);
        for (size_t k = 0; k < encnet__param_count(p); k++)
            values[k] =
                (float)((k * 37 + (size_t)i * 11) % 29) / 29 + (p->trainable ? -0.5f : 0.1f);
        assert_ok(encnet__param_write(p, p->value, values));
    }
}

/* What the graph computes, with or without the pass. */
static void run(float *out, const row *of, bool fold, int *left)
{
    graph_test t;
    float x[COUNT];
    encnet__node image;

    graph_test_begin(&t, test_device, false);
    image = graph_test_input(&t, "image", SIDE, CHANNELS);
    encnet__graph_output(t.g, "y", of->lay_out(&t, image));
    assert_ok(encnet__graph_built(t.g));
    if (fold) assert_ok(encnet__pass_fold_batch_norm(t.g));
    *left = graph_test_count(&t, &encnet__op_batch_norm_infer);
    assert_ok(encnet__pass_algorithms(t.g));
    assert_ok(encnet__pass_constants(t.g));
    assert_ok(encnet__pass_forward(t.g));
    assert_ok(encnet__pass_place(t.g));
    fill_weights(&t);
    assert_ok(encnet__graph_allocate(t.g));
    for (int i = 0; i < COUNT; i++) x[i] = (float)(i * 7919 % 1009) / 500 - 1;
    assert_ok(encnet__write(encnet__graph_tensor(t.g, "image").buffer, 0, x, sizeof x));
    assert_ok(encnet__graph_refresh(t.g));
    assert_ok(encnet__graph_forward(t.g, 0, 0));
    assert_ok(encnet__read(out, encnet__graph_tensor(t.g, "y").buffer, 0, sizeof x));
    graph_test_end(&t);
}

static void folds_what_can_be(void **state)
{
    const row *of = *state;
    float folded[COUNT], plain[COUNT];
    int left;

    run(plain, of, false, &left);
    assert_int_equal(left, 1);
    run(folded, of, true, &left);
    assert_int_equal(left, of->left);
    /* sums of CHANNELS products, scaled before or after */
    for (int i = 0; i < COUNT; i++)
        assert_true(fabsf(folded[i] - plain[i]) <= 64 * 0x1p-24f * (fabsf(plain[i]) + 4));
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(rows)];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tests[i] = (struct CMUnitTest){.name = rows[i].what,
                                       .test_func = folds_what_can_be,
                                       .initial_state = (void *)&rows[i]};
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
