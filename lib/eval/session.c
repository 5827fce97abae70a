/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* session.c - a model runs on a lane of its device, in a thread of the session. */
#include <encnet/session.h>

#include <stdatomic.h>
#include <string.h>

#include "device/worker.h"
#include "eval/segment.h"
#include "options/options.h"

/* What the thread of the session is to do. */
typedef struct job {
    encnet_image *images; /* [count] */
    int count, capacity;
    int width, height; /* of reserve(), */
    bool reserves;     /* which is all */
    encnet_results results;
    void (*done)(void *user, encnet_status status, const char *message);
    void *user;
} job;

struct encnet_session {
    encnet_model *model;
    const encnet_device *device; /* of the model; the lane keeps it */
    encnet_device *lane;
    encnet__graphs graphs;
    encnet__runner runner;
    encnet__segmenter *segmenter;
    encnet_options options; /* those of the model, with the passes of the session */
    char *strings;          /* of options */
    uint8_t palette[768];
    atomic_bool stop;
    encnet__worker *worker;
    job job;
};

static void fill_palette(encnet_session *s)
{
    for (int c = 0; c < 256; c++) {
        uint8_t *rgb = s->palette + 3 * (size_t)c;
        if (!encnet__model_colour(rgb, s->model, c)) encnet__voc_colour(rgb, c);
    }
}

encnet_status encnet_session_new(encnet_session **out, encnet_model *model,
                                 const encnet_eval_options *how)
{
    encnet_status rc = ENCNET_OK;
    encnet_session *s = NULL;
    encnet_options options, plain;

    NEED(out);
    NEED(model);
    TRY(encnet__model_check_open(model));
    s = encnet__alloc(1, sizeof *s);
    if (!s) FAIL(ENCNET_E_NOMEM, "no memory for a session");
    s->model = model;
    encnet__model_keep(model);
    s->device = encnet__model_device(model);
    TRY(encnet__worker_new(&s->worker, s->device));
    encnet_options_default(&plain);
    options = *encnet__model_options(model);
    options.eval = how ? *how : plain.eval;
    TRY(encnet__options_take(&s->options, &s->strings, &options));
    TRY(encnet__lane_open(&s->lane, (encnet_device *)s->device));
    encnet__runner_beside(&s->runner, &s->graphs, model, s->lane, &s->stop);
    TRY(encnet__segmenter_new(&s->segmenter, &s->runner, &s->options));
    if (encnet_model_labels_images(model) && !encnet__segmenter_is_single(s->segmenter))
        FAIL(ENCNET_E_ARG,
             "a model that labels whole images takes them in one whole pass: eval.mode "
             "= whole, one scale, no flip");
    fill_palette(s);
    *out = s;
    s = NULL;
done:
    encnet_session_free(s);
    return rc;
}

/* Refuses what a callback, or another call beside a run, asks for. */
static encnet_status check_idle(encnet_session *s)
{
    return encnet__worker_is_idle(s->worker)
               ? ENCNET_OK
               : encnet__fail(ENCNET_E_ARG, "a run of this session has not been waited for");
}

void encnet_session_cancel(encnet_session *s)
{
    if (s) atomic_store(&s->stop, true);
}

/* -- results ----------------------------------------------------------------------------------- */

/* The size of the results, and of the features. */
typedef struct sizes {
    size_t n, H, W, M, h, w;
} sizes;

/* Of several passes or windows there are no features of one size. */
static encnet_status check_features(const encnet_session *s)
{
    return encnet__segmenter_is_single(s->segmenter)
               ? ENCNET_OK
               : encnet__fail(ENCNET_E_ARG,
                              "features of several passes or windows: there is no one "
                              "size for them");
}

static encnet_status feature_size(int *w, int *h, encnet_session *s, int width, int height)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {.n = 1};
    encnet__graph *g = NULL;
    encnet__shape shape;

    TRY(check_features(s));
    TRY(encnet__segmenter_size(&key.h, &key.w, s->segmenter, height, width));
    TRY(encnet__network_compose(&g, s->lane, encnet__model_weights(s->model), &s->options, false,
                                &key));
    TRY(encnet__graph_built(g));
    shape = encnet__graph_tensor(g, "scores").shape;
    *w = shape.w;
    *h = shape.h;
done:
    encnet__graph_free(g);
    return rc;
}

static encnet_status check_size(int count, int width, int height)
{
    if (count >= 1 && width >= 1 && height >= 1 &&
        encnet__shape_valid((encnet__shape){count, height, width, 3}))
        return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG, "%d images of %dx%d", count, width, height);
}

encnet_status encnet_session_feature_size(encnet_session *s, int *w, int *h, int width, int height)
{
    encnet_status rc = ENCNET_OK;

    NEED(s);
    NEED(w);
    NEED(h);
    TRY(check_size(1, width, height));
    TRY(feature_size(w, h, s, width, height));
done:
    return rc;
}

/* Where a result goes; its buffer is owned by `sink`. */
static encnet_status open_sink(encnet__sink *sink, encnet_device *lane, void *memory,
                               bool in_device, size_t bytes, const char *name)
{
    encnet_status rc = ENCNET_OK;

    if (!in_device) sink->host = memory;
    if (!in_device || !memory) goto done;
    TRY(encnet__buffer_adopt(&sink->device, lane, memory));
    if (encnet__buffer_bytes(sink->device) < bytes)
        FAIL(ENCNET_E_ARG, "%s take %zu bytes, their cl_mem has %zu", name, bytes,
             encnet__buffer_bytes(sink->device));
done:
    return rc;
}

static void close_sinks(encnet__wanted *w)
{
    encnet__buffer_free(w->ids.device);
    encnet__buffer_free(w->top.device);
    encnet__buffer_free(w->probs.device);
    encnet__buffer_free(w->logits.device);
    encnet__buffer_free(w->features.device);
    encnet__buffer_free(w->overlay.device);
}

static encnet_status open_sinks(encnet__wanted *w, encnet_session *s, const encnet_results *r,
                                const sizes *z)
{
    encnet_status rc = ENCNET_OK;
    size_t pixels = z->n * z->H * z->W, floats = sizeof(float) * pixels;
    bool d = r->in_device;

    *w = (encnet__wanted){.classes_last = r->classes_last, .palette = s->palette};
    TRY(open_sink(&w->ids, s->lane, r->ids, d, pixels, "ids"));
    TRY(open_sink(&w->top, s->lane, r->top, d, floats, "top probabilities"));
    TRY(open_sink(&w->probs, s->lane, r->probs, d, z->M * floats, "probabilities"));
    TRY(open_sink(&w->logits, s->lane, r->logits, d, z->M * floats, "logits"));
    TRY(open_sink(&w->features, s->lane, r->features, d, sizeof(float) * z->n * z->M * z->h * z->w,
                  "features"));
    TRY(open_sink(&w->overlay, s->lane, r->overlay, d, 3 * pixels, "overlays"));
done:
    return rc;
}

/* -- a run ------------------------------------------------------------------------------------- */

static encnet_status check(encnet_session *s, const encnet_image *images, int count,
                           const encnet_results *r)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__model_check_open(s->model));
    TRY(encnet__images_check(images, count));
    TRY(check_size(count, images[0].width, images[0].height));
    if (!r->ids && !r->top && !r->probs && !r->logits && !r->features && !r->overlay)
        FAIL(ENCNET_E_ARG, "%d images of %dx%d, nothing asked", count, images[0].width,
             images[0].height);
    if (r->overlay && encnet_model_labels_images(s->model))
        FAIL(ENCNET_E_ARG, "an overlay of a model that labels whole images");
    if (r->features) TRY(check_features(s));
    TRY(check_idle(s));
done:
    return rc;
}

static encnet_status reserve(encnet_session *s, int count, int width, int height)
{
    return encnet__segmenter_reserve(s->segmenter, count, height, width);
}

static encnet_status run(encnet_session *s, const encnet_image *images, int count,
                         const encnet_results *r)
{
    encnet_status rc = ENCNET_OK;
    bool whole = encnet_model_labels_images(s->model);
    sizes z = {(size_t)count,
               whole ? 1 : (size_t)images[0].height,
               whole ? 1 : (size_t)images[0].width,
               (size_t)encnet_model_classes(s->model),
               0,
               0};
    encnet__wanted wanted = {.palette = NULL};
    int w = 0, h = 0;
    size_t bad;

    if (r->features) TRY(feature_size(&w, &h, s, images[0].width, images[0].height));
    z.h = (size_t)h;
    z.w = (size_t)w;
    TRY(open_sinks(&wanted, s, r, &z));
    TRY(encnet__segment_images(&bad, s->segmenter, images, count, &wanted));
    if (r->in_device) TRY(encnet__finish(s->lane));
    TRY(encnet__profile_drain(s->lane));
    if (bad)
        FAIL(ENCNET_E_DIVERGED,
             "%d images of %dx%d: the logits of %zu pixels are not finite: the weights are not, or "
             "the statistics of a batch norm",
             count, images[0].width, images[0].height, bad);
done:
    close_sinks(&wanted);
    return rc;
}

/* -- in the thread of the session -------------------------------------------------------------- */

/* Carries out the job; whoever waits for it can then give up a device that hangs. */
static encnet_status work(void *user)
{
    encnet_session *s = user;
    job *j = &s->job;
    encnet_status rc;

    if (j->reserves) return reserve(s, j->count, j->width, j->height);
    rc = run(s, j->images, j->count, &j->results);
    if (j->done) j->done(j->user, rc, rc == ENCNET_OK ? "" : encnet_last_error());
    return rc;
}

void encnet_session_free(encnet_session *s)
{
    if (!s || encnet__worker_is_self(s->worker)) return;
    if (!encnet__worker_free(s->worker))
        return; /* its thread is in the driver and uses all of it */
    encnet__free(s->job.images);
    encnet__segmenter_free(s->segmenter);
    encnet__runner_free(&s->runner);
    encnet__graphs_free(&s->graphs);
    encnet__lane_close(s->lane);
    encnet__free(s->strings);
    encnet__model_drop(s->model);
    encnet__free(s);
}

encnet_status encnet_session_reserve(encnet_session *s, int count, int width, int height)
{
    encnet_status rc = ENCNET_OK;

    NEED(s);
    TRY(check_size(count, width, height));
    TRY(check_idle(s));
    TRY(encnet__model_check_open(s->model));
    s->job.reserves = true;
    s->job.count = count;
    s->job.width = width;
    s->job.height = height;
    atomic_store(&s->stop, false);
    TRY(encnet__worker_run(s->worker, work, s));
done:
    return rc;
}

encnet_status encnet_session_start(
    encnet_session *s, const encnet_image *images, int count, const encnet_results *results,
    void (*done)(void *user, encnet_status status, const char *message), void *user)
{
    encnet_status rc = ENCNET_OK;
    job *j;

    NEED(s);
    NEED(images);
    NEED(results);
    TRY(check(s, images, count, results));
    j = &s->job;
    if (count > j->capacity) {
        encnet_image *grown = encnet__realloc(j->images, (size_t)count, sizeof *images);
        if (!grown) FAIL(ENCNET_E_NOMEM, "no memory for a run of %d images", count);
        j->images = grown;
        j->capacity = count;
    }
    memcpy(j->images, images, (size_t)count * sizeof *images);
    j->count = count;
    j->results = *results;
    j->done = done;
    j->user = user;
    j->reserves = false;
    atomic_store(&s->stop, false);
    TRY(encnet__worker_start(s->worker, work, s));
done:
    return rc;
}

encnet_status encnet_session_wait(encnet_session *s)
{
    encnet_status rc = ENCNET_OK;

    NEED(s);
    TRY(encnet__worker_wait(s->worker));
done:
    return rc;
}

encnet_status encnet_session_run(encnet_session *s, const encnet_image *images, int count,
                                 const encnet_results *results)
{
    encnet_status rc = ENCNET_OK;

    NEED(s);
    NEED(images);
    NEED(results);
    TRY(encnet_session_start(s, images, count, results, NULL, NULL));
    TRY(encnet_session_wait(s));
done:
    return rc;
}
