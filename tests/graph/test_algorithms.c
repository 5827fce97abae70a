/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_algorithms.c - nodes whose ops plan have a plan afterwards, made from what the passes before have found out. */
#include "graph_test.h"

/* Scratch of the backward pass of a convolution of an input, or of a node that has a gradient. */
static size_t backward_scratch(bool wants_data)
{
    graph_test t;
    encnet__node label, x, y;
    encnet__node_shape shape;
    size_t bytes;

    graph_test_begin(&t, test_device, true);
    label = graph_test_input(&t, "label", 1, 3);
    x = graph_test_input(&t, "image", 1, 3);
    if (wants_data) x = graph_test_norm(&t, x, ENCNET__NONE);
    y = graph_test_conv(&t, x, false);
    encnet__graph_loss(t.g, "loss", graph_test_loss(&t, y, label), 1);
    assert_ok(encnet__pass_gradients(t.g));
    assert_ok(encnet__pass_algorithms(t.g));
    for (int n = 0; n < t.g->n_nodes; n++) {
        const node *v = &t.g->nodes[n];
        assert_int_equal(v->plan != NULL, v->kind == NODE_OP && v->op->plan != NULL);
    }
    shape = encnet__node_shape_of(t.g, y);
    assert_int_equal(shape.wanted, wants_data ? 3 : 2);
    bytes = encnet__op_conv2d.scratch_bytes(&shape, true);
    graph_test_end(&t);
    return bytes;
}

static void plans_what_plans(void **state)
{
    (void)state;
    assert_true(backward_scratch(false) <= backward_scratch(true));
}

/* Prepared weights are for inference, where they do not change from run to run. */
static void prepares_constant_weights_alone(void **state)
{
    (void)state;
    for (int training = 0; training <= 1; training++) {
        graph_test t;
        encnet__node y;
        encnet__node_shape shape;
        graph_test_begin(&t, test_device, training);
        y = graph_test_conv(&t, graph_test_input(&t, "image", 8, 16), false);
        assert_ok(encnet__pass_algorithms(t.g));
        shape = encnet__node_shape_of(t.g, y);
        assert_int_equal(shape.constant >> 1 & 1, !training);
        if (training) assert_int_equal(encnet__op_conv2d.prepared_bytes(&shape), 0);
        graph_test_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_what_plans),
        cmocka_unit_test(prepares_constant_weights_alone),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
