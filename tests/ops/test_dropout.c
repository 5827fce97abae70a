/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_dropout.c - dropout against its reference; how many are dropped, and that masks differ. */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/attr.h"

enum { COUNT = 1 << 12 };

/* Which of COUNT ones survive, for a step and a node. */
static void survivors(float *y, uint32_t step, uint32_t node_number)
{
    static const encnet__dropout_attr tenth = {0.1f, false};
    encnet__shape shape = {1, 1, 1, COUNT};
    optest_node node;

    optest_node_make(&node, &encnet__op_dropout, &tenth, 1, &shape, false);
    optest_put_all(&node.call.in[0], 1);
    node.call.step = step;
    node.call.node = node_number;
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    optest_node_free(&node);
}

/* The number dropped is binomial: 6 standard deviations around a tenth. */
static void drops_its_share(void **state)
{
    float *y = calloc(COUNT, sizeof *y);
    int dropped = 0;

    (void)state;
    assert_non_null(y);
    survivors(y, 1, 2);
    for (int i = 0; i < COUNT; i++) {
        dropped += y[i] == 0;
        assert_true(y[i] == 0 || y[i] == (float)(1 / (1 - (double)0.1f)));
    }
    assert_close(dropped, 0.1 * COUNT, 6 * sqrt(0.09 * COUNT));
    free(y);
}

/* As torch.nn.Dropout2d: a channel of an image is dropped whole or scaled whole, each by itself. */
static void drops_whole_channels(void **state)
{
    enum { N = 24, P = 15, C = 64 };
    static const encnet__dropout_attr tenth = {0.1f, true};
    encnet__shape shape = {N, 3, P / 3, C};
    float *y = calloc((size_t)N * P * C, sizeof *y);
    int dropped = 0, alike = 0;
    optest_node node;

    (void)state;
    assert_non_null(y);
    optest_node_make(&node, &encnet__op_dropout, &tenth, 1, &shape, false);
    optest_put_all(&node.call.in[0], 1);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    for (int n = 0; n < N; n++) {
        const float *image = y + n * P * C;
        for (int c = 0; c < C; c++) {
            assert_true(image[c] == 0 || image[c] == (float)(1 / (1 - (double)0.1f)));
            for (int p = 1; p < P; p++) assert_true(image[p * C + c] == image[c]);
            dropped += image[c] == 0;
        }
        alike += memcmp(image, y, C * sizeof *y) == 0;
    }
    assert_close(dropped, 0.1 * N * C, 6 * sqrt(0.09 * N * C));
    assert_int_equal(alike, 1); /* the first with itself */
    optest_node_free(&node);
    free(y);
}

static void draws_anew_for_each_step_and_node(void **state)
{
    float *a = calloc(COUNT, sizeof *a), *b = calloc(COUNT, sizeof *b);
    const uint32_t others[][2] = {{1, 2}, {2, 2}, {1, 3}};

    (void)state;
    assert_true(a && b);
    survivors(a, 1, 2);
    for (int i = 0; i < 3; i++) {
        survivors(b, others[i][0], others[i][1]);
        assert_true((memcmp(a, b, COUNT * sizeof *a) == 0) == (i == 0));
    }
    free(a);
    free(b);
}

static void refuses_to_drop_all(void **state)
{
    const encnet__dropout_attr all = {1, false};
    encnet__node_shape shape = {.attr = &all, .n_in = 1, .in = {{1, 1, 1, 4}}};

    (void)state;
    assert_int_equal(encnet__op_dropout.infer(&shape), ENCNET_E_SHAPE);
    assert_string_equal(encnet_last_error(), "dropout: ratio 1 does not lie in [0, 1)");
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(drops_its_share),
        cmocka_unit_test(drops_whole_channels),
        cmocka_unit_test(draws_anew_for_each_step_and_node),
        cmocka_unit_test(refuses_to_drop_all),
    };

    return optest_main_both(&encnet__op_dropout, extra, COUNT_OF(extra));
}
