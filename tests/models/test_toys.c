/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_toys.c - a backbone and a head that the library does not have, each one file and one row in
 * tests/models/toys: they are chosen by name, trained, run and listed like those of the library.
 */
#include "support/compare.h"
#include "support/support.h"

#include <math.h>
#include <unistd.h>

#include "config/reader.h"
#include "models/models.h"

enum { H = 37, W = 50, N = 2, CLASSES = 4 };

static encnet_options toy_options(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = "toy";
    o.model.backbone = "toy";
    o.model.classes = CLASSES;
    o.model.aux_channels = 3;
    o.train.seed = 3;
    return o;
}

static void write_batch(encnet__graph *g)
{
    static float x[N * H * W * 3];
    static int32_t y[N * H * W];
    encnet__rng r = encnet__rng_at(1, 0, 0, 0);

    for (size_t i = 0; i < COUNT_OF(x); i++) x[i] = (float)encnet__rng_normal(&r);
    for (size_t i = 0; i < COUNT_OF(y); i++) y[i] = (int32_t)encnet__rng_below(&r, CLASSES);
    assert_ok(encnet__write(encnet__graph_tensor(g, "image").buffer, 0, x, sizeof x));
    assert_ok(encnet__write(encnet__graph_tensor(g, "label").buffer, 0, y, sizeof y));
}

/* A training model after forward and backward of its first batch; the terms are borrowed from it. */
static encnet_model *after_a_step(const encnet_options *o, encnet__term *terms, int *n_terms)
{
    encnet_model *m = NULL;
    encnet__graph *g;
    double total;

    assert_ok(encnet__model_new_training(&m, test_device, o));
    assert_ok(encnet__model_training_graph(&g, m, N, H, W));
    write_batch(g);
    assert_ok(encnet__graph_forward(g, 1, 0));
    assert_ok(encnet__graph_backward(g, false, NULL));
    assert_ok(encnet__graph_terms(g, terms, n_terms, &total));
    return m;
}

static void losses_have_the_names_of_the_row(void **state)
{
    static const char *const names[] = {"decode_0.loss_seg", "decode_0.acc_seg",
                                        "decode_1.loss_seg", "decode_1.acc_seg",
                                        "decode_1.loss_presence"};
    encnet_options o = toy_options();
    encnet__term terms[ENCNET__MAX_TERMS];
    encnet_model *m;
    int n_terms;
    (void)state;

    m = after_a_step(&o, terms, &n_terms);
    assert_int_equal(n_terms, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool seen = false;
        for (int t = 0; t < n_terms; t++)
            seen |= !strcmp(terms[t].name, names[i]) && (!terms[t].is_loss || terms[t].value > 0);
        if (!seen) fail_msg("no %s, or it is not positive", names[i]);
    }
    encnet_model_free(m);
}

static double largest_gradient(encnet_model *m, const char *name)
{
    encnet__weights *w = encnet__model_weights(m);
    int found = encnet__weights_find(w, name);
    const encnet__param *p;
    float host[256];
    double largest = 0;

    if (found < 0) fail_msg("no weight %s", name);
    p = encnet__weights_at(w, found);
    assert_true(encnet__param_count(p) <= COUNT_OF(host));
    assert_ok(encnet__param_read(host, p, p->grad));
    for (size_t i = 0; i < encnet__param_count(p); i++) {
        assert_true(isfinite(host[i]));
        largest = max_or_nan(largest, fabs(host[i]));
    }
    return largest;
}

/* Without a loss of its own, the first head learns from the head that takes its logits. */
static void a_head_takes_the_logits_of_the_one_before(void **state)
{
    encnet_options o = toy_options();
    encnet__term terms[ENCNET__MAX_TERMS];
    encnet_model *m;
    int n_terms;
    (void)state;

    o.train.aux_weight = 0;
    o.model.dropout = 0;
    m = after_a_step(&o, terms, &n_terms);
    assert_true(largest_gradient(m, "decode_head.0.conv_seg.weight") > 1e-6);
    assert_true(largest_gradient(m, "decode_head.1.conv_seg.weight") > 1e-6);
    assert_true(largest_gradient(m, "backbone.0.conv.weight") > 1e-6);
    encnet_model_free(m);
}

static void the_main_head_is_run(void **state)
{
    static uint8_t rgb[H * W * 3], ids[H * W];
    encnet_options o = toy_options();
    encnet_model *m = NULL;
    encnet_plan narrow, wide;
    (void)state;

    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(i * 37 % 251);
    memset(ids, 0xff, sizeof ids);
    assert_ok(encnet_model_new(&m, test_device, &o));
    assert_ok(encnet_model_run(m, ids, NULL, rgb, H, W));
    for (size_t i = 0; i < sizeof ids; i++) assert_true(ids[i] < CLASSES);
    encnet_model_free(m);
    assert_ok(encnet_plan_make(&narrow, test_device, &o, N, H, W, false));
    o.model.backbone = "toy_wide";
    assert_ok(encnet_plan_make(&wide, test_device, &o, N, H, W, false));
    assert_true(wide.trainable > narrow.trainable);
}

static void what_a_network_lacks_is_named(void **state)
{
    encnet_options o = toy_options();
    encnet_model *m = NULL;
    (void)state;

    o.model.aux_channels = 0; /* leaves the first head out */
    assert_fails(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG,
                 "decode_head.1 takes the logits of a head before it");
    o.model.network = "toy_tall";
    assert_fails(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG,
                 "needs 3 feature maps; the backbone toy has 2");
    o.model.network = "fcnplus";
    assert_fails(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG,
                 "needs 4 feature maps; the backbone toy has 2");
    o.model.network = "encnet";
    o.model.aux_channels = 8;
    assert_ok(encnet_model_new(&m, test_device, &o)); /* any head on any backbone */
    encnet_model_free(m);
    m = NULL;
    o.model.network = "nothing";
    assert_fails(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG, "one of encnet fcn ");
    assert_non_null(strstr(encnet_last_error(), " toy"));
    o.model.network = "toy";
    o.model.backbone = "nothing";
    assert_fails(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG, "toy_wide");
}

static size_t count_of(encnet_model *m, const char *name)
{
    encnet__weights *w = encnet__model_weights(m);
    int found = encnet__weights_find(w, name);

    if (found < 0) fail_msg("no weight %s", name);
    return encnet__param_count(encnet__weights_at(w, found));
}

/* The option of the toy head: by its name, in a configuration, and in a file of weights. */
static void the_head_has_its_option(void **state)
{
    static const char ini[] = "[model]\nnetwork = toy\nbackbone = toy\naux_channels = 3\n"
                              "classes = 4\ntoy_width = 7\n";
    encnet_options o = toy_options();
    encnet_config *config = NULL;
    encnet_model *m = NULL, *loaded = NULL;
    char path[64], text[16];
    (void)state;

    snprintf(path, sizeof path, "/tmp/encnet-test-%d.safetensors", (int)getpid());
    assert_fails(encnet_options_set(&o, "model.toy_width", "13"), ENCNET_E_CONFIG,
                 "model.toy_width = 13: must be integer 1..12");
    assert_ok(encnet_options_get(text, sizeof text, &o, "model.toy_width"));
    assert_string_equal(text, "6");
    assert_ok(encnet__config_parse(&config, "toy.ini", ini, sizeof ini - 1, NULL, NULL));
    assert_ok(encnet_model_new(&m, test_device, encnet_config_options(config)));
    assert_int_equal(count_of(m, "decode_head.1.conv.conv.weight"), 7 * 6);
    assert_ok(encnet_model_save(m, path));
    assert_ok(encnet_model_load(&loaded, test_device, path));
    assert_int_equal(count_of(loaded, "decode_head.1.conv.conv.weight"), 7 * 6);
    encnet_model_free(loaded);
    encnet_model_free(m);
    encnet_config_free(config);
    unlink(path);
}

static void lists_hold_the_toys(void **state)
{
    encnet_model_part part;
    int networks = 0, heads = 0, backbones = 0;
    (void)state;

    for (int i = 0; encnet_model_part_at(i, &part); i++) {
        if (strncmp(part.name, "toy", 3)) continue;
        networks += !strcmp(part.kind, "network");
        heads += !strcmp(part.kind, "head");
        backbones += !strcmp(part.kind, "backbone");
    }
    assert_int_equal(networks, 2);
    assert_int_equal(heads, 1);
    assert_int_equal(backbones, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_have_the_names_of_the_row),
        cmocka_unit_test(a_head_takes_the_logits_of_the_one_before),
        cmocka_unit_test(the_main_head_is_run),
        cmocka_unit_test(what_a_network_lacks_is_named),
        cmocka_unit_test(the_head_has_its_option),
        cmocka_unit_test(lists_hold_the_toys),
    };
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
