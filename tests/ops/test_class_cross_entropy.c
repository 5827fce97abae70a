/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_class_cross_entropy.c - class_cross_entropy against its reference, and what it refuses. */
#include "support/optest.h"

#include <math.h>
#include <string.h>

#include "ops/attr.h"

/* With exp(-20) beside it the loss of a certain image keeps its digits, and a NaN stays one. */
static void keeps_small_losses_and_nan(void **state)
{
    static const encnet__class_cross_entropy_attr plain = {0};
    const encnet__shape shapes[2] = {{1, 1, 1, 3}, {1, 1, 1, 1}};
    float z[3] = {20, 0, 0}, loss;
    int32_t label = 0;
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_class_cross_entropy, &plain, 2, shapes, false);
    optest_put(&node.call.in[0], z);
    OPTEST_OK(encnet__write(node.call.in[1].buffer, 0, &label, sizeof label));
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(&loss, &node.call.out);
    assert_close(loss, log1p(2 * exp(-20)), 1e-6 * log1p(2 * exp(-20)));
    z[1] = NAN;
    optest_put(&node.call.in[0], z);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(&loss, &node.call.out);
    assert_true(isnan(loss));
    optest_node_free(&node);
}

static void refuses_maps_and_full_smoothing(void **state)
{
    const encnet__class_cross_entropy_attr plain = {0}, full = {1};
    encnet__node_shape shape = {.attr = &plain, .n_in = 2, .in = {{2, 3, 1, 7}, {2, 3, 1, 1}}};

    (void)state;
    assert_int_equal(encnet__op_class_cross_entropy.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[2,3,1,7]"));
    shape.in[0].h = shape.in[1].h = 1;
    assert_int_equal(encnet__op_class_cross_entropy.infer(&shape), ENCNET_OK);
    shape.attr = &full;
    assert_int_equal(encnet__op_class_cross_entropy.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "smoothing 1"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(keeps_small_losses_and_nan),
                                       cmocka_unit_test(refuses_maps_and_full_smoothing)};

    return optest_main(&encnet__op_class_cross_entropy, extra, COUNT_OF(extra));
}
