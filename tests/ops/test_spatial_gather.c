/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_spatial_gather.c - spatial_gather against its reference, and with logits far from 0. */
#include "support/optest.h"

#include <math.h>
#include <string.h>

enum { P = 70, K = 5, D = 6 };

static const encnet__shape shapes[2] = {{1, 7, 10, K}, {1, 7, 10, D}};

/* Logits around `centre` that differ by up to `spread`: the softmax neither overflows nor loses the
 * differences, and gradients stay finite. */
static void hold(float centre, float spread)
{
    optest_node node;
    encnet__rng r = encnet__rng_at(5, 0, 0, 0);
    float z[P * K], x[P * D], out[K * D], dout[K * D], dz[P * K];
    double z64[P * K], x64[P * D], out64[K * D];
    const double *in[2] = {z64, x64};

    optest_node_make(&node, &encnet__op_spatial_gather, NULL, 2, shapes, true);
    for (int i = 0; i < P * K; i++)
        z64[i] = z[i] = centre + spread * (float)encnet__rng_uniform(&r);
    for (int i = 0; i < P * D; i++) x64[i] = x[i] = (float)encnet__rng_normal(&r);
    for (int i = 0; i < K * D; i++) dout[i] = (float)encnet__rng_normal(&r);
    optest_put(&node.call.in[0], z);
    optest_put(&node.call.in[1], x);
    optest_put(&node.call.dout, dout);
    OPTEST_OK(node.op->forward(&node.call));
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(out, &node.call.out);
    optest_get(dz, &node.call.din[0]);
    node.op->reference(out64, in, &node.shape);
    for (int i = 0; i < K * D; i++)
        if (!is_close(out[i], out64[i], 64 * 0x1p-24))
            fail_msg("y[%d] is %.9g, not %.9g", i, (double)out[i], out64[i]);
    for (int k = 0; k < K; k++) { /* a softmax does not change with all of its inputs */
        double sum = 0;
        for (int p = 0; p < P; p++) sum += (double)dz[p * K + k];
        if (!is_close(sum, 0, 64 * 0x1p-24)) fail_msg("the sum of dz of map %d is %.3g", k, sum);
    }
    optest_node_free(&node);
}

static void large_logits(void **state)
{
    (void)state;
    hold(10000, 1);
    hold(-10000, 1);
    hold(-5000, 10000);
}

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 2, .in = {{1, 2, 3, 8}, {1, 2, 4, 9}}};

    (void)state;
    assert_int_equal(encnet__op_spatial_gather.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[1,2,3,8]"));
    assert_non_null(strstr(encnet_last_error(), "[1,2,4,9]"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(large_logits),
                                       cmocka_unit_test(names_what_does_not_fit)};

    return optest_main_both(&encnet__op_spatial_gather, extra, COUNT_OF(extra));
}
