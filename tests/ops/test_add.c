/* test_add.c - add against its reference, and shapes that do not fit. */
#include "support/optest.h"

static void refuses_other_shapes(void **state)
{
    encnet__node_shape shape = {.n_in = 2, .in = {{1, 2, 3, 4}, {1, 2, 3, 5}}};

    (void)state;
    assert_int_equal(encnet__op_add.infer(&shape), ENCNET_E_SHAPE);
    assert_string_equal(encnet_last_error(), "add: a is [1,2,3,4], but b is [1,2,3,5]");
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses_other_shapes)};

    return optest_main(&encnet__op_add, extra, COUNT_OF(extra));
}
