/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_weights.c - initial values: those of one stream for each weight, however many threads draw them; and the
 * orders in files and on the device. */
#include "support/support.h"

#include "graph/weights.h"

enum { SEED = 5 };

typedef struct declared {
    encnet__param_kind kind;
    int dims[4];
    encnet__init init;
} declared;

/* Some of them large enough for several threads. */
static const declared list[] = {
    {ENCNET__CONV, {40, 50, 7, 9}, {ENCNET__INIT_NORMAL, 0.25, 0}},
    {ENCNET__CONV, {3, 2, 1, 3}, {ENCNET__INIT_NORMAL, 2, 0}},
    {ENCNET__LINEAR, {301, 257}, {ENCNET__INIT_UNIFORM, -0.5, 0.75}},
    {ENCNET__MATRIX, {5, 6}, {ENCNET__INIT_UNIFORM, -1, 0}},
    {ENCNET__VECTOR, {70001}, {ENCNET__INIT_CONSTANT, 3, 0}},
};

static encnet__weights *make_weights(void)
{
    encnet__weights *w;
    char name[16];

    assert_ok(encnet__weights_new(&w, test_device));
    for (size_t i = 0; i < COUNT_OF(list); i++) {
        snprintf(name, sizeof name, "w%zu", i);
        assert_int_equal(
            encnet__weights_declare(w, name, list[i].kind, list[i].dims, true, list[i].init), i);
    }
    assert_ok(encnet__weights_allocate(w, ENCNET__FOR_INFERENCE));
    return w;
}

/* Draws one number after the other. */
static float next(encnet__init init, encnet__rng *r)
{
    switch (init.kind) {
    case ENCNET__INIT_NORMAL:
        return (float)(init.a * encnet__rng_normal(r));
    case ENCNET__INIT_UNIFORM:
        return (float)(init.a + (init.b - init.a) * encnet__rng_uniform(r));
    case ENCNET__INIT_CONSTANT:
        break;
    }
    return (float)init.a;
}

static void draws_each_weight_from_its_stream(void **state)
{
    encnet__weights *w = make_weights();

    (void)state;
    assert_ok(encnet__weights_init(w, SEED, NULL));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        encnet__rng r = encnet__rng_at(SEED, (uint32_t)i, 0, 1);
        size_t count = encnet__param_count(p);
        float *host = malloc(count * sizeof *host);
        assert_non_null(host);
        assert_ok(encnet__param_read(host, p, p->value));
        for (size_t k = 0; k < count; k++) {
            float x = next(p->init, &r);
            assert_memory_equal(&host[k], &x, sizeof x);
        }
        free(host);
    }
    encnet__weights_free(w);
}

/* What is going to be loaded keeps its zeros; the others are what they would be besides. */
static void leaves_out_what_is_loaded(void **state)
{
    encnet__weights *w = make_weights(), *all = make_weights();
    float some[2], same[2];

    (void)state;
    assert_ok(encnet__weights_init(w, SEED, "w1"));
    assert_ok(encnet__weights_init(all, SEED, NULL));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        assert_ok(encnet__read(some, encnet__weights_at(w, i)->value, 0, sizeof some));
        assert_ok(encnet__read(same, encnet__weights_at(all, i)->value, 0, sizeof same));
        if (i == 1) memset(same, 0, sizeof same);
        assert_memory_equal(some, same, sizeof some);
    }
    encnet__weights_free(all);
    encnet__weights_free(w);
}

/* [K,C,R,S] in files is [R,S,C,K] on the device. */
static void has_the_channels_last_on_the_device(void **state)
{
    encnet__weights *w = make_weights();
    const encnet__param *p = encnet__weights_at(w, 0);
    size_t count = encnet__param_count(p), at = 0;
    float *file = malloc(count * sizeof *file), *device = malloc(count * sizeof *device);
    int K = p->dims[0], C = p->dims[1], area = p->dims[2] * p->dims[3];

    (void)state;
    assert_true(file && device);
    for (size_t i = 0; i < count; i++) file[i] = (float)i;
    assert_ok(encnet__param_write(p, p->value, file));
    assert_ok(encnet__read(device, p->value, 0, count * sizeof *device));
    for (int rs = 0; rs < area; rs++)
        for (int c = 0; c < C; c++)
            for (int k = 0; k < K; k++) assert_int_equal(device[at++], (k * C + c) * area + rs);
    memset(file, 0, count * sizeof *file);
    assert_ok(encnet__param_read(file, p, p->value));
    for (size_t i = 0; i < count; i++) assert_int_equal(file[i], i);
    free(file);
    free(device);
    encnet__weights_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_each_weight_from_its_stream),
        cmocka_unit_test(leaves_out_what_is_loaded),
        cmocka_unit_test(has_the_channels_last_on_the_device),
    };
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
