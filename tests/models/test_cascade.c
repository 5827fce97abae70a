/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_cascade.c - in training the first head of a cascade runs twice: its running statistics are
 * updated as often, and with dropout the next head reads class maps with a mask of their own.
 */
#include "support/support.h"

#include <math.h>

#include "graph/internal.h"
#include "models/models.h"
#include "ops/ranks.h"
#include "support/same_images.h"

enum { SIDE = 65, CLASSES = 5, WIDTH = 8 };

static encnet_options options_of(const char *network)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = network;
    o.model.backbone = "resnet18";
    o.model.classes = CLASSES;
    o.model.channels = o.model.aux_channels = o.model.ocr_channels = WIDTH;
    return o;
}

/* -- running statistics ------------------------------------------------------------------------ */

/* A weight set by the number of its elements alone, whatever network it is in. */
static void set_weights(encnet__weights *w)
{
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        size_t count = encnet__param_count(p);
        bool is_norm = p->kind == ENCNET__VECTOR;
        float *x = calloc(count, sizeof *x);
        assert_non_null(x);
        for (size_t j = 0; j < count; j++)
            x[j] = is_norm ? 1 : 0.05f * (float)((j * 7919 + count) % 101) / 50 - 0.05f;
        if (p->kind != ENCNET__COUNTER) assert_ok(encnet__param_write(p, p->value, x));
        free(x);
    }
}

static encnet_model *step(const encnet_options *o, encnet__ranks *ranks)
{
    return same_images_step(o, set_weights, ranks);
}

static void read_weight(float x[WIDTH], encnet_model *m, const char *name)
{
    encnet__weights *w = encnet__model_weights(m);
    int i = encnet__weights_find(w, name);

    assert_true(i >= 0);
    assert_int_equal(encnet__param_count(encnet__weights_at(w, i)), WIDTH);
    assert_ok(encnet__param_read(x, encnet__weights_at(w, i), encnet__weights_at(w, i)->value));
}

/* FCN's auxiliary head is the same as the first head of OCRNet, and runs once. */
static void statistics_are_updated_twice(void **state)
{
    static const int images[] = {1, 1};
    encnet_options fcn = options_of("fcn"), ocr = options_of("ocrnet");
    encnet_model *once = step(&fcn, NULL), *twice = step(&ocr, NULL), *shared;
    encnet__weights *w = encnet__model_weights(twice);
    float mean[3][WIDTH], var[2][WIDTH];
    encnet__ranks *ranks;

    (void)state;
    read_weight(mean[0], once, "auxiliary_head.convs.0.bn.running_mean");
    read_weight(mean[1], twice, "decode_head.0.convs.0.bn.running_mean");
    read_weight(var[0], once, "auxiliary_head.convs.0.bn.running_var");
    read_weight(var[1], twice, "decode_head.0.convs.0.bn.running_var");
    assert_ok(encnet__ranks_new(&ranks, &same_images, images));
    shared = step(&ocr, ranks);
    read_weight(mean[2], shared, "decode_head.0.convs.0.bn.running_mean");
    for (int c = 0; c < WIDTH; c++) { /* both statistics were 1 */
        double mu = ((double)mean[0][c] - 0.9) / 0.1, v = ((double)var[0][c] - 0.9) / 0.1;
        assert_true(fabs(mu - 1) > 1e-3);
        assert_close(mean[1][c], 0.81 + 0.19 * mu, 1e-5);
        assert_close(var[1][c], 0.81 + 0.19 * v, 1e-5 * fabs(v) + 1e-6);
        assert_close(mean[2][c], mean[1][c], 1e-5); /* the ranks' batches have the same mean */
    }
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (p->kind == ENCNET__COUNTER)
            assert_int_equal(p->counter, strncmp(p->name, "decode_head.0.", 14) ? 1 : 2);
    }
    encnet_model_free(once);
    encnet_model_free(twice);
    encnet_model_free(shared);
    encnet__ranks_free(ranks);
}

/* -- dropout ----------------------------------------------------------------------------------- */

/* The classifiers of the first head, `n` of them, and the nodes that they read. */
typedef struct classifiers {
    int n;
    const node *reads[4];
} classifiers;

static classifiers classifiers_of(encnet__graph **g, encnet__weights **w, const encnet_options *o,
                                  bool training)
{
    encnet__graph_key key = {
        .n = 1, .h = SIDE, .w = SIDE, .wants = training ? 0 : ENCNET__WANT_LOGITS};
    classifiers found = {.n = 0};

    assert_ok(encnet__weights_new(w, test_device));
    assert_ok(encnet__network_compose(g, test_device, *w, o, training, &key));
    for (int i = 0; i < (*g)->n_nodes; i++) {
        const node *v = &(*g)->nodes[i];
        if (v->op != &encnet__op_conv2d) continue;
        if (strcmp(encnet__weights_at(*w, (*g)->nodes[v->in[1]].param)->name,
                   "decode_head.0.conv_seg.weight"))
            continue;
        assert_true(found.n < 4);
        found.reads[found.n++] = &(*g)->nodes[v->in[0]];
    }
    return found;
}

static int count_classifiers(const encnet_options *o, bool training)
{
    encnet__weights *w = NULL;
    encnet__graph *g = NULL;
    int n = classifiers_of(&g, &w, o, training).n;

    encnet__graph_free(g);
    encnet__weights_free(w);
    return n;
}

static void the_second_pass_draws_its_own_mask(void **state)
{
    encnet_options o = options_of("ocrnetplus");
    encnet__weights *w = NULL;
    encnet__graph *g = NULL;
    classifiers c;

    (void)state;
    c = classifiers_of(&g, &w, &o, true);
    assert_int_equal(c.n, 2);
    assert_ptr_equal(c.reads[0]->op, &encnet__op_dropout);
    assert_ptr_equal(c.reads[1]->op, &encnet__op_dropout);
    assert_int_equal(c.reads[0]->in[0], c.reads[1]->in[0]); /* the convolution runs once */
    assert_int_not_equal(c.reads[0]->id, c.reads[1]->id);   /* the key of the mask */
    encnet__graph_free(g);
    encnet__weights_free(w);
}

/* Where both passes have the same result there is one. */
static void without_dropout_there_is_one_pass(void **state)
{
    encnet_options o = options_of("ocrnet");

    (void)state;
    assert_int_equal(count_classifiers(&o, false), 1);
    o.model.aux_dropout = false;
    assert_int_equal(count_classifiers(&o, true), 1);
    o.model.aux_dropout = true;
    o.model.dropout = 0;
    assert_int_equal(count_classifiers(&o, true), 1);
}

/* -- what does not fit ------------------------------------------------------------------------- */

static void says_what_is_missing(void **state)
{
    encnet_options o = options_of("ocrnet");
    encnet_model *m = NULL;

    (void)state;
    o.model.aux_channels = 0;
    assert_int_equal(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.aux_channels = 0: the network ocrnet"));
    o = options_of("ocrnetplus");
    o.model.c1_channels = 0;
    assert_int_equal(encnet_model_new(&m, test_device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.c1_channels = 0: the network ocrnetplus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_are_updated_twice),
        cmocka_unit_test(the_second_pass_draws_its_own_mask),
        cmocka_unit_test(without_dropout_there_is_one_pass),
        cmocka_unit_test(says_what_is_missing),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
