/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* selftest.c - every op on its small shapes against its reference, then a small network, on the user's
 * device. */
#include "selftest/check.h"
#include "selftest/network.h"

#include <string.h>

encnet_status encnet_device_self_test(encnet_device *device,
                                      void (*row)(void *user, const char *op, bool agreed,
                                                  double worst, const char *message),
                                      void *user)
{
    encnet_status rc = ENCNET_OK;
    int bad = 0, count = 0;
    double error;

    NEED(device);
    for (const encnet__op *const *op = encnet__ops; *op; op++, count++) {
        encnet__check result = {0};
        rc = encnet__check_op(&result, device, *op, ENCNET__F32, true);
        bad += rc != ENCNET_OK;
        if (row)
            row(user, (*op)->name, rc == ENCNET_OK, result.worst,
                rc == ENCNET_OK ? "" : encnet_last_error());
    }
    if (bad)
        return encnet__fail(ENCNET_E_DEVICE,
                            "%d of %d operators disagree with their reference on this device", bad,
                            count);
    /* Oclgrind interprets kernels, which is too slow for a network */
    if (strcmp(encnet__device_facts_of(device)->platform, "Oclgrind") == 0) return ENCNET_OK;
    rc = encnet__check_network(&error, device);
    if (row)
        row(user, "network", rc == ENCNET_OK, error, rc == ENCNET_OK ? "" : encnet_last_error());
    return rc;
}
