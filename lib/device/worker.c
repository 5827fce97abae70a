/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* worker.c - a thread that works on a device for others. */
#include "device/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

/* DONE: and not waited for. */
typedef enum work_state { IDLE, BEGUN, DONE } work_state;

struct encnet__worker {
    const encnet_device *device;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread; /* from the first work on */
    bool has_thread, quits;
    work_state state; /* guarded by the lock, like `quits` */
    encnet_status (*work)(void *user);
    void *user;
    encnet_status status;
    char *message;
};

encnet_status encnet__worker_new(encnet__worker **out, const encnet_device *device)
{
    encnet__worker *w = encnet__alloc(1, sizeof *w);
    pthread_condattr_t monotonic;

    if (!w || pthread_mutex_init(&w->lock, NULL)) {
        encnet__free(w);
        return encnet__fail(ENCNET_E_NOMEM, "no memory for a thread of a session");
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->device = device;
    *out = w;
    return ENCNET_OK;
}

static void release(encnet__worker *w)
{
    encnet__free(w->message);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    encnet__free(w);
}

/* Carries out one piece of work after the other. */
static void *live(void *argument)
{
    encnet__worker *w = argument;

    pthread_mutex_lock(&w->lock);
    while (!w->quits) {
        if (w->state != BEGUN) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        w->status = w->work(w->user);
        if (w->status != ENCNET_OK) w->message = encnet__strdup(encnet_last_error());
        pthread_mutex_lock(&w->lock);
        w->state = DONE;
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals go to the threads of the program. */
static encnet_status need_thread(encnet__worker *w)
{
    encnet_status rc = ENCNET_OK;
    sigset_t all, before;

    if (w->has_thread) goto done;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->has_thread = pthread_create(&w->thread, NULL, live, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!w->has_thread) FAIL(ENCNET_E_NOMEM, "no thread for a session");
done:
    return rc;
}

static void set_state(encnet__worker *w, work_state state)
{
    pthread_mutex_lock(&w->lock);
    w->state = state;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* Waits while work is under way.  Returns false if its device hangs. */
static bool until_done(encnet__worker *w)
{
    double limit = encnet__device_options_of(w->device)->timeout;
    bool hangs = false;

    pthread_mutex_lock(&w->lock);
    while (w->state == BEGUN && !hangs) {
        struct timespec next = encnet__deadline(1);
        if (pthread_cond_timedwait(&w->changed, &w->lock, &next) == ETIMEDOUT)
            hangs = encnet_device_silence(w->device) >= limit;
    }
    hangs = w->state == BEGUN;
    pthread_mutex_unlock(&w->lock);
    return !hangs;
}

bool encnet__worker_free(encnet__worker *w)
{
    if (!w) return true;
    if (!until_done(w)) return false;
    if (w->has_thread) {
        pthread_mutex_lock(&w->lock);
        w->quits = true;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        pthread_join(w->thread, NULL);
    }
    release(w);
    return true;
}

encnet_status encnet__worker_start(encnet__worker *w, encnet_status (*work)(void *user), void *user)
{
    encnet_status rc = ENCNET_OK;

    if (!encnet__worker_is_idle(w))
        FAIL(ENCNET_E_ARG, "a run of this session has not been waited for");
    w->work = work;
    w->user = user;
    TRY(need_thread(w));
    set_state(w, BEGUN);
done:
    return rc;
}

encnet_status encnet__worker_wait(encnet__worker *w)
{
    encnet_status rc = ENCNET_OK;
    encnet_device_info info;

    if (encnet__worker_is_self(w))
        FAIL(ENCNET_E_ARG, "a run of a session is waited for in the thread that carries it out");
    if (!until_done(w)) {
        encnet_device_describe(w->device, &info);
        FAIL(ENCNET_E_DEVICE,
             "%s has not answered for %d s (device.timeout): the device or its driver hangs",
             info.name, encnet__device_options_of(w->device)->timeout);
    }
    if (w->state == IDLE) goto done;
    rc = w->status;
    if (rc != ENCNET_OK) encnet__fail(rc, "%s", w->message ? w->message : encnet_status_text(rc));
    encnet__free(w->message);
    w->message = NULL;
    set_state(w, IDLE);
done:
    return rc;
}

encnet_status encnet__worker_run(encnet__worker *w, encnet_status (*work)(void *user), void *user)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__worker_start(w, work, user));
    TRY(encnet__worker_wait(w));
done:
    return rc;
}

bool encnet__worker_is_idle(encnet__worker *w)
{
    bool idle;

    pthread_mutex_lock(&w->lock);
    idle = w->state == IDLE;
    pthread_mutex_unlock(&w->lock);
    return idle;
}

bool encnet__worker_is_self(encnet__worker *w)
{
    bool begun;

    if (!w) return false;
    pthread_mutex_lock(&w->lock);
    begun = w->state == BEGUN;
    pthread_mutex_unlock(&w->lock);
    return begun && pthread_equal(w->thread, pthread_self());
}
