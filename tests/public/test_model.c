/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_model.c - a model from memory, what it answers to questions, and what the library remarks. */
#include <encnet/encnet.h>
#include "support/scratch.h"

#include <string.h>

enum { CLASSES = 4, SIDE = 32 };

static encnet_device *device;
static encnet_options options;

/* A model in a file, and the bytes of that file. */
static void save_one(char **bytes, size_t *size)
{
    encnet_model *m = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/m.safetensors", dir);
    assert_ok(encnet_model_new(&m, device, &options));
    assert_ok(encnet_model_save(m, path));
    encnet_model_free(m);
    assert_ok(encnet__file_read(bytes, size, path, 1 << 30));
}

static void memory_is_as_good_as_a_file(void **state)
{
    static uint8_t rgb[SIDE * SIDE * 3], a[SIDE * SIDE], b[SIDE * SIDE];
    encnet_model *from_file = NULL, *from_memory = NULL;
    char path[128], *bytes = NULL;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(i * i >> 3);
    save_one(&bytes, &size);
    snprintf(path, sizeof path, "%s/m.safetensors", dir);
    assert_ok(encnet_model_load(&from_file, device, path));
    assert_ok(encnet_model_load_memory(&from_memory, device, bytes, size));
    memset(bytes, 0, size); /* borrowed for the call alone */
    encnet__free(bytes);
    assert_ok(encnet_model_run(from_file, a, NULL, rgb, SIDE, SIDE));
    assert_ok(encnet_model_run(from_memory, b, NULL, rgb, SIDE, SIDE));
    assert_memory_equal(a, b, sizeof a);
    assert_string_equal(encnet_model_get_options(from_memory)->model.checkpoint, "");
    encnet_model_free(from_file);
    encnet_model_free(from_memory);
}

static void damaged_memory_is_refused(void **state)
{
    encnet_model *m = NULL;
    char *bytes = NULL;
    size_t size;

    (void)state;
    save_one(&bytes, &size);
    for (size_t cut = 0; cut < size; cut += size / 7) {
        assert_int_equal(encnet_model_load_memory(&m, device, bytes, cut), ENCNET_E_CHECKPOINT);
        assert_non_null(strstr(encnet_last_error(), "in memory"));
    }
    assert_null(m);
    encnet__free(bytes);
}

static void questions_are_answered(void **state)
{
    encnet_model *m = NULL;
    encnet_plan plan, same;
    uint8_t rgb[3];
    char text[64];

    (void)state;
    assert_ok(encnet_model_new(&m, device, &options));
    assert_string_equal(encnet_model_get_options(m)->model.network, "fcn");
    assert_string_equal(encnet_model_get_options(m)->model.backbone, "resnet18");
    assert_ok(
        encnet_options_get(text, sizeof text, encnet_model_get_options(m), "model.output_stride"));
    assert_string_equal(text, "32");
    assert_ok(encnet_plan_make(&plan, device, &options, 1, SIDE, SIDE, true));
    assert_ok(encnet_model_plan(&same, m, 1, SIDE, SIDE));
    assert_memory_equal(&plan, &same, sizeof plan);
    /* running statistics are parameters that nobody trains */
    assert_true(encnet_model_parameters(m) > plan.trainable);
    assert_true(4 * encnet_model_parameters(m) <= plan.weights); /* each tensor is aligned */
    assert_true(plan.weights < 4 * encnet_model_parameters(m) + 512 * (size_t)plan.parameters);
    encnet_model_class_colour(rgb, m, 0);
    assert_memory_equal(rgb, ((uint8_t[]){128, 0, 0}), 3); /* index 1 of Pascal VOC */
    encnet_model_class_colour(rgb, m, CLASSES);
    assert_memory_equal(rgb, ((uint8_t[]){0, 0, 0}), 3);
    encnet_model_free(m);
}

/* -- remarks ----------------------------------------------------------------------------------- */

typedef struct heard {
    int warnings, others;
    char all[8192];
} heard;

static void on_remark(void *user, encnet_log_level level, const char *line)
{
    heard *h = user;

    if (level == ENCNET_LOG_WARNING)
        h->warnings++;
    else
        h->others++;
    assert_null(strchr(line, '\n'));
    strncat(h->all, line, sizeof h->all - strlen(h->all) - 2);
    strcat(h->all, "\n");
}

static void remarks_are_heard(void **state)
{
    static heard h;
    encnet_device *d = NULL;
    encnet_model *m = NULL;
    encnet_options other = options;
    char path[128], *bytes = NULL;
    size_t size;

    (void)state;
    save_one(&bytes, &size);
    encnet__free(bytes);
    snprintf(path, sizeof path, "%s/m.safetensors", dir);
    encnet_log_set(on_remark, &h);
    assert_ok(encnet_device_open(&d, NULL));
    assert_int_equal(h.others, 1);
    assert_non_null(strstr(h.all, "opened "));
    other.model.classes = CLASSES + 1;
    other.model.checkpoint = path;
    other.model.allow_partial = true;
    assert_ok(encnet_model_new(&m, d, &other));
    assert_true(h.warnings >= 1);
    assert_non_null(strstr(h.all, "conv_seg"));
    encnet_log_set(NULL, NULL);
    h = (heard){.warnings = 0};
    encnet_model_free(m);
    encnet_device_close(d);
    assert_ok(encnet_device_open(&d, NULL));
    encnet_device_close(d);
    assert_int_equal(h.warnings + h.others, 0);
}

static int set_up(void **state)
{
    if (encnet_device_open(&device, NULL) != ENCNET_OK) return -1;
    encnet_options_default(&options);
    options.model.network = "fcn";
    options.model.backbone = "resnet18";
    options.model.classes = CLASSES;
    options.model.channels = 8;
    options.model.aux_channels = 0;
    assert_ok(encnet_options_set(&options, "model.output_stride", "32"));
    return make_dir(state);
}

static int tear_down(void **state)
{
    encnet_device_close(device);
    return remove_dir(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_as_good_as_a_file),
        cmocka_unit_test(damaged_memory_is_refused),
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(remarks_are_heard),
    };
    int count;

    if (encnet_device_list(NULL, 0, &count) != ENCNET_OK) return 77;
    return cmocka_run_group_tests_name("public/model", tests, set_up, tear_down);
}
