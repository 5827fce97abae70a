/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_passes.c - passes from options; sizes and windows are mmsegmentation's; resize, softmax and
 * argmax on the host. */
#include "support/support.h"

#include <math.h>

#include "eval/eval.h"

static encnet_options defaults(void)
{
    encnet_options options;

    encnet_options_default(&options);
    return options;
}

static void scales_are_read(void **state)
{
    encnet_options o = defaults();
    encnet__passes p;

    (void)state;
    o.eval.scales = "0.5, 0.75,1.0,1.25,1.5,1.75";
    o.eval.image_scale = "2049,1025";
    o.eval.mode = "slide";
    o.eval.flip = true;
    assert_ok(encnet__passes_of(&p, &o));
    assert_int_equal(p.n_scales, 6);
    assert_true(p.scale[1] == 0.75 && p.scale[5] == 1.75);
    assert_true(p.slide && p.flip && p.has_box && p.box_w == 2049 && p.box_h == 1025);
    assert_ok(encnet__passes_of(&p, (o = defaults(), &o)));
    assert_true(!p.slide && !p.flip && !p.has_box && p.n_scales == 1 && p.scale[0] == 1);
}

static void bad_options_are_named(void **state)
{
    static const char *const bad_scales[] = {"",    "0",   "-1",  "nan",  "1,", ",1",
                                             "1;2", "1 2", "8.1", "0.04", "x"};
    static const char *const bad_boxes[] = {"",    "2048",  "2048,", ",5",
                                            "0,5", "5,5,5", "5,5x",  "99999999999,5"};
    encnet_options o = defaults();
    encnet__passes p;
    char many[100] = "1";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_scales); i++) {
        o.eval.scales = bad_scales[i];
        assert_fails(encnet__passes_of(&p, &o), ENCNET_E_ARG, "eval.scales");
    }
    for (int i = 0; i < ENCNET_MAX_SCALES; i++) strcat(many, ",1");
    o.eval.scales = many;
    assert_fails(encnet__passes_of(&p, &o), ENCNET_E_ARG, "eval.scales = 1,1,");
    o = defaults();
    for (size_t i = 0; i < COUNT_OF(bad_boxes); i++) {
        o.eval.image_scale = bad_boxes[i];
        assert_fails(encnet__passes_of(&p, &o), ENCNET_E_ARG, "eval.image_scale");
    }
    o = defaults();
    o.eval.mode = "sliding";
    assert_fails(encnet__passes_of(&p, &o), ENCNET_E_ARG, "must be one of whole slide");
    o = defaults();
    o.eval.mode = "slide";
    o.eval.stride_w = o.eval.crop_w + 1; /* would leave pixels that no window covers */
    assert_fails(encnet__passes_of(&p, &o), ENCNET_E_ARG, "eval.stride");
}

/* mmcv: box (int(W r), int(H r)), then the factor that fits both sides, then int(side * factor +
 * 0.5). */
static void sizes_are_mmcvs(void **state)
{
    static const struct {
        const char *box;
        double scale;
        int h, w, h_out, w_out;
    } rows[] = {
        {"none", 1, 97, 131, 97, 131},
        {"none", 0.5, 97, 131, 48, 65},
        {"none", 0.5, 1000, 97, 495, 48},
        {"none", 1.75, 360, 480, 630, 840},
        {"2049,1025", 1, 1024, 2048, 1025, 2049},
        {"2048,1024", 0.75, 1024, 2048, 768, 1536},
        {"2048,512", 1, 500, 375, 683, 512},
        {"520,520", 1, 375, 500, 390, 520},
    };
    encnet_options o = defaults();
    encnet__passes p;
    int h, w;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        o.eval.image_scale = rows[i].box;
        assert_ok(encnet__passes_of(&p, &o));
        assert_ok(encnet__pass_size(&h, &w, &p, rows[i].scale, rows[i].h, rows[i].w));
        if (h != rows[i].h_out || w != rows[i].w_out)
            fail_msg("row %zu: %d x %d, not %d x %d", i, h, w, rows[i].h_out, rows[i].w_out);
    }
    assert_fails(encnet__pass_size(&h, &w, &p, 1e-5, 100, 100), ENCNET_E_DATA, "0 x 0");
}

static void windows_of_an_axis(void **state)
{
    static const struct {
        int length, crop, stride, count, starts[5], size;
    } rows[] = {
        {1025, 769, 513, 2, {0, 256}, 769},
        {2049, 769, 513, 4, {0, 513, 1026, 1280}, 769},
        {769, 769, 513, 1, {0}, 769},
        {770, 769, 513, 2, {0, 1}, 769},
        {100, 769, 513, 1, {0}, 100},
        {520, 480, 320, 2, {0, 40}, 480},
        {12, 4, 4, 3, {0, 4, 8}, 4},
        {5, 1, 1, 5, {0, 1, 2, 3, 4}, 1},
        {1, 1, 1, 1, {0}, 1},
        {1282, 769, 513, 2, {0, 513}, 769},
        {1283, 769, 513, 3, {0, 513, 514}, 769},
    };

    (void)state;
    for (size_t r = 0; r < COUNT_OF(rows); r++) {
        int count = encnet__window_count(rows[r].length, rows[r].crop, rows[r].stride);
        if (count != rows[r].count) fail_msg("row %zu: %d windows", r, count);
        for (int i = 0; i < count; i++) {
            int start, size;
            encnet__window_at(&start, &size, i, rows[r].length, rows[r].crop, rows[r].stride);
            if (start != rows[r].starts[i] || size != rows[r].size)
                fail_msg("row %zu, window %d: %d + %d", r, i, start, size);
        }
    }
}

/* Every pixel lies in a window, for every length, crop and stride <= crop. */
static void windows_cover_everything(void **state)
{
    (void)state;
    for (int length = 1; length < 30; length++)
        for (int crop = 1; crop < 12; crop++)
            for (int stride = 1; stride <= crop; stride++) {
                int covered = 0; /* 0 .. covered - 1 */
                for (int i = 0; i < encnet__window_count(length, crop, stride); i++) {
                    int start, size;
                    encnet__window_at(&start, &size, i, length, crop, stride);
                    assert_true(start >= 0 && start <= covered && start + size <= length);
                    covered = start + size;
                }
                assert_int_equal(covered, length);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_are_read),          cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(sizes_are_mmcvs),          cmocka_unit_test(windows_of_an_axis),
        cmocka_unit_test(windows_cover_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
