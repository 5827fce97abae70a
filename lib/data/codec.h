/*
 * codec.h - the two image formats, from and to memory; picture.c chooses between them.
 */
#ifndef ENCNET__CODEC_H
#define ENCNET__CODEC_H

#include "data/data.h"

/* An encoded picture in memory. */
typedef struct encnet__encoded {
    const uint8_t *bytes;
    size_t size;
    const char *name;   /* stands in messages */
    int64_t max_pixels; /* more are refused before anything is allocated for them */
    bool indices;       /* the values themselves, one channel, instead of RGB */
} encnet__encoded;

/* Neither format's decoder is asked for more than this per side, whatever max_pixels allows. */
#define ENCNET__MAX_SIDE 65500

/* ENCNET_E_DATA when a side or the product is too large; names the file and the numbers. */
encnet_status encnet__size_check(const encnet__encoded *in, int64_t h, int64_t w) ENCNET_MUST_CHECK;

bool encnet__is_png(const void *bytes, size_t size);
encnet_status encnet__png_decode(encnet__picture *out, const encnet__encoded *in) ENCNET_MUST_CHECK;
encnet_status encnet__png_encode(encnet__text *out, const encnet__picture *p,
                                 const uint8_t *palette) ENCNET_MUST_CHECK;

bool encnet__is_jpeg(const void *bytes, size_t size);
encnet_status encnet__jpeg_decode(encnet__picture *out,
                                  const encnet__encoded *in) ENCNET_MUST_CHECK;

#endif
