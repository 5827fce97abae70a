/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* support.c - a device for tests. */
#include "support/support.h"

encnet_device *test_open_device(void)
{
    const char *select = getenv("TEST_DEVICE");
    encnet_device *dev = NULL;
    encnet_status rc = encnet_device_open(
        &dev, &(encnet_device_options){.select = select ? select : "", .cache = false});

    if (rc == ENCNET_E_NO_DEVICE) {
        fprintf(stderr, "skipped: %s\n", encnet_last_error());
        exit(77);
    }
    if (rc != ENCNET_OK) {
        fprintf(stderr, "%s\n", encnet_last_error());
        exit(1);
    }
    return dev;
}

bool test_is_oclgrind(const encnet_device *dev)
{
    encnet_device_info info;

    encnet_device_describe(dev, &info);
    return strcmp(info.platform_name, "Oclgrind") == 0;
}

encnet_device *test_device;

int test_device_set_up(void **state)
{
    (void)state;
    test_device = test_open_device();
    return 0;
}

int test_device_tear_down(void **state)
{
    (void)state;
    encnet_device_close(test_device);
    return 0;
}

int test_unfinished(const char *path)
{
    char command[256], line[32] = "";
    FILE *found;

    snprintf(command, sizeof command, "ls -a \"$(dirname %s)\" | grep -c '\\.tmp$'", path);
    found = popen(command, "r");
    assert_non_null(found);
    assert_non_null(fgets(line, sizeof line, found));
    pclose(found);
    return atoi(line);
}
