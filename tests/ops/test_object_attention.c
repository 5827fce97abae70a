/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_object_attention.c - object_attention against its reference, and with large similarities. */
#include "support/optest.h"

#include <string.h>

enum { P = 6, K = 5, D = 4 };

/* Similarities of +-1e6: the value of the nearest region, and gradients that are finite. */
static void large_similarities(void **state)
{
    static const encnet__shape shapes[3] = {{1, 2, 3, D}, {1, 1, K, D}, {1, 1, K, D}};
    optest_node node;
    float q[P * D], k[K * D], v[K * D], out[P * D], dq[P * D];

    (void)state;
    optest_node_make(&node, &encnet__op_object_attention, NULL, 3, shapes, true);
    for (int i = 0; i < P * D; i++) q[i] = i / D % 2 ? 1000.0f : -1000.0f;
    for (int i = 0; i < K * D; i++) k[i] = 500.0f * (float)(i / D - 2);
    for (int i = 0; i < K * D; i++) v[i] = (float)i;
    optest_put(&node.call.in[0], q);
    optest_put(&node.call.in[1], k);
    optest_put(&node.call.in[2], v);
    optest_put(&node.call.dout, q);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(out, &node.call.out);
    optest_get(dq, &node.call.din[0]);
    for (int i = 0; i < P * D; i++) {
        int nearest = q[i] > 0 ? K - 1 : 0;
        if (!is_close(out[i], v[nearest * D + i % D], 0))
            fail_msg("y[%d] is %.9g, not %.9g", i, (double)out[i], (double)v[nearest * D + i % D]);
        if (!is_close(dq[i], 0, 0)) fail_msg("dq[%d] is %.9g, not 0", i, (double)dq[i]);
    }
    optest_node_free(&node);
}

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 3, .in = {{2, 2, 3, 8}, {2, 1, 4, 8}, {2, 1, 4, 9}}};

    (void)state;
    assert_int_equal(encnet__op_object_attention.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[2,1,4,9]"));
    s.in[2].c = 8;
    s.in[1].n = s.in[2].n = 1;
    assert_int_equal(encnet__op_object_attention.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "not [2,1,K,8]"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(large_similarities),
                                       cmocka_unit_test(names_what_does_not_fit)};

    return optest_main_both(&encnet__op_object_attention, extra, COUNT_OF(extra));
}
