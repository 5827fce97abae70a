/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_memory.c - a device that reports little memory, which an environment variable sets for
 * PoCL. */
#include "support/support.h"
#include "device/device.h"

static encnet_device *dev;

static void both_sizes_are_named(void **state)
{
    encnet__buffer *b = NULL;

    (void)state;
    assert_int_equal(encnet__device_facts_of(dev)->memory_bytes, 1 << 30);
    assert_fails(encnet__buffer_new(&b, dev, 513 << 20), ENCNET_E_DEVICE, "buffer of 513.0 MiB");
    assert_non_null(strstr(encnet_last_error(), "the device has 1024.0 MiB and at most 256.0 MiB"));
    assert_non_null(strstr(encnet_last_error(), "CL_INVALID_BUFFER_SIZE (-61)"));
    assert_null(b);
    assert_int_equal(encnet__device_memory(dev).bytes, 0);
}

static void the_sum_counts(void **state)
{
    encnet__buffer *b[5] = {NULL};

    (void)state;
    for (int i = 0; i < 4; i++) assert_ok(encnet__buffer_new(&b[i], dev, 250 << 20));
    assert_fails(encnet__buffer_new(&b[4], dev, 250 << 20), ENCNET_E_DEVICE, "1000.0 MiB are held");
    for (int i = 0; i < 4; i++) encnet__buffer_free(b[i]);
    assert_int_equal(encnet__device_memory(dev).bytes, 0);
    assert_int_equal(encnet__device_memory(dev).peak_bytes, 1000 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sizes_are_named),
        cmocka_unit_test(the_sum_counts),
    };
    int failed;

    setenv("POCL_MEMORY_LIMIT", "1", 1);
    dev = test_open_device();
    if (encnet__device_facts_of(dev)->memory_bytes != 1 << 30) {
        fprintf(stderr, "skipped: the device is not PoCL's\n");
        encnet_device_close(dev);
        return 77;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(dev);
    return failed;
}
