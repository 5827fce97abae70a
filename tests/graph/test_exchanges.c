/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_exchanges.c - batch norms get nodes for what ranks exchange, and those that are ready together share a message. */
#include "graph_test.h"

#include "ops/ranks.h"

static const encnet_comm two = {.rank = 1, .size = 2};

/* Lays out a training graph of three batch norms, the last two in a row or side by side. */
static void lay_out(graph_test *t, encnet__ranks *ranks, bool side_by_side)
{
    encnet__node label, x, y, both[2];

    graph_test_begin(t, test_device, true);
    encnet__graph_set_ranks(t->g, ranks);
    label = graph_test_input(t, "label", 1, side_by_side ? 6 : 3);
    x = graph_test_conv(t, graph_test_input(t, "image", 1, 3), false);
    x = graph_test_norm(t, x, ENCNET__NONE);
    y = graph_test_norm(t, graph_test_conv(t, x, false), ENCNET__NONE);
    both[0] = y;
    both[1] = graph_test_norm(t, graph_test_conv(t, side_by_side ? x : y, false), ENCNET__NONE);
    y = side_by_side ? encnet__graph_apply(t->g, &encnet__op_concat, NULL, 0, both, 2) : both[1];
    encnet__graph_loss(t->g, "loss", graph_test_loss(t, y, label), 1);
    assert_ok(encnet__graph_built(t->g));
}

static void every_norm_gets_an_exchange(void **state)
{
    graph_test t;
    int before;

    (void)state;
    lay_out(&t, NULL, false);
    before = t.g->n_nodes;
    assert_ok(encnet__pass_exchanges(t.g));
    assert_int_equal(t.g->n_nodes, before + 2 * 3);
    assert_int_equal(graph_test_count(&t, &encnet__op_batch_stats), 3);
    for (int n = 0; n < t.g->n_nodes; n++) {
        const node *v = &t.g->nodes[n], *exchange;
        if (v->op != &encnet__op_batch_norm) continue;
        exchange = &t.g->nodes[v->in[v->op->sync->exchanged]];
        assert_int_equal(exchange->kind, NODE_EXCHANGE);
        assert_true(t.g->nodes[exchange->in[0]].op == &encnet__op_batch_stats);
        assert_int_equal(t.g->nodes[exchange->in[0]].in[0], v->in[0]);
        assert_int_equal(exchange->sums, 2 * v->shape.c);
    }
    graph_test_end(&t);
}

static int count_commands(const graph_test *t, command_kind kind)
{
    int n = 0;

    for (int i = 0; i < t->g->n_commands; i++) n += t->g->commands[i].kind == kind;
    return n;
}

/* Plans the graph and expects `messages` of each direction for its three batch norms. */
static void check_messages(bool side_by_side, bool local, int messages)
{
    const int images[] = {1, 1};
    encnet__ranks *ranks;
    graph_test t;

    assert_ok(encnet__ranks_new(&ranks, &two, images));
    ranks->local = local;
    lay_out(&t, ranks, side_by_side);
    assert_ok(encnet__graph_make_plan(t.g, false));
    assert_int_equal(count_commands(&t, COMMAND_GATHER), messages);
    assert_int_equal(count_commands(&t, COMMAND_SUM), messages);
    assert_int_equal(count_commands(&t, COMMAND_BACKWARD_SUMS), 3);
    assert_int_equal(t.g->n_exchanged, messages ? 2 * 3 : 0);
    graph_test_end(&t);
    encnet__ranks_free(ranks);
}

static void one_after_the_other(void **state)
{
    (void)state;
    check_messages(false, false, 3);
}

static void side_by_side_they_share(void **state)
{
    (void)state;
    check_messages(true, false, 2);
}

static void local_ones_exchange_nothing(void **state)
{
    (void)state;
    check_messages(true, true, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_norm_gets_an_exchange),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(side_by_side_they_share),
        cmocka_unit_test(local_ones_exchange_nothing),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
