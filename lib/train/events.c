/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * events.c - TensorBoard's event files, encoded by hand.
 *
 *   record   u64 length | u32 mask(crc32c(length)) | Event | u32 mask(crc32c(Event))
 *   Event    1 double wall_time, 2 int64 step, 3 string file_version, 5 Summary, 7 SessionLog
 *   Summary  1 Value (repeated);  Value  1 string tag, 2 float simple_value, 4 Image
 *   Image    1 height, 2 width, 3 colorspace (3 = RGB), 4 bytes PNG
 */
#include "train/train.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 }; /* protobuf wire types */
enum { SESSION_START = 1, COLORSPACE_RGB = 3 };

static void varint(encnet__text *t, uint64_t v)
{
    uint8_t bytes[10];
    size_t n = 0;

    do {
        bytes[n++] = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
        v >>= 7;
    } while (v);
    encnet__text_bytes(t, bytes, n);
}

static void key(encnet__text *t, unsigned field, unsigned wire)
{
    varint(t, field << 3 | wire);
}

static void put_int(encnet__text *t, unsigned field, uint64_t v)
{
    key(t, field, VARINT);
    varint(t, v);
}

static void put_double(encnet__text *t, unsigned field, double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    key(t, field, FIXED64);
    encnet__text_little(t, bits, 8);
}

static void put_float(encnet__text *t, unsigned field, float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    key(t, field, FIXED32);
    encnet__text_little(t, bits, 4);
}

static void put_bytes(encnet__text *t, unsigned field, const void *bytes, size_t size)
{
    key(t, field, BYTES);
    varint(t, size);
    encnet__text_bytes(t, bytes, size);
}

/* Puts a finished message into its parent and frees it. */
static void put_message(encnet__text *t, unsigned field, encnet__text *message)
{
    put_bytes(t, field, message->data, message->size);
    t->failed = t->failed || message->failed;
    encnet__text_free(message);
}

static uint32_t masked_crc(const void *data, size_t size)
{
    uint32_t crc = encnet__crc(ENCNET__CRC32C, 0, data, size);

    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static encnet__text event_at(double wall_time, int64_t step)
{
    encnet__text event = {0};

    put_double(&event, 1, wall_time);
    if (step) put_int(&event, 2, (uint64_t)step); /* 0 is what a missing field means */
    return event;
}

/* Appends the finished event as a record and frees it; appends nothing if memory ran out. */
static void end_record(encnet__text *out, encnet__text *event)
{
    encnet__text length = {0};

    encnet__text_little(&length, event->size, 8);
    if (!event->failed && !length.failed) {
        encnet__text_bytes(out, length.data, length.size);
        encnet__text_little(out, masked_crc(length.data, length.size), 4);
        encnet__text_bytes(out, event->data, event->size);
        encnet__text_little(out, masked_crc(event->data, event->size), 4);
    }
    encnet__text_free(&length);
    encnet__text_free(event);
}

void encnet__event_version(encnet__text *out, double wall_time)
{
    static const char version[] = "brain.Event:2";
    encnet__text event = event_at(wall_time, 0);

    put_bytes(&event, 3, version, sizeof version - 1);
    end_record(out, &event);
}

void encnet__event_scalars(encnet__text *out, double wall_time, int64_t step, const char *prefix,
                           const encnet__scalar *scalars, int n)
{
    encnet__text event = event_at(wall_time, step), summary = {0};

    for (int i = 0; i < n; i++) {
        encnet__text value = {0}, tag = {0};
        encnet__text_add(&tag, "%s/%s", prefix, scalars[i].name);
        put_message(&value, 1, &tag);
        put_float(&value, 2, (float)scalars[i].value);
        put_message(&summary, 1, &value);
    }
    put_message(&event, 5, &summary);
    end_record(out, &event);
}

void encnet__event_image(encnet__text *out, double wall_time, int64_t step, const char *tag, int h,
                         int w, const void *png, size_t png_bytes)
{
    encnet__text event = event_at(wall_time, step), summary = {0}, value = {0}, image = {0};

    put_int(&image, 1, (uint64_t)h);
    put_int(&image, 2, (uint64_t)w);
    put_int(&image, 3, COLORSPACE_RGB);
    put_bytes(&image, 4, png, png_bytes);
    put_bytes(&value, 1, tag, strlen(tag));
    put_message(&value, 4, &image);
    put_message(&summary, 1, &value);
    put_message(&event, 5, &summary);
    end_record(out, &event);
}

void encnet__event_start(encnet__text *out, double wall_time, int64_t step)
{
    encnet__text event = event_at(wall_time, step), session = {0};

    put_int(&session, 1, SESSION_START);
    put_message(&event, 7, &session);
    end_record(out, &event);
}
