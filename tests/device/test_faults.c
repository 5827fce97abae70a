/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_faults.c - every OpenCL call may fail; each failure gives a message and leaks nothing.
 *
 * A scenario runs once to count its calls, and
 * then once per call with that call failing.  Leaks are found by the address sanitizer's build.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "support/opencl_faults.h"
#include "support/support.h"
#include "device/internal.h"

/* Everything a run does with a device.  The last failure counts; whatever was made is freed. */
static encnet_status scenario(void)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = NULL;
    encnet__buffer *x = NULL, *y = NULL, *view = NULL;
    float in[1024] = {-1, 2}, out[1024];
    int count;

    TRY(encnet_device_open(
        &dev, &(encnet_device_options){.select = getenv("TEST_DEVICE"), .profile = true}));
    TRY(encnet__buffer_new(&x, dev, sizeof in));
    TRY(encnet__buffer_new(&y, dev, sizeof in));
    TRY(encnet__buffer_view(&view, y, 2048, 1024));
    TRY(encnet__write(x, 0, in, sizeof in));
    TRY(encnet__fill(y, 3.0f));
    TRY(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(1024, 64), BUF(x), BUF(x), UINT(1024)));
    TRY(encnet__copy(y, 0, x, 0, 1024));
    TRY(encnet__read(out, y, 0, sizeof out));
    if (out[0] != 0 || out[1] != 2 || out[512] != 3) FAIL(ENCNET_E_INTERNAL, "wrong results");
    TRY(encnet__finish(dev));
    TRY(encnet_device_profile(dev, NULL, 0, &count));
done:
    encnet__buffer_free(view);
    encnet__buffer_free(y);
    encnet__buffer_free(x);
    encnet_device_close(dev);
    return rc;
}

static void every_call_may_fail(void **state)
{
    int all, survived = 0;

    (void)state;
    calls = failing = 0;
    assert_ok(scenario());
    all = calls;
    assert_true(all > 15);
    for (failing = 1; failing <= all; failing++) {
        encnet_status rc;
        calls = 0;
        encnet__fail(ENCNET_OK, "nothing");
        rc = scenario();
        if (rc == ENCNET_OK) {
            survived++; /* what a driver says of arguments, and the wait before closing, may fail */
            continue;
        }
        if (rc != ENCNET_E_DEVICE && rc != ENCNET_E_KERNEL)
            fail_msg("call %ld: status %d, %s", failing, rc, encnet_last_error());
        if (!strstr(encnet_last_error(), "CL_OUT_OF_RESOURCES (-5)"))
            fail_msg("call %ld: \"%s\" names no code", failing, encnet_last_error());
    }
    if (survived > all / 3) fail_msg("%d of %d failures went unnoticed", survived, all);
}

static void host_memory_is_another_status(void **state)
{
    encnet_status rc = ENCNET_OK;

    (void)state;
    fault = CL_OUT_OF_HOST_MEMORY;
    calls = 0;
    failing = 3; /* the first buffer */
    rc = scenario();
    fault = CL_OUT_OF_RESOURCES;
    failing = 0;
    assert_int_equal(rc, ENCNET_E_NOMEM);
}

static void waiting_names_the_kernel(void **state)
{
    encnet_device *dev;
    encnet__buffer *x;

    (void)state;
    calls = failing = 0;
    setenv("ENCNET_SYNC", "1", 1);
    assert_ok(encnet_device_open(&dev, &(encnet_device_options){.select = getenv("TEST_DEVICE")}));
    unsetenv("ENCNET_SYNC");
    assert_ok(encnet__buffer_new(&x, dev, 256));
    assert_ok(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(64, 64), BUF(x), BUF(x), UINT(64)));
    calls = 0;
    failing = 5; /* three arguments, the launch, the wait */
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(64, 64), BUF(x), BUF(x), UINT(64)),
                 ENCNET_E_DEVICE, "last kernel relu_fwd");
    failing = 0;
    encnet__buffer_free(x);
    encnet_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(host_memory_is_another_status),
        cmocka_unit_test(waiting_names_the_kernel),
    };

    encnet_device_close(test_open_device());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
