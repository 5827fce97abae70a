/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_weights.c - weights from files into a model: names of other programs, a part of a file, a
 * head that stays fresh. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <unistd.h>

#include "files/safetensors.h"
#include "models/models.h"
#include "files/names.h"

enum { CLASSES = 4 };

static encnet_device *device;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    device = test_open_device();
    snprintf(path, sizeof path, "encnet-m-%ld.safetensors", (long)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    encnet_device_close(device);
    return 0;
}

/* -- names of a file --------------------------------------------------------------------------- */

/* A file of these tensors; the numbers of each count from 0. */
static void write_counting(encnet__file_tensor *tensors, size_t n)
{
    encnet__st_writer *w = NULL;
    float data[64];
    int next;

    for (size_t i = 0; i < COUNT_OF(data); i++) data[i] = (float)i;
    assert_ok(encnet__st_writer_new(&w, path, tensors, n, NULL, 0));
    while ((next = encnet__st_writer_next(w)) >= 0)
        assert_ok(encnet__st_writer_put(w, data, encnet__file_tensor_bytes(&tensors[next])));
    assert_ok(encnet__st_writer_commit(w));
    encnet__st_writer_free(w);
}

/* Linear layers of the Paddle port stand the other way round; what belongs to no network goes. */
static void paddle_is_translated(void **state)
{
    encnet__file_tensor tensors[] = {
        {.name = "backbone.conv1_1._conv.weight", .type = ENCNET__F32, .n_dims = 2, .dims = {2, 3}},
        {.name = "head.encmodule.fc.0.weight", .type = ENCNET__F32, .n_dims = 2, .dims = {2, 3}},
        {.name = "head.encmodule.selayer.weight", .type = ENCNET__F32, .n_dims = 1, .dims = {6}},
        {.name = "backbone.conv1_1._batch_norm._mean",
         .type = ENCNET__F32,
         .n_dims = 1,
         .dims = {5}},
        {.name = "pretrained.fc.bias", .type = ENCNET__F32, .n_dims = 1, .dims = {5}},
        {.name = "unknown", .type = ENCNET__F32}};
    const float transposed[] = {0, 3, 1, 4, 2, 5};
    const encnet__dialect *d;
    const encnet__file_tensor *t;
    encnet__tensor_file *f;
    float x[6];

    (void)state;
    write_counting(tensors, COUNT_OF(tensors));
    assert_ok(encnet__tensor_file_open(&f, path));
    assert_ok(encnet__translate_file(f, &d, NULL));
    assert_string_equal(encnet__dialect_name(d), "Paddle");
    assert_int_equal(f->n_tensors, 5);
    t = encnet__tensor_file_find(f, "decode_head.enc_module.fc.0.weight");
    assert_non_null(t);
    assert_true(t->dims[0] == 3 && t->dims[1] == 2);
    assert_ok(encnet__tensor_file_read_floats(f, t, x));
    assert_memory_equal(x, transposed, sizeof x);
    assert_true(encnet__tensor_file_find(f, "backbone.stem.0.weight")->dims[0] == 2);
    assert_non_null(encnet__tensor_file_find(f, "backbone.stem.1.running_mean"));
    t = encnet__tensor_file_find(f,
                                 "decode_head.se_layer.weight"); /* no matrix: it stays as it is */
    assert_true(t && t->n_dims == 1 && t->dims[0] == 6);
    assert_non_null(encnet__tensor_file_find(f, "unknown"));
    encnet__tensor_file_close(f);
}

static void two_of_a_name(void **state)
{
    encnet__file_tensor tensors[] = {{.name = "module.backbone.conv1.weight", .type = ENCNET__F32},
                                     {.name = "backbone.conv1.weight", .type = ENCNET__F32}};
    const encnet__dialect *d;
    encnet__tensor_file *f;

    (void)state;
    write_counting(tensors, COUNT_OF(tensors));
    assert_ok(encnet__tensor_file_open(&f, path));
    assert_fails(encnet__translate_file(f, &d, NULL), ENCNET_E_CHECKPOINT,
                 "two tensors are named backbone.conv1.weight");
    encnet__tensor_file_close(f);
}

/* -- models ------------------------------------------------------------------------------------ */

static encnet_options small_options(int classes, uint64_t seed)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "resnet18";
    o.model.classes = classes;
    o.model.channels = 16;
    o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    o.train.seed = seed;
    return o;
}

static encnet_model *new_model(const encnet_options *o)
{
    encnet_model *m = NULL;

    assert_ok(encnet_model_new(&m, device, o));
    return m;
}

/* Whether a weight of both models is the same. */
static bool same(encnet_model *a, encnet_model *b, const char *name)
{
    encnet__weights *v = encnet__model_weights(a), *w = encnet__model_weights(b);
    const encnet__param *p = encnet__weights_at(v, encnet__weights_find(v, name)),
                        *q = encnet__weights_at(w, encnet__weights_find(w, name));
    size_t count = encnet__param_count(p);
    float *x = malloc(2 * count * sizeof *x);
    bool equal;

    assert_non_null(x);
    assert_int_equal(count, encnet__param_count(q));
    assert_ok(encnet__param_read(x, p, p->value));
    assert_ok(encnet__param_read(x + count, q, q->value));
    equal = memcmp(x, x + count, count * sizeof *x) == 0;
    free(x);
    return equal;
}

static const char CONV[] = "backbone.layer2.0.conv1.weight", SEG[] = "decode_head.conv_seg.weight",
                  FC[] = "decode_head.enc_module.fc.0.weight";

/* A model's file, and what it gives a model of other classes: nothing, a part, all but some. */
static void other_classes(void **state)
{
    encnet_options o = small_options(CLASSES, 1), other = small_options(CLASSES + 1, 2);
    encnet_model *a = new_model(&o), *random = new_model(&other), *m = NULL;

    (void)state;
    assert_string_equal(encnet_model_remarks(a), "");
    assert_ok(encnet_model_save(a, path));
    other.model.checkpoint = path;
    assert_fails(encnet_model_new(&m, device, &other), ENCNET_E_CHECKPOINT,
                 "6 of another shape or type: decode_head.conv_seg.weight");
    other.model.allow_partial = true;
    m = new_model(&other);
    assert_non_null(strstr(encnet_model_remarks(m), "; 6 of another shape or type: "));
    assert_non_null(strstr(encnet_model_remarks(m), "auxiliary_head.conv_seg.bias (F32[4] in the "
                                                    "file, F32[5] in the model)\n"));
    assert_true(same(m, a, CONV) && same(m, a, FC) && same(m, random, SEG));
    assert_fails(encnet_model_read_weights(m, path), ENCNET_E_CHECKPOINT, "does not fit");
    encnet_model_free(m);
    m = NULL;
    other.model.allow_partial = false;
    other.model.fresh = "decode_head.conv_seg,decode_head.se_layer,auxiliary_head.conv_seg";
    m = new_model(&other);
    assert_string_equal(encnet_model_remarks(m), "");
    assert_true(same(m, a, CONV) && same(m, a, FC) && same(m, random, SEG));
    encnet_model_free(m);
    encnet_model_free(random);
    encnet_model_free(a);
}

static void fresh_must_name_a_weight(void **state)
{
    encnet_options o = small_options(CLASSES, 1);
    encnet_model *m = NULL;

    (void)state;
    o.model.fresh = "decode_head.conv_seg,decoder";
    assert_fails(encnet_model_new(&m, device, &o), ENCNET_E_CONFIG,
                 "model.fresh: no weight's name begins with \"decoder\"");
    o.model.fresh = "decode_head,,backbone";
    assert_fails(encnet_model_new(&m, device, &o), ENCNET_E_ARG,
                 "model.fresh = decode_head,,backbone: must be PREFIX,...");
}

/* The whole way of a backbone with torchvision's names. */
static void torchvision_backbone(void **state)
{
    encnet_options o = small_options(CLASSES, 1), other = small_options(CLASSES, 2);
    encnet_model *a = new_model(&o), *random = new_model(&other), *m;
    encnet__weights *w = encnet__model_weights(a);
    int n = encnet__weights_count(w), used = 0, next;
    encnet__file_tensor *tensors = calloc((size_t)n, sizeof *tensors);
    encnet__st_writer *writer = NULL;

    (void)state;
    assert_non_null(tensors);
    for (int i = 0; i < n; i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        encnet__file_tensor *t = &tensors[used];
        if (p->kind == ENCNET__COUNTER || strncmp(p->name, "backbone.", 9) != 0) continue;
        *t = (encnet__file_tensor){.name = p->name + 9, .type = ENCNET__F32, .n_dims = p->n_dims};
        for (int d = 0; d < p->n_dims; d++) t->dims[d] = (uint64_t)p->dims[d];
        used++;
    }
    tensors[used] = (encnet__file_tensor){.name = "fc.bias", .n_dims = 1, .dims = {1}};
    tensors[used++].type = ENCNET__F32;
    assert_ok(encnet__st_writer_new(&writer, path, tensors, (size_t)used, NULL, 0));
    while ((next = encnet__st_writer_next(writer)) >= 0) {
        size_t bytes = encnet__file_tensor_bytes(&tensors[next]);
        char name[ENCNET__NAME_SIZE];
        float *x = calloc(bytes, 1);
        int k;
        assert_non_null(x);
        snprintf(name, sizeof name, "backbone.%s", tensors[next].name);
        k = encnet__weights_find(w, name);
        if (k >= 0)
            assert_ok(
                encnet__param_read(x, encnet__weights_at(w, k), encnet__weights_at(w, k)->value));
        assert_ok(encnet__st_writer_put(writer, x, bytes));
        free(x);
    }
    assert_ok(encnet__st_writer_commit(writer));
    encnet__st_writer_free(writer);
    free(tensors);

    other.model.pretrained = path;
    m = new_model(&other);
    assert_non_null(strstr(encnet_model_remarks(m), "translated from the names of torchvision"));
    assert_true(same(m, a, CONV) && same(m, random, FC) && same(m, random, SEG));
    assert_true(same(m, a, "backbone.conv1.weight") && same(m, a, "backbone.bn1.running_var"));
    encnet_model_free(m);
    encnet_model_free(random);
    encnet_model_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paddle_is_translated), cmocka_unit_test(two_of_a_name),
        cmocka_unit_test(other_classes),        cmocka_unit_test(fresh_must_name_a_weight),
        cmocka_unit_test(torchvision_backbone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
