/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * synthetic.h - scenes drawn from numbers, for data.type = synthetic.
 */
#ifndef ENCNET__SYNTHETIC_H
#define ENCNET__SYNTHETIC_H

#include "data/data.h"

/* Everything that a drawn data set depends on. */
typedef struct encnet__drawing {
    uint64_t seed;
    int split, classes, h, w;
} encnet__drawing;

/* Draws scene `index` and its label. */
encnet_status encnet__synthetic_draw(encnet__picture *image, encnet__picture *label,
                                     const encnet__drawing *d, int index) ENCNET_MUST_CHECK;
/* Name, colour and submission id of class `index` of `classes`. */
void encnet__synthetic_class(encnet__class *out, int index, int classes);

#endif
