/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* frames_in.c - finds the frames in a stream of bytes, and decodes them. */
#define _POSIX_C_SOURCE 200809L
#include "eval/frames.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FRAME ((size_t)1 << 30)
enum { WAIT_MS = 100, BUFFER = 65536, MAX_LINE = 4096, MAX_SIDE = 65500 };

struct encnet__frames {
    int fd;
    const volatile sig_atomic_t *stop;
    atomic_bool quit;
    uint8_t buffer[BUFFER];
    size_t at, end;
    long number; /* of the frame that is being read, from 1 */
    encnet__frame_kind kind;
    bool has_y4m;
    encnet__y4m y4m;
};

/* -- bytes ----------------------------------------------------------------------------------- */

/* Waits for bytes, and reads them into the empty buffer; false at the end of the stream. */
static bool fill(encnet__frames *f, encnet_status *rc)
{
    struct pollfd wait = {.fd = f->fd, .events = POLLIN};
    ssize_t got;

    for (;;) {
        if (atomic_load(&f->quit) || (f->stop && *f->stop)) return false;
        if (poll(&wait, 1, WAIT_MS) <= 0) continue;
        got = read(f->fd, f->buffer, sizeof f->buffer);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0)
            *rc = encnet__fail(ENCNET_E_IO, "frame %ld: reading the stream: %s", f->number,
                               strerror(errno));
        f->at = 0;
        f->end = got > 0 ? (size_t)got : 0;
        return got > 0;
    }
}

/* The next byte, which stays; -1: there is none. */
static int peek(encnet__frames *f, encnet_status *rc)
{
    return f->at < f->end || fill(f, rc) ? f->buffer[f->at] : -1;
}

static encnet_status ended(const encnet__frames *f, encnet_status rc)
{
    if (rc != ENCNET_OK) return rc;
    return encnet__fail(ENCNET_E_DATA, "frame %ld: the stream ends within it", f->number);
}

/* Moves `size` bytes to `raw`. */
static encnet_status take(encnet__frames *f, encnet__text *raw, size_t size)
{
    encnet_status rc = ENCNET_OK;

    if (size > MAX_FRAME || raw->size > MAX_FRAME - size)
        return encnet__fail(ENCNET_E_DATA, "frame %ld: more than %zu bytes", f->number, MAX_FRAME);
    while (size) {
        size_t some;
        if (peek(f, &rc) < 0) return ended(f, rc);
        some = f->end - f->at < size ? f->end - f->at : size;
        encnet__text_bytes(raw, f->buffer + f->at, some);
        if (raw->failed)
            return encnet__fail(ENCNET_E_NOMEM, "frame %ld: no memory for it", f->number);
        f->at += some;
        size -= some;
    }
    return rc;
}

/* Moves a line, with its end. */
static encnet_status take_line(encnet__frames *f, encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    size_t before = raw->size;

    do {
        if (raw->size - before == MAX_LINE)
            FAIL(ENCNET_E_DATA, "frame %ld: a line of more than %d bytes", f->number, MAX_LINE);
        TRY(take(f, raw, 1));
    } while (raw->data[raw->size - 1] != '\n');
done:
    return rc;
}

/* -- frames ---------------------------------------------------------------------------------- */

static size_t big_endian(const char *bytes, int count)
{
    size_t n = 0;

    for (int i = 0; i < count; i++) n = n << 8 | (unsigned char)bytes[i];
    return n;
}

/* A PNG ends with its chunk IEND. */
static encnet_status take_png(encnet__frames *f, encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    bool last = false;

    TRY(take(f, raw, 8));
    while (!last) {
        size_t at = raw->size;
        TRY(take(f, raw, 8));
        last = memcmp(raw->data + at + 4, "IEND", 4) == 0;
        TRY(take(f, raw, big_endian(raw->data + at, 4) + 4));
    }
done:
    return rc;
}

/* A JPEG is segments with their lengths; behind a scan's header, data go on to a marker that is no
 * restart and no escaped 255. */
static encnet_status take_jpeg(encnet__frames *f, encnet__text *raw)
{
    enum { EOI = 0xD9, SOS = 0xDA, RST0 = 0xD0, RST7 = 0xD7 };
    encnet_status rc = ENCNET_OK;
    int marker = 0;

    TRY(take(f, raw, 2)); /* SOI */
    while (marker != EOI) {
        TRY(take(f, raw, 1));
        if ((uint8_t)raw->data[raw->size - 1] != 0xFF) {
            if (marker == SOS) continue; /* data of a scan */
            FAIL(ENCNET_E_DATA, "frame %ld: a damaged JPEG: no marker where one must be",
                 f->number);
        }
        do TRY(take(f, raw, 1));
        while ((uint8_t)raw->data[raw->size - 1] == 0xFF);
        if (marker == SOS &&
            ((uint8_t)raw->data[raw->size - 1] == 0 || ((uint8_t)raw->data[raw->size - 1] >= RST0 &&
                                                        (uint8_t)raw->data[raw->size - 1] <= RST7)))
            continue;
        marker = (uint8_t)raw->data[raw->size - 1];
        if (marker == EOI) break;
        TRY(take(f, raw, 2));
        if (big_endian(raw->data + raw->size - 2, 2) < 2)
            FAIL(ENCNET_E_DATA, "frame %ld: a damaged JPEG: a segment of no length", f->number);
        TRY(take(f, raw, big_endian(raw->data + raw->size - 2, 2) - 2));
    }
done:
    return rc;
}

/* A number of a PNM's header and the one byte behind it. */
static encnet_status take_number(encnet__frames *f, encnet__text *raw, long *out)
{
    encnet_status rc = ENCNET_OK;
    char c;

    *out = -1;
    for (;;) {
        TRY(take(f, raw, 1));
        c = raw->data[raw->size - 1];
        if (c == '#' && *out < 0)
            TRY(take_line(f, raw));
        else if (c >= '0' && c <= '9' && *out < 1000000)
            *out = (*out < 0 ? 0 : *out * 10) + (c - '0');
        else if (c && strchr(" \t\r\n", c) && *out >= 0)
            break;
        else if (!c || !strchr(" \t\r\n", c))
            FAIL(ENCNET_E_DATA, "frame %ld: a damaged header of a PPM", f->number);
    }
done:
    return rc;
}

/* The header is replaced by "P6 W H 255\n". */
static encnet_status take_pnm(encnet__frames *f, encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    long w, h, most;
    char kind;

    TRY(take(f, raw, 2));
    kind = raw->data[1];
    if (kind != '5' && kind != '6')
        FAIL(ENCNET_E_DATA, "frame %ld: a picture P%c; of Netpbm's formats P5 and P6 are read",
             f->number, kind >= '0' && kind <= '9' ? kind : '?');
    TRY(take_number(f, raw, &w));
    TRY(take_number(f, raw, &h));
    TRY(take_number(f, raw, &most));
    if (w < 1 || h < 1 || most != 255)
        FAIL(ENCNET_E_DATA, "frame %ld: a PPM of %ld x %ld with values to %ld: 255 is read",
             f->number, w, h, most);
    raw->size = 0;
    encnet__text_add(raw, "P%c %ld %ld 255\n", kind, w, h);
    if ((uint64_t)w * (uint64_t)h > MAX_FRAME / 3)
        FAIL(ENCNET_E_DATA, "frame %ld: %ld x %ld pixels", f->number, w, h);
    TRY(take(f, raw, (size_t)w * (size_t)h * (kind == '6' ? 3 : 1)));
done:
    return rc;
}

/* The chroma of a y4m by what follows its "C"; false: another one. */
static bool set_chroma(encnet__y4m *y, const char *name)
{
    static const struct {
        const char *name;
        int across, down; /* pixels of a sample; 0: none */
    } known[] = {{"420jpeg", 2, 2}, {"420mpeg2", 2, 2}, {"420paldv", 2, 2}, {"420", 2, 2},
                 {"422", 2, 1},     {"444", 1, 1},      {"mono", 0, 0}};

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        y->chroma_w = known[i].across ? (y->w + known[i].across - 1) / known[i].across : 0;
        y->chroma_h = known[i].across ? (y->h + known[i].down - 1) / known[i].down : 0;
        return true;
    }
    return false;
}

/* "W640": a side of the frames. */
static encnet_status take_side(int *out, const char *word)
{
    const char *end;

    if (encnet__digits(out, word + 1, MAX_SIDE, &end) && !*end && *out > 0) return ENCNET_OK;
    return encnet__fail(ENCNET_E_DATA, "the header of the y4m: %s: a side is a number 1..%d", word,
                        MAX_SIDE);
}

static encnet_status read_y4m_header(encnet__frames *f, encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    encnet__y4m *y = &f->y4m;
    char chroma[32] = "420jpeg", *rest = NULL;

    TRY(take_line(f, raw));
    raw->data[raw->size - 1] = '\0';
    *y = (encnet__y4m){.rate = "25:1", .aspect = "1:1"};
    for (char *word = strtok_r(raw->data, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (*word == 'W') TRY(take_side(&y->w, word));
        if (*word == 'H') TRY(take_side(&y->h, word));
        if (*word == 'F') snprintf(y->rate, sizeof y->rate, "%s", word + 1);
        if (*word == 'A') snprintf(y->aspect, sizeof y->aspect, "%s", word + 1);
        if (*word == 'C') snprintf(chroma, sizeof chroma, "%s", word + 1);
        if (strcmp(word, "XCOLORRANGE=FULL") == 0) y->full_range = true;
    }
    if (!y->w || !y->h)
        FAIL(ENCNET_E_DATA, "the header of the y4m: no %s", y->w ? "height (H)" : "width (W)");
    if (!set_chroma(y, chroma))
        FAIL(ENCNET_E_DATA,
             "the header of the y4m: C%s; 420, 422, 444 and mono of 8 bits are read (ffmpeg: "
             "-pix_fmt yuv420p)",
             chroma);
    f->has_y4m = true;
    raw->size = 0;
done:
    return rc;
}

static encnet_status take_y4m(encnet__frames *f, encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    const encnet__y4m *y = &f->y4m;

    TRY(take_line(f, raw));
    if (strncmp(raw->data, "FRAME", 5) != 0)
        FAIL(ENCNET_E_DATA, "frame %ld: a damaged y4m: FRAME is not where it must be", f->number);
    raw->size = 0;
    TRY(take(f, raw, (size_t)y->w * (size_t)y->h + 2 * (size_t)y->chroma_w * (size_t)y->chroma_h));
done:
    return rc;
}

encnet_status encnet__frames_next(encnet__frames *f, encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    int first;

    raw->size = 0;
    f->number++;
    while (((first = peek(f, &rc)) == '\n' || first == '\r') && !f->has_y4m)
        f->at++; /* between two pictures */
    if (first < 0) return rc;
    if (!f->has_y4m && first == 'Y') TRY(read_y4m_header(f, raw));
    if (f->has_y4m) {
        if (f->number == 1 && peek(f, &rc) < 0) return rc;
        f->kind = ENCNET__FRAME_Y4M;
        TRY(take_y4m(f, raw));
    } else if (first == 0x89) {
        f->kind = ENCNET__FRAME_PNG;
        TRY(take_png(f, raw));
    } else if (first == 0xFF) {
        f->kind = ENCNET__FRAME_JPEG;
        TRY(take_jpeg(f, raw));
    } else if (first == 'P') {
        f->kind = ENCNET__FRAME_PNM;
        TRY(take_pnm(f, raw));
    } else {
        FAIL(ENCNET_E_DATA,
             "frame %ld: begins with byte 0x%02x, as none of PNG, JPEG, PPM and y4m does",
             f->number, (unsigned)first);
    }
done:
    if (rc != ENCNET_OK) raw->size = 0;
    return rc;
}

/* -------------------------------------------------------------------------------------------- */

encnet_status encnet__frames_open(encnet__frames **out, int fd, const volatile sig_atomic_t *stop)
{
    encnet__frames *f = encnet__alloc(1, sizeof *f);

    if (!f) return encnet__fail(ENCNET_E_NOMEM, "no memory to read a stream");
    f->fd = fd;
    f->stop = stop;
    *out = f;
    return ENCNET_OK;
}

encnet__frame_kind encnet__frames_kind(const encnet__frames *f)
{
    return f->kind;
}

const encnet__y4m *encnet__frames_y4m(const encnet__frames *f)
{
    return f->has_y4m ? &f->y4m : NULL;
}

void encnet__frames_quit(encnet__frames *f)
{
    atomic_store(&f->quit, true);
}

void encnet__frames_close(encnet__frames *f)
{
    encnet__free(f);
}

/* -- decoding -------------------------------------------------------------------------------- */

static uint8_t clip(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* BT.601, in 1/256 for the limited range and in 1/65536 for the full one. */
static void to_rgb(uint8_t *rgb, int y, int u, int v, bool full)
{
    u -= 128;
    v -= 128;
    if (full) {
        rgb[0] = clip((65536 * y + 91881 * v + 32768) >> 16);
        rgb[1] = clip((65536 * y - 22554 * u - 46802 * v + 32768) >> 16);
        rgb[2] = clip((65536 * y + 116130 * u + 32768) >> 16);
    } else {
        y -= 16;
        rgb[0] = clip((298 * y + 409 * v + 128) >> 8);
        rgb[1] = clip((298 * y - 100 * u - 208 * v + 128) >> 8);
        rgb[2] = clip((298 * y + 516 * u + 128) >> 8);
    }
}

static encnet_status decode_y4m(encnet__picture *out, const encnet__text *raw, const encnet__y4m *y)
{
    encnet_status rc = ENCNET_OK;
    const uint8_t *luma = (const uint8_t *)raw->data;
    size_t P = (size_t)y->w * (size_t)y->h, Q = (size_t)y->chroma_w * (size_t)y->chroma_h;
    const uint8_t *u = luma + P, *v = u + Q;
    int across = y->chroma_w == y->w ? 1 : 2, down = y->chroma_h == y->h ? 1 : 2;

    TRY(encnet__picture_new(out, y->h, y->w, 3));
    for (int row = 0; row < y->h; row++)
        for (int x = 0; x < y->w; x++) {
            size_t p = (size_t)row * (size_t)y->w + (size_t)x;
            size_t q = (size_t)(row / down) * (size_t)y->chroma_w + (size_t)(x / across);
            to_rgb(out->pixels + 3 * p, luma[p], Q ? u[q] : 128, Q ? v[q] : 128, y->full_range);
        }
done:
    return rc;
}

static encnet_status decode_pnm(encnet__picture *out, const encnet__text *raw)
{
    encnet_status rc = ENCNET_OK;
    const char *pixels = strchr(raw->data, '\n') + 1;
    char *end;
    int w = (int)strtol(raw->data + 2, &end, 10), h = (int)strtol(end, NULL, 10);

    TRY(encnet__picture_new(out, h, w, 3));
    for (size_t p = 0; p < (size_t)h * (size_t)w; p++)
        for (size_t c = 0; c < 3; c++)
            out->pixels[3 * p + c] = (uint8_t)(raw->data[1] == '6' ? pixels[3 * p + c] : pixels[p]);
done:
    return rc;
}

encnet_status encnet__frame_decode(encnet__picture *out, const encnet__text *raw,
                                   encnet__frame_kind kind, const encnet__y4m *y4m,
                                   const char *name, int64_t max_pixels, encnet__reading reading)
{
    encnet_status rc = ENCNET_OK;

    if (kind == ENCNET__FRAME_PNG || kind == ENCNET__FRAME_JPEG)
        TRY(encnet__picture_decode(out, raw->data, raw->size, name, max_pixels, reading));
    else if (kind == ENCNET__FRAME_Y4M)
        TRY(decode_y4m(out, raw, y4m));
    else
        TRY(decode_pnm(out, raw));
    if ((int64_t)out->h * out->w > max_pixels)
        FAIL(ENCNET_E_DATA, "%s: %d x %d pixels, more than data.max_pixels=%lld", name, out->w,
             out->h, (long long)max_pixels);
done:
    return rc;
}
