/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_sgd.c - ten steps against double precision, and single steps that round in PyTorch's
 * order. */
#include "train/sgd.h"

#include <math.h>
#include "support/support.h"

enum { COUNT = 1000, STEPS = 10, GUARD = 8 };

typedef struct state {
    encnet_device *dev;
    encnet__buffer *p, *v, *g;
    float host[COUNT + GUARD];
} state;

typedef struct options {
    float lr, momentum, weight_decay, grad_scale;
    bool nesterov;
} options;

static encnet_status move(const state *t, size_t count, options o)
{
    encnet__sgd_weights w = {t->p, t->v, t->g, count, o.lr, o.weight_decay};

    return encnet__sgd_step(t->dev, &w, 1,
                            (encnet__sgd_rule){o.momentum, o.grad_scale, o.nesterov});
}

static int open(void **s)
{
    state *t = calloc(1, sizeof *t);

    if (!t) return -1;
    t->dev = test_open_device();
    assert_ok(encnet__buffer_new(&t->p, t->dev, sizeof t->host));
    assert_ok(encnet__buffer_new(&t->v, t->dev, sizeof t->host));
    assert_ok(encnet__buffer_new(&t->g, t->dev, sizeof t->host));
    *s = t;
    return 0;
}

static int close(void **s)
{
    state *t = *s;

    encnet__buffer_free(t->p);
    encnet__buffer_free(t->v);
    encnet__buffer_free(t->g);
    encnet_device_close(t->dev);
    free(t);
    return 0;
}

static void draw(state *t, encnet__buffer *b, uint32_t purpose, uint32_t step)
{
    encnet__rng r = encnet__rng_at(1, step, 0, purpose);

    for (int i = 0; i < COUNT + GUARD; i++) t->host[i] = (float)encnet__rng_normal(&r);
    assert_ok(encnet__write(b, 0, t->host, sizeof t->host));
}

/* Ten steps with a new gradient each stay within a few roundings of the same steps in double. */
static void ten_steps(void **s)
{
    static double p[COUNT], v[COUNT];
    state *t = *s;
    options o = {.lr = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f, .grad_scale = 0.25f};
    double worst = 0;

    draw(t, t->p, 1, 0);
    for (int i = 0; i < COUNT; i++) p[i] = t->host[i];
    assert_ok(encnet__fill(t->v, 0));
    for (uint32_t step = 0; step < STEPS; step++) {
        draw(t, t->g, 2, step);
        assert_ok(move(t, COUNT, o));
        for (int i = 0; i < COUNT; i++) {
            v[i] = (double)o.momentum * v[i] +
                   ((double)o.grad_scale * t->host[i] + (double)o.weight_decay * p[i]);
            p[i] -= (double)o.lr * v[i];
        }
    }
    assert_ok(encnet__read(t->host, t->p, 0, sizeof t->host));
    /* One rounding of p (at most 4 here) per step; those of v count lr times as much. */
    for (int i = 0; i < COUNT; i++) worst = max_or_nan(worst, fabs(t->host[i] - p[i]));
    assert_true(worst <= STEPS * 4 * 0x1p-24);
    assert_true(worst > 0);
}

/* torch.optim.SGD(nesterov=True): the step goes on by the new velocity. */
static void nesterov(void **s)
{
    static float p[COUNT], v[COUNT];
    state *t = *s;
    options o = {.lr = 0.0123f,
                 .momentum = 0.9f,
                 .weight_decay = 0.3f,
                 .grad_scale = 0.5f,
                 .nesterov = true};
    double worst = 0;

    draw(t, t->p, 3, 0);
    memcpy(p, t->host, sizeof p);
    draw(t, t->v, 4, 0);
    memcpy(v, t->host, sizeof v);
    draw(t, t->g, 5, 0);
    assert_ok(move(t, COUNT, o));
    for (int i = 0; i < COUNT; i++) {
        double g = (double)o.grad_scale * t->host[i] + (double)o.weight_decay * p[i],
               moved = (double)o.momentum * v[i] + g;
        p[i] -= (float)((double)o.lr * (g + (double)o.momentum * moved));
    }
    assert_ok(encnet__read(t->host, t->p, 0, sizeof t->host));
    for (int i = 0; i < COUNT; i++) worst = max_or_nan(worst, fabs((double)t->host[i] - p[i]));
    assert_true(worst <= 4 * 0x1p-22); /* p is at most about 4 */
}

/* The bits of p and v are those of the three lines with PyTorch's roundings. */
static void rounds_like_pytorch(void **s)
{
    static float p[COUNT], v[COUNT];
    state *t = *s;
    options o = {.lr = 0.0123f, .momentum = 0.9f, .weight_decay = 0.3f, .grad_scale = 1};

    draw(t, t->p, 3, 0);
    memcpy(p, t->host, sizeof p);
    draw(t, t->v, 4, 0);
    memcpy(v, t->host, sizeof v);
    draw(t, t->g, 5, 0);
    assert_ok(move(t, COUNT, o));
    for (int i = 0; i < COUNT; i++) {
        float g = fmaf(o.weight_decay, p[i], t->host[i]);
        float kept = o.momentum * v[i];
        v[i] = kept + g;
        p[i] = fmaf(-o.lr, v[i], p[i]);
    }
    assert_ok(encnet__read(t->host, t->v, 0, sizeof t->host));
    assert_memory_equal(t->host, v, sizeof v);
    assert_ok(encnet__read(t->host, t->p, 0, sizeof t->host));
    assert_memory_equal(t->host, p, sizeof p);
}

/* What lies behind `count` and the gradient stay as they are. */
static void leaves_the_rest(void **s)
{
    static float before[3][COUNT + GUARD];
    state *t = *s;
    encnet__buffer *b[3] = {t->p, t->v, t->g};
    options o = {.lr = 1, .momentum = 1, .weight_decay = 1, .grad_scale = 1};

    for (uint32_t i = 0; i < 3; i++) {
        draw(t, b[i], 6 + i, 0);
        memcpy(before[i], t->host, sizeof t->host);
    }
    assert_ok(move(t, 0, o));
    assert_ok(move(t, COUNT, o));
    for (int i = 0; i < 3; i++) {
        size_t from = i == 2 ? 0 : COUNT;
        assert_ok(encnet__read(t->host, b[i], 0, sizeof t->host));
        assert_memory_equal(t->host + from, before[i] + from,
                            (COUNT + GUARD - from) * sizeof(float));
    }
}

/* Several tensors in one launch, each with its own count, learning rate and decay, as one after another. */
static void several_tensors(void **s)
{
    static const size_t counts[ENCNET__SGD_MOST] = {1, 255, 256, 257, 0, 1000, 512, 3};
    static float alone[COUNT + GUARD];
    state *t = *s;
    encnet__sgd_weights w[ENCNET__SGD_MOST];
    encnet__sgd_rule rule = {0.9f, 0.5f, true};

    draw(t, t->g, 9, 0);
    for (int i = 0; i < ENCNET__SGD_MOST; i++) {
        w[i] = (encnet__sgd_weights){.g = t->g,
                                     .count = counts[i],
                                     .lr = 0.1f * (float)(i + 1),
                                     .weight_decay = 0.01f * (float)i};
        assert_ok(encnet__buffer_new(&w[i].p, t->dev, sizeof t->host));
        assert_ok(encnet__buffer_new(&w[i].v, t->dev, sizeof t->host));
        draw(t, w[i].p, 10, (uint32_t)i);
        draw(t, w[i].v, 11, (uint32_t)i);
    }
    assert_ok(encnet__sgd_step(t->dev, w, ENCNET__SGD_MOST, rule));
    for (int i = 0; i < ENCNET__SGD_MOST; i++) {
        draw(t, t->p, 10, (uint32_t)i);
        draw(t, t->v, 11, (uint32_t)i);
        assert_ok(
            move(t, counts[i],
                 (options){w[i].lr, rule.momentum, w[i].weight_decay, rule.grad_scale, true}));
        for (int k = 0; k < 2; k++) {
            assert_ok(encnet__read(alone, k ? t->v : t->p, 0, sizeof alone));
            assert_ok(encnet__read(t->host, k ? w[i].v : w[i].p, 0, sizeof t->host));
            assert_memory_equal(alone, t->host, sizeof alone);
        }
        encnet__buffer_free(w[i].p);
        encnet__buffer_free(w[i].v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps),           cmocka_unit_test(nesterov),
        cmocka_unit_test(rounds_like_pytorch), cmocka_unit_test(leaves_the_rest),
        cmocka_unit_test(several_tensors),
    };

    return cmocka_run_group_tests_name("sgd", tests, open, close);
}
