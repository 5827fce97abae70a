/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_top_accuracy.c - top_accuracy against its reference, equal logits, and a NaN. */
#include "support/optest.h"

#include <math.h>

#include "ops/attr.h"

static void count(int32_t out[2], int k, const float *z, const int32_t *label)
{
    const encnet__top_accuracy_attr attr = {k};
    const encnet__shape shapes[2] = {{2, 1, 1, 4}, {2, 1, 1, 1}};
    optest_node node;

    optest_node_make(&node, &encnet__op_top_accuracy, &attr, 2, shapes, false);
    optest_put(&node.call.in[0], z);
    OPTEST_OK(encnet__write(node.call.in[1].buffer, 0, label, 2 * sizeof *label));
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(encnet__read(out, node.call.out.buffer, 0, 2 * sizeof *out));
    optest_node_free(&node);
}

static void the_lower_index_wins(void **state)
{
    const float z[8] = {1, 2, 2, 0, 3, 3, 3, 3};
    const int32_t label[2] = {2, 0}, third[2] = {0, 3};
    int32_t y[2];

    (void)state;
    count(y, 1, z, label);
    assert_true(y[0] == 1 && y[1] == 2);
    count(y, 2, z, label);
    assert_true(y[0] == 2 && y[1] == 2);
    count(y, 3, z, third);
    assert_true(y[0] == 1 && y[1] == 2);
}

static void nan_is_wrong(void **state)
{
    const float z[8] = {NAN, 2, 2, 0, 0, NAN, 1, 1};
    const int32_t label[2] = {0, 2};
    int32_t y[2];

    (void)state;
    count(y, 4, z, label);
    assert_true(y[0] == 1 && y[1] == 2);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(the_lower_index_wins),
                                       cmocka_unit_test(nan_is_wrong)};

    return optest_main(&encnet__op_top_accuracy, extra, COUNT_OF(extra));
}
