/* test_max_pool.c - max_pool against its reference, ties, and windows that do not fit. */
#include "support/optest.h"

#include <string.h>

#include "ops/attr.h"

/* Equal values: the first in scan order gets the gradient. */
static void first_of_equals(void **state)
{
    static const encnet__pool_attr two = {2, 2, 0};
    encnet__shape shape = {1, 2, 2, 1};
    float x[4] = {1, 1, 1, 1}, dy[1] = {3}, dx[4];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_max_pool, &two, 1, &shape, true);
    optest_put(&node.call.in[0], x);
    optest_put(&node.call.dout, dy);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(dx, &node.call.din[0]);
    assert_true(dx[0] == 3 && dx[1] == 0 && dx[2] == 0 && dx[3] == 0);
    optest_node_free(&node);
}

static void refuses(void **state)
{
    static const encnet__pool_attr wide = {5, 1, 0}, padded = {3, 1, 2};
    encnet__node_shape shape = {.attr = &wide, .n_in = 1, .in = {{1, 4, 9, 1}}};

    (void)state;
    assert_int_equal(encnet__op_max_pool.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[1,4,9,1]"));
    shape.attr = &padded;
    assert_int_equal(encnet__op_max_pool.infer(&shape), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "pad 2"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(first_of_equals), cmocka_unit_test(refuses)};

    return optest_main(&encnet__op_max_pool, extra, COUNT_OF(extra));
}
