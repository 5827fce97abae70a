/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_place.c - slots that live at the same time never overlap, and what can share memory does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "graph/internal.h"

enum { ALIGN = 128, SLOTS = 300 };

static slot random_slot(encnet__rng *r)
{
    int first = (int)encnet__rng_below(r, 500);

    return (slot){.bytes = 1 + encnet__rng_below(r, 100000),
                  .first = first,
                  .last = first + (int)encnet__rng_below(r, 60)};
}

static void check_places(const slot *s, int n, const size_t *bytes, size_t limit)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(s[i].offset % ALIGN, 0);
        assert_true(s[i].offset + s[i].bytes <= bytes[s[i].arena]);
        assert_true(bytes[s[i].arena] <= limit || s[i].bytes <= bytes[s[i].arena]);
        for (int j = 0; j < i; j++) {
            bool together = s[i].first <= s[j].last && s[j].first <= s[i].last;
            bool overlap = s[i].arena == s[j].arena && s[i].offset < s[j].offset + s[j].bytes &&
                           s[j].offset < s[i].offset + s[i].bytes;
            assert_false(together && overlap);
        }
    }
}

static void random_lives(void **state)
{
    static const size_t limits[] = {SIZE_MAX, 400000, 100096};
    (void)state;

    for (size_t t = 0; t < COUNT_OF(limits); t++) {
        slot slots[SLOTS];
        encnet__rng r = encnet__rng_at(7, (uint32_t)t, 0, 0);
        size_t *bytes;
        int n_arenas;
        for (int i = 0; i < SLOTS; i++) slots[i] = random_slot(&r);
        assert_int_equal(
            encnet__arena_assign(slots, SLOTS, ALIGN, limits[t], true, &bytes, &n_arenas),
            ENCNET_OK);
        assert_true(t > 0 || n_arenas == 1);
        for (int a = 0; a < n_arenas; a++) assert_true(bytes[a] <= limits[t]);
        check_places(slots, SLOTS, bytes, limits[t]);
        encnet__free(bytes);
    }
}

/* A chain in which each slot lives with its neighbours only needs two places. */
static void chain_shares(void **state)
{
    slot slots[50];
    size_t *bytes;
    int n_arenas;
    (void)state;

    for (int i = 0; i < 50; i++) slots[i] = (slot){.bytes = 1024, .first = i, .last = i + 1};
    assert_int_equal(encnet__arena_assign(slots, 50, ALIGN, SIZE_MAX, true, &bytes, &n_arenas),
                     ENCNET_OK);
    assert_int_equal(n_arenas, 1);
    assert_int_equal(bytes[0], 2048);
    encnet__free(bytes);
}

/* Where views may not overlap, those that share an arena begin with it, and never live together. */
static void arenas_are_whole(void **state)
{
    slot slots[SLOTS];
    encnet__rng r = encnet__rng_at(7, 9, 0, 0);
    size_t *bytes, most = 0, alive[600] = {0};
    int n_arenas;
    (void)state;

    for (int i = 0; i < SLOTS; i++) slots[i] = random_slot(&r);
    assert_int_equal(encnet__arena_assign(slots, SLOTS, ALIGN, SIZE_MAX, false, &bytes, &n_arenas),
                     ENCNET_OK);
    check_places(slots, SLOTS, bytes, SIZE_MAX);
    for (int i = 0; i < SLOTS; i++) {
        assert_int_equal(slots[i].offset, 0);
        for (int c = slots[i].first; c <= slots[i].last; c++) alive[c]++;
        for (int j = 0; j < i; j++)
            assert_true(slots[i].arena != slots[j].arena || slots[i].first > slots[j].last ||
                        slots[j].first > slots[i].last);
    }
    for (int c = 0; c < 600; c++) most = alive[c] > most ? alive[c] : most;
    assert_true((size_t)n_arenas >= most && (size_t)n_arenas < most + most / 4);
    encnet__free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_lives),
                                       cmocka_unit_test(arenas_are_whole),
                                       cmocka_unit_test(chain_shares)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
