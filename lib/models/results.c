/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* results.c - class ids, probabilities and the like from the scores of a network, by bands of rows. */
#include "models/results.h"

#include <string.h>

#include "models/room.h"
#include "ops/resize_rows.h"

enum { GROUP = 64 };
/* Enough for a launch to be worth its while, and little beside the activations of a network. */
#define BAND_BYTES ((size_t)16 << 20)

/* The rows of W pixels of M floats that make a band; at least one. */
static int band_rows(int H, int W, int M)
{
    size_t rows = BAND_BYTES / (sizeof(float) * (size_t)W * (size_t)M);

    return rows < 1 ? 1 : rows > (size_t)H ? H : (int)rows;
}

size_t encnet__results_band(int H, int W, int M)
{
    return (size_t)band_rows(H, W, M) * (size_t)W * (size_t)M * sizeof(float);
}

size_t encnet__results_bytes(int h, int w, int H, int W, int M, bool probs)
{
    size_t rows = (size_t)band_rows(H, W, M), band = encnet__results_band(H, W, M);
    size_t bytes = band + rows * (size_t)W * (sizeof(int32_t) + 1);

    if (probs) bytes += band;
    if (h == H && w == W) return bytes;
    rows = rows * (size_t)h / (size_t)H + 2; /* of the pass, which a band is resized from */
    return bytes + (rows < (size_t)h ? rows : (size_t)h) * (size_t)w * (size_t)M * sizeof(float);
}

/* A run of rows of one image, at the size of the results. */
typedef struct band {
    int image, y, rows;
    size_t pixels;
} band;

/* -- to where they are wanted ------------------------------------------------------------------ */

static encnet_status put(const encnet__sink *to, encnet__rows there, encnet__buffer *from,
                         encnet__rows here, size_t row_bytes, size_t rows)
{
    if (to->device) return encnet__copy_rows(to->device, there, from, here, row_bytes, rows);
    return encnet__read_rows(to->host, there, from, here, row_bytes, rows);
}

/* `from` has the pixels of the band, `bytes` each. */
static encnet_status put_pixels(const encnet__sink *to, encnet__buffer *from, size_t bytes,
                                const band *b, int H, int W)
{
    size_t at = ((size_t)b->image * (size_t)H + (size_t)b->y) * (size_t)W;

    return put(to, (encnet__rows){at * bytes, b->pixels * bytes}, from,
               (encnet__rows){0, b->pixels * bytes}, b->pixels * bytes, 1);
}

/* `from` [pixels,M] of the band; of an H x W result that is [M,H,W], unless classes_last. */
static encnet_status put_classes(encnet__results *r, const encnet__sink *to, encnet__buffer *from,
                                 bool classes_last, int M, const band *b, int H, int W)
{
    encnet_status rc = ENCNET_OK;
    size_t m = (size_t)M, bytes = sizeof(float) * b->pixels, plane = sizeof(float) * (size_t)H;
    size_t at = (size_t)b->image * m * plane * (size_t)W + sizeof(float) * (size_t)b->y * (size_t)W;

    if (classes_last) return put_pixels(to, from, m * sizeof(float), b, H, W);
    TRY(encnet__room_for(&r->planes, r->dev, m * bytes));
    TRY(LAUNCH(r->dev, "results", "results_planes", "", GRID1(b->pixels, GROUP), BUF(r->planes),
               BUF(from), UINT(b->pixels), UINT(M)));
    TRY(put(to, (encnet__rows){at, plane * (size_t)W}, r->planes, (encnet__rows){0, bytes}, bytes,
            m));
done:
    return rc;
}

/* -- a band ------------------------------------------------------------------------------------ */

/* r->band [rows,W,M] = rows of the scores, first resized to h x w, then to H x W. */
static encnet_status resize(encnet__results *r, const encnet__score_map *s, int h, int w, int H,
                            int W, const band *b)
{
    encnet_status rc = ENCNET_OK;
    const encnet__tensor *z = &s->scores;
    encnet__shape shape = z->shape, between = {1, h, w, z->shape.c};
    encnet__row_range rows = {b->image, 1, b->y, b->rows}, of_mid = {b->image, 1, 0, 0};
    bool twice = (h != H || w != W) && (h != shape.h || w != shape.w);
    size_t row = sizeof(float) * (size_t)w * (size_t)shape.c;

    TRY(encnet__room_for(&r->band, r->dev, sizeof(float) * (size_t)shape.c * b->pixels));
    if (!twice)
        return encnet__resize_rows(r->dev, r->band, z->buffer, shape, 0, shape.h, H, W,
                                   s->align_corners, ENCNET__F32, &rows);
    encnet__resize_reads(&of_mid.first, &of_mid.rows, h, H, s->align_corners, b->y, b->rows);
    TRY(encnet__room_for(&r->mid, r->dev, row * (size_t)of_mid.rows));
    TRY(encnet__resize_rows(r->dev, r->mid, z->buffer, shape, 0, shape.h, h, w, s->align_corners,
                            ENCNET__F32, &of_mid));
    rows.image = 0;
    TRY(encnet__resize_rows(r->dev, r->band, r->mid, between, of_mid.first, of_mid.rows, H, W,
                            s->align_corners, ENCNET__F32, &rows));
done:
    return rc;
}

static encnet_status overlay(encnet__results *r, const encnet__wanted *wanted, const band *b,
                             const encnet__pictures *p)
{
    encnet_status rc = ENCNET_OK;
    size_t first = ((size_t)b->image * (size_t)p->h + (size_t)b->y) * (size_t)p->w;

    TRY(encnet__room_for(&r->palette, r->dev, sizeof r->has_palette));
    if (!r->palette_is_set || memcmp(r->has_palette, wanted->palette, sizeof r->has_palette)) {
        TRY(encnet__write(r->palette, 0, wanted->palette, sizeof r->has_palette));
        memcpy(r->has_palette, wanted->palette, sizeof r->has_palette);
        r->palette_is_set = true;
    }
    TRY(encnet__room_for(&r->colours, r->dev, 3 * b->pixels));
    TRY(LAUNCH(r->dev, "results", "results_overlay", p->floats ? "-DFLOATS" : "",
               GRID1(b->pixels, GROUP), BUF(r->colours), BUF(p->rgb), BUF(r->bytes),
               BUF(r->palette), UINT(first), UINT(b->pixels)));
    TRY(put_pixels(&wanted->overlay, r->colours, 3, b, p->h, p->w));
done:
    return rc;
}

/* Passes the probabilities of a band on. */
static encnet_status pass_on(encnet__results *r, const encnet__wanted *wanted, int M, const band *b)
{
    encnet_status rc = ENCNET_OK;
    size_t bytes = sizeof(float) * (size_t)M * b->pixels;

    if (bytes > r->host_bytes) {
        float *grown = encnet__realloc(r->host, bytes, 1);
        if (!grown) FAIL(ENCNET_E_NOMEM, "no host memory for %zu bytes of probabilities", bytes);
        r->host = grown;
        r->host_bytes = bytes;
    }
    TRY(encnet__read(r->host, r->probs, 0, bytes));
    wanted->each_probs(wanted->user, r->host, b->y, b->rows);
done:
    return rc;
}

/* What is wanted of the logits in r->band. */
static encnet_status reduce(encnet__results *r, const encnet__score_map *s,
                            const encnet__wanted *wanted, const encnet__pictures *pictures,
                            const band *b)
{
    encnet_status rc = ENCNET_OK;
    int M = s->scores.shape.c, H = s->H, W = s->W;
    encnet__shape shape = {1, b->rows, W, M}, one = {1, b->rows, W, 1};
    encnet__call call = {.dev = r->dev, .n_in = 1, .in[0] = {r->band, shape, ENCNET__F32}};

    if (encnet__sink_is_wanted(&wanted->logits))
        TRY(put_classes(r, &wanted->logits, r->band, wanted->classes_last, M, b, H, W));
    TRY(encnet__room_for(&r->classes, r->dev, sizeof(int32_t) * b->pixels));
    call.out = (encnet__tensor){r->classes, one, ENCNET__I32};
    TRY(encnet__op_argmax.forward(&call));
    TRY(LAUNCH(r->dev, "results", "results_bad", "", GRID1(b->pixels, GROUP), BUF(r->bad),
               BUF(r->classes), UINT(b->pixels)));
    if (encnet__sink_is_wanted(&wanted->ids) || encnet__sink_is_wanted(&wanted->overlay)) {
        TRY(encnet__room_for(&r->bytes, r->dev, b->pixels));
        TRY(LAUNCH(r->dev, "results", "results_ids", "", GRID1(b->pixels, GROUP), BUF(r->bytes),
                   BUF(r->classes), UINT(b->pixels)));
    }
    if (encnet__sink_is_wanted(&wanted->ids)) TRY(put_pixels(&wanted->ids, r->bytes, 1, b, H, W));
    if (encnet__sink_is_wanted(&wanted->overlay)) TRY(overlay(r, wanted, b, pictures));
    if (!encnet__sink_is_wanted(&wanted->probs) && !encnet__sink_is_wanted(&wanted->top) &&
        !wanted->each_probs)
        goto done;
    TRY(encnet__room_for(&r->probs, r->dev, sizeof(float) * (size_t)M * b->pixels));
    call.out = (encnet__tensor){r->probs, shape, ENCNET__F32};
    TRY(encnet__op_softmax.forward(&call));
    if (encnet__sink_is_wanted(&wanted->probs))
        TRY(put_classes(r, &wanted->probs, r->probs, wanted->classes_last, M, b, H, W));
    if (wanted->each_probs) TRY(pass_on(r, wanted, M, b));
    if (!encnet__sink_is_wanted(&wanted->top)) goto done;
    TRY(encnet__room_for(&r->mid, r->dev, sizeof(float) * b->pixels));
    TRY(LAUNCH(r->dev, "results", "results_top", "", GRID1(b->pixels, GROUP), BUF(r->mid),
               BUF(r->probs), BUF(r->classes), UINT(b->pixels), UINT(M)));
    TRY(put_pixels(&wanted->top, r->mid, sizeof(float), b, H, W));
done:
    return rc;
}

/* -- all bands --------------------------------------------------------------------------------- */

/* Calls `step` with every band of H x W of image `image`. */
#define EACH_BAND(b, H, W, M, image_)                                                              \
    for (band b = {.image = (image_), .rows = band_rows(H, W, M)};                                 \
         b.y < (H) && (b.rows = b.rows < (H)-b.y ? b.rows : (H)-b.y,                               \
                      b.pixels = (size_t)b.rows * (size_t)(W), true);                              \
         b.y += b.rows)

/* What is read before any resizing, or at the size of the network's input. */
static encnet_status copy_scores(encnet__results *r, const encnet__score_map *s,
                                 const encnet__wanted *wanted, int image)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = s->scores.shape;

    if (encnet__sink_is_wanted(&wanted->features)) EACH_BAND(b, z.h, z.w, z.c, image)
        {
            TRY(resize(r, s, z.h, z.w, z.h, z.w, &b)); /* the same size: a copy */
            TRY(put_classes(r, &wanted->features, r->band, wanted->classes_last, z.c, &b, z.h,
                            z.w));
        }
    if (encnet__sink_is_wanted(&wanted->input_logits)) EACH_BAND(b, s->h, s->w, z.c, image)
        {
            TRY(resize(r, s, s->h, s->w, s->h, s->w, &b));
            TRY(put_classes(r, &wanted->input_logits, r->band, true, z.c, &b, s->h, s->w));
        }
done:
    return rc;
}

encnet_status encnet__results_make(encnet__results *r, size_t *bad, const encnet__score_map *s,
                                   const encnet__wanted *wanted, const encnet__pictures *pictures)
{
    encnet_status rc = ENCNET_OK;
    int M = s->scores.shape.c;
    uint32_t count = 0;
    bool reduces = encnet__sink_is_wanted(&wanted->ids) || encnet__sink_is_wanted(&wanted->top) ||
                   encnet__sink_is_wanted(&wanted->probs) ||
                   encnet__sink_is_wanted(&wanted->logits) ||
                   encnet__sink_is_wanted(&wanted->overlay) || wanted->each_probs;

    *bad = 0;
    TRY(encnet__room_for(&r->bad, r->dev, sizeof count));
    TRY(encnet__fill(r->bad, 0));
    for (int n = 0; n < s->scores.shape.n; n++) {
        TRY(copy_scores(r, s, wanted, n));
        if (reduces) EACH_BAND(b, s->H, s->W, M, n)
            {
                TRY(resize(r, s, s->h, s->w, s->H, s->W, &b));
                TRY(reduce(r, s, wanted, pictures, &b));
            }
    }
    TRY(encnet__read(&count, r->bad, 0, sizeof count)); /* waits for everything */
    *bad = count;
done:
    /* of a failure in the middle, nothing may still write to the caller's memory */
    if (rc != ENCNET_OK && encnet__finish(r->dev) != ENCNET_OK) *bad = 0;
    return rc;
}

encnet_status encnet__results_overlay(encnet__results *r, const encnet__wanted *wanted, int image,
                                      const uint8_t *ids, const encnet__pictures *pictures)
{
    encnet_status rc = ENCNET_OK;

    EACH_BAND(b, pictures->h, pictures->w, 1, 0)
    {
        band there = b;
        there.image = image;
        TRY(encnet__room_for(&r->bytes, r->dev, b.pixels));
        TRY(encnet__write(r->bytes, 0, ids + (size_t)b.y * (size_t)pictures->w, b.pixels));
        TRY(overlay(r, wanted, &there, pictures));
    }
    TRY(encnet__finish(r->dev));
done:
    return rc;
}

encnet_status encnet__results_reserve(encnet__results *r, int H, int W, int M)
{
    encnet_status rc = ENCNET_OK;
    size_t row = sizeof(float) * (size_t)W * (size_t)M, all = row * (size_t)H, pixels;

    if (all > BAND_BYTES) all = row > BAND_BYTES ? row : BAND_BYTES; /* of any smaller image, too */
    pixels = all / sizeof(float) / (size_t)M;
    TRY(encnet__room_for(&r->band, r->dev, all));
    TRY(encnet__room_for(&r->classes, r->dev, sizeof(int32_t) * pixels));
    TRY(encnet__room_for(&r->bytes, r->dev, pixels));
    TRY(encnet__room_for(&r->bad, r->dev, sizeof(uint32_t)));
done:
    return rc;
}

void encnet__results_free(encnet__results *r)
{
    encnet__buffer_free(r->band);
    encnet__buffer_free(r->mid);
    encnet__buffer_free(r->probs);
    encnet__buffer_free(r->planes);
    encnet__buffer_free(r->classes);
    encnet__buffer_free(r->bytes);
    encnet__buffer_free(r->colours);
    encnet__buffer_free(r->bad);
    encnet__buffer_free(r->palette);
    encnet__free(r->host);
}
