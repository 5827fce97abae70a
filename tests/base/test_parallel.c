/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_parallel.c - loops that threads share: each index once, with threads and without. */
#define _GNU_SOURCE /* pthread_setattr_default_np */
#include "support/support.h"

#include <pthread.h>

enum { MOST = 300007 };

static unsigned char visits[MOST + 1];

/* Asserts nothing, because cmocka's failures leave only the thread of the test. */
static void visit(void *user, size_t first, size_t end)
{
    unsigned char *at = user;

    for (size_t i = first; i < end && i <= MOST; i++) at[i]++;
}

static void assert_each_once(void)
{
    static const size_t counts[] = {0, 1, 1000, 32767, 32768, 32769, 65536, 100003, MOST};

    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        memset(visits, 0, sizeof visits);
        encnet__parallel(counts[c], visit, visits);
        for (size_t i = 0; i <= MOST; i++) assert_int_equal(visits[i], i < counts[c]);
    }
}

static void each_index_once(void **state)
{
    (void)state;
    assert_each_once();
}

/* No address space has room for their stacks. */
static void without_threads(void **state)
{
    pthread_attr_t usual, huge;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_getattr_default_np(&usual), 0);
    assert_int_equal(pthread_attr_init(&huge), 0);
    assert_int_equal(pthread_attr_setstacksize(&huge, (size_t)1 << 50), 0);
    assert_int_equal(pthread_setattr_default_np(&huge), 0);
    assert_int_not_equal(pthread_create(&thread, NULL, (void *(*)(void *))abort, NULL), 0);
    assert_each_once();
    assert_int_equal(pthread_setattr_default_np(&usual), 0);
    pthread_attr_destroy(&huge);
    pthread_attr_destroy(&usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_index_once),
        cmocka_unit_test(without_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
