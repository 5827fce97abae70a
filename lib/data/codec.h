/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * codec.h - image formats, from and to memory.
 *
 * A format is an encnet__codec and a row of the table in picture.c, which asks each in turn whether
 * it knows a file's first bytes.  What codecs need themselves is in pixels.c.
 */
#ifndef ENCNET__CODEC_H
#define ENCNET__CODEC_H

#include "data/data.h"

#include <stdio.h>

/* An encoded picture in memory. */
typedef struct encnet__encoded {
    const uint8_t *bytes;
    size_t size;
    const char *name;   /* stands in messages */
    int64_t max_pixels; /* a picture with more is refused before memory is taken for it */
    encnet__reading reading;
} encnet__encoded;

/* What a file that begins with these bytes is, such as "a TIFF picture"; NULL if it is of no format
 * that is known but not read. */
const char *encnet__foreign_name(const uint8_t *head, size_t size);

/* The same of a file that is no picture at all, with what to do about it. */
const char *encnet__other_name(const uint8_t *head, size_t size);

/* How many bytes of a file `sniff` and `limit` are given, or all of it if it is shorter. */
#define ENCNET__CODEC_HEAD 24

typedef struct encnet__codec {
    /* Whether a file that begins with these bytes is of this format. */
    bool (*sniff)(const uint8_t *head, size_t size);
    /* How many bytes a file that begins like this may have.  ENCNET_E_DATA: its picture is too
     * large. */
    encnet_status (*limit)(size_t *bytes, const encnet__encoded *head);
    /* The size that the file states, read from its beginning; false if it states none. */
    bool (*size)(int64_t *h, int64_t *w, FILE *f);
    encnet_status (*decode)(encnet__picture *out, const encnet__encoded *in);
} encnet__codec;

extern const encnet__codec encnet__codec_png, encnet__codec_jpeg;

/* As encnet__picture_encode(). */
encnet_status encnet__png_encode(encnet__text *out, const encnet__picture *p,
                                 const uint8_t *palette) ENCNET_MUST_CHECK;

/* The orientation 1..8 in Exif data, which begin with their TIFF header; 1, upright, if they state
 * none.  As OpenCV, this looks at the value alone, not at its type. */
int encnet__exif_orientation(const uint8_t *bytes, size_t size);
/* Turns a picture of that orientation upright. */
encnet_status encnet__picture_turn(encnet__picture *p, int orientation) ENCNET_MUST_CHECK;

/* Neither format's decoder is asked for more than this per side, whatever max_pixels allows. */
#define ENCNET__MAX_SIDE 65500

/* ENCNET_E_DATA: a side or the product is too large; the message names the file and the numbers. */
encnet_status encnet__size_check(const encnet__encoded *in, int64_t h, int64_t w) ENCNET_MUST_CHECK;

#endif
