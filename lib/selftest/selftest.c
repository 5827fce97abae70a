/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* selftest.c - every op on its small shapes against its reference, on the user's device. */
#include "selftest/check.h"

encnet_status encnet_device_self_test(encnet_device *device,
                                      void (*row)(void *user, const char *op, bool agreed,
                                                  double worst, const char *message),
                                      void *user)
{
    int bad = 0, count = 0;

    NEED(device);
    for (const encnet__op *const *op = encnet__ops; *op; op++, count++) {
        encnet__check result = {0};
        encnet_status rc = encnet__check_op(&result, device, *op, ENCNET__F32, true);
        bad += rc != ENCNET_OK;
        if (row)
            row(user, (*op)->name, rc == ENCNET_OK, result.worst,
                rc == ENCNET_OK ? "" : encnet_last_error());
    }
    if (bad == 0) return ENCNET_OK;
    return encnet__fail(ENCNET_E_DEVICE,
                        "%d of %d operators disagree with their reference on this device", bad,
                        count);
}
