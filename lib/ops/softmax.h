/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* softmax.h - the softmax of rows, for operators that have one inside. */
#ifndef ENCNET__SOFTMAX_H
#define ENCNET__SOFTMAX_H
#include "ops/ops.h"

/* The least number that is not denormal, NORMAL of cl/shares.clh. */
#define ENCNET__NORMAL 0x1p-126f

/* Computes y = softmax of x over each of `rows` rows of C floats; y may be x.  What is below `least` times the largest
 * of its row becomes 0. */
encnet_status encnet__softmax_rows(encnet__buffer *y, encnet_device *dev, encnet__buffer *x,
                                   size_t rows, size_t C, float least) ENCNET_MUST_CHECK;

#endif
