/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_random.c - streams of random numbers: a published value, numbers drawn many at once, and from the middle. */
#include "support/support.h"

enum { MANY = 200 };

static encnet__rng stream(void)
{
    return encnet__rng_at(0x123456789abcdef0u, 7, 8, 9);
}

/* Random123's known answer: every bit of key and counter set. */
static void philox_is_philox(void **state)
{
    const uint32_t ones[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    uint32_t out[4];

    (void)state;
    encnet__philox(out, UINT32_MAX, UINT32_MAX, ones);
    assert_int_equal(out[0], 0x408f276du);
    assert_int_equal(out[1], 0x41c83b0eu);
    assert_int_equal(out[2], 0xa20bc7c6u);
    assert_int_equal(out[3], 0x6d5451fdu);
}

static void many_at_once_are_those_one_by_one(void **state)
{
    const double deviation = 0.3;
    float at_once[MANY];

    (void)state;
    for (size_t n = 0; n <= MANY; n++) {
        encnet__rng one = stream(), many = stream();
        encnet__rng_normals(at_once, n, deviation, &many);
        for (size_t i = 0; i < n; i++) {
            float x = (float)(deviation * encnet__rng_normal(&one));
            assert_memory_equal(&at_once[i], &x, sizeof x);
        }
        assert_int_equal(encnet__rng_u32(&many), encnet__rng_u32(&one)); /* and goes on alike */
    }
}

static void begins_at_any_word(void **state)
{
    uint32_t words[MANY];
    encnet__rng r = stream();

    (void)state;
    for (size_t i = 0; i < MANY; i++) words[i] = encnet__rng_u32(&r);
    for (size_t at = MANY; at-- > 0;) {
        encnet__rng_seek(&r, at);
        for (size_t i = at; i < MANY; i++) assert_int_equal(encnet__rng_u32(&r), words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_is_philox),
        cmocka_unit_test(many_at_once_are_those_one_by_one),
        cmocka_unit_test(begins_at_any_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
