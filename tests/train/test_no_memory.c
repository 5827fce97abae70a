/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_no_memory.c - the library without memory: a session (session.h) in which the k-th allocation fails, or all from the
 * k-th on.
 *
 * The session ends with a status and a message and leaves nothing on the device; its training goes on to the same weights.
 * The address sanitizer finds leaks on the host.
 * ENCNET_TEST_ALL=1 tries every k; otherwise a stride skips most.
 */
#define _POSIX_C_SOURCE 200809L
#include "train/session.h"

#include "support/memory.h"

/* A session in which allocations k .. to fail; whether it ended well, or else as it should. */
static bool session_without(long k, long to)
{
    encnet_options o = options(in_dir("run"));
    encnet_status rc;
    long refused;
    bool good;

    o.model.checkpoint = in_dir("model.safetensors");
    memory_refuse(k, to);
    rc = session(&o);
    refused = memory_refused();
    memory_refuse(0, 0);
    good = rc == ENCNET_OK || (refused && rc == ENCNET_E_NOMEM && *encnet_last_error());
    if (!good) print_error("allocation %ld: status %d: %s\n", k, rc, encnet_last_error());
    if (rc != ENCNET_OK && !goes_on(&o)) good = false;
    remove_results();
    if (!good) print_error("allocation %ld\n", k);
    return good;
}

/* Returns the number of allocations of a session that has all it wants. */
static long count(void)
{
    long before = memory_count();

    assert_true(session_without(0, 0));
    return memory_count() - before;
}

static void sweep(bool all_after)
{
    long n = count(), stride = getenv("ENCNET_TEST_ALL") ? 1 : 1 + n / SAMPLES, wrong = 0;

    assert_true(n > 100);
    for (long k = 1; k <= n; k += stride) wrong += !session_without(k, all_after ? 1L << 40 : k);
    print_message("    every %ldth of %ld allocations\n", stride, n);
    assert_int_equal(wrong, 0);
}

static void one_allocation_fails(void **state)
{
    (void)state;
    sweep(false);
}

static void all_allocations_fail(void **state)
{
    (void)state;
    sweep(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_fails),
        cmocka_unit_test(all_allocations_fail),
    };

    return cmocka_run_group_tests(tests, open_session, close_session);
}
