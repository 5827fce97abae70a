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

/* Files that are no pictures, but lie where one should be. */
static const signature others[] = {
    {"a pointer of Git LFS, not the file itself; run git lfs pull", 0, 23,
     "version https://git-lfs"},
    {"a web page; the download went wrong", 0, 9, "<!DOCTYPE"},
    {"a web page; the download went wrong", 0, 9, "<!doctype"},
    {"a web page; the download went wrong", 0, 5, "<html"},
    {"an SVG or XML text; draw it as PNG", 0, 5, "<?xml"},
    {"an SVG text; draw it as PNG", 0, 4, "<svg"},
    {"a NumPy array; save it as PNG", 0, 6, "\x93NUMPY"},
    {"a MATLAB file; save what it holds as PNG", 0, 6, "MATLAB"},
    {"an HDF5 file; save what it holds as PNG", 0, 4, "\x89HDF"},
    {"a PDF document; draw it as PNG", 0, 4, "%PDF"},
    {"a ZIP archive; unpack it", 0, 4, "PK\3\4"},
    {"compressed with gzip; unpack it", 0, 2, "\x1f\x8b"},
    {"what macOS keeps beside a file of another disk; remove it", 0, 4, "\0\5\x16\7"},
    {"a JSON text, such as outlines of an annotation tool; draw them as PNG", 0, 1, "{"},
    {"a JSON text, such as outlines of an annotation tool; draw them as PNG", 0, 1, "["},
};

static const char *find(const signature *rows, size_t n, const uint8_t *head, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (size >= rows[i].at + rows[i].size &&
            memcmp(head + rows[i].at, rows[i].bytes, rows[i].size) == 0)
            return rows[i].name;
    return NULL;
}

const char *encnet__other_name(const uint8_t *head, size_t size)
{
    return find(others, COUNT_OF(others), head, size);
}

const char *encnet__foreign_name(const uint8_t *head, size_t size)
{
    const char *name = find(signatures, COUNT_OF(signatures), head, size);

    if (name) return name;
    /* PBM, PGM, PPM: P and a digit, then white space */
    if (size >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7' &&
        strchr(" \t\r\n", head[2]))
        return "a PNM picture";
    return NULL;
}
