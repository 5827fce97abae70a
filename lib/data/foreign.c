/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* foreign.c - names of file formats that are not read, so that a message can say what a file is. */
#include "data/codec.h"

#include <string.h>

typedef struct signature {
    const char *name;
    size_t at, size;
    const char *bytes;
} signature;

static const signature signatures[] = {
    {"a BMP picture", 0, 2, "BM"},           {"a TIFF picture", 0, 4, "II*\0"},
    {"a TIFF picture", 0, 4, "MM\0*"},       {"a BigTIFF picture", 0, 4, "II+\0"},
    {"a BigTIFF picture", 0, 4, "MM\0+"},    {"a WebP picture", 8, 4, "WEBP"},
    {"a GIF picture", 0, 4, "GIF8"},         {"an AVIF picture", 4, 8, "ftypavif"},
    {"a HEIC picture", 4, 7, "ftyphei"},     {"a HEIF picture", 4, 7, "ftypmif"},
    {"a JPEG 2000 picture", 4, 4, "jP  "},   {"a JPEG 2000 picture", 0, 4, "\xff\x4f\xff\x51"},
    {"a JPEG XL picture", 0, 2, "\xff\x0a"}, {"a JPEG XL picture", 4, 4, "JXL "},
    {"a Photoshop picture", 0, 4, "8BPS"},   {"an OpenEXR picture", 0, 4, "\x76\x2f\x31\x01"},
    {"a Radiance picture", 0, 2, "#?"},
};

const char *encnet__foreign_name(const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        const signature *s = &signatures[i];
        if (size >= s->at + s->size && memcmp(head + s->at, s->bytes, s->size) == 0) return s->name;
    }
    /* PBM, PGM, PPM: P and a digit, then white space */
    if (size >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7' &&
        strchr(" \t\r\n", head[2]))
        return "a PNM picture";
    return NULL;
}
