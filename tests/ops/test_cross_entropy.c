/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_cross_entropy.c - cross_entropy against its reference, its accuracy, and what it leaves out.
 */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/options.h>
#include "ops/attr.h"

static const encnet__cross_entropy_attr all = {.average_non_ignored = false};
static const encnet__cross_entropy_attr labelled = {.average_non_ignored = true};

/* The loss of `pixels` rows of M logits; dz too when it is not NULL. */
static float loss_of(const encnet__cross_entropy_attr *attr, int pixels, int M, const float *z,
                     const int32_t *label, float *dz)
{
    encnet__shape in[2] = {{1, 1, pixels, M}, {1, 1, pixels, 1}};

    return optest_loss(&encnet__op_cross_entropy, attr, in, z, label, dz);
}

/* Half a million pixels add up as well as one does: the sum keeps its rounding errors. */
static void long_sum(void **state)
{
    enum { PIXELS = 512 * 1024, M = 3 };
    float *z = malloc(PIXELS * M * sizeof *z);
    double *z64 = malloc(PIXELS * M * sizeof *z64), *label64 = malloc(PIXELS * sizeof *label64),
           expected;
    int32_t *label = malloc(PIXELS * sizeof *label);
    encnet__node_shape shape = {.n_in = 2, .in = {{1, 1, PIXELS, M}, {1, 1, PIXELS, 1}}};
    encnet__rng r = encnet__rng_at(5, 0, 0, 0);

    (void)state;
    if (getenv("ENCNET_TEST_SMALL")) skip();
    assert_true(z && z64 && label && label64);
    for (int i = 0; i < PIXELS * M; i++) z64[i] = z[i] = (float)(encnet__rng_u32(&r) % 4096) / 512;
    for (int i = 0; i < PIXELS; i++) label64[i] = label[i] = (int32_t)encnet__rng_below(&r, M);
    encnet__op_cross_entropy.reference(&expected, (const double *[]){z64, label64}, &shape);
    /* Half a rounding of the result, and the common bias of exp and log1p, each off by 3 roundings
     * at most. */
    assert_close(loss_of(&all, PIXELS, M, z, label, NULL), expected, 2 * 0x1p-24 * expected);
    free(z);
    free(z64);
    free(label);
    free(label64);
}

/* Pixels that are all alike round alike: without the kept errors the mean would drift away from
 * each of them. */
static void mean_of_equals(void **state)
{
    enum { PIXELS = 20011, M = 3 };
    static float z[PIXELS * M];
    static int32_t label[PIXELS];
    float one;

    (void)state;
    for (int step = 1; step <= 8; step++) {
        for (int i = 0; i < PIXELS; i++) z[i * M + 1] = 0.1f * (float)step;
        one = loss_of(&all, 1, M, z, label, NULL);
        assert_close(loss_of(&all, PIXELS, M, z, label, NULL), one, 0x1p-23 * one);
    }
}

/* A label that is almost certain: loss and gradient are 2.06e-9 to seven digits, not 0. */
static void keeps_small_losses(void **state)
{
    const float z[2] = {20, 0};
    const int32_t label[1] = {0};
    double expected = log1p(exp(-20.0)), slope = 1 / (1 + exp(20.0));
    float dz[2], loss = loss_of(&all, 1, 2, z, label, dz);

    (void)state;
    assert_close(loss, expected, 16 * 0x1p-24 * expected);
    assert_close(dz[0], -slope, 16 * 0x1p-24 * slope);
    assert_close(dz[1], slope, 16 * 0x1p-24 * slope);
}

/* Labels that mean nothing: the ignored one, negative ones, ones beyond the classes. */
static void leaves_out(void **state)
{
    const float z[12] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 3, 2, 1};
    const int32_t label[4] = {ENCNET_IGNORE, -1, 3, 0};
    double expected = log1p(exp(-1.0) + exp(-2.0));
    float dz[12];

    (void)state;
    assert_close(loss_of(&all, 4, 3, z, label, dz), expected / 4, 8 * 0x1p-24 * expected);
    for (int i = 0; i < 9; i++) assert_true(dz[i] == 0);
    assert_true(dz[9] < 0 && dz[10] > 0 && dz[11] > 0);
    assert_close(loss_of(&labelled, 4, 3, z, label, dz), expected, 8 * 0x1p-24 * expected);
    assert_true(dz[0] == 0 && dz[9] < 0);
}

static void nothing_labelled(void **state)
{
    const float z[4] = {1, 2, 3, 4};
    const int32_t label[2] = {ENCNET_IGNORE, ENCNET_IGNORE};
    float dz[4];

    (void)state;
    assert_true(loss_of(&all, 2, 2, z, label, dz) == 0);
    assert_true(loss_of(&labelled, 2, 2, z, label, dz) == 0);
    for (int i = 0; i < 4; i++) assert_true(dz[i] == 0);
}

/* Huge logits stay finite; a NaN is not swallowed, so that the loop can stop. */
static void extremes(void **state)
{
    const float huge[3] = {3e38f, -3e38f, 0}, low[3] = {-1000, -1000, -3000},
                broken[3] = {1, NAN, 0};
    const int32_t label[1] = {0};

    (void)state;
    assert_true(loss_of(&all, 1, 3, huge, label, NULL) == 0);
    assert_close(loss_of(&all, 1, 3, low, label, NULL), log(2), 4 * 0x1p-24);
    assert_true(isnan(loss_of(&all, 1, 3, broken, label, NULL)));
}

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 3, .in = {{1, 4, 4, 8}, {1, 4, 5, 1}, {1, 1, 1, 8}}};

    (void)state;
    assert_int_equal(encnet__op_cross_entropy.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[1,4,5,1]"));
    s.in[1].w = 4;
    s.in[2].c = 7;
    assert_int_equal(encnet__op_cross_entropy.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "M=8"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(long_sum),
        cmocka_unit_test(mean_of_equals),
        cmocka_unit_test(keeps_small_losses),
        cmocka_unit_test(leaves_out),
        cmocka_unit_test(nothing_labelled),
        cmocka_unit_test(extremes),
        cmocka_unit_test(names_what_does_not_fit),
    };

    return optest_main(&encnet__op_cross_entropy, extra, COUNT_OF(extra));
}
