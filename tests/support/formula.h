/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* formula.h - weights and pictures by formula, so that golden files need to store neither.
 * tests/golden/models/make.py has the same formulas. */
#ifndef TEST_FORMULA_H
#define TEST_FORMULA_H

#include "graph/weights.h"

/* A 32-bit integer hash as a uniform number in [0,1) with 24 bits. */
double formula_mix(uint64_t v);
/* Every weight but the counters. */
void formula_weights(encnet__weights *w);
/* The i-th picture, rgb[H,W,3]. */
void formula_picture(uint8_t *rgb, int i, int h, int w);
/* Its labels[H,W] of M classes; one in twenty is ignored. */
void formula_labels(int32_t *labels, int i, int h, int w, int M);

#endif
