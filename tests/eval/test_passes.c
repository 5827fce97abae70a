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
    assert_fails(encnet__pass_size(&h, &w, &p, 1e-5, 100, 100), ENCNET_E_ARG, "0 x 0");
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

/* The formula of section 1.6 in double. */
static double sample(const float *x, int n, int m, int j, bool align)
{
    double s = align ? (m > 1 ? j * (double)(n - 1) / (m - 1) : 0) : (j + 0.5) * n / m - 0.5;
    int i0, i1;

    if (s < 0) s = 0;
    i0 = (int)s < n - 1 ? (int)s : n - 1;
    i1 = i0 + 1 < n ? i0 + 1 : n - 1;
    return (1 - (s - i0)) * x[i0] + (s - i0) * x[i1];
}

static void resize_follows_the_formula(void **state)
{
    static const int sizes[][2] = {{5, 5}, {5, 9}, {9, 5}, {1, 4}, {4, 1}, {7, 20}, {2, 3}};
    float x[32], row[64], column[2 * 32];

    (void)state;
    for (int i = 0; i < 32; i++) x[i] = (float)((i * 37) % 17) - 8;
    for (size_t r = 0; r < COUNT_OF(sizes); r++) {
        for (int align = 0; align < 2; align++) {
            int n = sizes[r][0], m = sizes[r][1];
            encnet__blend_row(row, x, 1, n, 1, 0, 1, m, align); /* along a row */
            for (int j = 0; j < m; j++) assert_close(row[j], sample(x, n, m, j, align), 1e-4);
            for (int i = 0; i < n; i++) column[2 * i] = x[i], column[2 * i + 1] = -x[i];
            for (int j = 0; j < m; j++) { /* along a column, two classes */
                encnet__blend_row(row, column, n, 1, 2, j, m, 1, align);
                assert_close(row[0], sample(x, n, m, j, align), 1e-4);
                assert_true(row[1] == -row[0]);
            }
        }
    }
}

static void softmax_and_argmax(void **state)
{
    float x[] = {0, 1000, 1000, -1000, 3, 1, 3, 3};
    const float ties[] = {1, 1, 0, 2, 5, 5};
    uint8_t ids[2];

    (void)state;
    encnet__softmax_rows(x, 2, 4);
    assert_true(x[0] == 0 && x[1] == 0.5f && x[2] == 0.5f && x[3] == 0);
    assert_close(x[4] + x[5] + x[6] + x[7], 1, 1e-6);
    assert_true(x[4] == x[6]);
    assert_close(x[5], exp(-2) / (3 + exp(-2)), 1e-7);
    encnet__argmax_rows(ids, ties, 2, 3);
    assert_true(ids[0] == 0 && ids[1] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_are_read),          cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(sizes_are_mmcvs),          cmocka_unit_test(windows_of_an_axis),
        cmocka_unit_test(windows_cover_everything), cmocka_unit_test(resize_follows_the_formula),
        cmocka_unit_test(softmax_and_argmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
