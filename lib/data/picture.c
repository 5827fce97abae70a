/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* picture.c - reads and writes pictures, in files and in memory. */
#include "data/codec.h"
#include <encnet/picture.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const encnet__codec *const codecs[] = {&encnet__codec_png, &encnet__codec_jpeg};

/* Finds the codec of a file by its first bytes. */
static encnet_status find_codec(const encnet__codec **out, const encnet__encoded *head)
{
    const char *foreign;

    if (head->size == 0)
        return encnet__fail(ENCNET_E_DATA, "%s: the file is empty (0 bytes)", head->name);
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        if (!codecs[i]->sniff(head->bytes, head->size)) continue;
        *out = codecs[i];
        return ENCNET_OK;
    }
    foreign = encnet__foreign_name(head->bytes, head->size);
    if (foreign)
        return encnet__fail(ENCNET_E_DATA, "%s: %s, neither PNG nor JPEG; convert it to PNG",
                            head->name, foreign);
    foreign = encnet__other_name(head->bytes, head->size);
    return encnet__fail(ENCNET_E_DATA, "%s: neither PNG nor JPEG%s%s", head->name,
                        foreign ? ", but " : "", foreign ? foreign : "");
}

encnet_status encnet__picture_decode(encnet__picture *out, const void *bytes, size_t size,
                                     const char *name, int64_t max_pixels, encnet__reading reading)
{
    encnet__encoded in = {bytes, size, name, max_pixels, reading};
    encnet_status rc = ENCNET_OK;
    const encnet__codec *codec = NULL;

    TRY(find_codec(&codec, &in));
    TRY(codec->decode(out, &in));
done:
    return rc;
}

bool encnet__picture_is(const char *path, const char **what)
{
    uint8_t bytes[ENCNET__CODEC_HEAD];
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;

    if (f) fclose(f);
    *what = encnet__foreign_name(bytes, size);
    for (size_t i = 0; i < COUNT_OF(codecs); i++)
        if (codecs[i]->sniff(bytes, size)) return true;
    return false;
}

bool encnet__picture_size(int *h, int *w, const char *path)
{
    uint8_t bytes[ENCNET__CODEC_HEAD];
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    int64_t rows = 0, columns = 0;
    bool stated = false;

    for (size_t i = 0; f && i < COUNT_OF(codecs); i++)
        if (codecs[i]->sniff(bytes, size) && fseek(f, 0, SEEK_SET) == 0)
            stated = codecs[i]->size(&rows, &columns, f);
    if (f) fclose(f);
    if (!stated || rows < 1 || columns < 1 || rows > ENCNET__MAX_SIDE || columns > ENCNET__MAX_SIDE)
        return false;
    *h = (int)rows;
    *w = (int)columns;
    return true;
}

/* Reads the first bytes of a file, so that a file that is no picture, or one that is too large, is
 * refused before the rest is read.  `limit` is set to how many bytes the file may have. */
static encnet_status peek(size_t *limit, const char *path, int64_t max_pixels)
{
    encnet_status rc = ENCNET_OK;
    uint8_t bytes[ENCNET__CODEC_HEAD];
    encnet__encoded head = {
        .bytes = bytes, .size = sizeof bytes, .name = path, .max_pixels = max_pixels};
    const encnet__codec *codec = NULL;

    TRY(encnet__file_head(bytes, &head.size, path));
    TRY(find_codec(&codec, &head));
    TRY(codec->limit(limit, &head));
done:
    return rc;
}

encnet_status encnet__picture_read(encnet__picture *out, const char *path, int64_t max_pixels,
                                   encnet__reading reading)
{
    encnet_status rc = ENCNET_OK;
    char *bytes = NULL;
    size_t size, limit;

    rc = peek(&limit, path, max_pixels);
    if (rc == ENCNET_OK) rc = encnet__file_read(&bytes, &size, path, limit);
    if (rc == ENCNET_E_IO)
        rc = ENCNET_E_DATA; /* a file that cannot be read is an error in the data set */
    TRY(rc);
    TRY(encnet__picture_decode(out, bytes, size, path, max_pixels, reading));
done:
    encnet__free(bytes);
    return rc;
}

encnet_status encnet__picture_encode(encnet__text *out, const encnet__picture *p,
                                     const uint8_t *palette)
{
    return encnet__png_encode(out, p, palette);
}

encnet_status encnet__picture_write(const char *path, const encnet__picture *p,
                                    const uint8_t *palette)
{
    encnet_status rc = ENCNET_OK;
    encnet__text png = {0};

    TRY(encnet__png_encode(&png, p, palette));
    TRY(encnet__file_write(path, png.data, png.size));
done:
    encnet__text_free(&png);
    return rc;
}

/* -- the public functions ---------------------------------------------------------------------- */

/* What of `options` says how a photo is read. */
static encnet_status photo_options(int64_t *max_pixels, encnet__reading *reading,
                                   const encnet_options *options)
{
    encnet_options defaults;

    if (!options) {
        encnet_options_default(&defaults);
        options = &defaults;
    }
    *max_pixels = options->data.max_pixels;
    *reading = options->data.exif_orientation ? ENCNET__READ_UPRIGHT : ENCNET__READ_STORED;
    if (*max_pixels >= 1) return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG, "data.max_pixels is %lld", (long long)*max_pixels);
}

static void hand_over(uint8_t **rgb, int *h, int *w, encnet__picture *p)
{
    *rgb = p->pixels;
    *h = p->h;
    *w = p->w;
    *p = (encnet__picture){.h = 0};
}

encnet_status encnet_picture_read(uint8_t **rgb, int *h, int *w, const char *path,
                                  const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture p = {.h = 0};
    encnet__reading reading;
    int64_t max_pixels;

    NEED(rgb);
    NEED(h);
    NEED(w);
    NEED(path);
    TRY(photo_options(&max_pixels, &reading, options));
    TRY(encnet__picture_read(&p, path, max_pixels, reading));
    hand_over(rgb, h, w, &p);
done:
    encnet__picture_free(&p);
    return rc;
}

encnet_status encnet_picture_decode(uint8_t **rgb, int *h, int *w, const void *bytes, size_t size,
                                    const char *name, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture p = {.h = 0};
    encnet__reading reading;
    int64_t max_pixels;

    NEED(rgb);
    NEED(h);
    NEED(w);
    NEED(bytes);
    TRY(encnet__check_bytes(size, name ? name : "the picture"));
    TRY(photo_options(&max_pixels, &reading, options));
    TRY(encnet__picture_decode(&p, bytes, size, name ? name : "the picture", max_pixels, reading));
    hand_over(rgb, h, w, &p);
done:
    encnet__picture_free(&p);
    return rc;
}

/* A picture of borrowed pixels. */
static encnet_status borrow(encnet__picture *out, const uint8_t *pixels, int h, int w, int channels,
                            const uint8_t *palette)
{
    if (h < 1 || w < 1 || h > ENCNET__MAX_SIDE || w > ENCNET__MAX_SIDE)
        return encnet__fail(ENCNET_E_ARG, "a picture of %dx%d: its sides are 1 to %d", h, w,
                            ENCNET__MAX_SIDE);
    if (channels != 3 && channels != 1)
        return encnet__fail(ENCNET_E_ARG, "a picture of %d channels, neither 3 nor 1", channels);
    if (palette && channels != 1)
        return encnet__fail(ENCNET_E_ARG, "a palette for a picture of %d channels", channels);
    *out = (encnet__picture){.h = h, .w = w, .channels = channels, .pixels = (uint8_t *)pixels};
    return ENCNET_OK;
}

encnet_status encnet_picture_write(const char *path, const uint8_t *pixels, int h, int w,
                                   int channels, const uint8_t *palette)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture p;

    NEED(path);
    NEED(pixels);
    TRY(borrow(&p, pixels, h, w, channels, palette));
    TRY(encnet__picture_write(path, &p, palette));
done:
    return rc;
}

encnet_status encnet_picture_encode(void **png, size_t *size, const uint8_t *pixels, int h, int w,
                                    int channels, const uint8_t *palette)
{
    encnet_status rc = ENCNET_OK;
    encnet__text text = {0};
    encnet__picture p;

    NEED(png);
    NEED(size);
    NEED(pixels);
    TRY(borrow(&p, pixels, h, w, channels, palette));
    TRY(encnet__picture_encode(&text, &p, palette));
    *png = text.data;
    *size = text.size;
    text = (encnet__text){0};
done:
    encnet__text_free(&text);
    return rc;
}
