/* test_resize.c - resize against its reference, and targets that cannot be. */
#include "support/optest.h"

#include <string.h>

#include "ops/attr.h"

static void refuses(void **state)
{
    static const encnet__resize_attr nothing = {0, 4, false}, huge = {40000, 4, false};
    encnet__node_shape shape = {.attr = &nothing, .n_in = 1, .in = {{1, 3, 3, 1}}};

    (void)state;
    assert_int_equal(encnet__op_resize.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "0x4"));
    shape = (encnet__node_shape){.attr = &huge, .n_in = 1, .in = {{1, 40000, 3, 1}}};
    assert_int_equal(encnet__op_resize.infer(&shape), ENCNET_E_SHAPE);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(refuses)};

    return optest_main(&encnet__op_resize, extra, COUNT_OF(extra));
}
