/* test_avg_pool.c - avg_pool against its reference, and a window that does not fit. */
#include "support/optest.h"

#include <string.h>

#include "ops/attr.h"

static void refuses(void **state)
{
    static const encnet__pool_attr wide = {5, 1, 0};
    encnet__node_shape shape = {.attr = &wide, .n_in = 1, .in = {{1, 4, 9, 1}}};

    (void)state;
    assert_int_equal(encnet__op_avg_pool.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "avg_pool: a window of 5"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses)};

    return optest_main(&encnet__op_avg_pool, extra, COUNT_OF(extra));
}
