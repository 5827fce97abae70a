/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * png.c - reads and writes PNG with libpng's row interface.
 *
 * libpng reports errors by longjmp().  Everything that must survive that is in a `job` of the
 * caller, so that no local variable of the function with the setjmp() changes.  The callbacks set
 * the message before they jump.
 *
 * libpng skips ancillary chunks (text, profiles, Exif, times, gamma), because no pixel depends on
 * them and small files use them to ask for much memory; the orientation in an eXIf chunk is looked
 * for in the file's bytes.  Alpha and transparency are dropped, not blended.
 */
#include "data/codec.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

enum { RUNS = 3 }; /* Z_RLE of zlib.h */

enum { CHUNK_LIMIT = 100, CHUNK_BYTES = 1 << 20 }; /* libpng's own: 1000 chunks of 8 MB */
enum { WIDTH_AT = 16, METADATA = 1 << 24 };

typedef struct job {
    png_structp png;
    png_infop info;
    const encnet__encoded *in; /* decoding */
    size_t at;                 /* bytes consumed */
    encnet__picture *out;
    encnet__picture wide; /* 16-bit indices, until their high bytes are checked */
    encnet__text *text;   /* encoding */
    const encnet__picture *from;
    const uint8_t *palette;
    encnet_status rc;
} job;

static bool sniff(const uint8_t *head, size_t size)
{
    return size >= 8 && png_sig_cmp(head, 0, 8) == 0;
}

static int64_t big_endian(const uint8_t *p)
{
    return (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* The size of the picture is in the first chunk.  No file needs more bytes than uncompressed 16-bit
 * RGBA, and METADATA. */
static encnet_status limit(size_t *bytes, const encnet__encoded *head)
{
    encnet_status rc = ENCNET_OK;
    int64_t h, w;

    *bytes = METADATA;
    if (head->size < WIDTH_AT + 8) return ENCNET_OK; /* the decoder reports that it is truncated */
    w = big_endian(head->bytes + WIDTH_AT);
    h = big_endian(head->bytes + WIDTH_AT + 4);
    TRY(encnet__size_check(head, h, w));
    *bytes += (size_t)(h * (8 * w + 1));
done:
    return rc;
}

static bool stated_size(int64_t *h, int64_t *w, FILE *f)
{
    uint8_t head[WIDTH_AT + 8];

    if (fread(head, 1, sizeof head, f) != sizeof head) return false;
    *w = big_endian(head + WIDTH_AT);
    *h = big_endian(head + WIDTH_AT + 4);
    return true;
}

static PNG_NORETURN void on_error(png_structp png, png_const_charp message)
{
    job *j = png_get_error_ptr(png);

    if (j->rc == ENCNET_OK)
        j->rc = j->in ? encnet__fail(ENCNET_E_DATA, "%s: damaged PNG (%s)", j->in->name, message)
                      : encnet__fail(ENCNET_E_INTERNAL, "writing a PNG: %s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep data, size_t size)
{
    job *j = png_get_io_ptr(png);

    if (size > j->in->size - j->at) {
        j->rc = encnet__fail(ENCNET_E_DATA, "%s: truncated PNG, it ends after %zu bytes",
                             j->in->name, j->in->size);
        png_error(png, "truncated");
    }
    memcpy(data, j->in->bytes + j->at, size);
    j->at += size;
}

static void on_write(png_structp png, png_bytep data, size_t size)
{
    job *j = png_get_io_ptr(png);

    encnet__text_bytes(j->text, data, size);
    if (j->text->failed) {
        j->rc = encnet__fail(ENCNET_E_NOMEM, "no memory for a PNG of %zu bytes", j->text->size);
        png_error(png, "memory");
    }
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Leaves libpng by longjmp() if `rc` is an error, whose message is already set. */
static void check(job *j, encnet_status rc)
{
    if (rc == ENCNET_OK) return;
    j->rc = rc;
    png_error(j->png, "refused");
}

/* Asks libpng for 8-bit RGB: the high byte of 16 bits, without alpha. */
static void ask_for_rgb(job *j)
{
    png_set_expand(j->png); /* palette to RGB, 1/2/4-bit grey to 8 bits; tRNS becomes alpha ... */
    png_set_strip_16(j->png);
    png_set_gray_to_rgb(j->png);
    png_set_strip_alpha(j->png); /* ... and is dropped */
}

/* Asks for the stored values, one byte each (two for 16 bits). */
static void ask_for_indices(job *j)
{
    png_set_packing(j->png);
    png_set_strip_alpha(j->png);
}

static bool has_colours(int colour_type)
{
    return colour_type & PNG_COLOR_MASK_COLOR && colour_type != PNG_COLOR_TYPE_PALETTE;
}

/* 16-bit indices are big-endian pairs. */
static void narrow(job *j, int h, int w)
{
    check(j, encnet__picture_new(j->out, h, w, 1));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            size_t i = (size_t)y * (size_t)w + (size_t)x;
            const uint8_t *p = j->wide.pixels + 2 * i;
            if (p[0])
                check(j, encnet__fail(ENCNET_E_DATA,
                                      "%s: the value %d at x=%d, y=%d is no class index: ids are "
                                      "0-255, and greater ones may number objects",
                                      j->in->name, p[0] * 256 + p[1], x, y));
            j->out->pixels[i] = p[1];
        }
}

/* The work after setjmp(); every error leaves it by longjmp(). */
static void read_picture(job *j)
{
    png_uint_32 w, h;
    int depth, colour_type, passes, channels;
    encnet__picture *to;
    bool indices;

    png_set_user_limits(j->png, ENCNET__MAX_SIDE, ENCNET__MAX_SIDE);
    png_set_chunk_cache_max(j->png, CHUNK_LIMIT);
    png_set_chunk_malloc_max(j->png, CHUNK_BYTES);
    png_set_keep_unknown_chunks(j->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_check_for_invalid_index(j->png,
                                    -1); /* 255, which means ignored, is often not in the palette */
    png_set_read_fn(j->png, j, on_read);
    png_read_info(j->png, j->info);
    png_get_IHDR(j->png, j->info, &w, &h, &depth, &colour_type, NULL, NULL, NULL);
    check(j, encnet__size_check(j->in, h, w));
    indices = j->in->reading == ENCNET__READ_LABEL && !has_colours(colour_type);
    if (j->in->reading == ENCNET__READ_LABEL && !indices && depth == 16)
        check(j, encnet__fail(ENCNET_E_DATA, "%s: a label in colours of 16 bits", j->in->name));
    if (indices)
        ask_for_indices(j);
    else
        ask_for_rgb(j);
    passes = png_set_interlace_handling(j->png);
    png_read_update_info(j->png, j->info);

    channels = indices ? (depth == 16 ? 2 : 1) : 3;
    to = channels == 2 ? &j->wide : j->out;
    check(j, encnet__picture_new(to, (int)h, (int)w, channels));
    if (png_get_rowbytes(j->png, j->info) != (size_t)w * (size_t)channels)
        png_error(j->png, "unexpected row size");
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 y = 0; y < h; y++)
            png_read_row(j->png, to->pixels + (size_t)y * w * (size_t)channels, NULL);
    png_read_end(j->png, NULL);
    if (channels == 2) narrow(j, (int)h, (int)w);
}

/* setjmp() has a function of its own, in which no local variable changes. */
static void guarded(job *j, void (*work)(job *j))
{
    if (!setjmp(png_jmpbuf(j->png))) work(j);
}

/* The orientation that an eXIf chunk states.  libpng has read the file: its chunks are whole. */
static int orientation(const encnet__encoded *in)
{
    enum { SIGNATURE = 8, FRAME = 12 }; /* size, name and checksum of a chunk */
    size_t at = SIGNATURE, size;

    for (; in->size >= FRAME && at <= in->size - FRAME; at += FRAME + size) {
        size = (size_t)big_endian(in->bytes + at);
        if (size > in->size - FRAME - at) break;
        if (memcmp(in->bytes + at + 4, "eXIf", 4) == 0)
            return encnet__exif_orientation(in->bytes + at + 8, size);
    }
    return 1;
}

static encnet_status decode(encnet__picture *out, const encnet__encoded *in)
{
    job j = {.in = in, .out = out};

    j.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    if (!j.info)
        j.rc = encnet__fail(ENCNET_E_NOMEM, "%s: no memory for the PNG reader", in->name);
    else
        guarded(&j, read_picture);
    png_destroy_read_struct(&j.png, &j.info, NULL);
    encnet__picture_free(&j.wide);
    if (j.rc == ENCNET_OK && in->reading == ENCNET__READ_UPRIGHT)
        j.rc = encnet__picture_turn(out, orientation(in));
    return j.rc;
}

const encnet__codec encnet__codec_png = {
    .sniff = sniff,
    .limit = limit,
    .size = stated_size,
    .decode = decode,
};

static void write_picture(job *j)
{
    const encnet__picture *p = j->from;
    png_color colours[256];
    int type = j->palette         ? PNG_COLOR_TYPE_PALETTE
               : p->channels == 3 ? PNG_COLOR_TYPE_RGB
                                  : PNG_COLOR_TYPE_GRAY;

    png_set_write_fn(j->png, j, on_write, on_flush);
    png_set_IHDR(j->png, j->info, (png_uint_32)p->w, (png_uint_32)p->h, 8, type, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (j->palette) {
        for (int i = 0; i < 256; i++)
            colours[i] =
                (png_color){j->palette[3 * i], j->palette[3 * i + 1], j->palette[3 * i + 2]};
        png_set_PLTE(j->png, j->info, colours, 256);
    }
    /* With libpng's own choice an overlay of 2048x1024 takes 468 ms, with this one 84, at the same size;
     * a map of classes 25 and 5.  Of what is left behind a filter only runs repeat. */
    png_set_filter(j->png, PNG_FILTER_TYPE_BASE,
                   p->channels == 3 ? PNG_FILTER_PAETH : PNG_FILTER_UP);
    png_set_compression_strategy(j->png, RUNS);
    png_write_info(j->png, j->info);
    for (int y = 0; y < p->h; y++)
        png_write_row(j->png, p->pixels + (size_t)y * (size_t)p->w * (size_t)p->channels);
    png_write_end(j->png, NULL);
}

encnet_status encnet__png_encode(encnet__text *out, const encnet__picture *p,
                                 const uint8_t *palette)
{
    job j = {.text = out, .from = p, .palette = palette};

    if ((p->channels != 1 && p->channels != 3) || (palette && p->channels != 1))
        return encnet__fail(ENCNET_E_ARG, "a PNG of %d channels%s", p->channels,
                            palette ? " with a palette" : "");
    j.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    if (!j.info)
        j.rc = encnet__fail(ENCNET_E_NOMEM, "no memory for the PNG writer");
    else
        guarded(&j, write_picture);
    png_destroy_write_struct(&j.png, &j.info);
    return j.rc;
}
