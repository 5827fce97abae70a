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

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses_what_does_not_fit)};

    return optest_main_both(&encnet__op_avg_pool, extra, COUNT_OF(extra));
}
