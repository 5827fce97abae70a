/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_forward.c - every node runs once, after what it reads, and its value lives until its last reader has run. */
#include "graph_test.h"

/* Convolutions and batch norms with a shortcut. */
static void lay_out(graph_test *t)
{
    encnet__node label, x, y;

    graph_test_begin(t, test_device, true);
    label = graph_test_input(t, "label", 1, 3);
    x = graph_test_norm(t, graph_test_conv(t, graph_test_input(t, "image", 1, 3), false),
                        ENCNET__NONE);
    y = graph_test_norm(t, graph_test_conv(t, x, false), ENCNET__NONE);
    y = graph_test_norm(t, graph_test_conv(t, y, true), x);
    encnet__graph_loss(t->g, "loss", graph_test_loss(t, y, label), 1);
    assert_ok(encnet__pass_gradients(t->g));
    assert_ok(encnet__pass_exchanges(t->g));
    assert_ok(encnet__pass_algorithms(t->g));
    assert_ok(encnet__pass_constants(t->g));
    assert_ok(encnet__pass_forward(t->g));
}

/* Which command computes node n; -1: none. */
static int command_of(const graph_test *t, encnet__node n)
{
    int found = -1;

    for (int i = 0; i < t->g->n_commands; i++) {
        if (t->g->commands[i].kind != COMMAND_FORWARD || t->g->commands[i].node != n) continue;
        assert_int_equal(found, -1);
        found = i;
    }
    return found;
}

static void runs_every_node_after_its_inputs(void **state)
{
    graph_test t;

    (void)state;
    lay_out(&t);
    assert_int_equal(t.g->n_forward, t.g->n_commands);
    for (int n = 0; n < t.g->n_nodes; n++) {
        const node *v = &t.g->nodes[n];
        int at = command_of(&t, n);
        assert_int_equal(at >= 0, v->kind == NODE_OP);
        for (int i = 0; at >= 0 && i < v->n_in; i++) {
            const node *in = v->in[i] == ENCNET__NONE ? NULL : &t.g->nodes[v->in[i]];
            if (!in || in->kind == NODE_PARAM) continue;
            assert_true(in->value >= 0);
            assert_true(command_of(&t, v->in[i]) < at);
            assert_true(t.g->slots[in->value].first <= at && t.g->slots[in->value].last >= at);
        }
    }
    graph_test_end(&t);
}

/* One rank alone reads its own contribution, and copies nothing. */
static void alone_an_exchange_is_its_contribution(void **state)
{
    graph_test t;
    int exchanges = 0;

    (void)state;
    lay_out(&t);
    for (int n = 0; n < t.g->n_nodes; n++) {
        const node *v = &t.g->nodes[n];
        if (v->kind != NODE_EXCHANGE) continue;
        exchanges++;
        assert_int_equal(v->value, t.g->nodes[v->in[0]].value);
    }
    assert_int_equal(exchanges, 3);
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_every_node_after_its_inputs),
        cmocka_unit_test(alone_an_exchange_is_its_contribution),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
