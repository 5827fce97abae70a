/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_linear.c - linear against its reference, and shapes that do not fit. */
#include "support/optest.h"

#include <string.h>

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 3, .in = {{2, 1, 1, 8}, {1, 1, 9, 4}, {1, 1, 1, 5}}};

    (void)state;
    assert_int_equal(encnet__op_linear.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "C=8"));
    s.in[1].w = 8;
    assert_int_equal(encnet__op_linear.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "K=4"));
    s.in[0].h = 3;
    assert_int_equal(encnet__op_linear.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[2,3,1,8]"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(names_what_does_not_fit)};

    return optest_main_both(&encnet__op_linear, extra, COUNT_OF(extra));
}
