/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_loss.c - which loss a head has, and the weights of classes on their way to it. */
#include "support/support.h"

#include <math.h>

#include "models/models.h"

enum { SIZE = 33, CLASSES = 19 };

static encnet_options small_options(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = "fcn";
    o.model.backbone = "resnet18";
    o.model.classes = CLASSES;
    o.model.channels = o.model.aux_channels = 4;
    o.model.dropout = 0;
    o.train.ohem_min_kept = 100;
    return o;
}

/* The losses of both heads; the weights of the classes too, unless `weights` is NULL. */
static void losses_of(double out[2], float *weights, const encnet_options *o)
{
    static float x[SIZE * SIZE * 3];
    static int32_t label[SIZE * SIZE];
    encnet__rng r = encnet__rng_at(1, 0, 0, 0);
    encnet_model *m = NULL;
    encnet__graph *g;
    encnet__term terms[ENCNET__MAX_TERMS];
    int n_terms;
    double total;

    for (size_t i = 0; i < COUNT_OF(x); i++) x[i] = (float)encnet__rng_normal(&r);
    for (size_t i = 0; i < COUNT_OF(label); i++)
        label[i] = (int32_t)encnet__rng_below(&r, CLASSES + 1); /* one of them is no class */
    assert_ok(encnet__model_new_training(&m, test_device, o));
    assert_ok(encnet__model_training_graph(&g, m, 1, SIZE, SIZE));
    assert_ok(encnet__write(encnet__graph_tensor(g, "image").buffer, 0, x, sizeof x));
    assert_ok(encnet__write(encnet__graph_tensor(g, "label").buffer, 0, label, sizeof label));
    assert_ok(encnet__graph_forward(g, 1, 0));
    assert_ok(encnet__graph_terms(g, terms, &n_terms, &total));
    for (int i = 0; i < n_terms; i++) {
        if (!strcmp(terms[i].name, "decode.loss_seg")) out[0] = terms[i].value;
        if (!strcmp(terms[i].name, "aux.loss_seg")) out[1] = terms[i].value;
    }
    if (weights)
        assert_ok(encnet__read(weights, encnet__graph_tensor(g, "class_weights").buffer, 0,
                               CLASSES * sizeof *weights));
    encnet_model_free(m);
}

static void each_head_has_its_loss(void **state)
{
    encnet_options o = small_options();
    double plain[2], main[2], aux[2];

    (void)state;
    losses_of(plain, NULL, &o);
    o.train.loss = "ohem";
    losses_of(main, NULL, &o);
    assert_true(main[0] > 0 && main[0] < plain[0] / 2 && main[1] == plain[1]);
    o.train.loss = "cross_entropy";
    o.train.aux_loss = "rmi";
    losses_of(aux, NULL, &o);
    assert_true(aux[0] == plain[0] && isfinite(aux[1]) && aux[1] != plain[1]);
}

/* All weights 2: cross_entropy and ohem double, to the bit; rmi has none. */
static void class_weights_reach_the_losses(void **state)
{
    static const char *const names[] = {"cross_entropy", "ohem", "rmi"};
    encnet_options o = small_options();
    double once[2], twice[2];

    (void)state;
    for (int i = 0; i < 3; i++) {
        o.train.loss = names[i];
        o.train.class_weights = "";
        losses_of(once, NULL, &o);
        o.train.class_weights = "2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2";
        losses_of(twice, NULL, &o);
        assert_true(twice[0] == (i == 2 ? 1 : 2) * once[0]);
        assert_true(twice[1] == 2 * once[1]);
    }
}

static void the_balance_of_cityscapes(void **state)
{
    encnet_options o = small_options();
    double out[2];
    float weights[CLASSES];
    encnet_model *m = NULL;
    encnet__graph *g;

    (void)state;
    o.train.class_weights = "cityscapes";
    losses_of(out, weights, &o);
    assert_true(weights[0] == 0.8373f && weights[5] == 0.9969f && weights[18] == 1.0507f);
    o.model.classes = 18;
    assert_ok(encnet__model_new_training(&m, test_device, &o));
    assert_fails(encnet__model_training_graph(&g, m, 1, SIZE, SIZE), ENCNET_E_ARG,
                 "train.class_weights has 19 numbers, model.classes is 18");
    encnet_model_free(m);
}

static void what_is_no_loss_is_refused(void **state)
{
    encnet_options o = small_options();
    encnet_model *m = NULL;

    (void)state;
    o.train.loss = "dice";
    assert_fails(encnet__model_new_training(&m, test_device, &o), ENCNET_E_ARG, "train.loss");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_head_has_its_loss),
        cmocka_unit_test(class_weights_reach_the_losses),
        cmocka_unit_test(the_balance_of_cityscapes),
        cmocka_unit_test(what_is_no_loss_is_refused),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
