/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_schedule.c - learning rates against numbers computed by hand from mmcv's formula. */
#include "support/support.h"

#include <math.h>

#include "train/train.h"

static encnet_optimizer_options options(void)
{
    return (encnet_optimizer_options){
        .schedule = "poly", .lr = 0.01, .min_lr = 1e-4, .power = 0.9, .warmup_ratio = 0.1};
}

static void close_to(double got, double want)
{
    assert_close(got, want, 1e-12 * fabs(want));
}

static void follows_the_polynomial(void **state)
{
    encnet_optimizer_options o = options();

    (void)state;
    close_to(encnet__lr_at(&o, 1, 0, 40000), 0.01);
    close_to(encnet__lr_at(&o, 1, 20000, 40000), 0.0099 * pow(0.5, 0.9) + 1e-4);
    close_to(encnet__lr_at(&o, 1, 39999, 40000), 0.0099 * pow(1.0 / 40000, 0.9) + 1e-4);
    close_to(encnet__lr_at(&o, 1, 40000, 40000), 1e-4);
    o.power = 1;
    o.min_lr = 0;
    close_to(encnet__lr_at(&o, 1, 3, 4), 0.0025);
}

/* mmcv multiplies the base rate, not the minimum */
static void multiplies_the_base(void **state)
{
    encnet_optimizer_options o = options();

    (void)state;
    close_to(encnet__lr_at(&o, 10, 20000, 40000), (0.1 - 1e-4) * pow(0.5, 0.9) + 1e-4);
    assert_true(encnet__lr_at(&o, 0, 20000, 40000) == 0);
}

static void warms_up(void **state)
{
    encnet_optimizer_options o = options();

    (void)state;
    o.warmup_iters = 100;
    close_to(encnet__lr_at(&o, 1, 0, 40000), 0.001);
    close_to(encnet__lr_at(&o, 1, 50, 40000), (0.0099 * pow(1 - 50 / 40000.0, 0.9) + 1e-4) * 0.55);
    close_to(encnet__lr_at(&o, 1, 100, 40000), 0.0099 * pow(1 - 100 / 40000.0, 0.9) + 1e-4);
}

static void follows_half_a_cosine(void **state)
{
    encnet_optimizer_options o = options();

    (void)state;
    o.schedule = "cosine";
    close_to(encnet__lr_at(&o, 1, 0, 300), 0.01);
    close_to(encnet__lr_at(&o, 1, 100, 300), 0.0099 * 0.75 + 1e-4);
    close_to(encnet__lr_at(&o, 10, 150, 300), (0.1 - 1e-4) * 0.5 + 1e-4);
    close_to(encnet__lr_at(&o, 1, 300, 300), 1e-4);
}

static void falls_at_steps(void **state)
{
    encnet_optimizer_options o = options();

    (void)state;
    o.schedule = "step";
    o.steps = "30,60,90";
    o.gamma = 0.1;
    close_to(encnet__lr_at(&o, 1, 29, 100), 0.01);
    close_to(encnet__lr_at(&o, 1, 30, 100), 0.001);
    close_to(encnet__lr_at(&o, 10, 60, 100), 0.001);
    close_to(encnet__lr_at(&o, 1, 95, 100), 1e-4); /* not below min_lr */
    o.steps = "";
    close_to(encnet__lr_at(&o, 1, 95, 100), 0.01);
}

/* Batch norms are recognised by their running statistics; smoothing factors are no biases. */
static void decay_spares_what_it_is_told(void **state)
{
    static const struct {
        const char *name;
        bool norm, bias;
    } rows[] = {{"a.conv.weight", false, false}, {"a.bn.weight", true, false},
                {"a.bn.bias", true, false},      {"a.bn.running_mean", true, false},
                {"a.fc.weight", false, false},   {"a.fc.bias", false, true},
                {"a.scale", false, false}};
    encnet_optimizer_options o = options();
    encnet__weights *w = NULL;
    int C = 3;

    (void)state;
    assert_ok(encnet__weights_new(&w, NULL));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(encnet__weights_declare(w, rows[i].name, ENCNET__VECTOR, &C, true,
                                                 (encnet__init){ENCNET__INIT_CONSTANT, 0, 0}),
                         i);
    for (int mask = 0; mask < 4; mask++) {
        o.norm_decay = mask & 1;
        o.bias_decay = mask & 2;
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            assert_true(encnet__decay_mult(&o, w, (int)i) == (rows[i].norm   ? o.norm_decay
                                                              : rows[i].bias ? o.bias_decay
                                                                             : 1));
    }
    encnet__weights_free(w);
}

static void longest_prefix_wins(void **state)
{
    static const char list[] = "decode_head:10, decode_head.enc:2.5,backbone:0";
    double mult = 0;

    (void)state;
    assert_ok(encnet__lr_mult(&mult, list, "decode_head.conv_seg.weight"));
    assert_true(mult == 10);
    assert_ok(encnet__lr_mult(&mult, "decode_head.enc:2.5,decode_head:10",
                              "decode_head.enc_module.codewords"));
    assert_true(mult == 2.5);
    assert_ok(encnet__lr_mult(&mult, list, "decode_head.enc_module.codewords"));
    assert_true(mult == 2.5);
    assert_ok(encnet__lr_mult(&mult, list, "backbone.stem.0.weight"));
    assert_true(mult == 0);
    assert_ok(encnet__lr_mult(&mult, list, "auxiliary_head.conv_seg.bias"));
    assert_true(mult == 1);
    assert_ok(encnet__lr_mult(&mult, "", "backbone.stem.0.weight"));
    assert_true(mult == 1);
}

static void refuses_wrong_lists(void **state)
{
    static const char *const wrong[] = {"backbone",       "backbone:",        ":2",
                                        "backbone:x",     "backbone:-1",      "backbone:2x",
                                        "backbone:inf",   "a:1,backbone:nan", "a:1,,b:2",
                                        "decode_head 10", "a:1 b:2",          "a:1,",
                                        "a:1000001"};
    double mult;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_fails(encnet__lr_mult(&mult, wrong[i], "backbone"), ENCNET_E_CONFIG,
                     "optimizer.lr_mult = ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_polynomial),
        cmocka_unit_test(multiplies_the_base),
        cmocka_unit_test(warms_up),
        cmocka_unit_test(follows_half_a_cosine),
        cmocka_unit_test(falls_at_steps),
        cmocka_unit_test(decay_spares_what_it_is_told),
        cmocka_unit_test(longest_prefix_wins),
        cmocka_unit_test(refuses_wrong_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
