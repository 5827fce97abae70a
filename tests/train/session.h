/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * session.h - what programs do in a row, small: a session opens a device, loads a model, trains two steps with one evaluation,
 * saves and predicts.  Something in it fails, and what there is of the training goes on to the same weights.
 */
#ifndef TRAIN_SESSION_H
#define TRAIN_SESSION_H

#include "support/scratch.h"

#include "data/data.h"
#include "device/device.h"
#include <encnet/eval.h>
#include <encnet/train.h>

enum { SIZE = 32, SAMPLES = 24 /* faults, unless ENCNET_TEST_ALL asks for every one */ };

static inline encnet_options options(const char *work_dir)
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

static inline const char *in_dir(const char *name)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static inline encnet_status session(const encnet_options *o)
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

static inline void remove_results(void)
{
    char command[256];

    snprintf(command, sizeof command, "cd %s && rm -rf run saved.safetensors out logits", dir);
    assert_int_equal(system(command), 0);
}

static char *reference; /* the weights of a session in which nothing failed */
static size_t reference_bytes;

/* Whether the training, begun or not, goes on to the weights of the reference. */
static inline bool goes_on(const encnet_options *o)
{
    encnet_train_start start = {.resume = "auto"};
    encnet_device *device = NULL;
    encnet_train_result result;
    encnet_status rc;
    char *weights = NULL;
    size_t bytes = 0;
    bool same;

    rc = encnet_device_open(&device, &o->device);
    if (rc == ENCNET_OK) rc = encnet_train(&result, device, o, &start, NULL);
    encnet_device_close(device);
    if (rc == ENCNET_OK)
        rc =
            encnet__file_read(&weights, &bytes, in_dir("run/latest/weights.safetensors"), SIZE_MAX);
    same = rc == ENCNET_OK && bytes == reference_bytes && memcmp(weights, reference, bytes) == 0;
    if (!same) print_error("does not go on: %s\n", rc ? encnet_last_error() : "to other weights");
    encnet__free(weights);
    return same;
}

static inline int open_session(void **state)
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
    /* fills the caches of kernels and of measured convolutions */
    o = options(in_dir("run"));
    o.model.checkpoint = in_dir("model.safetensors");
    assert_ok(session(&o));
    assert_ok(encnet__file_read(&reference, &reference_bytes,
                                in_dir("run/latest/weights.safetensors"), SIZE_MAX));
    remove_results();
    return 0;
}

static inline int close_session(void **state)
{
    encnet__free(reference);
    return remove_dir(state);
}
#endif
