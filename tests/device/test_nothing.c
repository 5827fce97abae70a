/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_nothing - a machine without any OpenCL driver; a process of its own, because the ICD loader
 * looks once. */
#include "support/support.h"

static void says_what_to_install(void **state)
{
    encnet_device *dev = NULL;
    int count = -1;

    (void)state;
    assert_fails(encnet_device_list(NULL, 0, &count), ENCNET_E_NO_DEVICE, "pocl-opencl-icd");
    assert_int_equal(count, 0);
    assert_fails(encnet_device_open(&dev, NULL), ENCNET_E_NO_DEVICE,
                 "OCL_ICD_VENDORS is /nonexistent");
    assert_fails(encnet_device_open(&dev, &(encnet_device_options){.select = "0"}),
                 ENCNET_E_NO_DEVICE, "/etc/OpenCL/vendors holds ");
    assert_null(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_to_install)};

    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
