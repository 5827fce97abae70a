/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_bad_device.c - a device that fails: a session (session.h) in which the k-th OpenCL call fails.
 *
 * The session ends with a status and a message and leaves nothing on the device; its training goes on to the same weights.
 * ENCNET_TEST_ALL=1 tries every k; otherwise a stride skips most.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "support/opencl_faults.h"
#include "train/session.h"

/* A session whose k-th call fails; whether it ended well, or else as it should. */
static bool session_with_fault(long k, bool *noticed)
{
    encnet_options o = options(in_dir("run"));
    encnet_status rc;
    bool good;

    o.model.checkpoint = in_dir("model.safetensors");
    calls = 0;
    failing = k;
    encnet__fail(ENCNET_OK, "%s", "");
    rc = session(&o);
    failing = 0;
    *noticed = rc != ENCNET_OK;
    good = rc == ENCNET_OK || ((rc == ENCNET_E_DEVICE || rc == ENCNET_E_KERNEL ||
                                rc == ENCNET_E_NO_DEVICE || rc == ENCNET_E_NOMEM) &&
                               *encnet_last_error());
    if (!good) print_error("status %d: %s\n", rc, encnet_last_error());
    if (*noticed && !goes_on(&o)) good = false;
    remove_results();
    if (!good) print_error("call %ld\n", k);
    return good;
}

static void one_call_fails(void **state)
{
    long n, stride, wrong = 0, ended = 0, tried = 0;
    bool noticed;

    (void)state;
    assert_true(session_with_fault(0, &noticed));
    n = calls;
    assert_true(n > 100);
    stride = getenv("ENCNET_TEST_ALL") ? 1 : 1 + n / SAMPLES;
    for (long k = 1; k <= n; k += stride) {
        wrong += !session_with_fault(k, &noticed);
        ended += noticed;
        tried++;
    }
    print_message("    every %ldth of %ld calls: %ld of %ld ended the session\n", stride, n, ended,
                  tried);
    assert_int_equal(wrong, 0);
    assert_true(ended > tried / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_call_fails)};

    return cmocka_run_group_tests(tests, open_session, close_session);
}
