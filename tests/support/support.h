/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* support.h - what tests of every room use: cmocka, two assertions on statuses, a device. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/base.h"
#include <encnet/device.h>
#include "support/compare.h"

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != ENCNET_OK) fail_msg("%s: %s", #call, encnet_last_error());                   \
    } while (0)

/* The call fails with `status`, and its sentence contains `part`. */
#define assert_fails(call, status, part)                                                           \
    do {                                                                                           \
        int assert_fails_got = (call);                                                             \
        if (assert_fails_got != (int)(status))                                                     \
            fail_msg("%s returned %d, not %s: %s", #call, assert_fails_got, #status,               \
                     encnet_last_error());                                                         \
        if (!strstr(encnet_last_error(), part))                                                    \
            fail_msg("\"%s\" lacks \"%s\"", encnet_last_error(), part);                            \
    } while (0)

/* How many files with temporary names are in the folder of `path`. */
int test_unfinished(const char *path);

/* The device that TEST_DEVICE selects, or the first.  Without any, the process ends with 77:
 * skipped. */
encnet_device *test_open_device(void);

/* The device of a group of tests, between these two of its fixtures. */
extern encnet_device *test_device;
int test_device_set_up(void **state);
int test_device_tear_down(void **state);

/* Oclgrind, a checking simulator: slow, and it reports lines as if there were no #line. */
bool test_is_oclgrind(const encnet_device *dev);

#endif
