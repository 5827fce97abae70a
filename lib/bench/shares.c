/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* shares.c - divides a batch among devices of unequal speed. */
#include "base/base.h"

#include <encnet/bench.h>

/* The greatest common divisor. */
static int divisor(int a, int b)
{
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Gives one image to each device and then every further image to the device that finishes it first.
 * No division finishes sooner: an image that it gives to another device ends there no earlier. */
encnet_status encnet_bench_shares(int *shares, const double *seconds, int count, int batch)
{
    int common = 0;

    NEED(shares);
    NEED(seconds);
    if (count < 1 || batch < count)
        return encnet__fail(ENCNET_E_ARG, "a batch of %d images for %d devices", batch, count);
    for (int i = 0; i < count; i++) {
        if (!(seconds[i] > 0))
            return encnet__fail(ENCNET_E_ARG, "device %d: %g s for an image", i, seconds[i]);
        shares[i] = 1;
    }
    for (int left = batch - count; left > 0; left--) {
        int best = 0;
        for (int i = 1; i < count; i++)
            if ((shares[i] + 1) * seconds[i] < (shares[best] + 1) * seconds[best]) best = i;
        shares[best]++;
    }
    for (int i = 0; i < count; i++) common = divisor(shares[i], common);
    for (int i = 0; i < count; i++) shares[i] /= common;
    return ENCNET_OK;
}
