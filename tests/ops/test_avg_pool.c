/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_avg_pool.c - avg_pool against its reference, and a window that does not fit. */
#include "support/optest.h"

#include "ops/attr.h"

static void refuses_what_does_not_fit(void **state)
{
    const encnet__pool_attr wide = {5, 1, 0};
    encnet__node_shape shape = {.attr = &wide, .n_in = 1, .in = {{1, 4, 9, 1}}};

    (void)state;
    assert_int_equal(encnet__op_avg_pool.infer(&shape), ENCNET_E_SHAPE);
    assert_string_equal(encnet_last_error(),
                        "avg_pool: a window of 5 does not fit into [1,4,9,1] with pad 0");
}

/* PyTorch's rule for ceil_mode, its examples and both sides of its edge. */
static void rounds_up(void **state)
{
    static const struct {
        encnet__pool_attr attr;
        int in, out;
    } rows[] = {
        {{2, 2, 0, false}, 5, 2}, {{2, 2, 0, true}, 5, 3}, {{2, 2, 0, true}, 4, 2},
        {{2, 2, 0, true}, 2, 1},  {{3, 2, 1, true}, 6, 4}, {{3, 2, 1, true}, 5, 3},
        {{2, 3, 1, true}, 3, 2},  {{2, 3, 1, true}, 4, 2}, {{3, 3, 0, true}, 4, 2},
        {{3, 2, 0, true}, 5, 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet__node_shape shape = {
            .attr = &rows[i].attr, .n_in = 1, .in = {{1, rows[i].in, 9, 1}}};
        assert_int_equal(encnet__op_avg_pool.infer(&shape), ENCNET_OK);
        assert_int_equal(shape.out.h, rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses_what_does_not_fit),
                                       cmocka_unit_test(rounds_up)};

    return optest_main_both(&encnet__op_avg_pool, extra, COUNT_OF(extra));
}
