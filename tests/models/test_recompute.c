/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_recompute.c - with train.recompute = auto a step takes less memory than with none, with full less than with auto, and
 * all compute the same bits: losses, gradients and running statistics after two batches, of which the second adds to the
 * gradients of the first.
 */
#include "support/draw_batch.h"
#include "support/same_floats.h"
#include "support/support.h"

#include "models/models.h"

enum { H = 65, W = 97, N = 2, CLASSES = 5, BATCHES = 2 };

typedef struct row {
    const char *network, *backbone, *precision;
    double
        factor; /* of auto's memory of activations, that full takes at most where views may overlap */
    double narrow; /* the same where registers hold 8 floats, if it is another: plans differ */
} row;

static const row rows[] = {
    {"encnet", "resnet50_v1c", "float32", 0.7},      {"encnet", "resnet18_v1c", "fp16", 0.93},
    {"deeplabv3plus", "resnet18", "float32", 0.89},  {"deeplabv3plus", "resnet50", "bf16", 0.77},
    {"ocrnet", "hrnet_w18s", "float32", 0.71, 0.75}, {"ocrnet", "resnet50_v1c", "float32", 0.68},
};

static encnet_options options_of(const row *r, const char *recompute)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = r->network;
    o.model.backbone = r->backbone;
    o.model.classes = CLASSES;
    o.model.channels = o.model.aux_channels = 16;
    o.model.ocr_channels = 16;
    o.model.dropout = 0.3;
    o.train.seed = 3;
    o.train.accumulate = BATCHES;
    o.train.recompute = recompute;
    return o;
}

/* A model after forward and backward of its batches. */
static encnet_model *trained(encnet_device *device, const encnet_options *o, double *loss)
{
    encnet__term terms[ENCNET__MAX_TERMS];
    encnet_model *m = NULL;
    encnet__graph *g;
    int n_terms;

    assert_ok(encnet__model_new_training(&m, device, o));
    assert_ok(encnet__model_training_graph(&g, m, N, H, W));
    for (uint32_t b = 0; b < BATCHES; b++) {
        draw_batch(g, CLASSES, b);
        assert_ok(encnet__graph_forward(g, 1, b));
        assert_ok(encnet__graph_backward(g, b > 0, NULL));
    }
    assert_ok(encnet__graph_terms(g, terms, &n_terms, loss));
    return m;
}

static void same_bits(encnet_model *a, encnet_model *b)
{
    encnet__weights *v = encnet__model_weights(a), *w = encnet__model_weights(b);

    assert_int_equal(encnet__weights_count(v), encnet__weights_count(w));
    for (int i = 0; i < encnet__weights_count(v); i++) {
        const encnet__param *p = encnet__weights_at(v, i), *q = encnet__weights_at(w, i);
        assert_int_equal(p->counter, q->counter);
        if (p->kind == ENCNET__COUNTER) continue;
        same_floats(p, q, p->value, q->value);
        if (p->trainable) same_floats(p, q, p->grad, q->grad);
    }
}

static void less_memory_and_the_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet_device_options device_options;
        encnet_options none = options_of(&rows[i], "none"), some = options_of(&rows[i], "auto"),
                       full = options_of(&rows[i], "full");
        encnet_device *device = NULL;
        encnet_plan most_stored, plain, small;
        const encnet__device_facts *facts;
        double losses[3], most;
        encnet_model *a, *b, *c;

        device_options = none.device;
        device_options.precision = rows[i].precision;
        assert_ok(encnet_device_open(&device, &device_options));
        assert_ok(encnet_plan_make(&most_stored, device, &none, N, H, W, false));
        assert_ok(encnet_plan_make(&plain, device, &some, N, H, W, false));
        assert_ok(encnet_plan_make(&small, device, &full, N, H, W, false));
        assert_true(plain.activations < most_stored.activations);
        assert_true(plain.activations_stored < most_stored.activations_stored);
        print_message("    %s on %s, %s: %.3f of the activations\n", rows[i].network,
                      rows[i].backbone, rows[i].precision,
                      (double)small.activations / (double)plain.activations);
        facts = encnet__device_facts_of(device);
        most = !facts->may_overlap                               ? 1
               : facts->vector_floats < 16 && rows[i].narrow > 0 ? rows[i].narrow
                                                                 : rows[i].factor;
        assert_true((double)small.activations < most * (double)plain.activations);
        assert_true(small.activations_stored < plain.activations_stored);
        assert_int_equal(small.weights + small.gradients + small.momentum,
                         plain.weights + plain.gradients + plain.momentum);
        a = trained(device, &none, &losses[0]);
        b = trained(device, &some, &losses[1]);
        c = trained(device, &full, &losses[2]);
        assert_memory_equal(&losses[0], &losses[1], sizeof losses[0]);
        assert_memory_equal(&losses[0], &losses[2], sizeof losses[0]);
        same_bits(a, b);
        same_bits(a, c);
        encnet_model_free(a);
        encnet_model_free(b);
        encnet_model_free(c);
        encnet_device_close(device);
    }
}

/* Inference and evaluation do not know of it. */
static void inference_stays_as_it_is(void **state)
{
    encnet_options none = options_of(&rows[0], "none"), full = options_of(&rows[0], "full");
    encnet_plan a, b;

    (void)state;
    assert_ok(encnet_plan_make(&a, test_device, &none, N, H, W, true));
    assert_ok(encnet_plan_make(&b, test_device, &full, N, H, W, true));
    assert_memory_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_memory_and_the_same_bits),
        cmocka_unit_test(inference_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
