/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* Any bytes as a PNG: pictures and labels come out whole or with a status; what was read is written
 * and read again.
 *
 * Checksums of the chunks are put right first, or nearly every input would end at the first of
 * them. */
#include <stdlib.h>
#include <string.h>

#include "data/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PIXELS = 1 << 16 };

static void mend_checksums(uint8_t *png, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        size_t n = (size_t)png[at] << 24 | (size_t)png[at + 1] << 16 | (size_t)png[at + 2] << 8 |
                   png[at + 3];
        uint32_t crc;
        if (n > size - at - 12) return;
        crc = encnet__crc(ENCNET__CRC32, 0, png + at + 4, n + 4);
        for (size_t i = 0; i < 4; i++) png[at + 8 + n + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += n + 12;
    }
}

static void write_and_read(const encnet__picture *p)
{
    encnet__picture again = {0};
    encnet__text png = {0};

    if (encnet__picture_encode(&png, p, NULL) ||
        encnet__picture_decode(&again, png.data, png.size, "again", MAX_PIXELS,
                               p->channels == 1 ? ENCNET__READ_LABEL : ENCNET__READ_STORED) ||
        memcmp(again.pixels, p->pixels, (size_t)p->h * (size_t)p->w * (size_t)p->channels) != 0)
        abort();
    encnet__text_free(&png);
    encnet__picture_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    if (!copy) return 0;
    if (size) memcpy(copy, data, size);
    if (size >= 8) memcpy(copy, "\x89PNG\r\n\x1a\n", 8);
    mend_checksums(copy, size);
    for (int reading = 0; reading <= ENCNET__READ_LABEL; reading++) {
        encnet__picture p = {0};
        if (!encnet__picture_decode(&p, copy, size, "fuzz", MAX_PIXELS, (encnet__reading)reading))
            write_and_read(&p);
        encnet__picture_free(&p);
    }
    free(copy);
    return 0;
}
