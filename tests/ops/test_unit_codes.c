/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_unit_codes.c - unit_codes against its reference, codes of length 0, and maps. */
#include "support/optest.h"

#include <string.h>

/* As torch.nn.functional.normalize: zeros stay zeros, and the gradient is dy / 1e-8. */
static void zeros_stay_zeros(void **state)
{
    const encnet__shape shape = {1, 1, 2, 3};
    float e[6] = {0}, dy[6] = {1, 2, 3, 4, 5, 6}, y[6], de[6];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_unit_codes, NULL, 1, &shape, true);
    optest_put(&node.call.in[0], e);
    optest_put(&node.call.dout, dy);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(y, &node.call.out);
    optest_get(de, &node.call.din[0]);
    for (int d = 0; d < 2; d++)
        for (int k = 0; k < 3; k++) {
            assert_true(y[k * 2 + d] == 0);
            assert_close(de[d * 3 + k], dy[k * 2 + d] * 1e8, 100);
        }
    optest_node_free(&node);
}

static void refuses_maps(void **state)
{
    encnet__node_shape shape = {.n_in = 1, .in = {{2, 3, 5, 7}}};

    (void)state;
    assert_int_equal(encnet__op_unit_codes.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[2,3,5,7]"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(zeros_stay_zeros),
                                       cmocka_unit_test(refuses_maps)};

    return optest_main(&encnet__op_unit_codes, extra, COUNT_OF(extra));
}
