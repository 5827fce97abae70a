/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_constants.c - what refresh() computes: constant nodes and prepared weights, in inference alone. */
#include "graph_test.h"

static void lay_out(graph_test *t, bool training)
{
    encnet__node x;

    graph_test_begin(t, test_device, training);
    x = graph_test_conv(t, graph_test_input(t, "image", 8, 16), false);
    encnet__graph_output(t->g, "y", graph_test_norm(t, x, ENCNET__NONE));
    if (!training) assert_ok(encnet__pass_fold_batch_norm(t->g));
    assert_ok(encnet__pass_algorithms(t->g));
    assert_ok(encnet__pass_constants(t->g));
}

static void folded_weights_come_before_what_is_made_of_them(void **state)
{
    graph_test t;
    bool done[64] = {false};

    (void)state;
    lay_out(&t, false);
    assert_int_equal(t.g->n_refresh, t.g->n_commands);
    for (int i = 0; i < t.g->n_commands; i++) {
        const command *c = &t.g->commands[i];
        const node *v = &t.g->nodes[c->node];
        if (c->kind == COMMAND_CONSTANT) {
            assert_true(v->constant);
            assert_true(v->value >= 0);
            done[c->node] = true;
        } else {
            assert_int_equal(c->kind, COMMAND_PREPARE);
            assert_true(v->prepared >= 0);
            for (int k = 0; k < v->n_in; k++)
                if (v->op->prepared_inputs >> k & 1) assert_true(done[v->in[k]]);
        }
    }
    for (int n = 0; n < t.g->n_nodes; n++)
        assert_int_equal(done[n], t.g->nodes[n].kind == NODE_OP && t.g->nodes[n].constant);
    graph_test_end(&t);
}

static void training_has_none(void **state)
{
    graph_test t;

    (void)state;
    lay_out(&t, true);
    assert_int_equal(t.g->n_commands, 0);
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_weights_come_before_what_is_made_of_them),
        cmocka_unit_test(training_has_none),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
