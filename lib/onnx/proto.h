/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * proto.h - the wire format of protobuf: fields of a message, appended to a text.
 */
#ifndef ENCNET__ONNX_PROTO_H
#define ENCNET__ONNX_PROTO_H

#include "base/base.h"

void encnet__proto_int(encnet__text *out, int field, int64_t value);
void encnet__proto_float(encnet__text *out, int field, float value);
void encnet__proto_text(encnet__text *out, int field, const char *value);
/* Appends a message. */
void encnet__proto_message(encnet__text *out, int field, const encnet__text *message);
/* Appends the tag and the length of a field whose bytes follow. */
void encnet__proto_begin(encnet__text *out, int field, uint64_t size);

#endif
