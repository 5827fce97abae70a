/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_backward.c - the commands of backward: what they read is there, and every wanted gradient is written before it is used. */
#include "graph_test.h"

/* Two batch norms and a shortcut, so that gradients meet, and a weight that is used twice. */
static void lay_out(graph_test *t, bool accumulate, bool saves_memory)
{
    encnet__node label, x, y, in[2];
    int c = 3;

    graph_test_begin(t, test_device, true);
    label = graph_test_input(t, "label", 1, 3);
    x = graph_test_norm(t, graph_test_conv(t, graph_test_input(t, "image", 1, 3), false),
                        ENCNET__NONE);
    y = graph_test_norm(t, graph_test_conv(t, x, true), x);
    in[1] = graph_test_weight(t, ENCNET__VECTOR, &c, true);
    for (int i = 0; i < 2; i++) {
        in[0] = y;
        y = encnet__graph_apply(t->g, &encnet__op_channel_scale, NULL, 0, in, 2);
    }
    encnet__graph_loss(t->g, "loss", graph_test_loss(t, y, label), 1);
    if (saves_memory) encnet__graph_set_recompute(t->g, ENCNET__RECOMPUTE_FULL);
    assert_ok(encnet__graph_make_plan(t->g, accumulate));
}

static bool lives(const graph_test *t, slot_index s, int at)
{
    return s >= 0 && t->g->slots[s].first <= at && t->g->slots[s].last >= at;
}

/* Which nodes have been recomputed by command `at`. */
static bool is_recomputed(const graph_test *t, encnet__node n, int at)
{
    for (int i = t->g->n_forward; i < at; i++)
        if (t->g->commands[i].kind == COMMAND_RECOMPUTE && t->g->commands[i].node == n) return true;
    return false;
}

static void check_reads(const graph_test *t, int at, encnet__node n)
{
    const node *v = &t->g->nodes[n];

    if (v->kind == NODE_PARAM) return;
    if (!v->stored) assert_true(is_recomputed(t, n, at));
    assert_true(lives(t, v->stored ? v->value : v->recomputed, at));
}

static void check_all_reads(bool saves_memory)
{
    graph_test t;
    int backwards = 0;

    lay_out(&t, false, saves_memory);
    for (int i = t.g->n_forward; i < t.g->n_commands; i++) {
        const command *c = &t.g->commands[i];
        const node *v = &t.g->nodes[c->node];
        if (c->kind != COMMAND_BACKWARD && c->kind != COMMAND_BACKWARD_SUMS) continue;
        backwards++;
        if (c->reads & ENCNET__READS_DOUT) assert_true(lives(&t, v->grad, i));
        if (v->saved >= 0) assert_true(lives(&t, v->saved, i));
        if (c->reads & ENCNET__READS_OUT) check_reads(&t, i, c->node);
        for (int k = 0; k < v->n_in; k++)
            if (c->reads & ENCNET__READS_IN(k)) check_reads(&t, i, v->in[k]);
    }
    /* convolutions, of which the first has no gradient of its input; norms, scales, loss */
    assert_int_equal(backwards, 1 + 2 + 2 * 2 + 2 + 1);
    graph_test_end(&t);
}

static void reads_what_is_there(void **state)
{
    (void)state;
    check_all_reads(false);
    check_all_reads(true);
}

/* The commands of the last convolution: those of its weights read its input, that of its input does not. */
static void weights_come_before_inputs(void **state)
{
    graph_test t;
    const command *of[2] = {NULL};
    int n = 0;

    (void)state;
    lay_out(&t, false, false);
    for (int i = t.g->n_forward; i < t.g->n_commands && n < 2; i++)
        if (t.g->commands[i].kind == COMMAND_BACKWARD &&
            t.g->nodes[t.g->commands[i].node].op == &encnet__op_conv2d)
            of[n++] = &t.g->commands[i];
    assert_int_equal(n, 2);
    assert_int_equal(of[0]->node, of[1]->node);
    assert_int_equal(of[0]->gradients, 1u << 1 | 1u << 2);
    assert_int_equal(of[0]->reads, ENCNET__READS_IN(0) | ENCNET__READS_DOUT);
    assert_int_equal(of[1]->gradients, 1u << 0);
    assert_int_equal(of[1]->reads, ENCNET__READS_IN(1) | ENCNET__READS_DOUT);
    graph_test_end(&t);
}

/* The norm with an addend: its second command has the masked gradient in place of gradient and output. */
static void second_halves_read_the_masked_gradient(void **state)
{
    graph_test t;
    int seen = 0;

    (void)state;
    lay_out(&t, false, false);
    for (int i = t.g->n_forward; i < t.g->n_commands; i++) {
        const command *c = &t.g->commands[i];
        bool adds = t.g->nodes[c->node].op == &encnet__op_batch_norm &&
                    t.g->nodes[c->node].in[3] != ENCNET__NONE;
        if (!adds || c->kind != COMMAND_BACKWARD) continue;
        seen++;
        assert_int_equal(c->reads, ENCNET__READS_IN(0) | ENCNET__READS_IN(1));
        assert_true(lives(&t, c->din[3], i));
        assert_false(lives(&t, t.g->nodes[c->node].grad, i));
    }
    assert_int_equal(seen, 1);
    graph_test_end(&t);
}

/* Where the gradients of the shortcut and of the convolution meet, a convolution that can adds its own to the
 * other, and for one that cannot the graph does. */
static void gradients_meet(void **state)
{
    graph_test t;
    int added = 0, by_graph = 0;

    (void)state;
    lay_out(&t, false, false);
    for (int i = t.g->n_forward; i < t.g->n_commands; i++) {
        const command *c = &t.g->commands[i];
        by_graph += c->kind == COMMAND_ADD && c->target >= 0;
        if (!c->adds) continue;
        added++;
        assert_ptr_equal(t.g->nodes[c->node].op, &encnet__op_conv2d);
        assert_int_equal(c->adds, 1u << 0);
        assert_int_equal(c->din[0], t.g->nodes[t.g->nodes[c->node].in[0]].grad);
        assert_true(t.g->slots[c->din[0]].first < i && lives(&t, c->din[0], i));
    }
    assert_int_equal(added + by_graph, 1);
    assert_int_equal(added, encnet__device_facts_of(test_device)->is_cpu);
    graph_test_end(&t);
}

/* How many commands write the gradient of each weight: the first time straight, then by adding. */
static void check_weights(bool accumulate)
{
    graph_test t;
    int written[16] = {0}, added[16] = {0};

    lay_out(&t, accumulate, false);
    for (int i = t.g->n_forward; i < t.g->n_commands; i++) {
        const command *c = &t.g->commands[i];
        for (int k = 0; k < ENCNET__MAX_INPUTS; k++)
            if (c->din_param[k] >= 0) written[c->din_param[k]]++;
        if (c->kind == COMMAND_ADD_BATCH) written[c->target_param]++;
        if (c->kind == COMMAND_ADD && c->target_param >= 0) added[c->target_param]++;
    }
    for (int w = 0; w < encnet__weights_count(t.weights); w++) {
        bool is_twice = w == encnet__weights_count(t.weights) - 1;
        assert_int_equal(written[w], encnet__weights_at(t.weights, w)->trainable);
        assert_int_equal(added[w], is_twice);
    }
    graph_test_end(&t);
}

static void writes_every_weight_once_then_adds(void **state)
{
    (void)state;
    check_weights(false);
    check_weights(true);
}

/* The second command of a batch norm comes after all others that can run without it. */
static void second_halves_wait(void **state)
{
    graph_test t;
    int first = -1;

    (void)state;
    lay_out(&t, false, false);
    for (int i = t.g->n_forward; i < t.g->n_commands; i++) {
        const command *c = &t.g->commands[i];
        if (c->kind == COMMAND_BACKWARD_SUMS) {
            assert_int_equal(first, -1); /* a chain: one at a time */
            first = c->node;
        } else if (c->kind == COMMAND_BACKWARD && t.g->nodes[c->node].op->sync) {
            assert_int_equal(first, c->node);
            first = -1;
        }
    }
    assert_int_equal(first, -1);
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there),
        cmocka_unit_test(weights_come_before_inputs),
        cmocka_unit_test(second_halves_read_the_masked_gradient),
        cmocka_unit_test(gradients_meet),
        cmocka_unit_test(writes_every_weight_once_then_adds),
        cmocka_unit_test(second_halves_wait),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
