/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/picture.h - read and write pictures in files and in memory, with the codecs of the library.
 *
 * Pixels are 8 bits per channel, row by row, without padding: RGB [H,W,3], or one channel [H,W].
 * These functions may run in any number of threads at once.
 */
#ifndef ENCNET_PICTURE_H
#define ENCNET_PICTURE_H

#include <stddef.h>
#include <stdint.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads a PNG or a JPEG as RGB, as encnet_predict() does: grey is spread over the channels, a palette
 * is looked up, CMYK is converted, 16 bits are cut to their high byte, alpha is dropped, and a photo
 * is turned upright as its Exif data say.
 *
 *   rgb      [H,W,3], owned by the caller: release it with encnet_free().  Untouched on failure
 *   h, w     its size
 *   path     the file, recognised by its content
 *   options  data.exif_orientation and data.max_pixels of it; NULL = defaults
 *
 * ENCNET_E_DATA    the file is missing, damaged, of another format or too large; the message names it
 * ENCNET_E_NOMEM   not enough memory
 */
ENCNET_API encnet_status encnet_picture_read(uint8_t **rgb, int *h, int *w, const char *path,
                                             const encnet_options *options) ENCNET_MUST_CHECK;

/* The same of a file in memory: `bytes`, borrowed for the call; `name` stands for its path in
 * messages, and NULL for "the picture". */
ENCNET_API encnet_status encnet_picture_decode(uint8_t **rgb, int *h, int *w, const void *bytes,
                                               size_t size, const char *name,
                                               const encnet_options *options) ENCNET_MUST_CHECK;

/*
 * Writes a PNG, which appears complete or not at all.
 *
 *   path      the file to write
 *   pixels    [H,W,channels], borrowed for the call
 *   h, w      >= 1
 *   channels  3 = RGB; 1 = grey, or indices into the palette
 *   palette   [256,3], RGB, which makes one channel an indexed picture; NULL = none
 *
 * ENCNET_E_ARG    a number is out of range, or there is a palette for RGB
 * ENCNET_E_IO     the file cannot be written; an existing one is unchanged
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_picture_write(const char *path, const uint8_t *pixels, int h, int w,
                                              int channels,
                                              const uint8_t *palette) ENCNET_MUST_CHECK;

/* The same into memory: `png` has `size` bytes and is owned by the caller, who releases it with
 * encnet_free().  Both are untouched on failure. */
ENCNET_API encnet_status encnet_picture_encode(void **png, size_t *size, const uint8_t *pixels,
                                               int h, int w, int channels,
                                               const uint8_t *palette) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
