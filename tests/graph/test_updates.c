/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_updates.c - a backward pass that updates the weights: when it does so, and how long gradients live. */
#include "graph_test.h"

enum { SIZE = 4, CHANNELS = 8, BLOCKS = 6, UNUSED = 1, MOST_WEIGHTS = 64 };

/* A weight that nothing reads; blocks of a convolution and a norm, every other with a shortcut; a weight that is used
 * twice; the mean over the pixels and a loss. */
static void lay_out(graph_test *t, bool updates, bool saves_memory)
{
    static const encnet__pool_attr whole = {0};
    encnet__node x, in[2];
    int c = CHANNELS;

    graph_test_begin(t, test_device, true);
    (void)graph_test_weight(t, ENCNET__VECTOR, &c, true);
    x = graph_test_conv(t, graph_test_input(t, "image", SIZE, CHANNELS), true);
    for (int i = 0; i < BLOCKS; i++)
        x = graph_test_norm(t, graph_test_conv(t, x, false), i % 2 ? x : ENCNET__NONE);
    in[1] = graph_test_weight(t, ENCNET__VECTOR, &c, true);
    for (int i = 0; i < 2; i++) {
        in[0] = x;
        x = encnet__graph_apply(t->g, &encnet__op_channel_scale, NULL, 0, in, 2);
    }
    x = encnet__graph_apply(t->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    encnet__graph_loss(t->g, "loss",
                       graph_test_loss(t, x, graph_test_input(t, "label", 1, CHANNELS)), 1);
    if (updates) encnet__graph_set_updates(t->g);
    if (saves_memory) encnet__graph_set_recompute(t->g, ENCNET__RECOMPUTE_FULL);
    assert_ok(encnet__graph_make_plan(t->g, false));
}

static int trainable(const graph_test *t)
{
    int n = 0;

    for (int p = 0; p < encnet__weights_count(t->weights); p++)
        n += encnet__weights_at(t->weights, p)->trainable;
    return n;
}

/* The weight that input i of the command's node is; -1 = none. */
static int weight_of(const graph_test *t, const command *c, int i)
{
    encnet__node in = t->g->nodes[c->node].in[i];

    return in != ENCNET__NONE && t->g->nodes[in].kind == NODE_PARAM ? t->g->nodes[in].param : -1;
}

/* Behind its update no command reads a weight or writes its gradient, and the gradient is there all the while. */
static void check_update(const graph_test *t, int at)
{
    const command *u = &t->g->commands[at];
    const slot *s = &t->g->slots[u->source];

    assert_true(encnet__weights_at(t->weights, u->target_param)->trainable);
    assert_int_equal(s->last, at);
    assert_true(s->first >= t->g->n_forward && s->first < at);
    for (int k = at + 1; k < t->g->n_commands; k++) {
        const command *c = &t->g->commands[k];
        assert_true(c->source != u->source && c->target != u->source);
        for (int i = 0; c->node != ENCNET__NONE && i < t->g->nodes[c->node].n_in; i++) {
            bool reads = c->kind == COMMAND_RECOMPUTE || (c->reads >> i & 1);
            assert_true(c->din[i] != u->source);
            assert_false(reads && weight_of(t, c, i) == u->target_param);
        }
    }
}

static void check_updates(bool saves_memory)
{
    graph_test t;
    int updates[MOST_WEIGHTS] = {0}, cleared = 0;

    lay_out(&t, true, saves_memory);
    assert_true(encnet__weights_count(t.weights) <= MOST_WEIGHTS);
    for (int k = 0; k < t.g->n_commands; k++) {
        const command *c = &t.g->commands[k];
        for (int i = 0; i < ENCNET__MAX_INPUTS; i++) assert_int_equal(c->din_param[i], -1);
        cleared += c->kind == COMMAND_CLEAR;
        if (c->kind != COMMAND_UPDATE) continue;
        updates[c->target_param]++;
        check_update(&t, k);
    }
    for (int p = 0; p < encnet__weights_count(t.weights); p++)
        assert_int_equal(updates[p], encnet__weights_at(t.weights, p)->trainable);
    assert_int_equal(cleared, UNUSED);
    graph_test_end(&t);
}

static void every_weight_is_updated_when_nothing_needs_it_any_more(void **state)
{
    (void)state;
    check_updates(false);
    check_updates(true);
}

/* Backward does what it does without updates, in the same order but for convolutions' halves. */
static void nothing_else_is_computed(void **state)
{
    graph_test plain, updating;

    (void)state;
    lay_out(&plain, false, false);
    lay_out(&updating, true, false);
    assert_int_equal(updating.g->n_commands, plain.g->n_commands + trainable(&plain) + UNUSED);
    graph_test_end(&plain);
    graph_test_end(&updating);
}

/* The gradients at any moment: those that wait for one another, and those of two commands. */
static void gradients_share_memory(void **state)
{
    graph_test t;
    int most = 0;

    (void)state;
    lay_out(&t, true, false);
    for (int k = t.g->n_forward; k < t.g->n_commands; k++) {
        int alive = 0;
        for (int u = 0; u < t.g->n_commands; u++) {
            const slot *s = &t.g->slots[t.g->commands[u].source];
            if (t.g->commands[u].kind != COMMAND_UPDATE) continue;
            alive += s->first <= k && k <= s->last;
        }
        if (alive > most) most = alive;
    }
    assert_in_range(most, ENCNET__UPDATES, ENCNET__UPDATES + 4);
    assert_true(trainable(&t) > 2 * most);
    graph_test_end(&t);
}

static void batches_do_not_accumulate(void **state)
{
    graph_test t;
    encnet__node x;

    (void)state;
    graph_test_begin(&t, test_device, true);
    x = graph_test_conv(&t, graph_test_input(&t, "image", 1, CHANNELS), false);
    encnet__graph_loss(t.g, "loss",
                       graph_test_loss(&t, x, graph_test_input(&t, "label", 1, CHANNELS)), 1);
    encnet__graph_set_updates(t.g);
    assert_fails(encnet__graph_make_plan(t.g, true), ENCNET_E_INTERNAL, "accumulate");
    assert_ok(encnet__graph_make_plan(t.g, false));
    assert_fails(encnet__graph_backward(t.g, false, NULL), ENCNET_E_INTERNAL, "update weights");
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_weight_is_updated_when_nothing_needs_it_any_more),
        cmocka_unit_test(nothing_else_is_computed),
        cmocka_unit_test(gradients_share_memory),
        cmocka_unit_test(batches_do_not_accumulate),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
