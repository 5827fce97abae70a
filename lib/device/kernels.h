/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* kernels.h - the embedded kernel files, generated from cl/ by cmake/embed.cmake; ends in a zeroed
 * row. */
#ifndef ENCNET__KERNELS_H
#define ENCNET__KERNELS_H
#include <stddef.h>

typedef struct encnet__kernel_source {
    const char *name; /* "relu.cl", "random.clh" */
    const char *text; /* ends in 0 */
    size_t size;
} encnet__kernel_source;

extern const encnet__kernel_source encnet__kernel_sources[];
#endif
