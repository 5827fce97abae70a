/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* proto.c - the wire format of protobuf. */
#include "onnx/proto.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_32_BITS = 5 };

/* Seven bits a byte, the lowest first; the highest bit of a byte says that another follows. */
static void varint(encnet__text *out, uint64_t value)
{
    for (; value > 0x7f; value >>= 7) encnet__text_little(out, (value & 0x7f) | 0x80, 1);
    encnet__text_little(out, value, 1);
}

static void tag(encnet__text *out, int field, int wire)
{
    varint(out, (uint64_t)field << 3 | (uint64_t)wire);
}

void encnet__proto_int(encnet__text *out, int field, int64_t value)
{
    tag(out, field, WIRE_VARINT);
    varint(out, (uint64_t)value);
}

void encnet__proto_float(encnet__text *out, int field, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    tag(out, field, WIRE_32_BITS);
    encnet__text_little(out, bits, sizeof bits);
}

void encnet__proto_begin(encnet__text *out, int field, uint64_t size)
{
    tag(out, field, WIRE_BYTES);
    varint(out, size);
}

void encnet__proto_text(encnet__text *out, int field, const char *value)
{
    size_t size = strlen(value);

    encnet__proto_begin(out, field, size);
    encnet__text_bytes(out, value, size);
}

void encnet__proto_message(encnet__text *out, int field, const encnet__text *message)
{
    encnet__proto_begin(out, field, message->size);
    encnet__text_bytes(out, message->data, message->size);
    if (message->failed) out->failed = true;
}
