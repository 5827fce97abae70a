/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * jpeg.c - decodes JPEG with libjpeg-turbo and its default transforms (accurate integer DCT, smooth
 * chroma), so that pixels equal those of Pillow and OpenCV.  Grey becomes RGB, and CMYK is converted
 * with OpenCV's formula.  A photo is turned by its Exif orientation, because people draw
 * labels on what viewers show.
 *
 * Damage that libjpeg merely warns about, and fills with grey, is an error here, because nobody
 * wants to train on a half-grey image.  A file that lacks nothing but the mark of its end is whole.
 */
#include "data/codec.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { MAX_BYTES = 1 << 28 };
/* A progressive file can ask for any number of passes over its pixels.  Programs write 10 to 12; what is refused is
 * what would take more than some seconds. */
enum { LEAST_SCANS = 20, MOST_SCANS = 500 };
#define SCANNED_PIXELS 1e9

typedef struct job {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    bool scans; /* the header has been read */
    bool ended; /* the file has no more bytes, though no mark of the end has come */
    const encnet__encoded *in;
    encnet__picture *out;
    encnet__picture cmyk; /* one row */
    encnet_status rc;
    jmp_buf leave;
} job;

static bool sniff(const uint8_t *head, size_t size)
{
    return size >= 3 && memcmp(head, "\xff\xd8\xff", 3) == 0;
}

/* The size of the picture can be anywhere in the file. */
static encnet_status limit(size_t *bytes, const encnet__encoded *head)
{
    (void)head;
    *bytes = MAX_BYTES;
    return ENCNET_OK;
}

/* It is in the frame header, behind segments of known lengths. */
static bool stated_size(int64_t *h, int64_t *w, FILE *f)
{
    enum { START_OF_IMAGE = 2, TABLES = 0xC4, EXTENSION = 0xC8, CONDITIONING = 0xCC };
    uint8_t part[7];

    if (fseek(f, START_OF_IMAGE, SEEK_SET) != 0) return false;
    for (int segments = 0; segments < 1000; segments++) {
        int marker, fill = fgetc(f);
        while (fill == 0xFF && (marker = fgetc(f)) == 0xFF) continue;
        if (fill != 0xFF || fread(part, 1, 2, f) != 2) return false;
        if ((marker & 0xF0) == 0xC0 && marker != TABLES && marker != EXTENSION &&
            marker != CONDITIONING) {
            if (fread(part, 1, 5, f) != 5) return false;
            *h = part[1] << 8 | part[2];
            *w = part[3] << 8 | part[4];
            return true;
        }
        if (fseek(f, (part[0] << 8 | part[1]) - 2, SEEK_CUR) != 0) return false;
    }
    return false;
}

/* Leaves libjpeg.  Its message becomes the error, unless there is one already. */
static _Noreturn void stop(job *j)
{
    char text[JMSG_LENGTH_MAX];

    if (j->rc == ENCNET_OK) {
        j->errors.format_message((j_common_ptr)&j->codec, text);
        j->rc = encnet__fail(ENCNET_E_DATA, "%s: damaged JPEG (%s)", j->in->name, text);
    }
    longjmp(j->leave, 1);
}

static void on_error(j_common_ptr codec)
{
    stop(codec->client_data);
}

static _Noreturn void truncated(job *j)
{
    j->rc = encnet__fail(ENCNET_E_DATA, "%s: truncated JPEG, it ends after %zu bytes", j->in->name,
                         j->in->size);
    stop(j);
}

/* Level -1 is a warning about the data; higher levels are informational. */
static void on_message(j_common_ptr codec, int level)
{
    job *j = codec->client_data;

    if (level >= 0) return;
    switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF: /* what the last scan lacks is told by JWRN_HIT_MARKER */
        j->ended = true;
        if (j->scans && !jpeg_has_multiple_scans(&j->codec) && !j->codec.arith_code) return;
        truncated(j);
    case JWRN_HIT_MARKER:
        if (j->ended) truncated(j);
        stop(j);
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
        stop(j);
    default:
        break; /* such as stray bytes between segments, on which no pixel depends */
    }
}

static void on_progress(j_common_ptr codec)
{
    job *j = codec->client_data;

    double pixels = (double)j->codec.image_width * (double)j->codec.image_height;
    double scans = SCANNED_PIXELS / (pixels > 1 ? pixels : 1);

    if (scans > MOST_SCANS) scans = MOST_SCANS;
    if (scans < LEAST_SCANS) scans = LEAST_SCANS;
    if (j->codec.input_scan_number <= (int)scans) return;
    j->rc = encnet__fail(ENCNET_E_DATA, "%s: a JPEG of %u x %u pixels in more than %d scans",
                         j->in->name, j->codec.image_height, j->codec.image_width, (int)scans);
    stop(j);
}

/* OpenCV's formula, for ink that is stored inverted, as Adobe's programs do. */
static void to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++, cmyk += 4, rgb += 3)
        for (int k = 0; k < 3; k++)
            rgb[k] = (uint8_t)(cmyk[3] - (((255 - cmyk[k]) * cmyk[3]) >> 8));
}

static void read_picture(job *j)
{
    struct jpeg_decompress_struct *c = &j->codec;
    bool has_four;

    jpeg_create_decompress(c);
    c->client_data = j;
    c->progress = &j->progress;
    jpeg_mem_src(c, j->in->bytes, (unsigned long)j->in->size);
    (void)jpeg_read_header(c, TRUE);
    j->rc = encnet__size_check(j->in, c->image_height, c->image_width);
    if (j->rc != ENCNET_OK) stop(j);
    has_four = c->jpeg_color_space == JCS_CMYK || c->jpeg_color_space == JCS_YCCK;
    c->out_color_space = has_four ? JCS_CMYK : JCS_RGB;
    j->scans = true;
    (void)jpeg_start_decompress(c);
    j->rc = encnet__picture_new(j->out, (int)c->output_height, (int)c->output_width, 3);
    if (j->rc == ENCNET_OK && has_four)
        j->rc = encnet__picture_new(&j->cmyk, 1, (int)c->output_width, 4);
    if (j->rc != ENCNET_OK) stop(j);
    while (c->output_scanline < c->output_height) {
        JSAMPROW rgb = j->out->pixels + (size_t)c->output_scanline * c->output_width * 3;
        JSAMPROW row = has_four ? j->cmyk.pixels : rgb;
        (void)jpeg_read_scanlines(c, &row, 1);
        if (has_four) to_rgb(rgb, row, c->output_width);
    }
    (void)jpeg_finish_decompress(c);
}

/* setjmp() has a function of its own, in which no local variable changes. */
static void guarded(job *j)
{
    if (!setjmp(j->leave)) read_picture(j);
}

/* The orientation that the Exif data in an APP1 segment state. */
static int orientation(const encnet__encoded *in)
{
    enum { APP1 = 0xE1, START_OF_SCAN = 0xDA, SIGNATURE = 6 };
    const uint8_t *at = in->bytes + 2, *end = in->bytes + in->size;

    while (end - at >= 4 && at[0] == 0xFF && at[1] != START_OF_SCAN) {
        size_t size = (size_t)at[2] << 8 | at[3];
        if (at[1] == 0xFF) { /* a fill byte */
            at++;
            continue;
        }
        if (size < 2 || (size_t)(end - at) < 2 + size) break;
        if (at[1] == APP1 && size >= 2 + SIGNATURE && memcmp(at + 4, "Exif\0", SIGNATURE) == 0)
            return encnet__exif_orientation(at + 4 + SIGNATURE, size - 2 - SIGNATURE);
        at += 2 + size;
    }
    return 1;
}

static encnet_status decode(encnet__picture *out, const encnet__encoded *in)
{
    job j = {.in = in, .out = out};

    if (in->reading == ENCNET__READ_LABEL)
        return encnet__fail(ENCNET_E_DATA,
                            "%s: a JPEG, which changes the class indices of its pixels; labels are "
                            "PNG files",
                            in->name);
    j.codec.err = jpeg_std_error(&j.errors);
    j.errors.error_exit = on_error;
    j.errors.emit_message = on_message;
    j.progress.progress_monitor = on_progress;
    j.codec.client_data = &j;
    guarded(&j);
    jpeg_destroy_decompress(&j.codec);
    encnet__picture_free(&j.cmyk);
    if (j.rc == ENCNET_OK && in->reading == ENCNET__READ_UPRIGHT)
        j.rc = encnet__picture_turn(out, orientation(in));
    return j.rc;
}

const encnet__codec encnet__codec_jpeg = {
    .sniff = sniff,
    .limit = limit,
    .size = stated_size,
    .decode = decode,
};
