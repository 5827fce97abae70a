/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_softmax.c - softmax against its reference, and at huge logits. */
#include "support/optest.h"

static void huge_logits(void **state)
{
    const encnet__shape in = {1, 1, 1, 3};
    const float x[3] = {3e38f, 3e38f, -3e38f};
    bool is_cpu = encnet__device_facts_of(optest_device())->is_cpu;
    float y[3];
    optest_node node;

    (void)state;
    for (int other = 1; other >= 0; other--) {
        optest_take_for_cpu(other ? !is_cpu : is_cpu);
        optest_node_make(&node, &encnet__op_softmax, NULL, 1, &in, false);
        optest_put(&node.call.in[0], x);
        OPTEST_OK(node.op->forward(&node.call));
        optest_get(y, &node.call.out);
        assert_true(y[0] == 0.5f && y[1] == 0.5f && y[2] == 0);
        optest_node_free(&node);
    }
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(huge_logits)};

    return optest_main_both(&encnet__op_softmax, extra, COUNT_OF(extra));
}
