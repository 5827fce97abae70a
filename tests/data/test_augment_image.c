/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_augment_image.c - crops of padded pictures, random parts of pictures, and their batches. */
#include "data_test.h"

#include <math.h>

enum { SIDE = 12, CROP = 8 };

/* Values that normalisation leaves as they are. */
static encnet_augment_options plain(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.augment.crop_h = o.augment.crop_w = CROP;
    o.augment.distort = false;
    o.augment.flip = 0;
    for (int c = 0; c < 3; c++) {
        o.augment.mean[c] = 0;
        o.augment.std[c] = 1;
    }
    return o.augment;
}

/* A picture whose pixel (y, x) is (y + 1, x + 1, 1). */
static void grid(encnet__picture *p, int h, int w)
{
    assert_ok(encnet__picture_new(p, h, w, 3));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t *at = p->pixels + 3 * (y * w + x);
            at[0] = (uint8_t)(y + 1);
            at[1] = (uint8_t)(x + 1);
            at[2] = 1;
        }
}

/* Whether x is the crop whose corner is (top, left) of the picture, black beside it, perhaps mirrored. */
static bool is_crop(const float *x, int h, int w, int top, int left, bool flip)
{
    for (int i = 0; i < CROP; i++)
        for (int j = 0; j < CROP; j++) {
            int y = top + i, u = left + (flip ? CROP - 1 - j : j);
            bool inside = y >= 0 && y < h && u >= 0 && u < w;
            const float *at = x + 3 * (i * CROP + j);
            if (!(at[0] == (inside ? y + 1 : 0) && at[1] == (inside ? u + 1 : 0) &&
                  at[2] == (inside ? 1 : 0)))
                return false;
        }
    return true;
}

/* Every place of the padded picture is drawn, and no other; about half are mirrored. */
static void crops_lie_anywhere_in_the_padding(void **state)
{
    enum { PAD = 1, PLACES = SIDE + 2 * PAD - CROP + 1, DRAWS = 1500 };
    encnet_augment_options o = plain();
    encnet__picture p = {0};
    encnet__scratch scratch = {0};
    float x[3 * CROP * CROP];
    int seen[PLACES][PLACES] = {{0}}, flipped = 0, found = 0;

    (void)state;
    o.pad = PAD;
    o.flip = 0.5;
    grid(&p, SIDE, SIDE);
    for (uint32_t i = 0; i < DRAWS; i++) {
        assert_ok(encnet__augment_image(x, &p, &o, 7, 0, i, &scratch));
        for (int at = 0; at < 2 * PLACES * PLACES; at++) {
            int y = at / 2 / PLACES, u = at / 2 % PLACES;
            if (!is_crop(x, SIDE, SIDE, y - PAD, u - PAD, at & 1)) continue;
            seen[y][u]++;
            flipped += at & 1;
            found++;
            break;
        }
    }
    assert_int_equal(found, DRAWS);
    for (int i = 0; i < PLACES * PLACES; i++) assert_true(seen[i / PLACES][i % PLACES] > 0);
    assert_close(flipped, DRAWS / 2, 5 * sqrt(DRAWS) / 2);
    encnet__picture_free(&p);
    encnet__scratch_free(&scratch);
}

/* A picture smaller than the crop lies in its middle, on black. */
static void small_pictures_lie_in_the_middle(void **state)
{
    encnet_augment_options o = plain();
    encnet__picture p = {0};
    encnet__scratch scratch = {0};
    float x[3 * CROP * CROP];

    (void)state;
    grid(&p, 4, 3);
    assert_ok(encnet__augment_image(x, &p, &o, 7, 0, 0, &scratch));
    assert_true(is_crop(x, 4, 3, -2, -2, false));
    encnet__picture_free(&p);
    encnet__scratch_free(&scratch);
}

/* Of a plain gradient, the part that was taken shows in its values: areas are spread over MIN..MAX,
 * ratios of sides over 3/4..4/3. */
static void parts_have_the_area_and_the_ratio(void **state)
{
    enum { DRAWS = 400, H = 100, W = 160 };
    encnet_augment_options o = plain();
    encnet__picture p = {0};
    encnet__scratch scratch = {0};
    float x[3 * CROP * CROP];
    double least = 1, most = 0;

    (void)state;
    o.area = "0.1,0.5";
    grid(&p, H, W);
    for (uint32_t i = 0; i < DRAWS; i++) {
        const float *last = x + 3 * (CROP * CROP - 1);
        double h, w, area;
        assert_ok(encnet__augment_image(x, &p, &o, 7, 3, i, &scratch));
        h = (last[0] - x[0]) * CROP / (CROP - 1.0); /* half-pixel centres */
        w = (last[1] - x[1]) * CROP / (CROP - 1.0);
        area = h * w / (H * W);
        assert_in_range(x[0], 1, H);
        assert_true(w / h > 0.7 && w / h < 1.43);
        assert_true(area > 0.085 && area < 0.53);
        least = min_or_nan(least, area);
        most = max_or_nan(most, area);
    }
    assert_true(least < 0.13 && most > 0.46);
    encnet__picture_free(&p);
    encnet__scratch_free(&scratch);
}

/* No part of that area fits into a picture this narrow: the middle of the ratio 3/4 is taken. */
static void narrow_pictures_give_their_middle(void **state)
{
    encnet_augment_options o = plain();
    encnet__picture p = {0};
    encnet__scratch scratch = {0};
    float x[3 * CROP * CROP];

    (void)state;
    o.area = "0.9,1";
    grid(&p, 240, 12);
    assert_ok(encnet__augment_image(x, &p, &o, 7, 0, 0, &scratch));
    assert_true(x[0] >= 112 && x[3 * (CROP * CROP - 1)] <= 130);
    assert_true(x[1] >= 1 && x[3 * (CROP * CROP - 1) + 1] <= 12);
    encnet__picture_free(&p);
    encnet__scratch_free(&scratch);
}

/* The class of a sample comes with its picture, augmented or whole, in any order. */
static void batches_have_a_class_for_each_image(void **state)
{
    char root[256];
    encnet__text bytes = {0};
    encnet_options o;
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;

    (void)state;
    folder_make(root);
    for (int i = 0; i < 7; i++) {
        encnet__text_little(&bytes, (uint64_t)i, 1);
        for (int k = 0; k < 3072; k++) encnet__text_little(&bytes, (uint64_t)(10 * i), 1);
    }
    put_bytes(root, "data_batch_1.bin", bytes.data, bytes.size);
    encnet_options_default(&o);
    o.model.classes = 10;
    o.data.type = "cifar10";
    o.data.root = root;
    o.data.samples_per_device = 3;
    o.augment = plain();
    for (int whole = 0; whole < 2; whole++) {
        o.augment.enabled = !whole;
        assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
        assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 0));
        for (int batch = 0; batch < 5; batch++) {
            assert_ok(encnet__loader_next(l, &b));
            assert_int_equal(b.h, whole ? 32 : CROP);
            for (int i = 0; i < b.n; i++) {
                assert_int_equal(b.y[i], b.samples[i]);
                assert_true(b.x[3 * i * b.h * b.w] == (float)(10 * b.samples[i]));
            }
        }
        encnet__loader_close(l);
        encnet__dataset_close(d);
    }
    encnet__text_free(&bytes);
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_lie_anywhere_in_the_padding),
        cmocka_unit_test(small_pictures_lie_in_the_middle),
        cmocka_unit_test(parts_have_the_area_and_the_ratio),
        cmocka_unit_test(narrow_pictures_give_their_middle),
        cmocka_unit_test(batches_have_a_class_for_each_image),
    };

    return cmocka_run_group_tests_name("pictures with one class", tests, NULL, NULL);
}
