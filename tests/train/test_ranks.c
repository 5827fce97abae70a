/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_ranks.c - training over ranks that are threads of this process, each with a device of its
 * own: the numbers of one rank with the whole batch, the same bits on every rank and in every run,
 * stopping together, resuming with another number of ranks, and failing together.
 */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"
#include "support/ranks.h"
#include "support/scan.h"

#include <math.h>
#include <signal.h>

#include "files/tensor_file.h"
#include "train/train.h"

enum { ITERS = 3, BATCH = 6 };
static char work_dir[128];

static encnet_options options(void)
{
    encnet_options o = small_network();

    o.model.backbone = "toy"; /* small checkpoints: a run takes a second */
    o.model.dropout = 0;
    o.data.train_count = 9;
    o.data.val_count = 3;
    o.data.width = o.data.height = 72;
    o.data.workers = 1;
    o.augment.scale_w = o.augment.scale_h = 72;
    o.augment.crop_h = o.augment.crop_w = 64;
    o.train.max_iters = ITERS;
    o.train.log_interval = 1;
    o.train.checkpoint_interval = 0;
    o.train.eval_interval = 0;
    o.train.seed = 3;
    o.output.tensorboard = false;
    return o;
}

static volatile sig_atomic_t stop;
static encnet_train_result result;

static void stop_at_once(void *user, const encnet_train_progress *p)
{
    (void)user, (void)p;
    stop = 1;
}

/* `count` devices train in dir/name, with batches of `batch` images. */
static encnet_status train_with(const char *name, int batch, int count, encnet_options o,
                                const char *resume, bool stops)
{
    encnet_train_start start = {.name = "small", .resume = resume};
    encnet_train_hooks hooks = {.stop = &stop, .progress = stops ? stop_at_once : NULL};

    snprintf(work_dir, sizeof work_dir, "%s/%s", dir, name);
    stop = 0;
    o.output.work_dir = work_dir;
    o.data.samples_per_device = batch / count;
    return encnet_train_on(&result, devices, count, &o, &start, &hooks);
}

static encnet_status train(const char *name, int count, encnet_options o, const char *resume,
                           bool stops)
{
    return train_with(name, BATCH, count, o, resume, stops);
}

static encnet__tensor_file *open_weights(const char *name)
{
    encnet__tensor_file *f = NULL;
    char path[256];

    snprintf(path, sizeof path, "%s/%s/latest/weights.safetensors", dir, name);
    assert_ok(encnet__tensor_file_open(&f, path));
    return f;
}

/* The largest difference of two runs' weights, as a share of the largest number in its tensor. */
static double difference(const char *one, const char *other)
{
    encnet__tensor_file *a = open_weights(one), *b = open_weights(other);
    double worst = 0;

    assert_int_equal(a->n_tensors, b->n_tensors);
    for (size_t t = 0; t < a->n_tensors; t++) {
        size_t count = (size_t)a->tensors[t].count;
        float *x = calloc(count, sizeof *x), *y = calloc(count, sizeof *y);
        double most = 0, apart = 0;
        if (strstr(a->tensors[t].name, "num_batches_tracked")) count = 0;
        if (count) {
            assert_ok(encnet__tensor_file_read_floats(a, &a->tensors[t], x));
            assert_ok(encnet__tensor_file_read_floats(b, &b->tensors[t], y));
        }
        for (size_t i = 0; i < count; i++) {
            most = max_or_nan(most, fabs((double)x[i]));
            apart = max_or_nan(apart, fabs((double)x[i] - (double)y[i]));
        }
        if (apart != 0) worst = max_or_nan(worst, apart / most);
        free(x);
        free(y);
    }
    encnet__tensor_file_close(a);
    encnet__tensor_file_close(b);
    return worst;
}

/* The losses of a run's iterations, from its log. */
static void read_losses(double *losses, const char *name)
{
    char path[256], *text;
    const char *at;
    size_t size;

    snprintf(path, sizeof path, "%s/%s/small.log.json", dir, name);
    assert_ok(encnet__file_read(&text, &size, path, 1 << 20));
    at = text;
    for (int i = 0; i < ITERS; i++) {
        at = strstr(at, "\"loss\": ");
        if (!at) fail_msg("%s: no loss of iteration %d: %s", path, i + 1, text);
        at += 8;
        losses[i] = scan_real(&at);
    }
    encnet__free(text);
}

static void same_losses(const char *one, const char *other)
{
    double a[ITERS], b[ITERS];

    read_losses(a, one);
    read_losses(b, other);
    for (int i = 0; i < ITERS; i++)
        if (!is_close(a[i], b[i], 1e-5 * a[i]))
            fail_msg("iteration %d: %.9g in %s, %.9g in %s", i + 1, a[i], one, b[i], other);
}

static void ranks_train_as_one(void **state)
{
    static const char *const names[] = {"two", "unequal", "three"};
    encnet_options o = options();
    double miou;

    (void)state;
    o.train.eval_interval = ITERS;
    assert_ok(train("one", 1, o, NULL, false));
    assert_ok(train("two", 2, o, NULL, false));
    miou = result.best_miou;
    assert_true(miou >= 0);
    assert_ok(train("three", 3, o, NULL, false));
    o.device.shares = "2,1";
    assert_ok(train("unequal", 2, o, NULL, false));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        same_losses("one", names[i]);
        print_message("    %s: weights apart by %.3g\n", names[i], difference("one", names[i]));
        assert_true(difference("one", names[i]) <= 3e-5);
    }
    assert_ok(train("again", 2, o, NULL, false));
    assert_true(difference("unequal", "again") == 0); /* the same bits */
}

/* Recomputed activations have the bits of stored ones, also where ranks share statistics; a run may change it
 * when it resumes. */
static void memory_is_saved_with_the_same_bits(void **state)
{
    encnet_options o = options();

    (void)state;
    o.model.dropout = 0.3;
    assert_ok(train("stored", 2, o, NULL, false));
    o.train.recompute = "full";
    assert_ok(train("recomputed", 2, o, NULL, false));
    assert_true(difference("stored", "recomputed") == 0);
    assert_fails(train("both", 2, o, NULL, true), ENCNET_E_STOPPED, "stopped after iteration ");
    o.train.recompute = "none";
    assert_ok(train("both", 2, o, "auto", false));
    assert_true(difference("stored", "both") == 0);
}

static void all_stop_in_one_iteration_and_others_go_on(void **state)
{
    encnet_options o = options();

    (void)state;
    assert_ok(train("whole", 2, o, NULL, false));
    assert_fails(train("stopped", 2, o, NULL, true), ENCNET_E_STOPPED, "stopped after iteration ");
    assert_in_range(result.iters, 1, ITERS - 1);
    assert_ok(train("stopped", 3, o, "auto", false));
    assert_int_equal(result.iters, ITERS);
    assert_true(difference("whole", "stopped") <= 3e-5);
}

/* Where a run stands in its last checkpoint. */
static encnet__train_state state_of(const char *name)
{
    encnet__train_state s;
    char path[256];

    snprintf(path, sizeof path, "%s/%s/latest/state.ini", dir, name);
    assert_ok(encnet__state_load(&s, path, NULL));
    return s;
}

/* A checkpoint of four ranks; others, with batches as large as they are many, go on behind its 8
 * images of 9, each losing of an epoch what fills no batch. */
static void other_numbers_of_ranks_go_on(void **state)
{
    static const struct {
        const char *name;
        int ranks;
        uint64_t images; /* behind, one iteration later */
    } others[] = {{"of1", 1, 9}, {"of2", 2, 9 + 2}, {"of8", 8, 9 + 8}};
    encnet_options o = options();
    char from[256];

    (void)state;
    o.train.max_iters = 2;
    assert_ok(train_with("of4", 4, 4, o, NULL, false));
    assert_int_equal(state_of("of4").images, 8);
    snprintf(from, sizeof from, "%s/of4/latest", dir);
    o.train.max_iters = 3;
    o.train.eval_interval = 3;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_ok(train_with(others[i].name, others[i].ranks, others[i].ranks, o, from, false));
        assert_int_equal(state_of(others[i].name).images, others[i].images);
        assert_int_equal(state_of(others[i].name).batches, 3);
    }
}

/* Gradients are those of all ranks, statistics each rank's own; a checkpoint has rank 0's. */
static void local_norm(void **state)
{
    encnet_options o = options();

    (void)state;
    o.train.eval_interval = ITERS - 1;
    assert_ok(train("sync", 2, o, NULL, false));
    assert_ok(train("alone", 1, o, NULL, false));
    o.model.norm = "local";
    assert_ok(train("local", 2, o, NULL, false));
    assert_ok(train("again", 2, o, NULL, false));
    assert_ok(train("alone, local", 1, o, NULL, false));
    assert_true(difference("local", "again") == 0);
    assert_true(difference("local", "sync") > 1e-3);
    assert_true(difference("alone", "alone, local") == 0); /* one rank has all images */
}

/* The score of the same weights is the same number, also where there are more ranks than images. */
static void any_number_of_ranks_evaluates_alike(void **state)
{
    encnet_options o = options();
    char from[256];
    double miou = -1;

    (void)state;
    o.train.max_iters = 2;
    assert_ok(train("trained", 2, o, NULL, false));
    snprintf(from, sizeof from, "%s/trained/latest", dir);
    o.train.eval_interval = 2;
    for (int ranks = 1; ranks <= 4; ranks += ranks) {
        char name[16];
        snprintf(name, sizeof name, "by%d", ranks);
        assert_ok(train_with(name, ranks, ranks, o, from, false)); /* no iteration is left */
        if (ranks == 1) miou = result.best_miou;
        assert_true(result.best_miou > 0 && result.best_miou == miou);
    }
}

/* What one cannot do, nobody does; the message is that of who failed. */
static void failing_rank_ends_all(void **state)
{
    static const char *const odd[] = {"3 1",  "3,1,",         "3,,1", "0,1",
                                      "-3,1", "4294967299,1", "0x3,1"};
    encnet_device_options small = {.select = "", .conv = "auto", .memory_mb = 1};
    int images[2];
    encnet_device *usual = devices[1];
    encnet_options o = options();

    (void)state;
    o.data.width = o.data.height = o.augment.scale_w = o.augment.scale_h = 192; /* over 1 MiB */
    o.augment.crop_h = o.augment.crop_w = 192;
    assert_ok(encnet_device_open(&devices[1], &small));
    assert_fails(train("first", 2, o, NULL, false), ENCNET_E_DEVICE, "rank 1: ");
    encnet_device_close(devices[1]);
    devices[1] = usual;
    o.device.shares = "1,2,3";
    assert_fails(train("second", 2, o, NULL, false), ENCNET_E_CONFIG,
                 "device.shares \"1,2,3\": wants 2 numbers above 0");
    o.device.shares = "3,x";
    assert_fails(train("second", 2, o, NULL, false), ENCNET_E_ARG, "device.shares = 3,x: must be ");
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        o.device.shares = odd[i];
        assert_fails(encnet_train_images(images, 2, &o), ENCNET_E_CONFIG, "device.shares = ");
    }
    o.device.shares = "3,4";
    assert_fails(train("second", 2, o, NULL, false), ENCNET_E_CONFIG,
                 "a batch of 6 images is not cut into 7 parts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranks_train_as_one, set_up, remove_dir),
        cmocka_unit_test_setup_teardown(memory_is_saved_with_the_same_bits, set_up, remove_dir),
        cmocka_unit_test_setup_teardown(all_stop_in_one_iteration_and_others_go_on, set_up,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(other_numbers_of_ranks_go_on, set_up, remove_dir),
        cmocka_unit_test_setup_teardown(local_norm, set_up, remove_dir),
        cmocka_unit_test_setup_teardown(any_number_of_ranks_evaluates_alike, set_up, remove_dir),
        cmocka_unit_test_setup_teardown(failing_rank_ends_all, set_up, remove_dir),
    };

    encnet_device_close(test_open_device()); /* none: skipped */
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
