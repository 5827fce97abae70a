/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * type.h - element types of tensors, in device memory and in files.
 *
 * A file may hold any of them.  On a device a tensor is F32, F16, BF16, I32 or U8.
 */
#ifndef ENCNET__TYPE_H
#define ENCNET__TYPE_H

#include "base/base.h"

/* X(name, bytes of an element); the names are those of safetensors.  F32 comes first: a tensor
 * whose type is left zero is float32. */
/* clang-format off */
#define ENCNET__TYPE_LIST(X)                                                                       \
    X(F32, 4) X(F16, 2) X(BF16, 2) X(I32, 4) X(U8, 1)                                              \
    X(BOOL, 1) X(I8, 1) X(F8_E5M2, 1) X(F8_E4M3, 1) X(I16, 2) X(U16, 2) X(U32, 4)                  \
    X(F64, 8) X(I64, 8) X(U64, 8)
/* clang-format on */

typedef enum encnet__type {
#define ENCNET__TYPE_ROW(name, bytes) ENCNET__##name,
    ENCNET__TYPE_LIST(ENCNET__TYPE_ROW)
#undef ENCNET__TYPE_ROW
} encnet__type;

const char *encnet__type_name(encnet__type type);            /* "F32" */
size_t encnet__type_bytes(encnet__type type);                /* of one element */
bool encnet__type_find(encnet__type *out, const char *name); /* false: no such type */
bool encnet__type_is_float(
    encnet__type type); /* F32, F16, BF16 or F64; no float8, which nothing reads */

/* One number as it lies in memory: F32, F16, BF16, F64 or I32.  Writing rounds to nearest, ties to even. */
double encnet__number_read(const void *from, encnet__type type);
void encnet__number_write(void *to, double value, encnet__type type);

size_t encnet__shape_bytes(encnet__shape s, encnet__type type); /* of a whole tensor */

#endif
