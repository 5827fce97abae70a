/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_max_pool.c - max_pool against its reference, ties, a NaN, windows that do not fit. */
#include "support/optest.h"

#include <math.h>

#include "ops/attr.h"

static const encnet__pool_attr two = {2, 2, 0};

/* The first of equal values takes the gradient; a NaN is the maximum of its window. */
static void breaks_ties_like_pytorch(void **state)
{
    encnet__shape shape = {1, 2, 4, 1};
    float x[8] = {3, 3, 1, NAN, 3, 2, 5, 0}, y[2], dy[2] = {10, 20}, dx[8];
    const float expected[8] = {10, 0, 0, 20, 0, 0, 0, 0};
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_max_pool, &two, 1, &shape, true);
    optest_put(&node.call.in[0], x);
    optest_put(&node.call.dout, dy);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(y, &node.call.out);
    optest_get(dx, &node.call.din[0]);
    assert_true(y[0] == 3 && isnan(y[1]));
    assert_memory_equal(dx, expected, sizeof dx);
    optest_node_free(&node);
}

static void refuses_what_does_not_fit(void **state)
{
    encnet__node_shape shape = {.attr = &two, .n_in = 1, .in = {{1, 1, 4, 3}}};
    const encnet__pool_attr huge = {17, 1, 0};

    (void)state;
    assert_int_equal(encnet__op_max_pool.infer(&shape), ENCNET_E_SHAPE);
    assert_string_equal(encnet_last_error(),
                        "max_pool: a window of 2 does not fit into [1,1,4,3] with pad 0");
    shape.attr = &huge;
    assert_int_equal(encnet__op_max_pool.infer(&shape), ENCNET_E_SHAPE);
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(breaks_ties_like_pytorch),
        cmocka_unit_test(refuses_what_does_not_fit),
    };

    return optest_main_both(&encnet__op_max_pool, extra, COUNT_OF(extra));
}
