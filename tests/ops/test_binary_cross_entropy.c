/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_binary_cross_entropy.c - binary_cross_entropy against its reference, and at huge logits. */
#include "support/optest.h"

#include <math.h>

static void huge_logits(void **state)
{
    const encnet__shape in[2] = {{1, 1, 1, 4}, {1, 1, 1, 4}};
    const float z[4] = {1e4f, -1e4f, 1e4f, -1e4f}, t[4] = {1, 0, 0, 1}, one = 1;
    float loss, dz[4];
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_binary_cross_entropy, NULL, 2, in, true);
    optest_put(&node.call.in[0], z);
    optest_put(&node.call.in[1], t);
    optest_put(&node.call.dout, &one);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(&loss, &node.call.out);
    optest_get(dz, &node.call.din[0]);
    assert_true(loss == 5000);
    assert_true(dz[0] == 0 && dz[1] == 0 && dz[2] == 0.25f && dz[3] == -0.25f);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(huge_logits)};

    return optest_main(&encnet__op_binary_cross_entropy, extra, COUNT_OF(extra));
}
