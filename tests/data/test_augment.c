/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_augment.c - resizing, distortion and the whole pipeline give the bits of OpenCV and
 * mmsegmentation. */
#include "data_test.h"
#include "support/scan.h"

#include <math.h>

static void resizes_like_opencv(void **state)
{
    FILE *list = golden("resize.txt");
    int h, w, c, h_out, w_out, cases = 0;
    encnet__picture a = {0}, b = {0};
    char kind[16];
    uint32_t crc;

    (void)state;
    while (fscanf(list, "%15s %d %d %d %d %d %x", kind, &h, &w, &c, &h_out, &w_out, &crc) == 7) {
        noise(&a, h, w, c, (uint32_t)(cases++ / 2));
        assert_ok(encnet__picture_resize(&b, &a, h_out, w_out, kind[0] == 'n'));
        if (crc_of_picture(&b) != crc)
            fail_msg("%s %d x %d x %d to %d x %d differs", kind, w, h, c, w_out, h_out);
    }
    assert_int_equal(cases, 240);
    fclose(list);
    encnet__picture_free(&a);
    encnet__picture_free(&b);
}

/* Every window of a resized picture is that part of the whole. */
static void windows_of_a_resize(void **state)
{
    encnet__picture a = {0}, all = {0}, rows = {0};
    uint8_t part[13 * 9 * 3];

    (void)state;
    noise(&a, 30, 42, 3, 3);
    for (int i = 0; i < 3; i++) {
        int h = (const int[]){47, 15, 22}[i],
            w = (const int[]){33, 21, 90}[i]; /* the second halves both sides */
        assert_ok(encnet__picture_resize(&all, &a, h, w, false));
        for (int y = 0; y + 13 <= h; y++)
            for (int x = 0; x + 9 <= w; x++) {
                encnet__window window = {h, w, y, x, 13, 9};
                assert_ok(encnet__resize_linear(part, &a, &window, &rows));
                for (int k = 0; k < 13; k++)
                    assert_memory_equal(part + 27 * k, all.pixels + 3 * ((y + k) * w + x), 27);
            }
    }
    encnet__picture_free(&a);
    encnet__picture_free(&all);
    encnet__picture_free(&rows);
}

static void keeps_the_ratio(void **state)
{
    /* h w box box h_out w_out; reference/models 9.1 and 8.2 */
    static const int rows[][6] = {
        {1024, 2048, 2049, 1025, 1025, 2049}, {512, 683, 2048, 512, 512, 683},
        {1024, 2048, 1024, 512, 512, 1024},   {360, 480, 480, 360, 360, 480},
        {683, 512, 512, 2048, 683, 512},      {1, 60000, 512, 1024, 1, 1024}};
    int h, w;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet__keep_ratio(&h, &w, rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        assert_int_equal(h, rows[i][4]);
        assert_int_equal(w, rows[i][5]);
    }
}

static void distorts_like_mmsegmentation(void **state)
{
    enum { SIDE = 52, PIXELS = SIDE * SIDE * SIDE };
    FILE *list = golden("distort.txt");
    uint8_t *rgb = malloc(3 * PIXELS);
    int flags[5], shift, cases = 0;
    double beta, alpha, factor;
    uint32_t crc;

    (void)state;
    while (scan_file(list, "%d %d %d %d %d %lf %lf %lf %d %x", &flags[0], &flags[1], &flags[2],
                     &flags[3], &flags[4], &beta, &alpha, &factor, &shift, &crc) == 10) {
        encnet__drawn drawn = {.brightness = flags[0],
                               .contrast = flags[1],
                               .saturation = flags[2],
                               .hue = flags[3],
                               .contrast_first = flags[4],
                               .beta = beta,
                               .alpha = alpha,
                               .saturation_factor = factor,
                               .hue_shift = shift};
        for (int i = 0; i < PIXELS; i++) {
            rgb[3 * i] = (uint8_t)(5 * (i / SIDE / SIDE));
            rgb[3 * i + 1] = (uint8_t)(5 * (i / SIDE % SIDE));
            rgb[3 * i + 2] = (uint8_t)(5 * (i % SIDE));
        }
        encnet__distort(rgb, PIXELS, &drawn);
        if (crc_of(rgb, 3 * PIXELS) != crc) fail_msg("case %d differs", cases);
        cases++;
    }
    assert_int_equal(cases, 48);
    fclose(list);
    free(rgb);
}

static encnet_augment_options common(void)
{
    encnet_options o;

    encnet_options_default(&o);
    return o.augment;
}

/* The labels of golden/data/make.py. */
static void paint_labels(encnet__picture *label, int h, int w, int number)
{
    assert_ok(encnet__picture_new(label, h, w, 1));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int v = number % 2 ? (x / 9 + 2 * (y / 12)) % 4 : (x > w - 12) + 2 * (y > h - 8);
            if (number % 8 == 6) v = 3;
            label->pixels[y * w + x] = (uint8_t)((x + y) % 11 == 0 ? ENCNET_IGNORE : v);
        }
}

static void pipeline_of_mmsegmentation(void **state)
{
    FILE *list = golden("augment.txt");
    encnet_augment_options o = common();
    encnet__picture image = {0}, label = {0};
    encnet__scratch scratch = {0};
    unsigned long long seed;
    unsigned epoch, sample, crc_x, crc_y;
    static float x[3 * 64 * 64];
    static int32_t y[64 * 64];
    int h, w, cases = 0;

    (void)state;
    while (scan_file(list, "%llu %u %u %d %d %d %d %d %d %lf %x %x", &seed, &epoch, &sample, &h, &w,
                     &o.scale_w, &o.scale_h, &o.crop_h, &o.crop_w, &o.cat_max_ratio, &crc_x,
                     &crc_y) == 12) {
        size_t pixels = (size_t)o.crop_h * (size_t)o.crop_w;
        noise(&image, h, w, 3, (uint32_t)cases);
        paint_labels(&label, h, w, cases);
        assert_ok(encnet__augment(x, y, &image, &label, &o, seed, epoch, sample, &scratch));
        if (crc_of(y, pixels * sizeof *y) != crc_y) fail_msg("labels of case %d differ", cases);
        if (crc_of(x, 3 * pixels * sizeof *x) != crc_x) fail_msg("pixels of case %d differ", cases);
        cases++;
    }
    assert_int_equal(cases, 40);
    fclose(list);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    encnet__scratch_free(&scratch);
}

static void off_means_untouched(void **state)
{
    encnet_augment_options o = common();
    encnet__picture image = {0}, label = {0};
    float x[5 * 7 * 3];
    int32_t y[5 * 7];

    (void)state;
    o.enabled = false;
    noise(&image, 5, 7, 3, 1);
    noise(&label, 5, 7, 1, 2);
    assert_ok(encnet__augment(x, y, &image, &label, &o, 1, 2, 3, NULL));
    for (int i = 0; i < 35; i++) {
        assert_int_equal(y[i], label.pixels[i]);
        for (int c = 0; c < 3; c++)
            assert_true(x[3 * i + c] ==
                        ((float)image.pixels[3 * i + c] - (float)o.mean[c]) / (float)o.std[c]);
    }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

/* Frequencies of what is drawn, far from the edges of chance: 4000 samples, five standard
 * deviations. */
static void draws_are_fair(void **state)
{
    enum { N = 4000 };
    encnet_augment_options o = common();
    int flips = 0, hues = 0, shifts[36] = {0};
    double ratio = 0;
    encnet__drawn d;

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        encnet__draw(&d, &o, 7, 1, i);
        assert_true(d.ratio >= 0.5 && d.ratio < 2 && d.beta >= -32 && d.beta < 32 &&
                    d.alpha >= 0.5 && d.alpha < 1.5);
        flips += d.flip;
        hues += d.hue;
        shifts[d.hue_shift + 18]++;
        ratio += d.ratio / N;
    }
    assert_in_range(flips, N / 2 - 158, N / 2 + 158);
    assert_in_range(hues, N / 2 - 158, N / 2 + 158);
    assert_true(ratio > 1.25 - 0.035 && ratio < 1.25 + 0.035);
    for (int i = 0; i < 36; i++) assert_in_range(shifts[i], 59, 163);
}

enum { NUMBERS = 11 };

/* What is drawn for a sample, each number shifted and scaled to mean 0 and variance 1. */
static void standardised(double z[NUMBERS], uint64_t seed, uint32_t epoch, uint32_t sample)
{
    const encnet_augment_options o = common();
    const double uniform = sqrt(12);
    encnet__drawn d;

    encnet__draw(&d, &o, seed, epoch, sample);
    z[0] = uniform * (d.ratio - 1.25) / 1.5;
    z[1] = uniform * d.beta / 64;
    z[2] = uniform * (d.alpha - 1);
    z[3] = uniform * (d.saturation_factor - 1);
    z[4] = uniform * (d.hue_shift + 0.5) / sqrt(36 * 36 - 1);
    z[5] = d.flip ? 1 : -1;
    z[6] = d.brightness ? 1 : -1;
    z[7] = d.contrast_first ? 1 : -1;
    z[8] = d.contrast ? 1 : -1;
    z[9] = d.saturation ? 1 : -1;
    z[10] = d.hue ? 1 : -1;
}

/* No number tells anything about another of its sample, nor about one of the next sample, epoch or
 * seed; and each has its variance.  Sums of 4000 products, five standard deviations. */
static void draws_are_independent(void **state)
{
    enum { N = 4000 };
    static const struct {
        uint32_t seed, epoch, sample;
    } apart[] = {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {1, 0, 0}};

    (void)state;
    for (int k = 0; k < 4; k++) {
        double sum[NUMBERS][NUMBERS] = {{0}};
        for (uint32_t i = 0; i < N; i++) {
            double a[NUMBERS], b[NUMBERS];
            standardised(a, 7, 1, i);
            standardised(b, 7 + apart[k].seed, 1 + apart[k].epoch, i + apart[k].sample);
            for (int c = 0; c < NUMBERS * NUMBERS; c++)
                sum[c / NUMBERS][c % NUMBERS] += a[c / NUMBERS] * b[c % NUMBERS];
        }
        for (int c = 0; c < NUMBERS * NUMBERS; c++) {
            double expected = k == 0 && c / NUMBERS == c % NUMBERS ? N : 0;
            if (!is_close(sum[c / NUMBERS][c % NUMBERS], expected, 5 * sqrt(N)))
                fail_msg("numbers %d and %d, neighbour %d: %g, not %g", c / NUMBERS, c % NUMBERS, k,
                         sum[c / NUMBERS][c % NUMBERS], expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resizes_like_opencv),
        cmocka_unit_test(windows_of_a_resize),
        cmocka_unit_test(keeps_the_ratio),
        cmocka_unit_test(distorts_like_mmsegmentation),
        cmocka_unit_test(pipeline_of_mmsegmentation),
        cmocka_unit_test(off_means_untouched),
        cmocka_unit_test(draws_are_fair),
        cmocka_unit_test(draws_are_independent),
    };

    return cmocka_run_group_tests_name("augmentation", tests, NULL, NULL);
}
