/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* image.c - pictures in memory become the input of a network: bytes to the device, there to RGB, to the
 * size of a pass, to normalised floats. */
#include "models/image.h"

#include <stdio.h>
#include <string.h>

#include "base/normalise.h"
#include "base/place.h"
#include "models/room.h"

enum { GROUP = 64, PLANES = 3 };

/* -- the formats ------------------------------------------------------------------------------- */

/* A plane of a picture: its rows, and how wide they are. */
typedef struct plane {
    size_t row_bytes, rows;
} plane;

static bool is_float(encnet_pixel_format format)
{
    return format == ENCNET_RGB_FLOAT || format == ENCNET_RGB_FLOAT_PLANAR;
}

/* The planes of a picture of w x h; returns their number, or 0: there is no such format. */
static int planes_of(plane out[PLANES], encnet_pixel_format format, int width, int height)
{
    size_t w = (size_t)width, h = (size_t)height, half_w = (w + 1) / 2, half_h = (h + 1) / 2;

    switch (format) {
    case ENCNET_RGB8:
    case ENCNET_BGR8:
        out[0] = (plane){3 * w, h};
        return 1;
    case ENCNET_RGBA8:
    case ENCNET_BGRA8:
        out[0] = (plane){4 * w, h};
        return 1;
    case ENCNET_GREY8:
        out[0] = (plane){w, h};
        return 1;
    case ENCNET_NV12:
        out[0] = (plane){w, h};
        out[1] = (plane){2 * half_w, half_h};
        return 2;
    case ENCNET_I420:
        out[0] = (plane){w, h};
        out[1] = out[2] = (plane){half_w, half_h};
        return 3;
    case ENCNET_RGB_FLOAT:
        out[0] = (plane){3 * sizeof(float) * w, h};
        return 1;
    case ENCNET_RGB_FLOAT_PLANAR:
        out[0] = out[1] = out[2] = (plane){sizeof(float) * w, h};
        return 3;
    }
    return 0;
}

/* Where the planes of a picture are, in bytes from its beginning. */
typedef struct layout {
    int n;
    plane plane[PLANES];
    size_t offset[PLANES], pitch[PLANES];
    size_t bytes; /* up to the end of the last row */
} layout;

/* The layout that an image has if its planes follow each other; with `tight`, without gaps between
 * rows. */
static encnet_status layout_of(layout *out, const encnet_image *i, bool tight)
{
    encnet_status rc = ENCNET_OK;
    size_t end = 0;

    *out = (layout){.n = 0};
    out->n = planes_of(out->plane, i->format, i->width, i->height);
    for (int k = 0; k < out->n; k++) {
        size_t size;
        out->offset[k] = end;
        out->pitch[k] = tight || !i->strides[k] ? out->plane[k].row_bytes : i->strides[k];
        if (!encnet__mul(&size, out->pitch[k], out->plane[k].rows) || size > UINT32_MAX - end)
            FAIL(ENCNET_E_ARG, "an image of %dx%d with rows of %zu bytes: more than 4 GiB",
                 i->width, i->height, out->pitch[k]);
        end += size;
    }
    out->bytes = out->offset[out->n - 1] +
                 out->pitch[out->n - 1] * (out->plane[out->n - 1].rows - 1) +
                 out->plane[out->n - 1].row_bytes;
done:
    return rc;
}

static encnet_status check_image(const encnet_image *i)
{
    encnet_status rc = ENCNET_OK;
    plane planes[PLANES];
    int n;
    layout l;

    if (i->width < 1 || i->height < 1 ||
        !encnet__shape_valid((encnet__shape){1, i->height, i->width, 3}))
        FAIL(ENCNET_E_ARG, "an image of %dx%d, %s", i->width, i->height,
             i->width < 1 || i->height < 1 ? "empty" : "too large");
    n = planes_of(planes, i->format, i->width, i->height);
    if (n == 0) FAIL(ENCNET_E_ARG, "an image of format %d: there is none", (int)i->format);
    if (i->matrix < ENCNET_BT601 || i->matrix > ENCNET_BT709_FULL)
        FAIL(ENCNET_E_ARG, "an image with colour matrix %d: there is none", (int)i->matrix);
    if (!i->planes[0]) FAIL(ENCNET_E_ARG, "an image of %dx%d without pixels", i->width, i->height);
    for (int k = 0; k < n; k++) {
        if (i->strides[k] && i->strides[k] < planes[k].row_bytes)
            FAIL(ENCNET_E_ARG,
                 "an image of %dx%d: stride %zu of plane %d, whose rows have %zu bytes", i->width,
                 i->height, i->strides[k], k, planes[k].row_bytes);
        if (is_float(i->format) && (i->strides[k] % sizeof(float) || i->offset % sizeof(float)))
            FAIL(ENCNET_E_ARG, "an image of floats: stride %zu or offset %zu is no multiple of %zu",
                 i->strides[k], i->offset, sizeof(float));
        if (k && i->in_device && i->planes[k])
            FAIL(ENCNET_E_ARG,
                 "an image in device memory: its planes follow each other, and plane "
                 "%d is given apart",
                 k);
    }
    if (!i->in_device) goto done;
    TRY(layout_of(&l, i, false));
    if (i->offset > UINT32_MAX - l.bytes)
        FAIL(ENCNET_E_ARG, "an image at byte %zu: more than 4 GiB", i->offset);
done:
    return rc;
}

encnet_status encnet__images_check(const encnet_image *images, int count)
{
    encnet_status rc = ENCNET_OK;

    if (count < 1) FAIL(ENCNET_E_ARG, "%d images", count);
    for (int k = 0; k < count; k++) {
        TRY(check_image(&images[k]));
        if (images[k].width != images[0].width || images[k].height != images[0].height ||
            images[k].format != images[0].format)
            FAIL(ENCNET_E_ARG,
                 "image %d of a batch has %dx%d pixels of format %d, image 0 has %dx%d of %d", k,
                 images[k].width, images[k].height, (int)images[k].format, images[0].width,
                 images[0].height, (int)images[0].format);
    }
done:
    return rc;
}

/* -- to the device ----------------------------------------------------------------------------- */

static size_t value_bytes(const encnet__pictures *p)
{
    return p->floats ? sizeof(float) : 1;
}

static const char *options(const encnet__pictures *p)
{
    return p->floats ? "-DFLOATS" : "";
}

static encnet__grid pixels(int w, int h)
{
    encnet__grid grid = GRID1(w, GROUP);

    grid.groups[1] = (size_t)h;
    return grid;
}

/* The numbers of `matrix` in cl/image.cl. */
static void matrix_of(float out[6], encnet_colour_matrix matrix)
{
    bool full = matrix == ENCNET_BT601_FULL || matrix == ENCNET_BT709_FULL;
    bool hd = matrix == ENCNET_BT709 || matrix == ENCNET_BT709_FULL;
    double red = hd ? 0.2126 : 0.299, blue = hd ? 0.0722 : 0.114, green = 1 - red - blue;
    double luma = full ? 1 : 255.0 / 219, chroma = full ? 1 : 255.0 / 224;

    out[0] = full ? 0 : 16;
    out[1] = (float)luma;
    out[2] = (float)(2 * (1 - red) * chroma);
    out[3] = (float)(2 * (1 - blue) * blue / green * chroma);
    out[4] = (float)(2 * (1 - red) * red / green * chroma);
    out[5] = (float)(2 * (1 - blue) * chroma);
}

/* Writes picture k of p->rgb from `raw`. */
static encnet_status convert(encnet__pictures *p, encnet__buffer *raw, const encnet_image *i,
                             const layout *l, size_t offset, int k)
{
    char text[48];
    float m[6];

    matrix_of(m, i->matrix);
    snprintf(text, sizeof text, "-DFORMAT=%d%s", (int)i->format, p->floats ? " -DFLOATS" : "");
    return LAUNCH(p->dev, "image", "image_rgb", text, pixels(p->w, p->h), BUF(p->rgb), BUF(raw),
                  UINT(p->w), UINT(p->h), UINT(k), UINT(offset + l->offset[0]), UINT(l->pitch[0]),
                  UINT(offset + l->offset[1]), UINT(l->pitch[1]), UINT(offset + l->offset[2]),
                  UINT(l->pitch[2]), FLOAT(m[0]), FLOAT(m[1]), FLOAT(m[2]), FLOAT(m[3]),
                  FLOAT(m[4]), FLOAT(m[5]));
}

static encnet_status load_device(encnet__pictures *p, const encnet_image *i, int k)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *raw = NULL;
    layout l;

    TRY(layout_of(&l, i, false));
    TRY(encnet__buffer_adopt(&raw, p->dev, (void *)i->planes[0]));
    if (encnet__buffer_bytes(raw) < i->offset + l.bytes)
        FAIL(ENCNET_E_ARG, "an image of %dx%d takes %zu bytes from byte %zu; its cl_mem has %zu",
             i->width, i->height, l.bytes, i->offset, encnet__buffer_bytes(raw));
    TRY(convert(p, raw, i, &l, i->offset, k));
    TRY(encnet__finish(p->dev)); /* before the program may release it */
done:
    encnet__buffer_free(raw);
    return rc;
}

static encnet_status load_host(encnet__pictures *p, const encnet_image *i, int k)
{
    encnet_status rc = ENCNET_OK;
    bool is_rgb = i->format == ENCNET_RGB8 || i->format == ENCNET_RGB_FLOAT;
    encnet__buffer *to = p->rgb;
    layout from, tight;

    TRY(layout_of(&from, i, false));
    TRY(layout_of(&tight, i, true));
    if (!is_rgb) {
        TRY(encnet__room_for(&p->raw, p->dev, tight.bytes));
        to = p->raw;
    }
    for (int n = 0; n < from.n; n++) {
        size_t base = is_rgb ? (size_t)k * tight.bytes : tight.offset[n];
        const char *host = (const char *)i->planes[n];
        size_t offset = 0;
        for (int before = n; !host; before--) { /* it follows a plane that is given */
            host = (const char *)i->planes[before];
            offset = from.offset[n] - from.offset[before];
        }
        TRY(encnet__write_rows(to, (encnet__rows){base, tight.pitch[n]}, host,
                               (encnet__rows){offset, from.pitch[n]}, from.plane[n].row_bytes,
                               from.plane[n].rows));
    }
    if (!is_rgb) TRY(convert(p, p->raw, i, &tight, 0, k));
done:
    return rc;
}

encnet_status encnet__pictures_load(encnet__pictures *p, const encnet_image *images, int count)
{
    encnet_status rc = ENCNET_OK;
    size_t bytes;

    p->n = count;
    p->h = images[0].height;
    p->w = images[0].width;
    p->floats = is_float(images[0].format);
    p->is_sized = false;
    if (!encnet__mul(&bytes, 3 * value_bytes(p) * (size_t)count, (size_t)p->h * (size_t)p->w) ||
        bytes > UINT32_MAX)
        FAIL(ENCNET_E_ARG, "%d images of %dx%d: more than 4 GiB", count, p->w, p->h);
    TRY(encnet__room_for(&p->rgb, p->dev, bytes));
    for (int k = 0; k < count; k++)
        TRY(images[k].in_device ? load_device(p, &images[k], k) : load_host(p, &images[k], k));
done:
    return rc;
}

/* -- to the size of a pass --------------------------------------------------------------------- */

static encnet_status write_places(encnet__pictures *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    size_t count = 3 * ((size_t)w + (size_t)h);
    int *to;

    if (count > p->capacity) {
        int *grown = encnet__realloc(p->host_places, count, sizeof *grown);
        if (!grown) FAIL(ENCNET_E_NOMEM, "no host memory to resize to %dx%d", w, h);
        p->host_places = grown;
        p->capacity = count;
    }
    to = p->host_places;
    for (int i = 0; i < w + h; i++) {
        encnet__place_of_pixel at =
            i < w ? encnet__place_x(i, w, p->w) : encnet__place_y(i - w, h, p->h);
        *to++ = at.at;
        *to++ = at.w0;
        *to++ = at.w1;
    }
    TRY(encnet__room_for(&p->places, p->dev, count * sizeof *p->host_places));
    TRY(encnet__write(p->places, 0, p->host_places, count * sizeof *p->host_places));
done:
    return rc;
}

encnet_status encnet__pictures_resize(encnet__pictures *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    bool same = p->is_sized && p->sized_h == h && p->sized_w == w;

    p->is_sized = h != p->h || w != p->w;
    if (!p->is_sized || same) goto done;
    TRY(encnet__room_for(&p->sized, p->dev,
                         3 * value_bytes(p) * (size_t)p->n * (size_t)h * (size_t)w));
    TRY(write_places(p, h, w));
    for (int k = 0; k < p->n; k++)
        TRY(LAUNCH(p->dev, "image", "image_resized", options(p), pixels(w, h), BUF(p->sized),
                   BUF(p->rgb), BUF(p->places), UINT(p->w), UINT(p->h), UINT(w), UINT(h), UINT(k)));
    p->sized_h = h;
    p->sized_w = w;
done:
    return rc;
}

encnet_status encnet__pictures_reserve(encnet__pictures *p, int count, int h, int w, int sized_h,
                                       int sized_w)
{
    encnet_status rc = ENCNET_OK;
    size_t pixels = (size_t)h * (size_t)w, sized = (size_t)sized_h * (size_t)sized_w;
    size_t places = 3 * sizeof(int) * ((size_t)sized_h + (size_t)sized_w);
    size_t most = encnet__device_facts_of(p->dev)->max_alloc_bytes, rgb = 3 * sizeof(float);
    bool floats;

    if (most > UINT32_MAX) most = UINT32_MAX;
    floats = (size_t)count * pixels <= most / rgb && (size_t)count * sized <= most / rgb;
    if (!floats) rgb = 3; /* as runs of floats are refused */
    TRY(encnet__room_for(&p->rgb, p->dev, rgb * (size_t)count * pixels));
    /* planes of floats, or alpha, of a picture at a time */
    TRY(encnet__room_for(&p->raw, p->dev, (floats ? 3 * sizeof(float) : 4) * pixels));
    TRY(encnet__room_for(&p->normal, p->dev, sizeof(encnet__normal)));
    if (sized_h == h && sized_w == w) goto done;
    TRY(encnet__room_for(&p->sized, p->dev, rgb * (size_t)count * sized));
    TRY(encnet__room_for(&p->places, p->dev, places));
done:
    return rc;
}

/* -- to the network ---------------------------------------------------------------------------- */

/* Writes what normalises, unless it is there already. */
static encnet_status write_normal(encnet__pictures *p, const encnet__cutout *part)
{
    encnet_status rc = ENCNET_OK;
    encnet__normal table;
    float pair[6];

    if (p->has_normal && p->normal_floats == p->floats &&
        !memcmp(p->mean, part->mean, sizeof p->mean) && !memcmp(p->std, part->std, sizeof p->std))
        goto done;
    p->has_normal = false;
    TRY(encnet__room_for(&p->normal, p->dev, sizeof table));
    for (int c = 0; c < 3; c++) {
        pair[c] = (float)part->mean[c];
        pair[3 + c] = (float)part->std[c];
    }
    if (!p->floats) encnet__normal_set(&table, part->mean, part->std);
    TRY(p->floats ? encnet__write(p->normal, 0, pair, sizeof pair)
                  : encnet__write(p->normal, 0, &table, sizeof table));
    memcpy(p->mean, part->mean, sizeof p->mean);
    memcpy(p->std, part->std, sizeof p->std);
    p->normal_floats = p->floats;
    p->has_normal = true;
done:
    return rc;
}

encnet_status encnet__pictures_input(encnet__pictures *p, encnet__buffer *x,
                                     const encnet__cutout *part)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *from = p->is_sized ? p->sized : p->rgb;
    int h = p->is_sized ? p->sized_h : p->h, w = p->is_sized ? p->sized_w : p->w;

    TRY(write_normal(p, part));
    for (int k = 0; k < p->n; k++)
        TRY(LAUNCH(p->dev, "image", "image_input", options(p), pixels(part->w, part->h), BUF(x),
                   BUF(from), BUF(p->normal), UINT(w), UINT(h), UINT(k), UINT(part->y),
                   UINT(part->x), UINT(part->w), UINT(part->h), UINT(part->mirrored)));
done:
    return rc;
}

void encnet__pictures_free(encnet__pictures *p)
{
    encnet__buffer_free(p->rgb);
    encnet__buffer_free(p->sized);
    encnet__buffer_free(p->raw);
    encnet__buffer_free(p->places);
    encnet__buffer_free(p->normal);
    encnet__free(p->host_places);
    *p = (encnet__pictures){.dev = p->dev};
}

size_t encnet__pictures_held(const encnet__pictures *p)
{
    return encnet__room_bytes(p->rgb) + encnet__room_bytes(p->sized) + encnet__room_bytes(p->raw) +
           encnet__room_bytes(p->places) + encnet__room_bytes(p->normal);
}
