/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_traffic.c - the bytes of activations that a step reads and writes, counted by hand. */
#include "graph_test.h"

enum { MAP = 3 * sizeof(float), STATS = (3 * 3 + 2) * sizeof(float), LOSS = sizeof(float) };

/* conv a -> norm -> conv b -> loss, on maps of one pixel and three channels. */
static void lay_out(graph_test *t)
{
    encnet__node label = graph_test_input(t, "label", 1, 3), z = graph_test_input(t, "z", 1, 3);

    z = graph_test_norm(t, graph_test_conv(t, z, false), ENCNET__NONE);
    z = graph_test_conv(t, z, false);
    encnet__graph_output(t->g, "y", z);
    if (encnet__graph_training(t->g))
        encnet__graph_loss(t->g, "loss", graph_test_loss(t, z, label), 1);
    assert_ok(encnet__graph_make_plan(t->g, false));
}

/* Forward reads z, a for the statistics, a, the norm, and b with the label; backward the loss's
 * gradient with b and the label, and two maps each for the convolution b, the two halves of the norm and the
 * convolution a.  The norm is stored: in so small a graph that takes no more memory than what comes later. */
static void training(void **state)
{
    graph_test t;
    encnet__graph_plan p;

    (void)state;
    graph_test_begin(&t, test_device, true);
    lay_out(&t);
    p = encnet__graph_plan_of(t.g);
    assert_int_equal(p.activations_read, 6 * MAP + LOSS + 2 * MAP + 4 * 2 * MAP);
    assert_int_equal(p.activations_written, 3 * MAP + STATS + LOSS + 3 * MAP);
    graph_test_end(&t);
}

/* The batch norm is folded into the convolution. */
static void inference(void **state)
{
    graph_test t;
    encnet__graph_plan p;

    (void)state;
    graph_test_begin(&t, test_device, false);
    lay_out(&t);
    p = encnet__graph_plan_of(t.g);
    assert_int_equal(p.activations_read, 2 * MAP);
    assert_int_equal(p.activations_written, 2 * MAP);
    graph_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(training), cmocka_unit_test(inference)};

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
