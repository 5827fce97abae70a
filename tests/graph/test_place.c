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

/* The most bytes that live at one moment. */
static size_t most_alive(const slot *slots, int n, int end)
{
    size_t most = 0;

    for (int t = 0; t <= end; t++) {
        size_t sum = 0;
        for (int i = 0; i < n; i++)
            if (slots[i].first <= t && t <= slots[i].last) sum += slots[i].bytes;
        most = sum > most ? sum : most;
    }
    return most;
}

/* Layers with scratch and residuals; most can do with what lives at one moment, the others with little more. */
static void orders_are_tried(void **state)
{
    enum { LAYERS = 40, ROWS = 50 };
    int perfect = 0;
    (void)state;

    for (uint32_t t = 0; t < ROWS; t++) {
        encnet__rng r = encnet__rng_at(11, t, 0, 0);
        slot slots[2 * LAYERS];
        size_t *bytes, most;
        int n_arenas;
        for (int i = 0; i < LAYERS; i++) {
            slots[2 * i] = (slot){.bytes = 1000 + encnet__rng_below(&r, 9000),
                                  .first = i,
                                  .last = i + (i % 4 ? 1 : 4)};
            slots[2 * i + 1] =
                (slot){.bytes = 1 + encnet__rng_below(&r, 9000), .first = i, .last = i};
        }
        assert_int_equal(
            encnet__arena_assign(slots, 2 * LAYERS, ALIGN, SIZE_MAX, true, &bytes, &n_arenas),
            ENCNET_OK);
        check_places(slots, 2 * LAYERS, bytes, SIZE_MAX);
        most = most_alive(slots, 2 * LAYERS, LAYERS + 4);
        assert_true(bytes[0] <= most + most / 16);
        perfect += bytes[0] == most;
        encnet__free(bytes);
    }
    assert_in_range(perfect, ROWS * 7 / 10, ROWS);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lives), cmocka_unit_test(orders_are_tried),
        cmocka_unit_test(arenas_are_whole), cmocka_unit_test(chain_shares)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
