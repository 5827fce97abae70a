/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * storage.h - options of kernels that read and write activations; the host side of
 * cl/storage.clh.
 */
#ifndef ENCNET__STORAGE_H
#define ENCNET__STORAGE_H
#include "base/type.h"

typedef struct encnet__options {
    char text[128];
} encnet__options;

/* Returns `options`, with the option that selects the storage type unless it is float32. */
encnet__options encnet__storage(encnet__type type, const char *options);
#endif
