/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_modes.c - whole and slide, a box, scales and flip against mmsegmentation: every pixel whose
 * class float64 can decide has that class.  make.py beside the golden files describes how they were
 * made.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include "eval/eval.h"
#include "eval/segment.h"
#include "models/models.h"
#include "support/formula.h"
#include "support/scan.h"

enum { M = 5, H = 61, W = 85, SHARPEN = 8, UNDECIDED = 255 };

static const struct {
    const char *name, *mode, *box, *scales;
    bool flip;
} modes[] = {
    {"whole", "whole", "none", "1", false},
    {"box", "whole", "112,80", "1", false},
    {"slide", "slide", "none", "1", false},
    {"slide_box", "slide", "112,80", "1", false},
    {"scales_flip", "whole", "none", "0.5,1.0,1.75", true},
    {"slide_scales_flip", "slide", "112,80", "0.75,1.25", true},
};

static const char *golden(const char *network, const char *rest)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/golden/eval/%s_%s", TEST_DIR, network, rest);
    return path;
}

static encnet_options options_of(bool corners)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.classes = M;
    o.model.channels = 24;
    o.model.aux_channels = 16;
    assert_ok(encnet_options_set(&o, "model.codewords", corners ? "5" : "8"));
    assert_ok(encnet_options_set(&o, "model.lateral", corners ? "yes" : "no"));
    o.model.align_corners = corners;
    o.eval.crop_h = 48;
    o.eval.crop_w = 56;
    o.eval.stride_h = 32;
    o.eval.stride_w = 40;
    return o;
}

/* The classifier that make.py's level() leaves. */
static void level(encnet_model *model, const char *network)
{
    encnet__weights *w = encnet__model_weights(model);
    encnet__param *weight =
        encnet__weights_at(w, encnet__weights_find(w, "decode_head.conv_seg.weight"));
    encnet__param *bias =
        encnet__weights_at(w, encnet__weights_find(w, "decode_head.conv_seg.bias"));
    float values[M * 24];
    FILE *f = fopen(golden(network, "bias.txt"), "r");

    assert_non_null(f);
    assert_int_equal(encnet__param_count(weight), COUNT_OF(values));
    assert_ok(encnet__param_read(values, weight, weight->value));
    for (size_t i = 0; i < COUNT_OF(values); i++) values[i] *= SHARPEN;
    assert_ok(encnet__param_write(weight, weight->value, values));
    for (int m = 0; m < M; m++) assert_int_equal(scan_file(f, "%f", &values[m]), 1);
    assert_ok(encnet__param_write(bias, bias->value, values));
    fclose(f);
    encnet__model_weights_changed(model);
}

static void check_mode(encnet_model *model, encnet_options o, const char *network, size_t mode)
{
    encnet__picture image = {0}, expected = {0};
    encnet__segmenter *segmenter;
    uint8_t ids[H * W];
    char name[64];
    int wrong = 0;

    o.eval.mode = modes[mode].mode;
    o.eval.image_scale = modes[mode].box;
    o.eval.scales = modes[mode].scales;
    o.eval.flip = modes[mode].flip;
    assert_ok(encnet__picture_new(&image, H, W, 3));
    formula_picture(image.pixels, 3, H, W);
    assert_ok(encnet__segmenter_new(&segmenter, encnet__model_runner(model), &o));
    assert_ok(encnet__segment(segmenter, ids, &image, NULL, NULL));
    encnet__segmenter_free(segmenter);
    snprintf(name, sizeof name, "%s.png", modes[mode].name);
    assert_ok(encnet__picture_read(&expected, golden(network, name), H * W, ENCNET__READ_LABEL));
    assert_true(expected.h == H && expected.w == W);
    for (int p = 0; p < H * W; p++)
        wrong += expected.pixels[p] != UNDECIDED && expected.pixels[p] != ids[p];
    if (wrong) fail_msg("%s, %s: %d of %d pixels differ", network, modes[mode].name, wrong, H * W);
    encnet__picture_free(&image);
    encnet__picture_free(&expected);
}

static void check_network(const char *network, bool corners)
{
    encnet_options o = options_of(corners);
    encnet_model *model;

    assert_ok(encnet_model_new(&model, test_device, &o));
    formula_weights(encnet__model_weights(model));
    level(model, network);
    for (size_t mode = 0; mode < COUNT_OF(modes); mode++) check_mode(model, o, network, mode);
    encnet_model_free(model);
}

static void half_pixel_centres(void **state)
{
    (void)state;
    check_network("encnet_r18_v1c", false);
}

static void aligned_corners(void **state)
{
    (void)state;
    check_network("encnet_r18_lateral_corners", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_pixel_centres),
        cmocka_unit_test(aligned_corners),
    };
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
