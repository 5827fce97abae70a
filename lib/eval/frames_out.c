/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* frames_out.c - pictures as the frames of a stream. */
#define _POSIX_C_SOURCE 200809L
#include "eval/frames.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The pixels of a picture, or the colours that its indices stand for. */
static encnet_status look_up(encnet__picture *out, const encnet__picture *p, const uint8_t *palette)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__picture_new(out, p->h, p->w, 3));
    for (size_t i = 0; i < (size_t)p->h * (size_t)p->w; i++)
        memcpy(out->pixels + 3 * i, palette + 3 * (size_t)p->pixels[i], 3);
done:
    return rc;
}

/* Three planes of BT.601, limited range; or the values of a grey picture as they are. */
static void add_planes(encnet__text *out, const encnet__picture *p)
{
    static const int weights[3][4] = {
        {66, 129, 25, 16}, {-38, -74, 112, 128}, {112, -94, -18, 128}};
    size_t P = (size_t)p->h * (size_t)p->w;
    uint8_t block[4096];

    if (p->channels == 1) {
        encnet__text_bytes(out, p->pixels, P);
        return;
    }
    for (int plane = 0; plane < 3; plane++) {
        const int *k = weights[plane];
        for (size_t i = 0, n = 0; i < P; i += n) {
            for (n = 0; n < sizeof block && i + n < P; n++) {
                const uint8_t *rgb = p->pixels + 3 * (i + n);
                block[n] =
                    (uint8_t)(((k[0] * rgb[0] + k[1] * rgb[1] + k[2] * rgb[2] + 128) >> 8) + k[3]);
            }
            encnet__text_bytes(out, block, n);
        }
    }
}

void encnet__y4m_header(encnet__text *out, int h, int w, bool is_grey, const encnet__y4m *like)
{
    encnet__text_add(out, "YUV4MPEG2 W%d H%d F%s Ip A%s C%s\n", w, h, like ? like->rate : "25:1",
                     like ? like->aspect : "1:1", is_grey ? "mono" : "444");
}

encnet_status encnet__frame_encode(encnet__text *out, const encnet__picture *p,
                                   const uint8_t *palette, encnet__frame_kind kind)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture coloured = {0};
    size_t size;

    if (kind == ENCNET__FRAME_PNG || kind == ENCNET__FRAME_JPEG)
        return encnet__picture_encode(out, p, palette);
    if (palette) {
        TRY(look_up(&coloured, p, palette));
        p = &coloured;
    }
    size = (size_t)p->h * (size_t)p->w * (size_t)p->channels;
    if (kind == ENCNET__FRAME_Y4M) {
        encnet__text_add(out, "FRAME\n");
        add_planes(out, p);
    } else {
        encnet__text_add(out, "P%d\n%d %d\n255\n", p->channels == 3 ? 6 : 5, p->w, p->h);
        encnet__text_bytes(out, p->pixels, size);
    }
    if (out->failed) FAIL(ENCNET_E_NOMEM, "no memory for a frame of %d x %d", p->w, p->h);
done:
    encnet__picture_free(&coloured);
    return rc;
}

encnet_status encnet__write_all(int fd, const void *bytes, size_t size)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    const char *at = bytes;

    while (size) {
        ssize_t put = write(fd, at, size);
        if (put < 0 && errno == EAGAIN) {
            (void)poll(&wait, 1, -1);
            continue;
        }
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return encnet__fail(ENCNET_E_IO, "writing the stream: %s", strerror(errno));
        at += put;
        size -= (size_t)put;
    }
    return ENCNET_OK;
}
