/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_order.c - in which order backward takes the nodes: that of several ranks, and branch by branch for a single one. */
#include "graph_test.h"

#include "ops/ranks.h"

enum { SIZE = 4, CHANNELS = 8, BRANCHES = 3, DEPTH = 2, MOST_UNITS = 256 };

static const encnet_comm two = {.rank = 1, .size = 2};

/* A trunk; a short branch with a loss of its own; a few blocks; long branches side by side that meet in a loss.  The
 * nodes of the short branch come last. */
static void lay_out(graph_test *t, encnet__ranks *ranks)
{
    static const encnet__pool_attr whole = {0};
    encnet__node trunk, x, y[BRANCHES];

    graph_test_begin(t, test_device, true);
    encnet__graph_set_ranks(t->g, ranks);
    trunk = graph_test_norm(
        t, graph_test_conv(t, graph_test_input(t, "image", SIZE, CHANNELS), false), ENCNET__NONE);
    x = trunk;
    for (int i = 0; i < 3 * DEPTH; i++)
        x = graph_test_norm(t, graph_test_conv(t, x, false), ENCNET__NONE);
    for (int b = 0; b < BRANCHES; b++) {
        y[b] = x;
        for (int i = 0; i < DEPTH; i++)
            y[b] = graph_test_norm(t, graph_test_conv(t, y[b], false), ENCNET__NONE);
    }
    x = encnet__graph_apply(t->g, &encnet__op_concat, NULL, 0, y, BRANCHES);
    x = encnet__graph_apply(t->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    encnet__graph_loss(t->g, "loss",
                       graph_test_loss(t, x, graph_test_input(t, "label", 1, BRANCHES * CHANNELS)),
                       1);
    x = graph_test_norm(t, graph_test_conv(t, trunk, false), ENCNET__NONE);
    x = encnet__graph_apply(t->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    encnet__graph_loss(t->g, "aux",
                       graph_test_loss(t, x, graph_test_input(t, "label2", 1, CHANNELS)), 1);
    assert_ok(encnet__graph_make_plan(t->g, false));
    assert_true(t->g->n_units <= MOST_UNITS);
}

/* Where the unit of a node is that has this half, or the whole of it. */
static int place_of(const graph_test *t, encnet__node n, unit_half half)
{
    for (int i = 0; i < t->g->n_units; i++) {
        const backward_unit *u = &t->g->units[i];
        if (u->node == n && (u->half == half || u->half == WHOLE)) return i;
    }
    fail_msg("node %d has no unit", n);
    return -1;
}

/* Every node comes behind all that adds to its gradient, and a second half behind the first. */
static void check_dependences(const graph_test *t)
{
    for (int i = 0; i < t->g->n_units; i++) {
        const backward_unit *u = &t->g->units[i];
        unsigned inputs = encnet__unit_inputs(t->g, u);
        if (u->half == SECOND) assert_true(place_of(t, u->node, FIRST) < i);
        for (int k = 0; k < t->g->nodes[u->node].n_in; k++) {
            encnet__node in = t->g->nodes[u->node].in[k];
            if ((inputs >> k & 1) && t->g->nodes[in].kind == NODE_OP)
                assert_true(place_of(t, in, FIRST) > i);
        }
    }
}

static void nothing_comes_too_early(void **state)
{
    const int images[] = {1, 1};
    encnet__ranks *ranks;
    graph_test single, several;

    (void)state;
    assert_ok(encnet__ranks_new(&ranks, &two, images));
    lay_out(&single, NULL);
    lay_out(&several, ranks);
    check_dependences(&single);
    check_dependences(&several);
    assert_int_equal(single.g->n_units, several.g->n_units);
    graph_test_end(&single);
    graph_test_end(&several);
    encnet__ranks_free(ranks);
}

/* The nodes that add to the gradient of n, in order. */
static int adders(encnet__node *out, const graph_test *t, encnet__node n)
{
    int count = 0;

    for (int i = 0; i < t->g->n_units; i++) {
        const backward_unit *u = &t->g->units[i];
        unsigned inputs = encnet__unit_inputs(t->g, u);
        for (int k = 0; k < t->g->nodes[u->node].n_in; k++)
            if ((inputs >> k & 1) && t->g->nodes[u->node].in[k] == n) out[count++] = u->node;
    }
    return count;
}

static void gradients_are_added_in_one_order(void **state)
{
    const int images[] = {1, 1};
    encnet__node a[MOST_UNITS], b[MOST_UNITS];
    encnet__ranks *ranks;
    graph_test single, several;
    int met = 0;

    (void)state;
    assert_ok(encnet__ranks_new(&ranks, &two, images));
    lay_out(&single, NULL);
    lay_out(&several, ranks);
    assert_int_equal(single.g->n_nodes, several.g->n_nodes);
    for (int n = 0; n < single.g->n_nodes; n++) {
        int count = adders(a, &single, n);
        assert_int_equal(adders(b, &several, n), count);
        for (int i = 0; i < count; i++) assert_int_equal(a[i], b[i]);
        met += count > 1;
    }
    assert_int_equal(met, 2);
    graph_test_end(&single);
    graph_test_end(&several);
    encnet__ranks_free(ranks);
}

/* The norm whose input is the convolution that is the i-th of those of the graph. */
static encnet__node nth_norm(const graph_test *t, int i)
{
    for (int n = 0; n < t->g->n_nodes; n++)
        if (t->g->nodes[n].op == &encnet__op_batch_norm && i-- == 0) return n;
    return ENCNET__NONE;
}

/* A single rank runs the norms of a branch one behind the other; the other branches' come before or behind both. */
static void branches_come_one_by_one(void **state)
{
    graph_test t;
    int first[BRANCHES], last[BRANCHES];

    (void)state;
    lay_out(&t, NULL);
    for (int b = 0; b < BRANCHES; b++) {
        int at = 1 + 3 * DEPTH + b * DEPTH;
        first[b] = place_of(&t, nth_norm(&t, at + DEPTH - 1), FIRST);
        last[b] = place_of(&t, nth_norm(&t, at), SECOND);
        assert_true(first[b] < last[b]);
    }
    for (int a = 0; a < BRANCHES; a++)
        for (int b = 0; b < BRANCHES; b++)
            assert_true(a == b || last[a] < first[b] || last[b] < first[a]);
    graph_test_end(&t);
}

/* The short branch is taken when the long ones have come to the trunk; several ranks take it at once. */
static void a_short_branch_waits(void **state)
{
    const int images[] = {1, 1};
    int norms = 1 + 3 * DEPTH + BRANCHES * DEPTH;
    encnet__ranks *ranks;
    graph_test t;

    (void)state;
    lay_out(&t, NULL);
    assert_true(place_of(&t, nth_norm(&t, norms), FIRST) > place_of(&t, nth_norm(&t, 1), SECOND));
    graph_test_end(&t);
    assert_ok(encnet__ranks_new(&ranks, &two, images));
    lay_out(&t, ranks);
    assert_true(place_of(&t, nth_norm(&t, norms), FIRST) <
                place_of(&t, nth_norm(&t, norms - 1), SECOND));
    graph_test_end(&t);
    encnet__ranks_free(ranks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_too_early),
        cmocka_unit_test(gradients_are_added_in_one_order),
        cmocka_unit_test(branches_come_one_by_one),
        cmocka_unit_test(a_short_branch_waits),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
