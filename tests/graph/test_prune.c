/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_prune.c - what nothing needs is dropped; what stays keeps its order and its number. */
#include "graph_test.h"

#include <math.h>

/* A chain of ReLUs with a branch beside it, which only an output can keep. */
static void lay_out(graph_test *t, bool wants_branch)
{
    encnet__node x = graph_test_input(t, "image", 4, 2), branch;

    graph_test_input(t, "unused", 4, 2);
    x = graph_test_relu(t, x);
    branch = graph_test_norm(t, graph_test_conv(t, x, true), ENCNET__NONE);
    x = graph_test_relu(t, graph_test_relu(t, x));
    encnet__graph_output(t->g, "y", x);
    if (wants_branch) encnet__graph_output(t->g, "branch", branch);
}

static void drops_what_nothing_needs(void **state)
{
    graph_test t;

    (void)state;
    graph_test_begin(&t, NULL, false);
    lay_out(&t, false);
    assert_ok(encnet__pass_prune(t.g));
    assert_int_equal(graph_test_count(&t, &encnet__op_conv2d), 0);
    assert_int_equal(graph_test_count(&t, &encnet__op_batch_norm_infer), 0);
    assert_int_equal(graph_test_count(&t, &encnet__op_relu), 3);
    assert_int_equal(t.g->n_nodes,
                     5); /* two inputs: one that nothing reads is filled all the same */
    graph_test_end(&t);
}

static void keeps_outputs(void **state)
{
    graph_test t;
    int before;

    (void)state;
    graph_test_begin(&t, NULL, false);
    lay_out(&t, true);
    before = t.g->n_nodes;
    assert_ok(encnet__pass_prune(t.g));
    assert_int_equal(t.g->n_nodes, before);
    graph_test_end(&t);
}

static void keeps_losses(void **state)
{
    graph_test t;
    encnet__node label, z;

    (void)state;
    graph_test_begin(&t, NULL, true);
    label = graph_test_input(&t, "label", 1, 3);
    z = graph_test_input(&t, "z", 1, 3);
    graph_test_conv(&t, z, false);
    encnet__graph_loss(t.g, "loss", graph_test_loss(&t, graph_test_conv(&t, z, false), label), 1);
    assert_ok(encnet__pass_prune(t.g));
    assert_int_equal(graph_test_count(&t, &encnet__op_conv2d), 1);
    assert_true(t.g->nodes[t.g->terms[0].node].op == &encnet__op_binary_cross_entropy);
    graph_test_end(&t);
}

/* Dropout draws by the number that a node was given when it was appended. */
static void keeps_numbers_and_order(void **state)
{
    graph_test t;
    int last, output;

    (void)state;
    graph_test_begin(&t, NULL, false);
    lay_out(&t, false);
    last = t.g->nodes[t.g->n_nodes - 1].id;
    assert_ok(encnet__pass_prune(t.g));
    output = t.g->outputs[0].node;
    assert_int_equal(t.g->nodes[output].id, last);
    assert_true(t.g->nodes[output].kept);
    for (int n = 1; n < t.g->n_nodes; n++) {
        assert_true(t.g->nodes[n].id > t.g->nodes[n - 1].id);
        for (int i = 0; i < t.g->nodes[n].n_in; i++) assert_true(t.g->nodes[n].in[i] < n);
    }
    graph_test_end(&t);
}

/* In training a batch norm counts its batches, whether its value is read or not. */
static void keeps_running_statistics(void **state)
{
    static const float zeros[3 * 3 * 2];
    encnet__node label, norm;
    encnet__param *mean;
    graph_test t;
    float now[2];

    (void)state;
    graph_test_begin(&t, test_device, true);
    label = graph_test_input(&t, "label", 1, 3);
    encnet__graph_loss(
        t.g, "loss",
        graph_test_loss(&t, graph_test_conv(&t, graph_test_input(&t, "z", 1, 3), false), label), 1);
    norm = graph_test_norm(&t, graph_test_conv(&t, graph_test_input(&t, "image", 3, 2), false),
                           ENCNET__NONE);
    graph_test_relu(&t, norm);
    mean = encnet__weights_at(t.weights, t.g->nodes[t.g->nodes[norm].in[4]].param);
    assert_ok(encnet__graph_make_plan(t.g, false));
    assert_int_equal(graph_test_count(&t, &encnet__op_batch_norm), 1);
    assert_int_equal(graph_test_count(&t, &encnet__op_relu), 0);
    assert_ok(encnet__weights_allocate(t.weights, ENCNET__FOR_TRAINING));
    assert_ok(encnet__weights_init(t.weights, 0, NULL)); /* running means of 1 */
    assert_ok(encnet__graph_allocate(t.g));
    assert_ok(encnet__write(encnet__graph_tensor(t.g, "image").buffer, 0, zeros, sizeof zeros));
    assert_ok(encnet__graph_forward(t.g, 0, 0));
    assert_ok(encnet__graph_backward(t.g, false, NULL));
    assert_ok(encnet__param_read(now, mean, mean->value));
    for (int c = 0; c < 2; c++) assert_true(fabsf(now[c] - 0.9f) < 1e-6f); /* momentum is 0.1 */
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_what_nothing_needs),
        cmocka_unit_test(keeps_outputs),
        cmocka_unit_test(keeps_losses),
        cmocka_unit_test(keeps_numbers_and_order),
        cmocka_unit_test(keeps_running_statistics),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
