/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* same_floats.h - two weights of models that were trained in different ways, bit for bit. */
#ifndef TEST_SAME_FLOATS_H
#define TEST_SAME_FLOATS_H
#include "graph/weights.h"

/* Fails unless the buffers, values, momentum or gradients of the weights, hold the same bits. */
void same_floats(const encnet__param *a, const encnet__param *b, encnet__buffer *from_a,
                 encnet__buffer *from_b);
#endif
