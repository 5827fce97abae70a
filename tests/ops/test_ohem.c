/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_ohem.c - ohem against its reference, ties, and what it leaves out. */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/options.h>
#include "ops/attr.h"

/* u of `pixels` rows of M logits. */
static void weigh(float *u, const encnet__ohem_attr *attr, int pixels, int M, const float *z,
                  const int32_t *label)
{
    encnet__shape in[2] = {{1, 1, pixels, M}, {1, 1, pixels, 1}};
    optest_node node;

    optest_node_make(&node, &encnet__op_ohem, attr, 2, in, false);
    optest_put(&node.call.in[0], z);
    optest_put(&node.call.in[1], label);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(u, &node.call.out);
    optest_node_free(&node);
}

/* Two classes and logits in steps of 1/4: hundreds of pixels are equally hard, in many blocks. */
static void ties(void **state)
{
    enum { PIXELS = 5 * 4096 + 77, STEPS = 40 };
    static float z[PIXELS * 2], u[PIXELS];
    static int32_t label[PIXELS];
    encnet__ohem_attr attr = {0, 7000};
    encnet__rng r = encnet__rng_at(9, 0, 0, 0);
    int n[STEPS] = {0}, level = STEPS - 1, left = attr.min_kept;

    (void)state;
    if (getenv("ENCNET_TEST_SMALL")) skip();
    for (int p = 0; p < PIXELS; p++) {
        z[2 * p + 1] = (float)encnet__rng_below(&r, STEPS) / 4;
        label[p] = encnet__rng_below(&r, 4) ? 0 : ENCNET_IGNORE;
        if (label[p] == 0) n[(int)(4 * z[2 * p + 1])]++;
    }
    while (n[level] < left) left -= n[level--]; /* the level that is kept in part */
    assert_true(left < n[level]);
    weigh(u, &attr, PIXELS, 2, z, label);
    for (int p = 0; p < PIXELS; p++) {
        int own = (int)(4 * z[2 * p + 1]);
        float expected = label[p] == 0 && (own > level || (own == level && left-- > 0)) ? 1 : 0;
        if (u[p] != expected) fail_msg("u[%d] is %g, not %g", p, (double)u[p], (double)expected);
    }
}

/* The probability in the place of min_kept is not below itself, so it stays out. */
static void threshold_is_strict(void **state)
{
    const float z[] = {0, 3, 0, 2, 0, 1, 0, 0};
    const int32_t label[] = {0, 0, 0, 0};
    float u[4];

    (void)state;
    weigh(u, &(encnet__ohem_attr){0.01f, 2}, 4, 2, z, label);
    assert_true(u[0] == 1 && u[1] == 1 && u[2] == 0 && u[3] == 0);
    weigh(u, &(encnet__ohem_attr){0.49f, 2}, 4, 2, z, label);
    assert_true(u[0] == 1 && u[1] == 1 && u[2] == 1 && u[3] == 0);
    weigh(u, &(encnet__ohem_attr){0.5f, 2}, 4, 2, z, label);
    assert_true(u[3] == 0);
    weigh(u, &(encnet__ohem_attr){0.01f, 9}, 4, 2, z, label);
    assert_true(u[0] == 1 && u[1] == 1 && u[2] == 1 && u[3] == 0);
}

static void nothing_labelled(void **state)
{
    const float z[] = {0, 3, 0, 2, 0, 1};
    const int32_t label[] = {ENCNET_IGNORE, -1, 2};
    float u[3];

    (void)state;
    for (int way = 0; way < 2; way++) {
        weigh(u, &(encnet__ohem_attr){way ? 0.7f : 0, 2}, 3, 2, z, label);
        for (int p = 0; p < 3; p++) assert_true(u[p] == 0);
    }
}

/* A pixel that is not a number is kept, whichever sign it has, so that the loss shows it. */
static void keeps_nan(void **state)
{
    const float z[] = {0, 80, 0, -NAN, 0, 70, 0, NAN};
    const int32_t label[] = {0, 0, 0, 0};
    float u[4];

    (void)state;
    weigh(u, &(encnet__ohem_attr){0, 2}, 4, 2, z, label);
    assert_true(u[0] == 0 && u[1] == 1 && u[2] == 0 && u[3] == 1);
    weigh(u, &(encnet__ohem_attr){0.1f, 1}, 4, 2, z, label);
    assert_true(u[1] == 1 && u[3] == 1);
}

static void names_what_does_not_fit(void **state)
{
    encnet__ohem_attr attr = {0, 1};
    encnet__node_shape s = {
        .attr = &attr, .n_in = 3, .in = {{1, 4, 4, 8}, {1, 4, 5, 1}, {1, 1, 1, 8}}};

    (void)state;
    assert_int_equal(encnet__op_ohem.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[1,4,5,1]"));
    s.in[1].w = 4;
    s.in[2].c = 7;
    assert_int_equal(encnet__op_ohem.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "M=8"));
    attr.min_kept = 0;
    assert_int_equal(encnet__op_ohem.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "min_kept is 0"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(ties),
        cmocka_unit_test(threshold_is_strict),
        cmocka_unit_test(nothing_labelled),
        cmocka_unit_test(keeps_nan),
        cmocka_unit_test(names_what_does_not_fit),
    };

    return optest_main(&encnet__op_ohem, extra, COUNT_OF(extra));
}
