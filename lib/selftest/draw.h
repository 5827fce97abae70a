/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* draw.h - random inputs for check.c. */
#ifndef ENCNET__DRAW_H
#define ENCNET__DRAW_H
#include "ops/ops.h"

/* What to draw. */
typedef struct encnet__random_input {
    encnet__fill_kind kind;
    encnet__shape shape;
    encnet__type type; /* every number is one of this type */
    int classes;       /* of labels */
} encnet__random_input;

/* Draws the elements of a tensor. */
void encnet__draw_tensor(double *x, const encnet__random_input *draw, encnet__rng r);
#endif
