/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_turn.c - pictures turned by an angle and blurred, and PyTorch-Encoding's pipeline made of them. */
#include "data_test.h"
#include "data/turn.h"

#include <math.h>

/* A quarter is a transposition, half of a turn reverses both axes, and no turn is the picture. */
static void quarters_move_pixels(void **state)
{
    enum { SIDE = 9 };
    encnet__picture p = {0};
    encnet__turn t;

    (void)state;
    noise(&p, SIDE, SIDE, 3, 4);
    for (int quarter = 0; quarter < 4; quarter++) {
        encnet__turn_set(&t, SIDE, SIDE, 90 * quarter);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                const int from[4][2] = {
                    {y, x}, {x, SIDE - 1 - y}, {SIDE - 1 - y, SIDE - 1 - x}, {SIDE - 1 - x, y}};
                uint8_t rgb[3];
                encnet__turned_pixel(rgb, &p, &t, y, x);
                assert_memory_equal(rgb,
                                    p.pixels + 3 * (from[quarter][0] * SIDE + from[quarter][1]), 3);
            }
    }
    encnet__picture_free(&p);
}

/* Between pixels the values are interpolated, and what lies beyond the picture is black. */
static void other_angles_interpolate(void **state)
{
    encnet__picture p = {0};
    encnet__turn t;
    uint8_t rgb[3];

    (void)state;
    assert_ok(encnet__picture_new(&p, 21, 21, 3));
    for (int i = 0; i < 21 * 21; i++)
        for (int c = 0; c < 3; c++) p.pixels[3 * i + c] = (uint8_t)(100 + 5 * (i % 21));
    encnet__turn_set(&t, 21, 21, 30);
    for (int i = -5; i <= 5; i++) { /* along a row the gradient shrinks by the cosine */
        encnet__turned_pixel(rgb, &p, &t, 10, 10 + i);
        assert_close(rgb[0], 150 + 5 * i * cos(acos(-1) / 6), 0.51);
    }
    encnet__turned_pixel(rgb, &p, &t, 0, 0);
    assert_int_equal(rgb[0], 0);
    encnet__picture_free(&p);
}

/* A point becomes a Gaussian, whose sum stays; a plain picture stays as it is. */
static void blurs(void **state)
{
    encnet__picture p = {0}, rows = {0};
    int sum = 0;

    (void)state;
    assert_ok(encnet__picture_new(&p, 9, 11, 3));
    memset(p.pixels, 0, 9 * 11 * 3);
    p.pixels[3 * (4 * 11 + 5) + 1] = 255;
    assert_ok(encnet__blur(&p, 0.8, &rows));
    for (int i = 0; i < 9 * 11; i++) {
        double square = (i / 11 - 4) * (i / 11 - 4) + (i % 11 - 5) * (i % 11 - 5);
        double expected = 255 * exp(-square / (2 * 0.64)) / (2 * acos(-1) * 0.64);
        assert_int_equal(p.pixels[3 * i], 0);
        assert_close(p.pixels[3 * i + 1], expected, 2);
        sum += p.pixels[3 * i + 1];
    }
    assert_in_range(sum, 245, 265);
    memset(p.pixels, 77, 9 * 11 * 3);
    assert_ok(encnet__blur(&p, 1, &rows));
    for (int i = 0; i < 9 * 11 * 3; i++) assert_int_equal(p.pixels[i], 77);
    encnet__picture_free(&p);
    encnet__picture_free(&rows);
}

/* Image and label turn together: both show the same halves.  Corners that nothing turns into are black
 * and ignored. */
static void labels_turn_with_images(void **state)
{
    enum { SIDE = 40 };
    encnet_options o;
    encnet__picture image = {0}, label = {0};
    encnet__scratch scratch = {0};
    static float x[3 * SIDE * SIDE];
    static int32_t y[SIDE * SIDE];
    int wrong = 0, ignored = 0, turned = 0;

    (void)state;
    encnet_options_default(&o);
    o.augment.scale_w = o.augment.scale_h = o.augment.crop_h = o.augment.crop_w = SIDE;
    o.augment.ratio_min = o.augment.ratio_max = o.augment.cat_max_ratio = 1;
    o.augment.distort = false;
    o.augment.rotate = 30;
    o.augment.side = "long";
    for (int c = 0; c < 3; c++) {
        o.augment.mean[c] = 0;
        o.augment.std[c] = 1;
    }
    assert_ok(encnet__picture_new(&image, SIDE, SIDE, 3));
    assert_ok(encnet__picture_new(&label, SIDE, SIDE, 1));
    for (int i = 0; i < SIDE * SIDE; i++) {
        label.pixels[i] = i / SIDE < SIDE / 2;
        memset(image.pixels + 3 * i, label.pixels[i] ? 200 : 100, 3);
    }
    for (uint32_t sample = 0; sample < 20; sample++) {
        assert_ok(encnet__augment(x, y, &image, &label, &o.augment, 1, 0, sample, &scratch));
        for (int i = 0; i < SIDE * SIDE; i++) {
            ignored += y[i] == ENCNET_IGNORE;
            if (y[i] != ENCNET_IGNORE) wrong += y[i] != (x[3 * i] > 150);
        }
        turned += y[SIDE / 2 * SIDE + 3] != y[SIDE / 2 * SIDE + SIDE - 4];
    }
    assert_true(turned > 10);                      /* the edge between the halves is tilted */
    assert_true(ignored > 20 * SIDE * SIDE / 100); /* the corners */
    assert_true(wrong < 20 * SIDE * SIDE / 50);    /* along edges */
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    encnet__scratch_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quarters_move_pixels),
        cmocka_unit_test(other_angles_interpolate),
        cmocka_unit_test(blurs),
        cmocka_unit_test(labels_turn_with_images),
    };

    return cmocka_run_group_tests_name("turned pictures", tests, NULL, NULL);
}
