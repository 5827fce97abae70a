/* picture.c - pictures in memory; files told apart by their first bytes. */
#include "data/codec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void encnet__picture_free(encnet__picture *p)
{
    encnet__free(p->pixels);
    *p = (encnet__picture){0};
}

encnet_status encnet__picture_new(encnet__picture *out, int h, int w, int channels)
{
    size_t bytes;

    if (h < 1 || w < 1 || channels < 1 || !encnet__mul(&bytes, (size_t)h, (size_t)w) ||
        !encnet__mul(&bytes, bytes, (size_t)channels))
        return encnet__fail(ENCNET_E_ARG, "a picture of %d x %d x %d", w, h, channels);
    if (bytes > out->capacity) {
        encnet__picture_free(out); /* its content is of no use: do not carry it over */
        out->pixels = encnet__alloc(bytes, 1);
        if (!out->pixels)
            return encnet__fail(ENCNET_E_NOMEM, "no memory for a picture of %d x %d", w, h);
        out->capacity = bytes;
    }
    out->h = h;
    out->w = w;
    out->channels = channels;
    return ENCNET_OK;
}

encnet_status encnet__size_check(const encnet__encoded *in, int64_t h, int64_t w)
{
    if (h < 1 || w < 1)
        return encnet__fail(ENCNET_E_DATA, "%s: an image of %lld x %lld pixels", in->name,
                            (long long)w, (long long)h);
    if (h > ENCNET__MAX_SIDE || w > ENCNET__MAX_SIDE)
        return encnet__fail(ENCNET_E_DATA, "%s: %lld x %lld pixels, a side is longer than %d",
                            in->name, (long long)w, (long long)h, ENCNET__MAX_SIDE);
    if (h * w > in->max_pixels)
        return encnet__fail(ENCNET_E_DATA, "%s: %lld x %lld pixels, more than data.max_pixels=%lld",
                            in->name, (long long)w, (long long)h, (long long)in->max_pixels);
    return ENCNET_OK;
}

encnet_status encnet__picture_decode(encnet__picture *out, const void *bytes, size_t size,
                                     const char *name, int64_t max_pixels, bool indices)
{
    encnet__encoded in = {bytes, size, name, max_pixels, indices};

    if (size == 0) return encnet__fail(ENCNET_E_DATA, "%s: the file is empty (0 bytes)", name);
    if (encnet__is_png(bytes, size)) return encnet__png_decode(out, &in);
    if (!encnet__is_jpeg(bytes, size))
        return encnet__fail(ENCNET_E_DATA, "%s: neither PNG nor JPEG", name);
    if (indices)
        return encnet__fail(ENCNET_E_DATA,
                            "%s: a JPEG cannot hold class indices, labels are PNG files", name);
    return encnet__jpeg_decode(out, &in);
}

enum { HEAD = 24, METADATA = 1 << 24, JPEG_BYTES = 1 << 28 };

static int64_t big_endian(const uint8_t *p)
{
    return (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Reads a file's first bytes: what is no picture, or too large a one, is refused before the rest is
 * read.  `limit` is how many bytes a picture like this can need. */
static encnet_status peek(size_t *limit, const char *path, int64_t max_pixels)
{
    encnet__encoded in = {.name = path, .max_pixels = max_pixels};
    encnet_status rc = ENCNET_OK;
    uint8_t head[HEAD];
    FILE *f = fopen(path, "rb");
    size_t got;

    if (!f) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    got = fread(head, 1, sizeof head, f);
    if (ferror(f)) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    if (got == 0) FAIL(ENCNET_E_DATA, "%s: the file is empty (0 bytes)", path);
    *limit = JPEG_BYTES;
    if (encnet__is_jpeg(head, got)) goto done;
    if (!encnet__is_png(head, got)) FAIL(ENCNET_E_DATA, "%s: neither PNG nor JPEG", path);
    *limit = METADATA;
    if (got < sizeof head) goto done; /* the decoder says that it is truncated */
    TRY(encnet__size_check(&in, big_endian(head + 20), big_endian(head + 16)));
    *limit +=
        (size_t)(big_endian(head + 20) * (8 * big_endian(head + 16) + 1)); /* 16-bit RGBA, stored */
done:
    if (f) fclose(f);
    return rc;
}

static encnet_status read_file(encnet__picture *out, const char *path, int64_t max_pixels,
                               bool indices)
{
    encnet_status rc = ENCNET_OK;
    char *bytes = NULL;
    size_t size, limit;

    TRY(peek(&limit, path, max_pixels));
    rc = encnet__file_read(&bytes, &size, path, limit);
    if (rc == ENCNET_E_IO) rc = ENCNET_E_DATA; /* a bad file of images is a fault of the data set */
    TRY(rc);
    TRY(encnet__picture_decode(out, bytes, size, path, max_pixels, indices));
done:
    encnet__free(bytes);
    return rc;
}

encnet_status encnet__picture_read(encnet__picture *out, const char *path, int64_t max_pixels)
{
    return read_file(out, path, max_pixels, false);
}

encnet_status encnet__labels_read(encnet__picture *out, const char *path, int64_t max_pixels)
{
    return read_file(out, path, max_pixels, true);
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
