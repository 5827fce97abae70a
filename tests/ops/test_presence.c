/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_presence.c - presence against its reference, and ids that are not classes. */
#include "support/optest.h"

#include <encnet/options.h>
#include "ops/attr.h"

static void ids_outside(void **state)
{
    const encnet__classes_attr attr = {3};
    const encnet__shape in = {2, 1, 4, 1};
    const int32_t label[8] = {-1, 3, ENCNET_IGNORE, INT32_MIN, 2, 2, INT32_MAX, 0};
    const float expected[6] = {0, 0, 0, 1, 0, 1};
    float t[6];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_presence, &attr, 1, &in, false);
    optest_put(&node.call.in[0], label);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(t, &node.call.out);
    assert_memory_equal(t, expected, sizeof expected);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(ids_outside)};

    return optest_main(&encnet__op_presence, extra, COUNT_OF(extra));
}
