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
