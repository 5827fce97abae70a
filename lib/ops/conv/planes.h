/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* planes.h - the host side of cl/conv2d_planes.clh and cl/conv2d_panels.clh. */
#ifndef ENCNET__CONV_PLANES_H
#define ENCNET__CONV_PLANES_H

#include "ops/conv/engine.h"

enum { ENCNET__PLANE_LINE = 16 }; /* floats of a cache line, and of a vector of the kernels */

/* The tiles of sums. */
typedef struct encnet__plane_registers {
    int tile_p, tile_k; /* transformed tiles and output channels of a tile of sums */
    const char *options;
} encnet__plane_registers;

/* For devices with registers of 16 floats and for others. */
static inline const encnet__plane_registers *
encnet__plane_registers_of(const encnet__device_facts *facts)
{
    static const encnet__plane_registers wide = {.tile_p = 12, .tile_k = 32, .options = ""};
    static const encnet__plane_registers narrow = {
        .tile_p = 6, .tile_k = 16, .options = "-DREGISTER=8 -DTILE_P=6 -DTILE_C=6"};

    return facts->vector_floats >= 16 ? &wide : &narrow;
}

/* Floats of a plane. */
static inline size_t encnet__plane_floats(int64_t lines)
{
    return ((size_t)lines + 1) * ENCNET__PLANE_LINE;
}

#endif
