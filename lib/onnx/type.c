/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* type.c - element types as onnx.proto numbers them. */
#include "onnx/internal.h"

int encnet__onnx_type(encnet__type type)
{
    static const struct {
        encnet__type type;
        int number;
    } rows[] = {{ENCNET__F32, 1},  {ENCNET__U8, 2},   {ENCNET__I8, 3},   {ENCNET__U16, 4},
                {ENCNET__I16, 5},  {ENCNET__I32, 6},  {ENCNET__I64, 7},  {ENCNET__BOOL, 9},
                {ENCNET__F16, 10}, {ENCNET__F64, 11}, {ENCNET__U32, 12}, {ENCNET__U64, 13},
                {ENCNET__BF16, 16}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].type == type) return rows[i].number;
    return 0;
}
