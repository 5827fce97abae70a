/*
 * jpeg.c - decodes JPEG with libjpeg-turbo and its default transforms (accurate integer DCT, smooth
 * chroma), so that pixels equal those of Pillow and OpenCV.  Grey becomes RGB, and CMYK is refused.
 * Exif orientation is not applied, because labels belong to the stored pixels.
 *
 * Damage that libjpeg merely warns about, and fills with grey, is an error here, because nobody
 * wants to train on a half-grey image.
 */
#include "data/codec.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { MAX_BYTES = 1 << 28 };
enum { MAX_SCANS = 500 }; /* a progressive file can ask for any number of passes over its pixels */

typedef struct job {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    const encnet__encoded *in;
    encnet__picture *out;
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

/* Level -1 is a warning about the data; higher levels are informational. */
static void on_message(j_common_ptr codec, int level)
{
    job *j = codec->client_data;

    if (level >= 0) return;
    switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF:
        j->rc = encnet__fail(ENCNET_E_DATA, "%s: truncated JPEG, it ends after %zu bytes",
                             j->in->name, j->in->size);
        stop(j);
    case JWRN_HIT_MARKER:
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

    if (j->codec.input_scan_number <= MAX_SCANS) return;
    j->rc = encnet__fail(ENCNET_E_DATA, "%s: a JPEG of more than %d scans", j->in->name, MAX_SCANS);
    stop(j);
}

static void read_picture(job *j)
{
    struct jpeg_decompress_struct *c = &j->codec;

    jpeg_create_decompress(c);
    c->client_data = j;
    c->progress = &j->progress;
    jpeg_mem_src(c, j->in->bytes, (unsigned long)j->in->size);
    (void)jpeg_read_header(c, TRUE);
    j->rc = encnet__size_check(j->in, c->image_height, c->image_width);
    if (j->rc != ENCNET_OK) stop(j);
    if (c->jpeg_color_space == JCS_CMYK || c->jpeg_color_space == JCS_YCCK) {
        j->rc = encnet__fail(ENCNET_E_DATA, "%s: a CMYK JPEG, convert it to RGB", j->in->name);
        stop(j);
    }
    c->out_color_space = JCS_RGB;
    (void)jpeg_start_decompress(c);
    j->rc = encnet__picture_new(j->out, (int)c->output_height, (int)c->output_width, 3);
    if (j->rc != ENCNET_OK) stop(j);
    while (c->output_scanline < c->output_height) {
        JSAMPROW row = j->out->pixels + (size_t)c->output_scanline * c->output_width * 3;
        (void)jpeg_read_scanlines(c, &row, 1);
    }
    (void)jpeg_finish_decompress(c);
}

/* setjmp() has a function of its own, in which no local variable changes. */
static void guarded(job *j)
{
    if (!setjmp(j->leave)) read_picture(j);
}

static encnet_status decode(encnet__picture *out, const encnet__encoded *in)
{
    job j = {.in = in, .out = out};

    if (in->indices)
        return encnet__fail(ENCNET_E_DATA,
                            "%s: a JPEG cannot hold class indices, labels are PNG files", in->name);
    j.codec.err = jpeg_std_error(&j.errors);
    j.errors.error_exit = on_error;
    j.errors.emit_message = on_message;
    j.progress.progress_monitor = on_progress;
    j.codec.client_data = &j;
    guarded(&j);
    jpeg_destroy_decompress(&j.codec);
    return j.rc;
}

const encnet__codec encnet__codec_jpeg = {
    .sniff = sniff,
    .limit = limit,
    .decode = decode,
};
