/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_resized_cross_entropy.c - resized_cross_entropy against its reference, its accuracy, and what it leaves out. */
#include "support/optest.h"

#include <math.h>
#include <string.h>
#include <encnet/options.h>
#include "ops/attr.h"

static const encnet__resized_cross_entropy_attr all = {false, false}, labelled = {true, false};

/* Of one row of logits [w,M], resized to W pixels; dz too when it is not NULL. */
static float loss_of(const encnet__resized_cross_entropy_attr *attr, int w, int M, const float *z,
                     int W, const int32_t *label, float *dz)
{
    encnet__shape in[2] = {{1, 1, w, M}, {1, 1, W, 1}};

    return optest_loss(&encnet__op_resized_cross_entropy, attr, in, z, label, dz);
}

/* Labels that are almost certain: loss and gradient are 2.06e-9 to seven digits, not 0. */
static void keeps_small_losses(void **state)
{
    const float z[4] = {20, 0, 20, 0};
    const int32_t label[8] = {0};
    double expected = log1p(exp(-20.0)), slope = 1 / (1 + exp(20.0));
    float dz[4], loss = loss_of(&all, 2, 2, z, 8, label, dz);

    (void)state;
    assert_close(loss, expected, 32 * 0x1p-24 * expected);
    for (int i = 0; i < 4; i++)
        assert_close(dz[i], (i % 2 ? slope : -slope) / 2, 32 * 0x1p-24 * slope);
}

/* Labels that mean nothing: the ignored one, negative ones, ones beyond the classes. */
static void leaves_out(void **state)
{
    const float z[6] = {1, 2, 3, 3, 2, 1};
    const int32_t label[4] = {ENCNET_IGNORE, -1, 3, 0}, none[4] = {ENCNET_IGNORE, -1, 3, 255};
    double expected = log1p(exp(-1.0) + exp(-2.0)); /* the last pixel is the last logits */
    float dz[6];

    (void)state;
    assert_close(loss_of(&all, 2, 3, z, 4, label, dz), expected / 4, 8 * 0x1p-24 * expected);
    for (int i = 0; i < 3; i++) assert_true(dz[i] == 0);
    assert_true(dz[3] < 0 && dz[4] > 0 && dz[5] > 0);
    assert_close(loss_of(&labelled, 2, 3, z, 4, label, dz), expected, 8 * 0x1p-24 * expected);
    assert_true(loss_of(&all, 2, 3, z, 4, none, dz) == 0);
    for (int i = 0; i < 6; i++) assert_true(dz[i] == 0);
    assert_true(loss_of(&labelled, 2, 3, z, 4, none, dz) == 0);
    for (int i = 0; i < 6; i++) assert_true(dz[i] == 0);
}

/* Huge logits stay finite; a NaN is not swallowed, so that the loop can stop. */
static void extremes(void **state)
{
    const float huge[6] = {3e38f, -3e38f, 0, 3e38f, -3e38f, 0}, broken[6] = {1, 0, 0, 1, NAN, 0},
                low[6] = {-1000, -1000, -3000, -1000, -1000, -3000};
    const int32_t label[4] = {0};
    float dz[6];

    (void)state;
    assert_true(loss_of(&all, 2, 3, huge, 4, label, NULL) == 0);
    assert_close(loss_of(&all, 2, 3, low, 4, label, NULL), log(2), 8 * 0x1p-24);
    assert_true(isnan(loss_of(&all, 2, 3, broken, 4, label, dz)));
    assert_true(isnan(dz[4]));
}

/* Half a million pixels add up as well as one does. */
static void mean_of_equals(void **state)
{
    enum { w = 100, W = 100 * 101, M = 3 };
    static float z[w * M];
    static int32_t label[W];
    float one;

    (void)state;
    for (int i = 0; i < w; i++) z[i * M + 1] = 0.5f;
    one = loss_of(&all, 1, M, z, 1, label, NULL);
    assert_close(loss_of(&all, w, M, z, W, label, NULL), one, 2 * 0x1p-24 * one);
}

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 3, .in = {{2, 4, 4, 8}, {1, 32, 32, 1}, {1, 1, 1, 8}}};

    (void)state;
    assert_int_equal(encnet__op_resized_cross_entropy.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "labels [1,32,32,1]"));
    s.in[0].n = 1;
    s.in[2].c = 7;
    assert_int_equal(encnet__op_resized_cross_entropy.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "M=8"));
    s.in[0].c = 257;
    assert_int_equal(encnet__op_resized_cross_entropy.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "M=257 classes, at most 256"));
    s.in[0] = (encnet__shape){1, 40000, 1, 7};
    s.in[1].h = 40000;
    assert_int_equal(encnet__op_resized_cross_entropy.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "too large"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(keeps_small_losses),
        cmocka_unit_test(leaves_out),
        cmocka_unit_test(extremes),
        cmocka_unit_test(mean_of_equals),
        cmocka_unit_test(names_what_does_not_fit),
    };

    return optest_main_both(&encnet__op_resized_cross_entropy, extra, COUNT_OF(extra));
}
