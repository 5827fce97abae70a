/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_no_memory.c - the library without memory: a session opens a device, loads a model, trains two
 * steps, saves and predicts while the k-th allocation fails, or all from the k-th on.
 *
 * The session ends with a status and a message and leaves nothing on the device.  The address sanitizer finds leaks on the host.
 * ENCNET_TEST_ALL=1 tries every k; otherwise a stride skips most.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/scratch.h"

#include "data/data.h"
#include "device/device.h"
#include "support/memory.h"
#include <encnet/eval.h>
#include <encnet/train.h>

enum { SIZE = 32, SAMPLES = 24 };

static encnet_options options(const char *work_dir)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "toy";
    o.model.classes = 3;
    o.model.channels = o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    o.data.width = o.data.height = SIZE;
    o.data.train_count = 4;
    o.data.val_count = 1;
    o.augment.scale_w = o.augment.scale_h = SIZE;
    o.augment.crop_h = o.augment.crop_w = SIZE;
    o.train.max_iters = o.train.eval_interval = 2;
    o.train.checkpoint_interval = o.train.log_interval = 1;
    o.output.work_dir = work_dir;
    return o;
}

static const char *in_dir(const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static encnet_status session(const encnet_options *o)
{
    encnet_device *device = NULL;
    encnet_model *model = NULL;
    encnet_train_result result;
    encnet_status rc;

    rc = encnet_device_open(&device, &o->device);
    if (rc == ENCNET_OK) rc = encnet_model_load(&model, device, o->model.checkpoint);
    if (rc == ENCNET_OK) rc = encnet_train(&result, device, o, NULL, NULL);
    if (rc == ENCNET_OK) rc = encnet_model_read_weights(model, in_dir("run/latest"));
    if (rc == ENCNET_OK) rc = encnet_model_save(model, in_dir("saved.safetensors"));
    if (rc == ENCNET_OK)
        rc = encnet_predict(model, o, in_dir("images"), in_dir("out"), "overlay", in_dir("logits"),
                            NULL, NULL);
    encnet_model_free(model);
    if (device && encnet__device_memory(device).bytes != 0)
        rc = encnet__fail(ENCNET_E_INTERNAL, "device memory is left");
    encnet_device_close(device);
    return rc;
}

static void remove_results(void)
{
    char command[256];

    snprintf(command, sizeof command, "cd %s && rm -rf run saved.safetensors out logits", dir);
    assert_int_equal(system(command), 0);
}

/* A session in which allocations k .. to fail; whether it ended well, or else as it should. */
static bool session_without(long k, long to)
{
    encnet_options o = options(in_dir("run"));
    encnet_status rc;
    long refused;

    o.model.checkpoint = in_dir("model.safetensors");
    memory_refuse(k, to);
    rc = session(&o);
    refused = memory_refused();
    memory_refuse(0, 0);
    remove_results();
    if (rc == ENCNET_OK || (refused && rc == ENCNET_E_NOMEM && *encnet_last_error())) return true;
    print_error("allocation %ld: status %d: %s\n", k, rc, encnet_last_error());
    return false;
}

/* Returns the number of allocations of a session that has all it wants. */
static long count(void)
{
    long before = memory_count();

    assert_true(session_without(0, 0));
    return memory_count() - before;
}

static void sweep(bool all_after)
{
    long n = count(), stride = getenv("ENCNET_TEST_ALL") ? 1 : 1 + n / SAMPLES, wrong = 0;

    assert_true(n > 100);
    for (long k = 1; k <= n; k += stride) wrong += !session_without(k, all_after ? 1L << 40 : k);
    print_message("    every %ldth of %ld allocations\n", stride, n);
    assert_int_equal(wrong, 0);
}

static void one_allocation_fails(void **state)
{
    (void)state;
    sweep(false);
}

static void all_allocations_fail(void **state)
{
    (void)state;
    sweep(true);
}

static int open_all(void **state)
{
    encnet_options o = options("");
    encnet_model *model = NULL;
    encnet__picture image = {0};

    test_device = test_open_device();
    if (make_dir(state) != 0) return -1;
    assert_ok(encnet_model_new(&model, test_device, &o));
    assert_ok(encnet_model_save(model, in_dir("model.safetensors")));
    encnet_model_free(model);
    assert_ok(encnet__make_dirs(in_dir("images")));
    assert_ok(encnet__picture_new(&image, SIZE, SIZE, 3));
    assert_ok(encnet__picture_write(in_dir("images/a.png"), &image, NULL));
    encnet__picture_free(&image);
    encnet_device_close(test_device);
    (void)count(); /* fills the caches of kernels and of measured convolutions */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_fails),
        cmocka_unit_test(all_allocations_fail),
    };

    return cmocka_run_group_tests(tests, open_all, remove_dir);
}
