/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_drawn_scale.c - drawn_scale against its reference; draws of steps and streams, the gradient,
 * and what the weight holds. */
#include "support/optest.h"

#include <math.h>
#include <string.h>

#include "ops/attr.h"

enum { K = 1 << 12 };

static float drawn[2][K];

static void draw(float *y, uint32_t step, uint32_t stream)
{
    const encnet__drawn_scale_attr attr = {.stream = stream};
    const encnet__shape shape = {1, 1, 1, K};
    optest_node node;

    optest_node_make(&node, &encnet__op_drawn_scale, &attr, 1, &shape, false);
    optest_put_all(&node.call.in[0], 1);
    node.call.step = step;
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    optest_node_free(&node);
}

/* Mean -1/2 and variance 1/12, within 6 standard deviations. */
static void is_uniform(void **state)
{
    double mean = 0, square = 0;

    (void)state;
    draw(drawn[0], 3, 5);
    for (int k = 0; k < K; k++) {
        assert_true(drawn[0][k] >= -1 && drawn[0][k] < 0);
        mean += (double)drawn[0][k] / K;
        square += pow((double)drawn[0][k] + 0.5, 2) / K;
    }
    assert_close(mean, -0.5, 6 * sqrt(1.0 / 12 / K));
    assert_close(square, 1.0 / 12, 6 * sqrt(1.0 / 180 / K));
}

static void draws_anew_for_each_step_and_stream(void **state)
{
    const uint32_t others[][2] = {{1, 2}, {2, 2}, {1, 3}};

    (void)state;
    draw(drawn[0], 1, 2);
    for (int i = 0; i < 3; i++) {
        draw(drawn[1], others[i][0], others[i][1]);
        assert_true((memcmp(drawn[0], drawn[1], sizeof drawn[0]) == 0) == (i == 0));
    }
}

static void the_weight_holds_the_draw_and_gets_its_gradient(void **state)
{
    const encnet__drawn_scale_attr attr = {.stream = 4};
    const encnet__shape shape = {1, 1, 1, 5};
    const float dy[5] = {1, -2, 3, -4, 5};
    float y[5], s[5], ds[5];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_drawn_scale, &attr, 1, &shape, true);
    optest_put_all(&node.call.in[0], 1);
    optest_put(&node.call.dout, dy);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->update(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(y, &node.call.out);
    optest_get(s, &node.call.in[0]);
    optest_get(ds, &node.call.din[0]);
    assert_memory_equal(s, y, sizeof y);
    assert_memory_equal(ds, dy, sizeof dy);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(is_uniform),
        cmocka_unit_test(draws_anew_for_each_step_and_stream),
        cmocka_unit_test(the_weight_holds_the_draw_and_gets_its_gradient),
    };

    return optest_main(&encnet__op_drawn_scale, extra, COUNT_OF(extra));
}
