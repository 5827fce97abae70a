/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_collectives.c - layers whose statistics are those of all ranks share messages: how many a step
 * takes, and that the numbers are those of one rank that has all images.
 */
#include "support/support.h"

#include <math.h>

#include "models/models.h"
#include "ops/ranks.h"
#include "support/formula.h"
#include "support/same_images.h"

enum { CLASSES = 5 };

static encnet_options options_of(const char *backbone, const char *network, bool lateral)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = network;
    o.model.backbone = backbone;
    o.model.classes = CLASSES;
    assert_ok(encnet_options_set(&o, "model.lateral", lateral ? "yes" : "no"));
    o.model.channels = o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    o.model.dropout = 0;
    return o;
}

/* The gradient of the first weight after one step, of a batch of one image. */
static void step(float *gradient, size_t count, const encnet_options *o, encnet__ranks *ranks)
{
    encnet_model *m = same_images_step(o, formula_weights, ranks);

    assert_ok(encnet__read(gradient, encnet__weights_at(encnet__model_weights(m), 0)->grad, 0,
                           count * sizeof *gradient));
    encnet_model_free(m);
}

static int batch_norms(const encnet_options *o)
{
    encnet_model *m;
    encnet__weights *w;
    int n = 0;

    assert_ok(encnet__model_new_training(&m, test_device, o));
    w = encnet__model_weights(m);
    for (int i = 0; i < encnet__weights_count(w); i++)
        n += strstr(encnet__weights_at(w, i)->name, "running_mean") != NULL;
    encnet_model_free(m);
    return n;
}

/* A chain of n layers takes n messages; branches beside it take none of their own.
 * `layers` batch norms exchange their statistics in `forward` messages and their sums in `backward` ones. */
static void check(encnet_options o, int layers, int forward, int backward)
{
    enum { COUNT = 27 };
    const int images[] = {1, 1};
    encnet__ranks *ranks;
    float alone[COUNT], together[COUNT];

    same_images_gathers = same_images_sums = 0;
    step(alone, COUNT, &o, NULL);
    assert_int_equal(same_images_gathers + same_images_sums, 0);
    assert_ok(encnet__ranks_new(&ranks, &same_images, images));
    step(together, COUNT, &o, ranks);
    encnet__ranks_free(ranks);
    assert_int_equal(batch_norms(&o), layers);
    assert_int_equal(same_images_gathers, forward);
    assert_int_equal(same_images_sums, backward);
    for (int i = 0; i < COUNT; i++) /* of a rank that has half of the batch, twice */
        assert_close(2 * together[i], alone[i], 1e-4 * fabs(alone[i]) + 1e-7);
}

static void fcn_on_basic_blocks(void **state)
{
    (void)state;
    /* the stem, two in each of 8 blocks, three in the head; beside them three shortcuts and the
     * auxiliary head */
    check(options_of("resnet18", "fcn", false), 24, 1 + 2 * 8 + 3, 20);
}

static void encnet_with_laterals(void **state)
{
    (void)state;
    /* the stem, three in each of 16 blocks, four in the head; beside them four shortcuts, two
     * laterals and the auxiliary head */
    check(options_of("resnet50", "encnet", true), 60, 1 + 3 * 16 + 4, 53);
}

/* Every rank by itself exchanges nothing, and two with the same images have what each has alone. */
static void local_ones_exchange_nothing(void **state)
{
    enum { COUNT = 27 };
    const int images[] = {1, 1};
    encnet_options o = options_of("resnet18", "fcn", false);
    encnet__ranks *ranks;
    float alone[COUNT], beside[COUNT];

    (void)state;
    same_images_gathers = same_images_sums = 0;
    step(alone, COUNT, &o, NULL);
    assert_ok(encnet__ranks_new(&ranks, &same_images, images));
    ranks->local = true;
    step(beside, COUNT, &o, ranks);
    encnet__ranks_free(ranks);
    assert_int_equal(same_images_gathers + same_images_sums, 0);
    for (int i = 0; i < COUNT; i++) assert_true(2 * beside[i] == alone[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fcn_on_basic_blocks),
        cmocka_unit_test(encnet_with_laterals),
        cmocka_unit_test(local_ones_exchange_nothing),
    };
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
