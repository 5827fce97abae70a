/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_synthetic.c - the synthetic data set has the same bytes everywhere, all classes, and classes
 * that look alike and that only the scene tells apart. */
#include "data_test.h"
#include "data/synthetic.h"

static uint32_t crc_of_scene(const encnet__drawing *d, int index)
{
    encnet__picture image = {0}, label = {0};
    uint32_t crc;

    assert_ok(encnet__synthetic_draw(&image, &label, d, index));
    assert_int_equal(image.channels, 3);
    assert_int_equal(label.channels, 1);
    crc = crc_of_picture(&image) ^ (crc_of_picture(&label) << 1);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    return crc;
}

/* These numbers may change only together with a note for users: trained figures depend on them. */
static void same_on_every_machine(void **state)
{
    static const struct {
        encnet__drawing d;
        int index;
        uint32_t crc;
    } rows[] = {
        {{0, 0, 6, 128, 128}, 0, 0xd9efe663},
        {{0, 1, 6, 128, 128}, 0, 0xc1c36a1d},
        {{0, 0, 6, 128, 128}, 199, 0x00d11733},
        {{0, 0, 19, 97, 231}, 5, 0xaa37d42e},
        {{0x123456789abcdefu, 0, 150, 300, 64}, 7, 0x2e72d594},
        {{3, 1, 2, 33, 40}, 2, 0x68681c92},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t crc = crc_of_scene(&rows[i].d, rows[i].index);
        if (crc != rows[i].crc) fail_msg("row %zu: 0x%08x", i, crc);
    }
}

static void any_size_and_class_count(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 50}, {3, 2}, {64, 400}};
    encnet__picture image = {0}, label = {0};

    (void)state;
    for (int classes = 2; classes <= ENCNET_MAX_PIXEL_CLASSES; classes += classes < 24 ? 1 : 33)
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            encnet__drawing d = {1, 0, classes, sizes[i][0], sizes[i][1]};
            assert_ok(encnet__synthetic_draw(&image, &label, &d, classes));
            for (int k = 0; k < d.h * d.w; k++)
                if (label.pixels[k] >= classes && label.pixels[k] != ENCNET_IGNORE)
                    fail_msg("%d classes: label %d", classes, label.pixels[k]);
        }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

/* Every class takes part, ground does not take all, a few pixels are ignored; names differ. */
static void every_class_occurs(void **state)
{
    static const int counts[] = {2, 3, 4, 6, 8, 19};
    encnet__picture image = {0}, label = {0};
    encnet__class a, b;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        encnet__drawing d = {0, 0, counts[i], 96, 96};
        long pixels[256] = {0};
        for (int k = 0; k < 100; k++) {
            assert_ok(encnet__synthetic_draw(&image, &label, &d, k));
            for (int p = 0; p < 96 * 96; p++) pixels[label.pixels[p]]++;
        }
        for (int c = 0; c < counts[i]; c++) {
            if (pixels[c] < 100 * 96 * 96 / 250)
                fail_msg("%d classes: class %d has %ld pixels", counts[i], c, pixels[c]);
            for (int e = 0; e < c; e++) {
                encnet__synthetic_class(&a, c, counts[i]);
                encnet__synthetic_class(&b, e, counts[i]);
                assert_string_not_equal(a.name, b.name);
                assert_memory_not_equal(a.rgb, b.rgb, 3);
            }
        }
        assert_in_range(pixels[ENCNET_IGNORE], 100 * 96 * 96 / 200, 100 * 96 * 96 / 20);
    }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

/* Mean colour of a class over many scenes: twins agree with each other, and with nothing else. */
static void twins_look_alike(void **state)
{
    enum { CLASSES = 6, SCENES = 200 };
    encnet__drawing d = {0, 0, CLASSES, 96, 96};
    encnet__picture image = {0}, label = {0};
    double sum[CLASSES][4] = {{0}};

    (void)state;
    for (int k = 0; k < SCENES; k++) {
        bool seen[CLASSES] = {false};
        assert_ok(encnet__synthetic_draw(&image, &label, &d, k));
        for (int p = 0; p < 96 * 96; p++) {
            int c = label.pixels[p];
            if (c == ENCNET_IGNORE) continue;
            for (int j = 0; j < 3; j++) sum[c][j] += image.pixels[3 * p + j];
            sum[c][3]++;
            seen[c] = true;
        }
        assert_false(seen[4] && seen[5]); /* never both in one scene */
        assert_true(seen[4] ? !seen[1] : true);
    }
    for (int a = 0; a < CLASSES; a++)
        for (int b = 0; b < a; b++) {
            double distance = 0;
            for (int j = 0; j < 3; j++) {
                double difference = sum[a][j] / sum[a][3] - sum[b][j] / sum[b][3];
                distance += difference * difference;
            }
            if (a == 5 && b == 4)
                assert_true(distance < 10 * 10);
            else
                assert_true(distance > 25 * 25);
        }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

static void splits_and_seeds_differ(void **state)
{
    encnet__drawing a = {0, 0, 6, 64, 64}, b = {0, 1, 6, 64, 64}, c = {1, 0, 6, 64, 64};

    (void)state;
    assert_int_not_equal(crc_of_scene(&a, 0), crc_of_scene(&b, 0));
    assert_int_not_equal(crc_of_scene(&a, 0), crc_of_scene(&c, 0));
    assert_int_not_equal(crc_of_scene(&a, 0), crc_of_scene(&a, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_on_every_machine),   cmocka_unit_test(any_size_and_class_count),
        cmocka_unit_test(every_class_occurs),      cmocka_unit_test(twins_look_alike),
        cmocka_unit_test(splits_and_seeds_differ),
    };

    return cmocka_run_group_tests_name("synthetic scenes", tests, NULL, NULL);
}
