/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* exif.c - the orientation that a camera states, as OpenCV reads it, and pictures turned upright. */
#include "data/codec.h"

#include <string.h>

enum { UPRIGHT = 1, ORIENTATION = 0x0112, ENTRY = 12 };

/* Exif data in their order of bytes. */
typedef struct exif {
    const uint8_t *bytes;
    size_t size;
    bool little;
} exif;

/* A number of 2 or 4 bytes at `at`; 0 behind the end. */
static size_t number(const exif *e, size_t at, size_t size)
{
    size_t n = 0;

    if (at > e->size || e->size - at < size) return 0;
    for (size_t i = 0; i < size; i++) {
        size_t byte = e->bytes[at + (e->little ? size - 1 - i : i)];
        n = n << 8 | byte;
    }
    return n;
}

int encnet__exif_orientation(const uint8_t *bytes, size_t size)
{
    exif e = {bytes, size, false};
    size_t first, entries, value;

    if (size < 8) return UPRIGHT;
    e.little = bytes[0] == 'I';
    if (memcmp(bytes, e.little ? "II" : "MM", 2) != 0 || number(&e, 2, 2) != 42) return UPRIGHT;
    first = number(&e, 4, 4);
    entries = number(&e, first, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t at = first + 2 + ENTRY * i;
        if (number(&e, at, 2) != ORIENTATION) continue;
        value = number(&e, at + 8, 2);
        return value >= 1 && value <= 8 ? (int)value : UPRIGHT;
    }
    return UPRIGHT;
}

/* Orientations 5 to 8 exchange rows and columns; then 2, 3, 6, 7 mirror left and right, and
 * 3, 4, 7, 8 top and bottom. */
encnet_status encnet__picture_turn(encnet__picture *p, int orientation)
{
    bool exchange = orientation >= 5;
    bool mirror_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    bool mirror_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    encnet__picture turned = {0};
    encnet_status rc = ENCNET_OK;
    size_t C = (size_t)p->channels;

    if (orientation <= UPRIGHT) return ENCNET_OK;
    TRY(encnet__picture_new(&turned, exchange ? p->w : p->h, exchange ? p->h : p->w, p->channels));
    for (int y = 0; y < turned.h; y++)
        for (int x = 0; x < turned.w; x++) {
            int row = mirror_y ? turned.h - 1 - y : y, column = mirror_x ? turned.w - 1 - x : x;
            size_t from = exchange ? (size_t)column * (size_t)p->w + (size_t)row
                                   : (size_t)row * (size_t)p->w + (size_t)column;
            memcpy(turned.pixels + ((size_t)y * (size_t)turned.w + (size_t)x) * C,
                   p->pixels + from * C, C);
        }
    encnet__picture_free(p);
    *p = turned;
done:
    return rc;
}
