/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_loader.c - batches: their order, the same bytes with any number of threads, resuming, faults,
 * closing at any time. */
#include "data_test.h"
#include "support/memory.h"

static encnet_options small(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.classes = 6;
    o.data.type = "synthetic";
    o.data.width = 40;
    o.data.height = 32;
    o.data.train_count = 11;
    o.data.samples_per_device = 3;
    o.augment.scale_w = 40;
    o.augment.scale_h = 32;
    o.augment.crop_h = 24;
    o.augment.crop_w = 28;
    o.train.seed = 5;
    return o;
}

/* The first `batches` batches from `first` on: their samples, and a checksum of all their bytes. */
static uint32_t run(const encnet_options *o, uint64_t first, int batches, int *samples)
{
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;
    uint32_t crc = 0;

    assert_ok(encnet__dataset_open(&d, o, ENCNET__TRAIN));
    assert_ok(encnet__loader_open(&l, d, o, NULL, 0, first));
    for (int i = 0; i < batches; i++) {
        size_t pixels;
        assert_ok(encnet__loader_next(l, &b));
        pixels = (size_t)b.n * (size_t)b.h * (size_t)b.w;
        crc = encnet__crc(ENCNET__CRC32, crc, b.x, 3 * pixels * sizeof *b.x);
        crc = encnet__crc(ENCNET__CRC32, crc, b.y, pixels * sizeof *b.y);
        crc = encnet__crc(ENCNET__CRC32, crc, &b.epoch, sizeof b.epoch);
        for (int k = 0; samples && k < b.n; k++) samples[i * b.n + k] = b.samples[k];
    }
    encnet__loader_close(l);
    encnet__dataset_close(d);
    return crc;
}

static void threads_change_nothing(void **state)
{
    encnet_options o = small();
    uint32_t crc;

    (void)state;
    o.data.workers = 1;
    crc = run(&o, 0, 13, NULL);
    for (int workers = 2; workers <= 9; workers += 3) {
        o.data.workers = workers;
        assert_int_equal(run(&o, 0, 13, NULL), crc);
    }
    o.train.seed = 6;
    assert_int_not_equal(run(&o, 0, 13, NULL), crc);
}

/* 11 samples in batches of 3: an epoch has 3 batches, two samples rest; the next epoch is in
 * another order. */
static void shuffled_epochs(void **state)
{
    encnet_options o = small();
    int samples[18], counts[2][11] = {{0}};

    (void)state;
    run(&o, 0, 6, samples);
    for (int i = 0; i < 18; i++) counts[i / 9][samples[i]]++;
    for (int e = 0; e < 2; e++)
        for (int i = 0; i < 11; i++) assert_in_range(counts[e][i], 0, 1);
    assert_memory_not_equal(samples, samples + 9, 9 * sizeof *samples);
}

static void names_run_on(void **state)
{
    encnet_options o = small();
    int samples[24];

    (void)state;
    o.data.shuffle = false;
    run(&o, 0, 8, samples);
    for (int i = 0; i < 24; i++) assert_int_equal(samples[i], i % 11);
}

static void fewer_samples_than_a_batch(void **state)
{
    encnet_options o = small();
    int samples[16], count[2] = {0};

    (void)state;
    o.data.train_count = 2;
    o.data.samples_per_device = 8;
    run(&o, 0, 2, samples);
    for (int i = 0; i < 16; i++) count[samples[i]]++;
    assert_int_equal(count[0], 8);
    assert_int_equal(count[1], 8);
}

/* Batches 4.. of a run are the first of one that resumes there, in every mode of the order. */
static void resumes(void **state)
{
    (void)state;
    for (int mode = 0; mode < 3; mode++) {
        encnet_options o = small();
        int all[27], rest[15];
        o.data.shuffle = mode != 1;
        if (mode == 2) o.data.train_count = 2;
        run(&o, 0, 9, all);
        run(&o, 4, 5, rest);
        assert_memory_equal(all + 12, rest, sizeof rest);
    }
}

/* Batch `at` from a loader of some of its places. */
static void make_part(const encnet_options *o, const encnet__part *part, int at, int *samples,
                      float *x)
{
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;

    assert_ok(encnet__dataset_open(&d, o, ENCNET__TRAIN));
    assert_ok(encnet__loader_open(&l, d, o, part, 0, (uint64_t)at));
    assert_ok(encnet__loader_next(l, &b));
    memcpy(samples, b.samples, (size_t)b.n * sizeof *samples);
    memcpy(x, b.x, (size_t)(b.n * b.h * b.w) * 3 * sizeof *x);
    encnet__loader_close(l);
    encnet__dataset_close(d);
}

/* Ranks with 1, 3 and 2 images make what one makes with 6: the same images, drawn the same way. */
static void ranks_share_batches(void **state)
{
    static const encnet__part parts[] = {{0, 1, 6}, {1, 3, 6}, {4, 2, 6}};
    enum { IMAGE = 24 * 28 * 3 };
    static float whole[6 * IMAGE], shared[6 * IMAGE];

    (void)state;
    for (int mode = 0; mode < 3; mode++)
        for (int at = 0; at < 4; at++) {
            encnet_options o = small();
            int want[6], got[6];
            o.data.samples_per_device = 6;
            o.data.shuffle = mode != 1;
            if (mode == 2) o.data.train_count = 4; /* fewer than a batch */
            make_part(&o, NULL, at, want, whole);
            for (int r = 0; r < 3; r++)
                make_part(&o, &parts[r], at, got + parts[r].first, shared + parts[r].first * IMAGE);
            assert_memory_equal(got, want, sizeof want);
            assert_memory_equal(shared, whole, sizeof whole);
        }
}

/* The images of the order from `*at` on, in batches of `total`; *at moves behind them.  `order`
 * holds what a run with batches of one image sees: every epoch, whole. */
static void walk(int *samples, uint64_t *at, const int *order, int count, int total, bool shuffle)
{
    bool drops = shuffle && count >= total;

    if (drops && *at % (uint64_t)count + (uint64_t)total > (uint64_t)count)
        *at += (uint64_t)count - *at % (uint64_t)count;
    for (int i = 0; i < total; i++) samples[i] = order[(*at)++];
}

/* Two batches behind `at` images, from `ranks` ranks whose shares grow: 1, 2, 3, 1, 2 ... */
static void share(int *samples, uint64_t *images, const encnet_options *o, uint64_t at, int ranks)
{
    encnet__dataset *d;
    encnet__part part = {0};

    for (int r = 0; r < ranks; r++) part.total += 1 + r % 3;
    assert_ok(encnet__dataset_open(&d, o, ENCNET__TRAIN));
    for (int r = 0; r < ranks; r++, part.first += part.n) {
        encnet__loader *l;
        encnet__batch b;
        part.n = 1 + r % 3;
        assert_ok(encnet__loader_open(&l, d, o, &part, at, 0));
        for (int k = 0; k < 2; k++) {
            assert_ok(encnet__loader_next(l, &b));
            memcpy(samples + k * part.total + part.first, b.samples, (size_t)b.n * sizeof *samples);
            assert_true(r == 0 || images[k] == b.images); /* every rank counts alike */
            images[k] = b.images;
        }
        encnet__loader_close(l);
    }
    encnet__dataset_close(d);
}

/* Wherever a run stood, and whatever its batches were, any number of ranks goes on behind the image
 * that it saw last. */
static void goes_on_with_other_batches(void **state)
{
    static const int counts[] = {11, 8, 3};

    (void)state;
    for (int mode = 0; mode < 6; mode++) {
        encnet_options o = small();
        int order[200], count = counts[mode / 2];
        o.data.train_count = count;
        o.data.shuffle = mode % 2;
        o.data.workers = 2;
        o.data.samples_per_device = 1;
        run(&o, 0, 200, order);
        for (int ranks = 1; ranks <= 8; ranks++)
            for (uint64_t from = 0; from < 24; from += 1 + from % 3) {
                int total = ranks / 3 * 6 + (ranks % 3 == 2 ? 3 : ranks % 3), got[32], want[32];
                uint64_t at = from, images[2];
                share(got, images, &o, from, ranks);
                for (int k = 0; k < 2; k++) {
                    walk(want, &at, order, count, total, o.data.shuffle);
                    assert_memory_equal(got + k * total, want, (size_t)total * sizeof *got);
                    assert_true(images[k] == at);
                }
            }
    }
}

/* With augmentation off, x is the picture, normalised, and y the label. */
static void replay(void **state)
{
    encnet_options o = small();
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;

    (void)state;
    o.augment.enabled = false;
    o.data.shuffle = false;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 0));
    for (int i = 0; i < 5; i++) {
        assert_ok(encnet__loader_next(l, &b));
        assert_int_equal(b.h, 32);
        assert_int_equal(b.w, 40);
        assert_int_equal(b.epoch, 3 * i / 11);
        for (int k = 0; k < 3; k++) {
            assert_ok(encnet__dataset_read(d, b.samples[k], &image, &label));
            for (int p = 0; p < 32 * 40; p++) {
                const float *x = b.x + 3 * (k * 32 * 40 + p);
                assert_int_equal(b.y[k * 32 * 40 + p], label.pixels[p]);
                assert_true(x[2] == ((float)image.pixels[3 * p + 2] - (float)o.augment.mean[2]) /
                                        (float)o.augment.std[2]);
            }
        }
    }
    encnet__loader_close(l);
    encnet__dataset_close(d);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

/* A warm loader of drawn scenes allocates nothing, on any thread. */
static void warm_loader_allocates_nothing(void **state)
{
    (void)state;
    for (int augment = 0; augment < 2; augment++) {
        encnet_options o = small();
        encnet__dataset *d;
        encnet__loader *l;
        encnet__batch b;
        long grown = 1;

        o.augment.enabled = augment;
        o.augment.ratio_min =
            o.augment.ratio_max; /* so that no later sample is the largest so far */
        assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
        assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 0));
        /* A thread that the machine starts late warms up late: some round has to be free of
         * allocations. */
        for (int round = 0; grown && round < 50; round++) {
            long before = memory_count();
            for (int i = 0; i < 30; i++) assert_ok(encnet__loader_next(l, &b));
            grown = memory_count() - before;
        }
        assert_int_equal(grown, 0);
        encnet__loader_close(l);
        encnet__dataset_close(d);
    }
}

static void closes_at_any_time(void **state)
{
    encnet_options o = small();
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;

    (void)state;
    o.data.workers = 4;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    for (int batches = 0; batches < 12; batches++) {
        assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 0));
        for (int i = 0; i < batches; i++) assert_ok(encnet__loader_next(l, &b));
        encnet__loader_close(l);
    }
    encnet__loader_close(NULL);
    encnet__dataset_close(d);
}

/* A damaged file ends the run with its sentence, at its batch and not before, again and again; of
 * two in one batch the first in order is named, whichever thread comes first. */
static void faults_arrive_in_order(void **state)
{
    encnet_options o = small();
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;
    char root[256];

    (void)state;
    folder_make(root);
    for (int i = 0; i < 9; i++) {
        char name[64];
        snprintf(name, sizeof name, "images/train/%d.png", i);
        if (i == 4 || i == 5 || i == 7)
            put_text(root, name, "no picture");
        else
            put_plain(root, name, 30, 30, 3, i);
        snprintf(name, sizeof name, "annotations/train/%d.png", i);
        put_plain(root, name, 30, 30, 1, i % 6);
    }
    o.data.type = "folder";
    o.data.root = root;
    o.data.shuffle = false;
    o.data.workers = 4;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    for (int again = 0; again < 10; again++) {
        assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 0));
        assert_ok(encnet__loader_next(l, &b));
        assert_fails(encnet__loader_next(l, &b), ENCNET_E_DATA,
                     "images/train/4.png: neither PNG nor JPEG");
        assert_fails(encnet__loader_next(l, &b), ENCNET_E_DATA, "4.png");
        encnet__loader_close(l);
    }
    encnet__dataset_close(d);
    folder_remove(root);
}

static void sizes_of_one_batch(void **state)
{
    encnet_options o = small();
    encnet__dataset *d;
    encnet__loader *l;
    encnet__batch b;
    char root[256];

    (void)state;
    folder_make(root);
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "images/train/%d.png", i);
        put_plain(root, name, 4 + i / 3, 6, 3, i);
        snprintf(name, sizeof name, "annotations/train/%d.png", i);
        put_plain(root, name, 4 + i / 3, 6, 1, 0);
    }
    o.data.type = "folder";
    o.data.root = root;
    o.data.shuffle = false;
    o.augment.enabled = false;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 0));
    assert_ok(encnet__loader_next(l, &b));
    assert_fails(encnet__loader_next(l, &b), ENCNET_E_DATA,
                 "3 of 6 x 5 pixels and 0 of 6 x 4 cannot share a batch");
    encnet__loader_close(l);
    o.data.samples_per_device = 1; /* then sizes may differ */
    assert_ok(encnet__loader_open(&l, d, &o, NULL, 0, 2));
    assert_ok(encnet__loader_next(l, &b));
    assert_int_equal(b.h, 4);
    assert_ok(encnet__loader_next(l, &b));
    assert_int_equal(b.h, 5);
    encnet__loader_close(l);
    encnet__dataset_close(d);
    folder_remove(root);
}

static void wrong_options(void **state)
{
    encnet_options o = small();
    encnet__dataset *d;
    encnet__loader *l;

    (void)state;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    o.augment.std[1] = 0;
    assert_fails(encnet__loader_open(&l, d, &o, NULL, 0, 0), ENCNET_E_ARG,
                 "augment.std = 58.395,0,57.375: must be");
    o = small();
    o.augment.crop_h = 0;
    assert_fails(encnet__loader_open(&l, d, &o, NULL, 0, 0), ENCNET_E_ARG, "augment.crop = 0,28");
    o = small();
    o.augment.ratio_max = 0.25;
    assert_fails(encnet__loader_open(&l, d, &o, NULL, 0, 0), ENCNET_E_CONFIG,
                 "augment.ratio=0.5,0.25");
    o = small();
    o.augment.crop_h = o.augment.crop_w = 16384;
    o.data.samples_per_device = 1000;
    assert_fails(encnet__loader_open(&l, d, &o, NULL, 0, 0), ENCNET_E_NOMEM,
                 "the 3 batches of 1000 x 16384 x 16384 that data.workers = ");
    encnet__dataset_close(d);
    o = small();
    o.data.train_count = 0;
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "0 images of 40 x 32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(shuffled_epochs),
        cmocka_unit_test(names_run_on),
        cmocka_unit_test(fewer_samples_than_a_batch),
        cmocka_unit_test(resumes),
        cmocka_unit_test(ranks_share_batches),
        cmocka_unit_test(goes_on_with_other_batches),
        cmocka_unit_test(replay),
        cmocka_unit_test(warm_loader_allocates_nothing),
        cmocka_unit_test(closes_at_any_time),
        cmocka_unit_test(faults_arrive_in_order),
        cmocka_unit_test(sizes_of_one_batch),
        cmocka_unit_test(wrong_options),
    };

    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
