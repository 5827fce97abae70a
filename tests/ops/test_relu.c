/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_relu.c - relu against its reference, and what it does to a NaN. */
#include "support/optest.h"

#include <math.h>

static void keeps_nan(void **state)
{
    encnet__shape shape = {1, 1, 1, 4};
    float x[4] = {NAN, -1, INFINITY, -INFINITY}, y[4];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_relu, NULL, 1, &shape, false);
    optest_put(&node.call.in[0], x);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    assert_true(isnan(y[0]));
    assert_true(y[1] == 0 && y[2] == INFINITY && y[3] == 0);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(keeps_nan)};

    return optest_main(&encnet__op_relu, extra, COUNT_OF(extra));
}
