/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_recompute.c - what is stored, and what is recomputed at a cost, to save memory. */
#include "graph_test.h"

enum { BLOCKS = 12, SIZE = 8, CHANNELS = 8 };

/* Blocks of a convolution, a norm, and another of each that adds the block's input; then the mean over the
 * pixels and a loss. */
static void lay_out(graph_test *t, bool saves_memory)
{
    static const encnet__pool_attr whole = {0};
    encnet__node x, y;

    graph_test_begin(t, test_device, true);
    x = graph_test_conv(t, graph_test_input(t, "image", SIZE, CHANNELS), false);
    for (int i = 0; i < BLOCKS; i++) {
        y = graph_test_norm(t, graph_test_conv(t, x, false), ENCNET__NONE);
        x = graph_test_norm(t, graph_test_conv(t, y, false), x);
    }
    x = encnet__graph_apply(t->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    encnet__graph_loss(t->g, "loss",
                       graph_test_loss(t, x, graph_test_input(t, "label", 1, CHANNELS)), 1);
    if (saves_memory) encnet__graph_set_recompute(t->g, ENCNET__RECOMPUTE_FULL);
    assert_ok(encnet__graph_make_plan(t->g, false));
}

static bool is_convolution(const graph_test *t, encnet__node n)
{
    return t->g->nodes[n].op == &encnet__op_conv2d;
}

static int stored_convolutions(const graph_test *t)
{
    int stored = 0;

    for (int n = 0; n < t->g->n_nodes; n++) stored += is_convolution(t, n) && t->g->nodes[n].stored;
    return stored;
}

static int recomputations(const graph_test *t, encnet__node n)
{
    int count = 0;

    for (int i = 0; i < t->g->n_commands; i++)
        count += t->g->commands[i].kind == COMMAND_RECOMPUTE && t->g->commands[i].node == n;
    return count;
}

static double flops_of(const graph_test *t, encnet__node n)
{
    encnet__node_shape shape = encnet__node_shape_of(t->g, n);

    return t->g->nodes[n].op->flops(&shape);
}

/* The operations of convolutions that are done again, as a fraction of forward's. */
static double repeated(const graph_test *t)
{
    double again = 0;

    for (int n = 0; n < t->g->n_nodes; n++)
        if (is_convolution(t, n)) again += recomputations(t, n) * flops_of(t, n);
    return again / encnet__graph_plan_of(t->g).flops;
}

/* Not every convolution is stored, but those that are not are a small part. */
static void plain_training_repeats_little(void **state)
{
    graph_test t;
    int all;

    (void)state;
    lay_out(&t, false);
    all = graph_test_count(&t, &encnet__op_conv2d);
    assert_true(stored_convolutions(&t) < all);
    assert_true(stored_convolutions(&t) > 3 * all / 4);
    assert_true(repeated(&t) > 0 && repeated(&t) < 0.2);
    graph_test_end(&t);
}

/* What is computed again in plain training is what takes least time for its size: here, the first of two convolutions,
 * which has few channels of input. */
static void what_is_cheap_comes_first(void **state)
{
    enum { FEW = 2, MANY = 64, WIDE = 64, SIDE = 16 };
    static const encnet__pool_attr whole = {0};
    static const int dims[2][4] = {{WIDE, FEW, 1, 1}, {MANY, WIDE, 3, 3}};
    encnet__conv2d_attr attrs[2] = {{1, 0, 1, 1, false}, {1, 1, 1, 1, false}};
    encnet__node x, convs[2];
    graph_test t;

    (void)state;
    graph_test_begin(&t, test_device, true);
    x = graph_test_norm(&t, graph_test_conv(&t, graph_test_input(&t, "image", SIDE, FEW), false),
                        ENCNET__NONE);
    for (int i = 0; i < 2; i++) {
        encnet__node in[] = {x, graph_test_weight(&t, ENCNET__CONV, dims[i], true), ENCNET__NONE,
                             ENCNET__NONE};
        convs[i] = encnet__graph_apply(t.g, &encnet__op_conv2d, &attrs[i], sizeof attrs[i], in,
                                       COUNT_OF(in));
        x = graph_test_norm(&t, convs[i], ENCNET__NONE);
    }
    x = encnet__graph_apply(t.g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    encnet__graph_loss(t.g, "loss", graph_test_loss(&t, x, graph_test_input(&t, "label", 1, MANY)),
                       1);
    assert_ok(encnet__graph_make_plan(t.g, false));
    for (int i = 0, seen = 0; i < t.g->n_nodes; i++) {
        if (!is_convolution(&t, i)) continue;
        seen++; /* the first is that of graph_test_conv() */
        if (seen == 3) assert_true(t.g->nodes[i].stored);
        if (seen == 2) assert_false(t.g->nodes[i].stored);
    }
    graph_test_end(&t);
}

static void less_memory_is_taken(void **state)
{
    graph_test t;
    encnet__graph_plan plain, small;

    (void)state;
    lay_out(&t, false);
    plain = encnet__graph_plan_of(t.g);
    graph_test_end(&t);
    lay_out(&t, true);
    small = encnet__graph_plan_of(t.g);
    assert_true(small.activations_stored < plain.activations_stored);
    assert_true(small.activations < plain.activations);
    if (encnet__device_facts_of(test_device)->may_overlap) {
        assert_true(small.activations_stored * 2 < plain.activations_stored);
        assert_true(small.activations * 3 < plain.activations * 2);
    }
    graph_test_end(&t);
}

/* No value is computed more than twice, and the operations that are repeated are a part of forward's. */
static void nothing_is_computed_a_third_time(void **state)
{
    graph_test t;

    (void)state;
    lay_out(&t, true);
    for (int n = 0; n < t.g->n_nodes; n++) {
        assert_true(recomputations(&t, n) <= 1);
        if (t.g->nodes[n].stored) assert_int_equal(recomputations(&t, n), 0);
    }
    assert_true(repeated(&t) > 0.3 && repeated(&t) < 1);
    graph_test_end(&t);
}

/* Two plans of one graph are the same. */
static void the_choice_repeats(void **state)
{
    graph_test one, other;

    (void)state;
    lay_out(&one, true);
    lay_out(&other, true);
    assert_int_equal(one.g->n_nodes, other.g->n_nodes);
    for (int n = 0; n < one.g->n_nodes; n++)
        assert_int_equal(one.g->nodes[n].stored, other.g->nodes[n].stored);
    graph_test_end(&one);
    graph_test_end(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_training_repeats_little),
        cmocka_unit_test(what_is_cheap_comes_first),
        cmocka_unit_test(less_memory_is_taken),
        cmocka_unit_test(nothing_is_computed_a_third_time),
        cmocka_unit_test(the_choice_repeats),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
