/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_sigmoid.c - sigmoid against its reference, and far from 0. */
#include "support/optest.h"

#include <math.h>

static void saturates(void **state)
{
    encnet__shape shape = {1, 1, 1, 4};
    float x[4] = {-1000, -INFINITY, 1000, NAN}, y[4];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_sigmoid, NULL, 1, &shape, false);
    optest_put(&node.call.in[0], x);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    assert_true(y[0] == 0 && y[1] == 0 && y[2] == 1 && isnan(y[3]));
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(saturates)};

    return optest_main(&encnet__op_sigmoid, extra, COUNT_OF(extra));
}
