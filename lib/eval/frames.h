/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * frames.h - pictures that come and go through pipes: PNG, JPEG, PPM and PGM one after another, and
 * YUV4MPEG2 (y4m) as ffmpeg and mjpegtools write it.
 *
 * y4m is of 8 bits, 4:2:0, 4:2:2, 4:4:4 or grey; its colours are BT.601's, of limited range unless the
 * stream says XCOLORRANGE=FULL.  What is written is 4:4:4, so that thin things keep their colour, or grey.
 */
#ifndef ENCNET__FRAMES_H
#define ENCNET__FRAMES_H

#include <signal.h>

#include "data/data.h"

typedef enum encnet__frame_kind {
    ENCNET__FRAME_PNG,
    ENCNET__FRAME_JPEG,
    ENCNET__FRAME_PNM,
    ENCNET__FRAME_Y4M
} encnet__frame_kind;

/* What the header of a y4m says. */
typedef struct encnet__y4m {
    int w, h;
    int chroma_w, chroma_h; /* of a plane of chroma; 0: grey */
    bool full_range;
    char rate[32], aspect[32]; /* "30:1", "1:1" */
} encnet__y4m;

/* -- frames_in.c ------------------------------------------------------------------------------- */

typedef struct encnet__frames encnet__frames;

/* Reads from a descriptor, which stays open.  While it waits for bytes it looks at *stop and
 * `quit`; with one of them set the stream ends. */
encnet_status encnet__frames_open(encnet__frames **out, int fd,
                                  const volatile sig_atomic_t *stop) ENCNET_MUST_CHECK;
/* Reads the bytes of the next frame; `raw` is empty at the end of the stream.  ENCNET_E_DATA: the stream
 * is damaged, and where the next frame begins is not known. */
encnet_status encnet__frames_next(encnet__frames *f, encnet__text *raw) ENCNET_MUST_CHECK;
/* The kind of the frame that was read last, and for y4m what its header says. */
encnet__frame_kind encnet__frames_kind(const encnet__frames *f);
const encnet__y4m *encnet__frames_y4m(const encnet__frames *f);
/* Decodes such bytes; `name` stands for the frame in messages. */
encnet_status encnet__frame_decode(encnet__picture *out, const encnet__text *raw,
                                   encnet__frame_kind kind, const encnet__y4m *y4m,
                                   const char *name, int64_t max_pixels,
                                   encnet__reading reading) ENCNET_MUST_CHECK;
void encnet__frames_quit(encnet__frames *f);  /* from any thread */
void encnet__frames_close(encnet__frames *f); /* takes NULL */

/* -- frames_out.c ------------------------------------------------------------------------------ */

/* Appends a picture as a frame of a stream; with `palette` its pixels are indices into it. */
encnet_status encnet__frame_encode(encnet__text *out, const encnet__picture *p,
                                   const uint8_t *palette,
                                   encnet__frame_kind kind) ENCNET_MUST_CHECK;
/* Appends the header of a y4m for frames of this size; `like` is that of the input, or NULL. */
void encnet__y4m_header(encnet__text *out, int h, int w, bool is_grey, const encnet__y4m *like);
/* Writes all bytes to a descriptor.  ENCNET_E_IO: it takes no more. */
encnet_status encnet__write_all(int fd, const void *bytes, size_t size) ENCNET_MUST_CHECK;

#endif
