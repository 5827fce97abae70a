/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_model.c - a small EncNet: warm steps allocate nothing, gradients accumulate, plans refuse,
 * files round-trip. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "models/models.h"
#include "support/compare.h"
#include "support/memory.h"

enum { H = 48, W = 40, N = 2, CLASSES = 4 };

static encnet_device *device;

static encnet_options small_options(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.classes = CLASSES;
    o.model.channels = 16;
    o.model.aux_channels = 8;
    assert_int_equal(encnet_options_set(&o, "model.codewords", "4"), ENCNET_OK);
    o.train.seed = 3;
    return o;
}

static void ok(encnet_status rc)
{
    if (rc != ENCNET_OK) fail_msg("%s", encnet_last_error());
}

static void write_batch(encnet__graph *g, uint64_t seed)
{
    static float x[N * H * W * 3];
    static int32_t y[N * H * W];
    encnet__rng r = encnet__rng_at(seed, 0, 0, 0);

    for (size_t i = 0; i < COUNT_OF(x); i++) x[i] = (float)encnet__rng_normal(&r);
    for (size_t i = 0; i < COUNT_OF(y); i++)
        y[i] = i % 11 ? (int32_t)encnet__rng_below(&r, CLASSES) : ENCNET_IGNORE;
    ok(encnet__write(encnet__graph_tensor(g, "image").buffer, 0, x, sizeof x));
    ok(encnet__write(encnet__graph_tensor(g, "label").buffer, 0, y, sizeof y));
}

static double one_step(encnet__graph *g, uint32_t step, bool add)
{
    encnet__term terms[ENCNET__MAX_TERMS];
    int n_terms;
    double total;

    ok(encnet__graph_forward(g, 1, step));
    ok(encnet__graph_backward(g, add, NULL));
    ok(encnet__graph_terms(g, terms, &n_terms, &total));
    assert_int_equal(n_terms, 5); /* decode: seg, se, acc; aux: seg, acc */
    return total;
}

static void warm_steps_allocate_nothing(void **state)
{
    encnet_options o = small_options();
    encnet_model *m = NULL;
    encnet__graph *g, *again;
    uint64_t made;
    long host;
    double first, second;
    (void)state;

    ok(encnet__model_new_training(&m, device, &o));
    ok(encnet__model_training_graph(&g, m, N, H, W));
    write_batch(g, 1);
    first = one_step(g, 0, false);
    host = memory_count();
    made = encnet__device_memory(device).buffers_made;
    second = one_step(g, 0, false);
    assert_int_equal(memory_count(), host);
    assert_int_equal(encnet__device_memory(device).buffers_made, made);
    assert_true(first ==
                second); /* the same bits: nothing was updated in between but running statistics */
    ok(encnet__model_training_graph(&again, m, N, H, W));
    assert_ptr_equal(again, g);
    encnet_model_free(m);
    assert_int_equal(encnet__device_memory(device).bytes, 0);
}

static float *read_grad(encnet_model *m, const char *name, size_t *count)
{
    encnet__weights *w = encnet__model_weights(m);
    const encnet__param *p = encnet__weights_at(w, encnet__weights_find(w, name));
    float *host = malloc(sizeof *host * encnet__param_count(p));

    *count = encnet__param_count(p);
    ok(encnet__param_read(host, p, p->grad));
    return host;
}

/* Where views may not overlap, as on GPUs, every slot has a buffer to itself while it lives. */
static void buffers_of_their_own_change_no_bit(void **state)
{
    encnet__device_facts *facts = (encnet__device_facts *)encnet__device_facts_of(device);
    const char *name = "backbone.stem.0.weight";
    bool may_overlap = facts->may_overlap;
    float *gradient[2];
    double loss[2];
    size_t count, bytes[2];
    (void)state;

    if (!may_overlap) skip(); /* this driver is known to fail at what the comparison needs */
    for (int own = 0; own < 2; own++) {
        encnet_options o = small_options();
        encnet_model *m = NULL;
        encnet__graph *g;
        facts->may_overlap = !own;
        ok(encnet__model_new_training(&m, device, &o));
        ok(encnet__model_training_graph(&g, m, N, H, W));
        write_batch(g, 1);
        loss[own] = one_step(g, 0, false);
        gradient[own] = read_grad(m, name, &count);
        bytes[own] = encnet__graph_plan_of(g).activations;
        encnet_model_free(m);
    }
    facts->may_overlap = may_overlap;
    print_message("    activations in %zu bytes, in buffers of their own in %zu\n", bytes[0],
                  bytes[1]);
    assert_true(loss[0] == loss[1]);
    assert_memory_equal(gradient[0], gradient[1], count * sizeof(float));
    assert_true(bytes[1] > bytes[0] && bytes[1] < bytes[0] + bytes[0] / 2);
    for (int own = 0; own < 2; own++) free(gradient[own]);
}

static void gradients_accumulate(void **state)
{
    static const char *const names[] = {"backbone.stem.0.weight", "backbone.layer4.1.bn2.bias",
                                        "decode_head.enc_module.encoding.0.scale",
                                        "auxiliary_head.conv_seg.bias"};
    encnet_options o = small_options();
    encnet_model *m = NULL;
    encnet__graph *g;
    (void)state;

    o.train.accumulate = 2;
    ok(encnet__model_new_training(&m, device, &o));
    ok(encnet__model_training_graph(&g, m, N, H, W));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t count;
        float *a, *b, *sum;
        write_batch(g, 1);
        one_step(g, 0, false);
        a = read_grad(m, names[i], &count);
        write_batch(g, 2);
        one_step(g, 1, false);
        b = read_grad(m, names[i], &count);
        write_batch(g, 1);
        one_step(g, 0, false);
        write_batch(g, 2);
        one_step(g, 1, true);
        sum = read_grad(m, names[i], &count);
        for (size_t j = 0; j < count; j++) assert_true(sum[j] == a[j] + b[j]);
        free(a);
        free(b);
        free(sum);
    }
    encnet_model_free(m);
}

static void plan_that_does_not_fit(void **state)
{
    encnet_device_options small = {.select = "", .conv = "auto", .cache = true, .memory_mb = 180};
    encnet_options o = small_options();
    encnet_device *narrow = NULL;
    encnet_model *m = NULL;
    encnet_plan plan;
    encnet__graph *g;
    (void)state;

    ok(encnet_device_open(&narrow, &small));
    assert_int_equal(encnet_plan_make(&plan, narrow, &o, 64, 128, 128, false), ENCNET_E_DEVICE);
    assert_true(plan.total > plan.device_total);
    assert_non_null(strstr(encnet_last_error(), "180.0 MiB"));
    assert_non_null(strstr(encnet_last_error(), "data.samples_per_device = "));
    ok(encnet__model_new_training(&m, narrow, &o));
    assert_int_equal(encnet__model_training_graph(&g, m, 64, 128, 128), ENCNET_E_DEVICE);
    ok(encnet__model_training_graph(&g, m, 1, 32, 32)); /* it goes on with what fits */
    encnet_model_free(m);
    encnet_device_close(narrow);
}

static void run_and_file(void **state)
{
    static uint8_t rgb[H * W * 3], ids[2][H * W];
    static float probs[2][CLASSES * H * W];
    encnet_options o = small_options();
    encnet_model *m = NULL, *loaded = NULL;
    char path[64];
    encnet__rng r = encnet__rng_at(5, 0, 0, 0);
    long host;
    (void)state;

    snprintf(path, sizeof path, "/tmp/encnet-test-%d.safetensors", (int)getpid());
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)encnet__rng_below(&r, 256);
    ok(encnet_model_new(&m, device, &o));
    encnet__model_name_class(m, 1, "tree", NULL);
    ok(encnet_model_run(m, ids[0], probs[0], rgb, H, W));
    host = memory_count();
    ok(encnet_model_run(m, ids[1], probs[1], rgb, H, W));
    assert_int_equal(memory_count(), host);
    assert_memory_equal(ids[0], ids[1], sizeof ids[0]);
    for (int p = 0; p < H * W; p++) {
        double sum = 0;
        int best = 0;
        for (int c = 0; c < CLASSES; c++) {
            sum += probs[0][c * H * W + p];
            if (probs[0][c * H * W + p] > probs[0][best * H * W + p]) best = c;
        }
        assert_close(sum, 1, 1e-5);
        assert_int_equal(ids[0][p], best);
    }
    ok(encnet_model_save(m, path));
    encnet_model_free(m);
    ok(encnet_model_load(&loaded, device, path));
    assert_int_equal(encnet_model_classes(loaded), CLASSES);
    assert_string_equal(encnet_model_class_name(loaded, 1), "tree");
    ok(encnet_model_run(loaded, ids[1], probs[1], rgb, H, W));
    assert_memory_equal(probs[0], probs[1], sizeof probs[0]);
    encnet_model_free(loaded);
    unlink(path);
}

/* A graph that fails half-way, here at its input and at its first convolution, leaves the model as it was. */
static void impossible_sizes_do_no_harm(void **state)
{
    static const int sizes[] = {2000000000, 450000000};
    static uint8_t rgb[H * W * 3], ids[2][H * W];
    encnet_options o = small_options();
    encnet_model *m = NULL;
    char path[64];
    (void)state;

    snprintf(path, sizeof path, "/tmp/encnet-test-%d.safetensors", (int)getpid());
    ok(encnet_model_new(&m, device, &o));
    ok(encnet_model_run(m, ids[0], NULL, rgb, H, W));
    encnet__model_drop_inference(m);
    for (int i = 0; i < 2; i++)
        assert_int_equal(encnet_model_run(m, ids[1], NULL, rgb, sizes[i], sizes[i]),
                         i ? ENCNET_E_SHAPE : ENCNET_E_ARG);
    ok(encnet_model_run(m, ids[1], NULL, rgb, H, W));
    assert_memory_equal(ids[0], ids[1], sizeof ids[0]);
    ok(encnet_model_save(m, path));
    encnet_model_free(m);
    unlink(path);
}

static void file_of_another_network(void **state)
{
    encnet_options o = small_options();
    encnet_model *m = NULL;
    char path[64];
    (void)state;

    snprintf(path, sizeof path, "/tmp/encnet-test-%d.safetensors", (int)getpid());
    ok(encnet_model_new(&m, device, &o));
    ok(encnet_model_save(m, path));
    encnet_model_free(m);
    m = NULL;
    o.model.classes = CLASSES + 1;
    o.model.checkpoint = path;
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_CHECKPOINT);
    assert_non_null(strstr(encnet_last_error(), "decode_head.conv_seg.weight"));
    assert_non_null(strstr(encnet_last_error(), "auxiliary_head.conv_seg.bias"));
    assert_null(m);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warm_steps_allocate_nothing),
        cmocka_unit_test(buffers_of_their_own_change_no_bit),
        cmocka_unit_test(gradients_accumulate),
        cmocka_unit_test(plan_that_does_not_fit),
        cmocka_unit_test(run_and_file),
        cmocka_unit_test(impossible_sizes_do_no_harm),
        cmocka_unit_test(file_of_another_network),
    };
    int failed;

    if (encnet_device_open(&device, NULL) != ENCNET_OK) return 77;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(device);
    return failed;
}
