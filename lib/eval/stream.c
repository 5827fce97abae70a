/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * stream.c - predicts the frames of a stream, and writes a stream of results.
 *
 * Frames are found in the bytes one after another, by whichever thread's turn it is, and decoded,
 * segmented, encoded and written like the pictures of a folder (prefetch.c, writers.c), in order.
 */
#define _POSIX_C_SOURCE 200809L
#include "eval/eval.h"
#include "eval/frames.h"
#include "eval/segment.h"
#include "models/models.h"
#include "options/options.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef struct stream {
    const encnet_options *options;
    encnet__reading reading;
    encnet__frames *in;
    int out;
    encnet__format format;
    const encnet_eval_hooks *hooks;
    encnet__frame_kind kind, first_kind; /* of what is written; of the first frame */
    bool has_kind;                       /* was chosen; else results are as the first frame */
    int predicted, failed;
    char first_failure[512];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    int turn;   /* the next frame that is to be found in the stream */
    bool ended; /* no frame follows, or none that can be found, because the stream is damaged */

    int h, w; /* of a y4m that is written; 0: its header has not been written */
} stream;

static void name_frame(char out[32], int i)
{
    snprintf(out, 32, "frame %d", i + 1);
}

/* -- reading --------------------------------------------------------------------------------- */

/* Finds frame i, when it is its turn.  `raw` is empty where there is none. */
static encnet_status find_frame(stream *s, int i, encnet__text *raw, encnet__frame_kind *kind)
{
    encnet_status rc = ENCNET_OK;

    pthread_mutex_lock(&s->lock);
    while (s->turn != i) pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    if (!s->ended) rc = encnet__frames_next(s->in, raw);
    *kind = encnet__frames_kind(s->in);
    pthread_mutex_lock(&s->lock);
    if (i == 0) s->first_kind = *kind;
    s->ended |= rc != ENCNET_OK || raw->size == 0;
    s->turn++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* A picture without rows stands for the end of the stream. */
static encnet_status read_frame(const void *user, int i, encnet__picture *image,
                                encnet__picture *label)
{
    stream *s = *(stream *const *)user;
    encnet_status rc = ENCNET_OK;
    encnet__text raw = {0};
    encnet__frame_kind kind;
    char name[32];

    (void)label;
    image->h = 0;
    name_frame(name, i);
    TRY(find_frame(s, i, &raw, &kind));
    if (raw.size)
        TRY(encnet__frame_decode(image, &raw, kind, encnet__frames_y4m(s->in), name,
                                 s->options->data.max_pixels, s->reading));
done:
    encnet__text_free(&raw);
    return rc;
}

/* -- writing --------------------------------------------------------------------------------- */

/* The header of a y4m before its first frame; all others are as large. */
static encnet_status begin_y4m(stream *s, encnet__text *out, const encnet__picture *p, bool is_grey)
{
    if (s->h && (s->h != p->h || s->w != p->w))
        return encnet__fail(ENCNET_E_ARG,
                            "a frame of %d x %d behind those of %d x %d: a y4m has one size; "
                            "--stream ppm or png has any",
                            p->w, p->h, s->w, s->h);
    if (!s->h) encnet__y4m_header(out, p->h, p->w, is_grey, encnet__frames_y4m(s->in));
    s->h = p->h;
    s->w = p->w;
    return ENCNET_OK;
}

static encnet_status write_frame(void *user, encnet__writers *w, uint64_t number, int i,
                                 const encnet__picture *ids, const encnet__picture *image)
{
    stream *s = user;
    encnet_status rc = ENCNET_OK;
    encnet__picture made = {0};
    encnet__text frame = {0}, header = {0};
    const uint8_t *palette = s->format.is_indexed ? s->format.palette : NULL;

    (void)i;
    TRY(encnet__prediction_make(&made, &s->format, ids, image));
    TRY(encnet__frame_encode(&frame, &made, palette, s->kind));
    if (frame.failed) FAIL(ENCNET_E_NOMEM, "no memory for a frame of %d x %d", made.w, made.h);
    encnet__writers_wait_turn(w, number);
    if (s->kind == ENCNET__FRAME_Y4M)
        TRY(begin_y4m(s, &header, &made, made.channels == 1 && !palette));
    TRY(encnet__write_all(s->out, header.data, header.size));
    TRY(encnet__write_all(s->out, frame.data, frame.size));
done:
    encnet__text_free(&frame);
    encnet__text_free(&header);
    encnet__picture_free(&made);
    return rc;
}

/* Whether others may still be predicted.  Behind a frame whose end is not known there is none. */
static bool is_of_frame(encnet_status rc)
{
    return rc == ENCNET_E_DATA;
}

static encnet_status written(void *user, int i, encnet_status rc)
{
    stream *s = user;
    char name[32];

    name_frame(name, i);
    s->predicted += rc == ENCNET_OK;
    if (rc != ENCNET_OK && s->failed++ == 0)
        snprintf(s->first_failure, sizeof s->first_failure, "%s", encnet_last_error());
    if (s->hooks && s->hooks->file)
        s->hooks->file(s->hooks->user,
                       &(encnet_predicted){name, NULL,
                                           rc == ENCNET_OK ? ENCNET_PREDICTED : ENCNET_FAILED,
                                           rc == ENCNET_OK ? "" : encnet_last_error()});
    return is_of_frame(rc) ? ENCNET_OK : rc;
}

/* -------------------------------------------------------------------------------------------- */

static encnet_status one(encnet__picture *ids, encnet__picture *kept, const stream *s,
                         encnet__segmenter *segmenter, const encnet__picture *image, int i)
{
    encnet_status rc = ENCNET_OK;
    char name[32];

    name_frame(name, i);
    TRY(encnet__picture_new(ids, image->h, image->w, 1));
    TRY(encnet__segment(segmenter, ids->pixels, image, NULL, name));
    if (s->format.is_overlay) TRY(encnet__picture_copy(kept, image));
done:
    return rc;
}

/* Predicts frames up to the end of the stream. */
static encnet_status run(stream *s, encnet__segmenter *segmenter, encnet__prefetch *prefetch,
                         encnet__writers *writers)
{
    encnet_status rc = ENCNET_OK;
    const encnet__picture *image, *none;
    encnet__picture *ids, *kept;
    double began = encnet__now();

    for (int i = 0; i < INT_MAX; i++) {
        TRY(encnet__writers_place(writers, &ids, &kept));
        rc = encnet__prefetch_next(prefetch, &image, &none);
        if (rc == ENCNET_OK && image->h == 0) break;
        if (!s->has_kind) s->kind = s->first_kind;
        if (rc == ENCNET_OK) rc = one(ids, kept, s, segmenter, image, i);
        encnet__writers_start(writers, i, rc);
        if (rc != ENCNET_OK && !is_of_frame(rc)) break;
        TRY(encnet__step_done(s->hooks, i + 1, i + 1, began));
    }
    if (rc == ENCNET_OK) TRY(encnet__writers_finish(writers));
    if (rc == ENCNET_OK && s->hooks && s->hooks->stop && *s->hooks->stop)
        FAIL(ENCNET_E_STOPPED, "stopped after %d frames", s->predicted);
done:
    return rc;
}

/* The status of the whole. */
static encnet_status conclude(const stream *s)
{
    if (s->failed == 0 && s->predicted == 0)
        return encnet__fail(ENCNET_E_DATA, "the stream has no frame");
    if (s->failed == 0) return ENCNET_OK;
    return encnet__fail(s->predicted ? ENCNET_E_PARTIAL : ENCNET_E_DATA,
                        "%d of %d frames could not be predicted, the first: %s", s->failed,
                        s->failed + s->predicted, s->first_failure);
}

static encnet_status set_kind(stream *s, const char *name)
{
    static const struct {
        const char *name;
        encnet__frame_kind kind;
    } known[] = {
        {"png", ENCNET__FRAME_PNG}, {"ppm", ENCNET__FRAME_PNM}, {"y4m", ENCNET__FRAME_Y4M}};

    s->has_kind = name != NULL;
    for (size_t i = 0; name && i < COUNT_OF(known); i++) {
        if (strcmp(name, known[i].name) != 0) continue;
        s->kind = known[i].kind;
        return ENCNET_OK;
    }
    return name ? encnet__fail(ENCNET_E_ARG, "a stream of %s: there are y4m, ppm, png", name)
                : ENCNET_OK;
}

static encnet_status predict_frames(stream *s, encnet_model *model, const char *format, int in)
{
    encnet_status rc = ENCNET_OK;
    encnet__segmenter *segmenter = NULL;
    encnet__prefetch *prefetch = NULL;
    encnet__writers *writers = NULL;
    const encnet_options *o = s->options;

    s->reading = o->data.exif_orientation ? ENCNET__READ_UPRIGHT : ENCNET__READ_STORED;
    if (encnet_model_labels_images(model))
        FAIL(ENCNET_E_ARG, "predict: model.network = %s labels whole images, not their pixels",
             o->model.network);
    TRY(encnet__segmenter_new(&segmenter, encnet__model_runner(model), o)); /* checks M */
    TRY(encnet__format_of_model(&s->format, format, model, o));
    TRY(encnet__frames_open(&s->in, in, s->hooks ? s->hooks->stop : NULL));
    TRY(encnet__writers_open(&writers, write_frame, written, s, o->eval.jobs));
    TRY(encnet__prefetch_open(&prefetch, read_frame, &s, INT_MAX, o->data.workers + 1));
    TRY(run(s, segmenter, prefetch, writers));
    TRY(conclude(s));
done:
    if (s->in) encnet__frames_quit(s->in);
    if (writers && rc != ENCNET_OK) encnet__writers_finish_after(writers, rc);
    encnet__prefetch_close(prefetch);
    encnet__writers_close(writers);
    encnet__frames_close(s->in);
    encnet__segmenter_free(segmenter);
    return rc;
}

encnet_status encnet_predict_stream(encnet_model *model, const encnet_options *options, int in,
                                    int out, const char *format, const char *kind, int *count,
                                    const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    char *strings = NULL;
    stream s = {.options = &copy, .out = out, .hooks = hooks};

    NEED(model);
    NEED(options);
    if (count) *count = 0;
    if (in < 0 || out < 0)
        return encnet__fail(ENCNET_E_ARG, "encnet_predict_stream: descriptors %d and %d", in, out);
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.changed, NULL);
    TRY(encnet__model_check_open(model));
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(set_kind(&s, kind));
    TRY(predict_frames(&s, model, format, in));
done:
    if (count) *count = s.predicted;
    pthread_cond_destroy(&s.changed);
    pthread_mutex_destroy(&s.lock);
    encnet__free(strings);
    return rc;
}
