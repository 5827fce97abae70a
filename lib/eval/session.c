/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* session.c - a model runs on a lane of its device, in a thread of the session. */
#include <encnet/session.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "eval/segment.h"
#include "options/options.h"

/* DONE: and not waited for. */
typedef enum job_state { IDLE, BEGUN, DONE } job_state;

/* A run that encnet_session_start() began. */
typedef struct job {
    job_state state;      /* guarded by the lock of the session */
    encnet_image *images; /* [count] */
    int count, capacity;
    encnet_results results;
    void (*done)(void *user, encnet_status status, const char *message);
    void *user;
    encnet_status status;
    char *message;
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
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread; /* from the first run on */
    bool has_thread, quits;
    job job;
};

/* Makes a session with its lock, and nothing else. */
static encnet_session *new_session(void)
{
    encnet_session *s = encnet__alloc(1, sizeof *s);
    pthread_condattr_t monotonic;

    if (!s || pthread_mutex_init(&s->lock, NULL)) {
        encnet__free(s);
        return NULL;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

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
    s = new_session();
    if (!s) FAIL(ENCNET_E_NOMEM, "no memory for a session");
    s->model = model;
    s->device = encnet__model_device(model);
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

static encnet_status check_idle(encnet_session *s)
{
    bool idle;

    pthread_mutex_lock(&s->lock);
    idle = s->job.state == IDLE;
    pthread_mutex_unlock(&s->lock);
    return idle ? ENCNET_OK
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

encnet_status encnet_session_reserve(encnet_session *s, int count, int width, int height)
{
    encnet_status rc = ENCNET_OK;

    NEED(s);
    TRY(check_size(count, width, height));
    TRY(check_idle(s));
    TRY(encnet__model_check_open(s->model));
    atomic_store(&s->stop, false);
    TRY(encnet__segmenter_reserve(s->segmenter, count, height, width));
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

/* -- in a thread of the session's own ---------------------------------------------------------- */

/* Carries out one run after the other; whoever waits for one can then give up a device that hangs. */
static void *work(void *argument)
{
    encnet_session *s = argument;
    job *j = &s->job;

    pthread_mutex_lock(&s->lock);
    while (!s->quits) {
        if (j->state != BEGUN) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        j->status = run(s, j->images, j->count, &j->results);
        if (j->status != ENCNET_OK) j->message = encnet__strdup(encnet_last_error());
        if (j->done) j->done(j->user, j->status, j->message ? j->message : "");
        pthread_mutex_lock(&s->lock);
        j->state = DONE;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Signals go to the threads of the program. */
static encnet_status need_thread(encnet_session *s)
{
    encnet_status rc = ENCNET_OK;
    sigset_t all, before;

    if (s->has_thread) goto done;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->has_thread = pthread_create(&s->thread, NULL, work, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!s->has_thread) FAIL(ENCNET_E_NOMEM, "no thread for a session");
done:
    return rc;
}

static void set_state(encnet_session *s, job_state state)
{
    pthread_mutex_lock(&s->lock);
    s->job.state = state;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* Waits while a run is under way.  Returns false if its device hangs. */
static bool until_done(encnet_session *s)
{
    double limit = encnet__device_options_of(s->device)->timeout;
    bool hangs = false;

    pthread_mutex_lock(&s->lock);
    while (s->job.state == BEGUN && !hangs) {
        struct timespec next = encnet__deadline(1);
        if (pthread_cond_timedwait(&s->changed, &s->lock, &next) == ETIMEDOUT)
            hangs = encnet_device_silence(s->device) >= limit;
    }
    hangs = s->job.state == BEGUN;
    pthread_mutex_unlock(&s->lock);
    return !hangs;
}

void encnet_session_free(encnet_session *s)
{
    if (!s) return;
    if (!until_done(s)) return; /* the thread is in the driver and uses all of it */
    if (s->has_thread) {
        pthread_mutex_lock(&s->lock);
        s->quits = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    encnet__free(s->job.images);
    encnet__free(s->job.message);
    encnet__segmenter_free(s->segmenter);
    encnet__runner_free(&s->runner);
    encnet__graphs_free(&s->graphs);
    encnet__lane_close(s->lane);
    encnet__free(s->strings);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    encnet__free(s);
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
    TRY(need_thread(s));
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
    atomic_store(&s->stop, false);
    set_state(s, BEGUN);
done:
    return rc;
}

encnet_status encnet_session_wait(encnet_session *s)
{
    encnet_status rc = ENCNET_OK;
    encnet_device_info info;
    job *j;

    NEED(s);
    j = &s->job;
    if (!until_done(s)) {
        encnet_device_describe(s->device, &info);
        FAIL(ENCNET_E_DEVICE,
             "%s has not answered for %d s (device.timeout): the device or its driver hangs",
             info.name, encnet__device_options_of(s->device)->timeout);
    }
    if (j->state == IDLE) goto done;
    rc = j->status;
    if (rc != ENCNET_OK) encnet__fail(rc, "%s", j->message ? j->message : encnet_status_text(rc));
    encnet__free(j->message);
    j->message = NULL;
    set_state(s, IDLE);
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
