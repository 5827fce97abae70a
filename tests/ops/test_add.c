/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_add.c - add against its reference, and maps of two shapes. */
#include "support/optest.h"

#include <string.h>

static void refuses_another_shape(void **state)
{
    encnet__node_shape shape = {.n_in = 2, .in = {{2, 3, 5, 7}, {2, 3, 4, 7}}};

    (void)state;
    assert_int_equal(encnet__op_add.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "b is [2,3,4,7]"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses_another_shape)};

    return optest_main(&encnet__op_add, extra, COUNT_OF(extra));
}
