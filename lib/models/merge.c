/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* merge.c - one map of classes from several passes over an image, or from windows, on the device. */
#include "models/merge.h"

#include "models/room.h"
#include "ops/resize_rows.h"

enum { GROUP = 64 };

static bool is_whole(const encnet__pass_shape *s)
{
    return s->windows == 1 && s->window_h == s->h && s->window_w == s->w;
}

static size_t score_bytes(encnet__shape scores)
{
    return sizeof(float) * (size_t)scores.h * (size_t)scores.w * (size_t)scores.c;
}

/* -- what is kept ------------------------------------------------------------------------------ */

void encnet__merge_begin(encnet__merge *m)
{
    m->n = 0;
}

encnet_status encnet__merge_pass(encnet__merge *m, const encnet__pass_shape *shape,
                                 encnet__shape scores)
{
    encnet_status rc = ENCNET_OK;
    encnet__kept_pass *p = &m->pass[m->n];

    if (m->n == ENCNET__MAX_PASSES) FAIL(ENCNET_E_INTERNAL, "more than %d passes", m->n);
    if (shape->windows > p->capacity) {
        int(*grown)[2] = encnet__realloc(p->at, (size_t)shape->windows, sizeof *grown);
        if (!grown) FAIL(ENCNET_E_NOMEM, "no host memory for %d windows", shape->windows);
        p->at = grown;
        p->capacity = shape->windows;
    }
    TRY(encnet__room_for(&p->buffer, m->dev, encnet__merge_kept_bytes(shape, scores)));
    p->shape = *shape;
    p->scores = scores;
    p->scores.n = 1;
    p->n = 0;
    m->n++;
done:
    return rc;
}

encnet_status encnet__merge_keep(encnet__merge *m, const encnet__tensor *scores, int y, int x)
{
    encnet__kept_pass *p = &m->pass[m->n - 1];
    size_t bytes = score_bytes(p->scores);

    p->at[p->n][0] = y;
    p->at[p->n][1] = x;
    return encnet__copy(p->buffer, (size_t)p->n++ * bytes, scores->buffer, 0, bytes);
}

/* -- windows to a pass ------------------------------------------------------------------------- */

static encnet__grid pixels(int w, int h)
{
    encnet__grid grid = GRID1(w, GROUP);

    grid.groups[1] = (size_t)h;
    return grid;
}

/* Adds those of rows first .. first + rows - 1 of the pass that window i has. */
static encnet_status add_window(encnet__merge *m, const encnet__kept_pass *p, int i, int first,
                                int rows, bool align_corners)
{
    encnet_status rc = ENCNET_OK;
    const encnet__pass_shape *s = &p->shape;
    int top = p->at[i][0], from = top > first ? top : first;
    int to = top + s->window_h < first + rows ? top + s->window_h : first + rows;
    encnet__row_range range = {i, 1, from - top, to - from};
    encnet__shape scores = p->scores;
    size_t row = sizeof(float) * (size_t)s->window_w * (size_t)scores.c;

    if (to <= from) goto done;
    scores.n = s->windows;
    TRY(encnet__room_for(&m->window, m->dev, row * (size_t)range.rows));
    TRY(encnet__resize_rows(m->dev, m->window, p->buffer, scores, 0, scores.h, s->window_h,
                            s->window_w, align_corners, ENCNET__F32, &range));
    TRY(LAUNCH(m->dev, "merge", "merge_window", "", pixels(s->window_w, range.rows), BUF(m->mid),
               BUF(m->counts), BUF(m->window), UINT(s->w), UINT(scores.c), UINT(from - first),
               UINT(p->at[i][1]), UINT(s->window_w)));
done:
    return rc;
}

/* m->mid [rows,w,M] = the logits of rows first .. first + rows - 1 of the pass. */
static encnet_status join_windows(encnet__merge *m, const encnet__kept_pass *p, int first, int rows,
                                  bool align_corners)
{
    encnet_status rc = ENCNET_OK;
    int w = p->shape.w, M = p->scores.c;
    size_t count = (size_t)rows * (size_t)w;

    TRY(encnet__room_for(&m->mid, m->dev, sizeof(float) * count * (size_t)M));
    TRY(encnet__room_for(&m->counts, m->dev, sizeof(float) * count));
    TRY(encnet__fill(m->mid, 0));
    TRY(encnet__fill(m->counts, 0));
    for (int i = 0; i < p->n; i++) TRY(add_window(m, p, i, first, rows, align_corners));
    TRY(LAUNCH(m->dev, "merge", "merge_mean", "", pixels(w, rows), BUF(m->mid), BUF(m->counts),
               UINT(w), UINT(M)));
done:
    return rc;
}

/* -- a band of the result ---------------------------------------------------------------------- */

/* r->band = the logits of a pass, resized to H x W. */
static encnet_status logits_of(encnet__merge *m, encnet__results *r, const encnet__kept_pass *p,
                               int H, int W, bool align_corners, const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;
    const encnet__pass_shape *s = &p->shape;
    encnet__score_map map = {.h = s->h, .w = s->w, .align_corners = align_corners};
    encnet__shape shape = {1, s->h, s->w, p->scores.c};
    encnet__row_range rows = {0, 1, b->y, b->rows};
    encnet__band first = *b;
    int from, count;

    first.image = 0;
    if (is_whole(s)) {
        map.scores = (encnet__tensor){p->buffer, p->scores, ENCNET__F32};
        return encnet__results_resize(r, &map, s->h, s->w, H, W, &first);
    }
    encnet__resize_reads(&from, &count, s->h, H, align_corners, b->y, b->rows);
    TRY(join_windows(m, p, from, count, align_corners));
    TRY(encnet__room_for(&r->band, r->dev, sizeof(float) * (size_t)shape.c * b->pixels));
    TRY(encnet__resize_rows(r->dev, r->band, m->mid, shape, from, count, H, W, align_corners,
                            ENCNET__F32, &rows));
done:
    return rc;
}

/* m->sum = the mean of the probabilities of all passes. */
static encnet_status average(encnet__merge *m, encnet__results *r, int H, int W, bool align_corners,
                             const encnet__band *b)
{
    encnet_status rc = ENCNET_OK;
    int M = m->pass[0].scores.c;

    TRY(encnet__room_for(&m->sum, m->dev, sizeof(float) * (size_t)M * b->pixels));
    TRY(encnet__fill(m->sum, 0));
    for (int i = 0; i < m->n; i++) {
        TRY(logits_of(m, r, &m->pass[i], H, W, align_corners, b));
        TRY(encnet__results_softmax(r, M, W, b));
        TRY(LAUNCH(m->dev, "merge", "merge_add", "", pixels(W, b->rows), BUF(m->sum), BUF(r->probs),
                   UINT(W), UINT(M), UINT(m->pass[i].shape.is_mirrored)));
    }
    TRY(LAUNCH(m->dev, "merge", "merge_average", "", pixels(W, b->rows), BUF(m->sum), UINT(W),
               UINT(M), FLOAT(m->n)));
done:
    return rc;
}

/* The logits of the only pass at its own size. */
static encnet_status put_input(encnet__merge *m, encnet__results *r, const encnet__wanted *wanted,
                               const encnet__band *begin, bool align_corners)
{
    encnet_status rc = ENCNET_OK;
    const encnet__kept_pass *p = &m->pass[0];
    int h = p->shape.h, w = p->shape.w, M = p->scores.c;

    ENCNET__EACH_BAND(b, h, w, M, *begin)
    {
        TRY(encnet__pace(r->dev, r->stop));
        TRY(join_windows(m, p, b.y, b.rows, align_corners));
        TRY(encnet__results_put_classes(r, &wanted->input_logits, m->mid, true, M, &b, h, w));
    }
done:
    return rc;
}

encnet_status encnet__merge_results(encnet__merge *m, encnet__results *r, size_t *bad,
                                    const encnet__wanted *wanted, const encnet__pictures *pictures,
                                    const encnet__band *begin, bool align_corners)
{
    encnet_status rc = ENCNET_OK;
    int M = m->pass[0].scores.c, H = pictures->h, W = pictures->w;
    bool several = m->n > 1;

    TRY(encnet__results_begin(r));
    if (encnet__sink_is_wanted(&wanted->input_logits))
        TRY(put_input(m, r, wanted, begin, align_corners));
    if (encnet__results_are_reduced(wanted)) ENCNET__EACH_BAND(b, H, W, M, *begin)
        {
            TRY(encnet__pace(r->dev, r->stop));
            TRY(several ? average(m, r, H, W, align_corners, &b)
                        : logits_of(m, r, &m->pass[0], H, W, align_corners, &b));
            TRY(encnet__results_reduce(r, several ? m->sum : r->band, several, M, H, W, wanted,
                                       pictures, &b));
        }
done:
    return encnet__results_end(r, bad, rc);
}

/* -- memory ------------------------------------------------------------------------------------ */

size_t encnet__merge_kept_bytes(const encnet__pass_shape *shape, encnet__shape scores)
{
    return (size_t)shape->windows * score_bytes(scores);
}

/* The rows of a pass that a band of results of H x W is made of. */
static size_t rows_of_mid(const encnet__pass_shape *s, int H, int W, int M)
{
    size_t rows = (size_t)encnet__band_rows(H, W, M) * (size_t)s->h / (size_t)H + 2;

    return rows < (size_t)s->h ? rows : (size_t)s->h;
}

size_t encnet__merge_bytes(const encnet__pass_shape *s, int H, int W, int M)
{
    size_t row = sizeof(float) * (size_t)W * (size_t)M, rows = rows_of_mid(s, H, W, M);
    size_t bytes = (size_t)encnet__band_rows(H, W, M) * row;

    if (is_whole(s)) return bytes;
    return bytes + sizeof(float) * rows *
                       ((size_t)s->w * ((size_t)M + 1) + (size_t)s->window_w * (size_t)M);
}

size_t encnet__merge_has(const encnet__merge *m, int i)
{
    return encnet__room_bytes(m->pass[i].buffer);
}

encnet_status encnet__merge_reserve(encnet__merge *m, int i, const encnet__pass_shape *s,
                                    encnet__shape scores, int H, int W)
{
    encnet_status rc = ENCNET_OK;
    int M = scores.c;
    size_t mid = encnet__band_of_pass(s->h, s->w, H, W, M);
    size_t window = sizeof(float) * (size_t)s->window_h * (size_t)s->window_w * (size_t)M;

    TRY(encnet__room_for(&m->pass[i].buffer, m->dev, encnet__merge_kept_bytes(s, scores)));
    TRY(encnet__room_for(&m->sum, m->dev, encnet__band_bytes(H, W, M)));
    if (is_whole(s)) goto done;
    TRY(encnet__room_for(&m->mid, m->dev, mid));
    TRY(encnet__room_for(&m->counts, m->dev, mid / (size_t)M));
    TRY(encnet__room_for(&m->window, m->dev, window < mid ? window : mid));
done:
    return rc;
}

size_t encnet__merge_held(const encnet__merge *m)
{
    size_t bytes = encnet__room_bytes(m->sum) + encnet__room_bytes(m->window) +
                   encnet__room_bytes(m->mid) + encnet__room_bytes(m->counts);

    for (int i = 0; i < ENCNET__MAX_PASSES; i++) bytes += encnet__merge_has(m, i);
    return bytes;
}

void encnet__merge_free(encnet__merge *m)
{
    for (int i = 0; i < ENCNET__MAX_PASSES; i++) {
        encnet__buffer_free(m->pass[i].buffer);
        encnet__free(m->pass[i].at);
    }
    encnet__buffer_free(m->sum);
    encnet__buffer_free(m->window);
    encnet__buffer_free(m->mid);
    encnet__buffer_free(m->counts);
    *m = (encnet__merge){.dev = m->dev};
}
