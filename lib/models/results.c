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

int encnet__band_rows(int H, int W, int M)
{
    size_t rows = BAND_BYTES / (sizeof(float) * (size_t)W * (size_t)M);

    return rows < 1 ? 1 : rows > (size_t)H ? H : (int)rows;
}

size_t encnet__results_bytes(int h, int w, int H, int W, int M, bool probs)
{
    size_t rows = (size_t)encnet__band_rows(H, W, M);
    size_t band = rows * (size_t)W * (size_t)M * sizeof(float);
    size_t bytes = band + rows * (size_t)W * (sizeof(int32_t) + 1);

    if (probs) bytes += band;
    if (h == H && w == W) return bytes;
    rows = rows * (size_t)h / (size_t)H + 2; /* of the pass, which a band is resized from */
    return bytes + (rows < (size_t)h ? rows : (size_t)h) * (size_t)w * (size_t)M * sizeof(float);
}

/* -- to where they are wanted ------------------------------------------------------------------ */

static encnet_status put(const encnet__sink *to, encnet__rows there, encnet__buffer *from,
                         encnet__rows here, size_t row_bytes, size_t rows)
{
    if (to->device) return encnet__copy_rows(to->device, there, from, here, row_bytes, rows);
    return encnet__read_rows(to->host, there, from, here, row_bytes, rows);
}

/* `from` has the pixels of the band, `bytes` each. */
static encnet_status put_pixels(const encnet__sink *to, encnet__buffer *from, size_t bytes,
                                const encnet__band *b, int H, int W)
{
    size_t at = ((size_t)b->place * (size_t)H + (size_t)b->y) * (size_t)W;

    return put(to, (encnet__rows){at * bytes, b->pixels * bytes}, from,
               (encnet__rows){0, b->pixels * bytes}, b->pixels * bytes, 1);
}

encnet_status encnet__results_put_classes(encnet__results *r, const encnet__sink *to,
                                          encnet__buffer *from, bool classes_last, int M,
                                          const encnet__band *b, int H, int W)
{
    encnet_status rc = ENCNET_OK;
    size_t m = (size_t)M, bytes = sizeof(float) * b->pixels, plane = sizeof(float) * (size_t)H;
    size_t at = (size_t)b->place * m * plane * (size_t)W + sizeof(float) * (size_t)b->y * (size_t)W;

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

encnet_status encnet__results_resize(encnet__results *r, const encnet__score_map *s, int h, int w,
                                     int H, int W, const encnet__band *b)
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

static encnet_status overlay(encnet__results *r, const encnet__wanted *wanted,
                             const encnet__band *b, const encnet__pictures *p)
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

encnet_status encnet__results_softmax(encnet__results *r, int M, int W, const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape shape = {1, b->rows, W, M};
    encnet__call call = {.dev = r->dev, .n_in = 1, .in[0] = {r->band, shape, ENCNET__F32}};

    TRY(encnet__room_for(&r->probs, r->dev, sizeof(float) * (size_t)M * b->pixels));
    call.out = (encnet__tensor){r->probs, shape, ENCNET__F32};
    TRY(encnet__op_softmax.forward(&call));
done:
    return rc;
}

/* r->classes [pixels] = the classes of `from`; counts those that have none. */
static encnet_status find_classes(encnet__results *r, encnet__buffer *from, int M, int W,
                                  const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape shape = {1, b->rows, W, M}, one = {1, b->rows, W, 1};
    encnet__call call = {.dev = r->dev, .n_in = 1, .in[0] = {from, shape, ENCNET__F32}};

    TRY(encnet__room_for(&r->classes, r->dev, sizeof(int32_t) * b->pixels));
    call.out = (encnet__tensor){r->classes, one, ENCNET__I32};
    TRY(encnet__op_argmax.forward(&call));
    TRY(LAUNCH(r->dev, "results", "results_bad", "", GRID1(b->pixels, GROUP), BUF(r->bad),
               BUF(r->classes), UINT(b->pixels)));
done:
    return rc;
}

/* The logits of a band are `from`; of probabilities, their logarithms. */
static encnet_status put_logits(encnet__results *r, encnet__buffer *from, bool are_probs, int M,
                                int H, int W, const encnet__wanted *wanted, const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;
    size_t count = (size_t)M * b->pixels;

    if (are_probs) {
        TRY(encnet__room_for(&r->probs, r->dev, sizeof(float) * count));
        TRY(LAUNCH(r->dev, "results", "results_log", "", GRID1(count, GROUP), BUF(r->probs),
                   BUF(from), UINT(count)));
        from = r->probs;
    }
    TRY(encnet__results_put_classes(r, &wanted->logits, from, wanted->classes_last, M, b, H, W));
done:
    return rc;
}

/* The probabilities of a band are `probs`. */
static encnet_status put_probs(encnet__results *r, encnet__buffer *probs, int M, int H, int W,
                               const encnet__wanted *wanted, const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;

    if (encnet__sink_is_wanted(&wanted->probs))
        TRY(encnet__results_put_classes(r, &wanted->probs, probs, wanted->classes_last, M, b, H,
                                        W));
    if (!encnet__sink_is_wanted(&wanted->top)) goto done;
    TRY(encnet__room_for(&r->mid, r->dev, sizeof(float) * b->pixels));
    TRY(LAUNCH(r->dev, "results", "results_top", "", GRID1(b->pixels, GROUP), BUF(r->mid),
               BUF(probs), BUF(r->classes), UINT(b->pixels), UINT(M)));
    TRY(put_pixels(&wanted->top, r->mid, sizeof(float), b, H, W));
done:
    return rc;
}

encnet_status encnet__results_reduce(encnet__results *r, encnet__buffer *from, bool are_probs,
                                     int M, int H, int W, const encnet__wanted *wanted,
                                     const encnet__pictures *pictures, const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;

    if (encnet__sink_is_wanted(&wanted->logits))
        TRY(put_logits(r, from, are_probs, M, H, W, wanted, b));
    TRY(find_classes(r, from, M, W, b));
    if (encnet__sink_is_wanted(&wanted->ids) || encnet__sink_is_wanted(&wanted->overlay)) {
        TRY(encnet__room_for(&r->bytes, r->dev, b->pixels));
        TRY(LAUNCH(r->dev, "results", "results_ids", "", GRID1(b->pixels, GROUP), BUF(r->bytes),
                   BUF(r->classes), UINT(b->pixels)));
    }
    if (encnet__sink_is_wanted(&wanted->ids)) TRY(put_pixels(&wanted->ids, r->bytes, 1, b, H, W));
    if (encnet__sink_is_wanted(&wanted->overlay)) TRY(overlay(r, wanted, b, pictures));
    if (!encnet__sink_is_wanted(&wanted->probs) && !encnet__sink_is_wanted(&wanted->top)) goto done;
    if (!are_probs) TRY(encnet__results_softmax(r, M, W, b));
    TRY(put_probs(r, are_probs ? from : r->probs, M, H, W, wanted, b));
done:
    return rc;
}

/* -- all bands --------------------------------------------------------------------------------- */

/* What is read before any resizing, or at the size of the network's input. */
static encnet_status copy_scores(encnet__results *r, const encnet__score_map *s,
                                 const encnet__wanted *wanted, int image)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = s->scores.shape;
    encnet__band begin = {.image = image, .place = image};

    if (encnet__sink_is_wanted(&wanted->features)) ENCNET__EACH_BAND(b, z.h, z.w, z.c, begin)
        {
            TRY(encnet__pace(r->dev, r->stop));
            TRY(encnet__results_resize(r, s, z.h, z.w, z.h, z.w, &b)); /* the same size: a copy */
            TRY(encnet__results_put_classes(r, &wanted->features, r->band, wanted->classes_last,
                                            z.c, &b, z.h, z.w));
        }
    if (encnet__sink_is_wanted(&wanted->input_logits)) ENCNET__EACH_BAND(b, s->h, s->w, z.c, begin)
        {
            TRY(encnet__pace(r->dev, r->stop));
            TRY(encnet__results_resize(r, s, s->h, s->w, s->h, s->w, &b));
            TRY(encnet__results_put_classes(r, &wanted->input_logits, r->band, true, z.c, &b, s->h,
                                            s->w));
        }
done:
    return rc;
}

bool encnet__results_are_reduced(const encnet__wanted *wanted)
{
    return encnet__sink_is_wanted(&wanted->ids) || encnet__sink_is_wanted(&wanted->top) ||
           encnet__sink_is_wanted(&wanted->probs) || encnet__sink_is_wanted(&wanted->logits) ||
           encnet__sink_is_wanted(&wanted->overlay);
}

encnet_status encnet__results_begin(encnet__results *r)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__room_for(&r->bad, r->dev, sizeof(uint32_t)));
    TRY(encnet__fill(r->bad, 0));
done:
    return rc;
}

encnet_status encnet__results_end(encnet__results *r, size_t *bad, encnet_status rc)
{
    uint32_t count = 0;

    *bad = 0;
    TRY(rc);
    TRY(encnet__read(&count, r->bad, 0, sizeof count)); /* waits for everything */
    *bad = count;
done:
    if (rc != ENCNET_OK && encnet__finish(r->dev) != ENCNET_OK) *bad = 0;
    return rc;
}

encnet_status encnet__results_make(encnet__results *r, size_t *bad, const encnet__score_map *s,
                                   const encnet__wanted *wanted, const encnet__pictures *pictures)
{
    encnet_status rc = ENCNET_OK;
    int M = s->scores.shape.c;

    TRY(encnet__results_begin(r));
    for (int n = 0; n < s->scores.shape.n; n++) {
        encnet__band begin = {.image = n, .place = n};
        TRY(copy_scores(r, s, wanted, n));
        if (encnet__results_are_reduced(wanted)) ENCNET__EACH_BAND(b, s->H, s->W, M, begin)
            {
                TRY(encnet__pace(r->dev, r->stop));
                TRY(encnet__results_resize(r, s, s->h, s->w, s->H, s->W, &b));
                TRY(encnet__results_reduce(r, r->band, false, M, s->H, s->W, wanted, pictures, &b));
            }
    }
done:
    return encnet__results_end(r, bad, rc);
}

size_t encnet__band_bytes(int H, int W, int M)
{
    size_t row = sizeof(float) * (size_t)W * (size_t)M, all = row * (size_t)H;

    return all <= BAND_BYTES ? all : row > BAND_BYTES ? row : BAND_BYTES;
}

size_t encnet__band_of_pass(int h, int w, int H, int W, int M)
{
    size_t row = sizeof(float) * (size_t)w * (size_t)M, all = row * (size_t)h;
    double scale = (double)h / H * ((double)w / W);
    double rows = (double)encnet__band_bytes(H, W, M) * scale + 4 * (double)row; /* at its edges */

    return rows < (double)all ? (size_t)rows : all;
}

encnet_status encnet__results_reserve(encnet__results *r, const encnet__shape *scores, int h, int w,
                                      int H, int W)
{
    encnet_status rc = ENCNET_OK;
    int M = scores->c;
    size_t band = encnet__band_bytes(H, W, M),
           features = encnet__band_bytes(scores->h, scores->w, M);
    size_t pixels = band / sizeof(float) / (size_t)M, mid = encnet__band_of_pass(h, w, H, W, M);

    if (features > band) band = features;
    if ((h == H && w == W) || (h == scores->h && w == scores->w)) mid = 0; /* resized once */
    if (mid < sizeof(float) * pixels) mid = sizeof(float) * pixels;        /* of `top` */
    TRY(encnet__room_for(&r->band, r->dev, band));
    TRY(encnet__room_for(&r->probs, r->dev, band));
    TRY(encnet__room_for(&r->planes, r->dev, band));
    TRY(encnet__room_for(&r->mid, r->dev, mid));
    TRY(encnet__room_for(&r->classes, r->dev, sizeof(int32_t) * pixels));
    TRY(encnet__room_for(&r->bytes, r->dev, pixels));
    TRY(encnet__room_for(&r->colours, r->dev, 3 * pixels));
    TRY(encnet__room_for(&r->palette, r->dev, sizeof r->has_palette));
    TRY(encnet__room_for(&r->bad, r->dev, sizeof(uint32_t)));
done:
    return rc;
}

size_t encnet__results_held(const encnet__results *r)
{
    return encnet__room_bytes(r->band) + encnet__room_bytes(r->mid) + encnet__room_bytes(r->probs) +
           encnet__room_bytes(r->planes) + encnet__room_bytes(r->classes) +
           encnet__room_bytes(r->bytes) + encnet__room_bytes(r->colours) +
           encnet__room_bytes(r->bad) + encnet__room_bytes(r->palette);
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
    *r = (encnet__results){.dev = r->dev, .stop = r->stop};
}
