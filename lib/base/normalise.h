/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* normalise.h - 8-bit pixels as a network takes them: (v - mean) / std per channel. */
#ifndef ENCNET__NORMALISE_H
#define ENCNET__NORMALISE_H

#include <stdbool.h>
#include <stdint.h>

/* What becomes of each of the 256 values, by channel. */
typedef struct encnet__normal {
    float of[3][256];
} encnet__normal;

void encnet__normal_set(encnet__normal *out, const double mean[3], const double std[3]);
/* A row of w RGB pixels into x[w,3], from right to left if `flip` is set. */
void encnet__normalise_row(float *x, const uint8_t *rgb, int w, bool flip,
                           const encnet__normal *normal);

#endif
