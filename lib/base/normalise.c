/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* normalise.c - 8-bit pixels as a network takes them. */
#include "base/normalise.h"

#include <stddef.h>

void encnet__normal_set(encnet__normal *out, const double mean[3], const double std[3])
{
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++) out->of[c][v] = ((float)v - (float)mean[c]) / (float)std[c];
}

void encnet__normalise_row(float *x, const uint8_t *rgb, int w, bool flip,
                           const encnet__normal *normal)
{
    for (int i = 0; i < w; i++) {
        const uint8_t *p = rgb + 3 * (size_t)(flip ? w - 1 - i : i);
        for (int c = 0; c < 3; c++) *x++ = normal->of[c][p[c]];
    }
}
