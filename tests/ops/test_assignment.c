/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_assignment.c - assignment against its reference, and codewords of another width. */
#include "support/optest.h"

#include <string.h>

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 3, .in = {{1, 2, 2, 8}, {1, 1, 4, 9}, {1, 1, 1, 4}}};

    (void)state;
    assert_int_equal(encnet__op_assignment.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "codewords [1,1,4,9]"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(names_what_does_not_fit)};

    return optest_main_both(&encnet__op_assignment, extra, COUNT_OF(extra));
}
