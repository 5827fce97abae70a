/* test_confusion.c - confusion against its reference, and ids that lie outside the matrix. */
#include "support/optest.h"

#include <encnet/options.h>
#include "ops/attr.h"

static void ids_outside(void **state)
{
    const encnet__classes_attr attr = {2};
    const encnet__shape in[2] = {{1, 1, 7, 1}, {1, 1, 7, 1}};
    const int32_t label[7] = {0, 1, -1, 2, ENCNET_IGNORE, 1, 0},
                  prediction[7] = {0, 0, 0, 0, 0, -1, 2};
    int32_t counts[4];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_confusion, &attr, 2, in, false);
    optest_put(&node.call.in[0], label);
    optest_put(&node.call.in[1], prediction);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(counts, &node.call.out);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[3], 0);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(ids_outside)};

    return optest_main(&encnet__op_confusion, extra, COUNT_OF(extra));
}
