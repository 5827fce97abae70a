/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * guess.h - which network, backbone and number of classes weights seem to be of, by names and shapes.
 */
#ifndef ENCNET__GUESS_H
#define ENCNET__GUESS_H

#include "files/tensor_file.h"
#include "graph/weights.h"

typedef struct encnet__guess {
    const char *network; /* a value of model.network; "" if nothing tells */
    char backbone[96];   /* in words; "" if nothing tells */
    int classes;         /* 0 if nothing tells */
} encnet__guess;

void encnet__guess_file(encnet__guess *out, const encnet__tensor_file *file);
void encnet__guess_weights(encnet__guess *out, const encnet__weights *w);

#endif
