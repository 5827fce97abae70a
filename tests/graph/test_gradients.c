/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_gradients.c - which nodes have a gradient, and which values are stored for backward. */
#include "graph_test.h"

/* input -> conv a -> conv b -> loss, and a ReLU of conv a that only an output reads. */
static void a_weight_before_and_a_loss_behind(void **state)
{
    graph_test t;
    encnet__node label, z, a, b, beside, before, loss;

    (void)state;
    graph_test_begin(&t, NULL, true);
    label = graph_test_input(&t, "label", 1, 3);
    z = graph_test_input(&t, "z", 1, 3);
    before = graph_test_relu(&t, z);
    a = graph_test_conv(&t, before, false);
    beside = graph_test_relu(&t, a);
    b = graph_test_conv(&t, a, false);
    loss = graph_test_loss(&t, b, label);
    encnet__graph_output(t.g, "beside", beside);
    encnet__graph_loss(t.g, "loss", loss, 1);
    assert_ok(encnet__pass_gradients(t.g));
    assert_false(t.g->nodes[label].wants_grad);
    assert_false(t.g->nodes[before].wants_grad);
    assert_false(t.g->nodes[beside].wants_grad);
    assert_true(t.g->nodes[a].wants_grad);
    assert_true(t.g->nodes[b].wants_grad);
    assert_true(t.g->nodes[loss].wants_grad);
    graph_test_end(&t);
}

/* Of convolution and batch norm the convolution is stored; of a chain of cheap nodes every fourth is. */
static void cheap_nodes_are_computed_again(void **state)
{
    graph_test t;
    encnet__node z, norms[9];

    (void)state;
    graph_test_begin(&t, NULL, true);
    z = graph_test_conv(&t, graph_test_input(&t, "z", 1, 3), false);
    for (int i = 0; i < 9; i++) norms[i] = graph_test_norm(&t, i ? norms[i - 1] : z, ENCNET__NONE);
    assert_ok(encnet__pass_gradients(t.g));
    assert_true(t.g->nodes[z].stored);
    for (int i = 0; i < 9; i++) assert_int_equal(t.g->nodes[norms[i]].stored, i % 4 == 3);
    graph_test_end(&t);
}

static void inference_has_none(void **state)
{
    graph_test t;
    encnet__node z;

    (void)state;
    graph_test_begin(&t, NULL, false);
    z = graph_test_norm(&t, graph_test_conv(&t, graph_test_input(&t, "z", 1, 3), false),
                        ENCNET__NONE);
    encnet__graph_output(t.g, "y", z);
    assert_ok(encnet__pass_gradients(t.g));
    for (int n = 0; n < t.g->n_nodes; n++) assert_false(t.g->nodes[n].wants_grad);
    assert_true(t.g->nodes[z].stored);
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_before_and_a_loss_behind),
        cmocka_unit_test(cheap_nodes_are_computed_again),
        cmocka_unit_test(inference_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
