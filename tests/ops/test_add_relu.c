/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_add_relu.c - add_relu against its reference, maps of two shapes, and what it does to a NaN. */
#include "support/optest.h"

#include <math.h>
#include <string.h>

static void refuses_another_shape(void **state)
{
    encnet__node_shape shape = {.n_in = 2, .in = {{2, 3, 5, 7}, {2, 3, 4, 7}}};

    (void)state;
    assert_int_equal(encnet__op_add_relu.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "input 1"));
}

static void keeps_nan(void **state)
{
    encnet__shape shapes[2] = {{1, 1, 1, 4}, {1, 1, 1, 4}};
    float a[4] = {NAN, -1, INFINITY, INFINITY}, b[4] = {1, 0.5f, 1, -INFINITY}, y[4];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_add_relu, NULL, 2, shapes, false);
    optest_put(&node.call.in[0], a);
    optest_put(&node.call.in[1], b);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    assert_true(isnan(y[0]) && isnan(y[3]));
    assert_true(y[1] == 0 && y[2] == INFINITY);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses_another_shape),
                                       cmocka_unit_test(keeps_nan)};

    return optest_main(&encnet__op_add_relu, extra, COUNT_OF(extra));
}
