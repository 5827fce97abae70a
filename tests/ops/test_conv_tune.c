/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_conv_tune.c - device.tune: what is measured is right and kept, what is kept is taken, and what
 * computes wrongly is found.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/optest.h"
#include "support/scratch.h"

#include "ops/conv/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const encnet__conv shapes[] = {
    {.n = 2,
     .h = 9,
     .w = 7,
     .c = 20,
     .k = 12,
     .r = 3,
     .s = 3,
     .stride = 1,
     .pad = 2,
     .dilation = 2,
     .groups = 1,
     .out_h = 9,
     .out_w = 7,
     .bias = true,
     .relu = true},
    {.n = 1,
     .h = 9,
     .w = 8,
     .c = 6,
     .k = 10,
     .r = 3,
     .s = 3,
     .stride = 2,
     .pad = 1,
     .dilation = 1,
     .groups = 2,
     .out_h = 5,
     .out_w = 4},
    {.n = 1,
     .h = 6,
     .w = 5,
     .c = 12,
     .k = 12,
     .r = 3,
     .s = 3,
     .stride = 1,
     .pad = 1,
     .dilation = 1,
     .groups = 12,
     .out_h = 6,
     .out_w = 5},
    {.n = 3,
     .h = 5,
     .w = 4,
     .c = 9,
     .k = 17,
     .r = 1,
     .s = 1,
     .stride = 1,
     .pad = 0,
     .dilation = 1,
     .groups = 1,
     .out_h = 5,
     .out_w = 4,
     .addend = true},
};

static encnet_device *open_tuning(const char *tune, bool cache)
{
    encnet_device_options options = *encnet__device_options_of(optest_device());
    encnet_device *dev = NULL;

    options.conv = "auto";
    options.tune = tune;
    options.cache = cache;
    OPTEST_OK(encnet_device_open(&dev, &options));
    return dev;
}

static int kept(const encnet_device *dev)
{
    int n = 0;

    while (encnet__choice_at(dev, n)) n++;
    return n;
}

/* Plans a direction of a shape; returns the name of the algorithm, and the seconds that it took. */
static const char *plan(double *seconds, encnet_device *dev, const encnet__conv *conv,
                        encnet__conv_direction direction)
{
    encnet__conv_pass pass = {.dev = dev, .conv = *conv, .direction = direction};
    const char *name;

    OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
    name = pass.row->name;
    *seconds = pass.seconds;
    encnet__conv_pass_free(&pass);
    return name;
}

/* Each algorithm that is measured has had elements of its result checked.  Two groups of several
 * channels are served by one algorithm besides the reference: there is nothing to choose. */
static void measures_and_keeps(void **state)
{
    encnet_device *first = open_tuning("full", true), *second;
    const char *names[COUNT_OF(shapes)][ENCNET__CONV_DIRECTIONS];
    double seconds;
    int measured;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
            if (d && (shapes[i].relu || shapes[i].addend)) continue;
            names[i][d] = plan(&seconds, first, &shapes[i], d);
            assert_int_equal(seconds > 0, shapes[i].groups != 2);
            assert_string_equal(plan(&seconds, first, &shapes[i], d), names[i][d]);
        }
    measured = kept(first);
    assert_int_equal(measured, 5);
    encnet_device_close(first);
    second = open_tuning("quick", true);
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
            if (d && (shapes[i].relu || shapes[i].addend)) continue;
            assert_string_equal(plan(&seconds, second, &shapes[i], d), names[i][d]);
            assert_int_equal(seconds > 0, shapes[i].groups != 2);
        }
    assert_int_equal(kept(second), measured);
    encnet_device_close(second);
}

/* Without device.tune nothing is measured, and the disk is not looked at. */
static void is_off_by_default(void **state)
{
    encnet_device *dev = open_tuning(NULL, true);
    double seconds;

    (void)state;
    plan(&seconds, dev, &shapes[0], ENCNET__CONV_FORWARD);
    assert_true(seconds == 0);
    assert_int_equal(kept(dev), 0);
    encnet_device_close(dev);
}

/* A resumed run keeps its choices and makes no new ones; a choice that the device cannot serve, or
 * that rounds too much, is left. */
static void keeps_given_choices(void **state)
{
    static const char key[] =
        "conv2d forward 3x3 stride 1 pad 1 dilation 1 groups 12, 1x6x5x12 to 12, "
        "F32 fast",
                      other[] =
                          "conv2d data 3x3 stride 1 pad 1 dilation 1 groups 12, 1x6x5x12 to 12, "
                          "F32 fast";
    encnet_device *dev = open_tuning("full", false);
    double seconds;

    (void)state;
    encnet__device_stop_tuning(dev);
    OPTEST_OK(encnet__choice_keep(dev, key, "grouped 5", false));
    OPTEST_OK(encnet__choice_keep(dev, other, "gemm 5", false));
    assert_string_equal(plan(&seconds, dev, &shapes[2], ENCNET__CONV_FORWARD), "grouped");
    assert_true(fabs(seconds - 5e-6) < 1e-12);
    assert_string_equal(plan(&seconds, dev, &shapes[2], ENCNET__CONV_DATA), "depthwise");
    assert_true(seconds == 0);
    plan(&seconds, dev, &shapes[1], ENCNET__CONV_FORWARD);
    assert_true(seconds == 0);
    assert_int_equal(kept(dev), 2);
    encnet_device_close(dev);
}

/* A sum by hand, and what is near it and is not. */
static void finds_wrong_results(void **state)
{
    encnet__conv_pass pass = {.dev = optest_device(), .conv = shapes[3], .row = encnet__conv_rows};
    double right = encnet__conv_noise(CONV_A, 17 * 7 + 3);

    (void)state;
    for (size_t c = 0; c < 9; c++)
        right += encnet__conv_noise(CONV_X, 9 * 7 + c) * encnet__conv_noise(CONV_W, 17 * c + 3);
    assert_true(encnet__conv_agrees(&pass, 17 * 7 + 3, right));
    assert_false(encnet__conv_agrees(&pass, 17 * 7 + 3, right + 1e-4));
    assert_false(encnet__conv_agrees(&pass, 17 * 7 + 3, (double)NAN));
    assert_false(encnet__conv_agrees(&pass, 17 * 7 + 4, right));
}

static int make_cache(void **state)
{
    return make_dir(state) || setenv("ENCNET_CACHE_DIR", dir, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measures_and_keeps, make_cache, remove_dir),
        cmocka_unit_test(is_off_by_default),
        cmocka_unit_test(keeps_given_choices),
        cmocka_unit_test(finds_wrong_results),
    };

    return optest_group("conv_tune", tests, COUNT_OF(tests));
}
