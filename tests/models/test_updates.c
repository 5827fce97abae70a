/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_updates.c - updates within the backward pass change no bit: weights and momentum after some steps are those of
 * updates after it, and a plan counts what is taken.
 */
#include "support/draw_batch.h"
#include "support/same_floats.h"
#include "support/support.h"

#include "models/models.h"
#include "train/sgd.h"

enum { H = 65, W = 97, N = 2, CLASSES = 5, STEPS = 2 };

typedef struct row {
    const char *network, *backbone, *precision, *recompute;
    bool nesterov;
    bool own; /* every slot has a buffer to itself while it lives, as on GPUs */
} row;

static const row rows[] = {
    {"encnet", "resnet50_v1c", "float32", "none", false},
    {"encnet", "resnet18_v1c", "float32", "full", true},
    {"deeplabv3plus", "resnet18", "bf16", "none", true},
    {"ocrnet", "hrnet_w18s", "float32", "none", false, true},
    {"ocrnet", "hrnet_w18s", "float32", "full", false},
};

static encnet_options options_of(const row *r)
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
    o.train.recompute = r->recompute;
    return o;
}

typedef struct step {
    encnet_device *device;
    encnet_model *model;
    bool nesterov;
    int updates, calls; /* how many weights have been updated, and in how many calls */
} step;

static encnet_status update(void *user, const encnet__update *updates, int n)
{
    step *s = user;
    encnet__sgd_weights moved[ENCNET__UPDATES];

    for (int k = 0; k < n; k++) {
        int i = updates[k].param;
        const encnet__param *p = encnet__weights_at(encnet__model_weights(s->model), i);
        float lr = 0.01f / (float)(1 + i % 3); /* not the same for all */
        moved[k] = (encnet__sgd_weights){
            p->value, p->momentum, updates[k].gradient, encnet__param_count(p), lr, 0.0005f};
    }
    s->updates += n;
    s->calls++;
    return encnet__sgd_step(s->device, moved, n, (encnet__sgd_rule){0.9f, 1, s->nesterov});
}

/* A model after some steps, each of whose updates come within its backward pass, or after it. */
static encnet_model *trained(encnet_device *device, const row *r, bool within)
{
    encnet_options o = options_of(r);
    step s = {.device = device, .nesterov = r->nesterov};
    encnet__graph_callback callback = {.update = update, .user = &s};
    encnet__weights *w;
    encnet__graph *g;
    int trainable = 0;

    assert_ok(encnet__model_new_from(&s.model, device, &o,
                                     within ? ENCNET__FOR_UPDATES : ENCNET__FOR_TRAINING, NULL));
    assert_ok(encnet__model_training_graph(&g, s.model, N, H, W));
    w = encnet__model_weights(s.model);
    for (int i = 0; i < encnet__weights_count(w); i++)
        trainable += encnet__weights_at(w, i)->trainable;
    for (uint32_t k = 0; k < STEPS; k++) {
        draw_batch(g, CLASSES, k);
        assert_ok(encnet__graph_forward(g, 1, k));
        assert_ok(encnet__graph_backward(g, false, within ? &callback : NULL));
        for (int i = 0; !within && i < encnet__weights_count(w); i++)
            if (encnet__weights_at(w, i)->trainable)
                assert_ok(update(&s, &(encnet__update){i, encnet__weights_at(w, i)->grad}, 1));
    }
    assert_int_equal(s.updates, STEPS * trainable);
    if (within) assert_true(s.calls < s.updates / 3);
    return s.model;
}

static void compare(encnet_model *within, encnet_model *after)
{
    encnet__weights *v = encnet__model_weights(within), *w = encnet__model_weights(after);

    assert_int_equal(encnet__weights_count(v), encnet__weights_count(w));
    for (int i = 0; i < encnet__weights_count(v); i++) {
        const encnet__param *p = encnet__weights_at(v, i), *q = encnet__weights_at(w, i);
        if (p->kind == ENCNET__COUNTER) continue;
        same_floats(p, q, p->value, q->value);
        if (!p->trainable) continue;
        assert_null(p->grad);
        same_floats(p, q, p->momentum, q->momentum);
    }
}

static void updates_within_backward_change_no_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet_device_options options = options_of(&rows[i]).device;
        encnet_device *device = NULL;
        encnet_model *within, *after;

        options.precision = rows[i].precision;
        assert_ok(encnet_device_open(&device, &options));
        if (rows[i].own)
            ((encnet__device_facts *)encnet__device_facts_of(device))->may_overlap = false;
        within = trained(device, &rows[i], true);
        after = trained(device, &rows[i], false);
        compare(within, after);
        encnet_model_free(within);
        encnet_model_free(after);
        encnet_device_close(device);
    }
}

/* What a model and its graph take is what the plan says, for a single rank and for one of two. */
static void check_plan(const row *r, int ranks)
{
    encnet_options o = options_of(r);
    encnet_model *m = NULL;
    encnet__graph *g;
    encnet_plan plan;

    assert_ok(encnet_plan_make_rank(&plan, test_device, &o, ranks, N, H, W));
    assert_int_equal(plan.total, plan.weights + plan.gradients + plan.momentum + plan.activations);
    assert_int_equal(plan.gradients, ranks > 1 ? plan.momentum : 0);
    assert_int_equal(encnet__device_memory(test_device).bytes, 0);
    assert_ok(encnet__model_new_from(&m, test_device, &o,
                                     ranks > 1 ? ENCNET__FOR_TRAINING : ENCNET__FOR_UPDATES, NULL));
    assert_ok(encnet__model_training_graph(&g, m, N, H, W));
    assert_int_equal(encnet__device_memory(test_device).bytes, plan.total);
    encnet_model_free(m);
}

static void a_plan_counts_what_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].precision, "float32")) continue;
        check_plan(&rows[i], 1);
        check_plan(&rows[i], 2);
    }
}

/* Batches that accumulate, and float16, need all gradients at once. */
static void gradients_are_kept_where_they_are_needed(void **state)
{
    encnet_options o = options_of(&rows[0]);
    encnet_device_options half;
    encnet_device *device = NULL;
    encnet_plan alone, other;

    (void)state;
    assert_ok(encnet_plan_make(&alone, test_device, &o, N, H, W, false));
    assert_int_equal(alone.gradients, 0);
    o.train.accumulate = 2;
    assert_ok(encnet_plan_make(&other, test_device, &o, N, H, W, false));
    assert_int_equal(other.gradients, other.momentum);
    assert_true(other.total > alone.total);
    o.train.accumulate = 1;
    half = o.device;
    half.precision = "fp16";
    assert_ok(encnet_device_open(&device, &half));
    assert_ok(encnet_plan_make(&other, device, &o, N, H, W, false));
    assert_int_equal(other.gradients, other.momentum);
    encnet_device_close(device);
    assert_fails(encnet_plan_make_rank(&other, test_device, &o, 0, N, H, W), ENCNET_E_ARG,
                 "0 ranks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_within_backward_change_no_bit),
        cmocka_unit_test(a_plan_counts_what_is_taken),
        cmocka_unit_test(gradients_are_kept_where_they_are_needed),
    };

    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
