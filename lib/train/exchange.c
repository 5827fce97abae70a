/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* exchange.c - sums gradients over the ranks while the backward pass continues. */
#include "train/exchange.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The transfer of a bucket to the host and back. */
typedef struct transfer {
    encnet__stage stage;
    bool is_complete; /* the bucket is complete and its transfer to the host is enqueued */
} transfer;

struct encnet__exchange {
    const encnet_comm *comm; /* the duplicate if there is one */
    const encnet__bucket *buckets;
    int n;
    transfer *transfers; /* [n] */

    bool has_thread;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards everything below and is_complete */
    pthread_cond_t changed;
    int summed;       /* buckets of the current batch that hold the sums of all ranks */
    bool ends;        /* tells the thread to end */
    encnet_status rc; /* of the first bucket that could not be summed */
    char why[4096];
};

/* Waits until bucket b is on the host, and sums it over the ranks. */
static encnet_status sum(encnet__exchange *x, int b)
{
    encnet_status rc;
    transfer *p = &x->transfers[b];

    TRY(encnet__stage_wait(&p->stage));
    TRY(x->comm->allreduce(x->comm, p->stage.host, x->buckets[b].floats));
done:
    return rc;
}

/* -- the thread -------------------------------------------------------------------------------- */

static bool has_work(const encnet__exchange *x)
{
    return x->rc == ENCNET_OK && x->summed < x->n && x->transfers[x->summed].is_complete;
}

static void *work(void *arg)
{
    encnet__exchange *x = arg;

    pthread_mutex_lock(&x->mutex);
    for (;;) {
        encnet_status rc;
        int b;
        while (!x->ends && !has_work(x)) pthread_cond_wait(&x->changed, &x->mutex);
        if (x->ends) break;
        b = x->summed;
        pthread_mutex_unlock(&x->mutex);
        rc = sum(x, b);
        pthread_mutex_lock(&x->mutex);
        if (rc == ENCNET_OK)
            x->summed++;
        else
            snprintf(x->why, sizeof x->why, "%s", encnet_last_error());
        x->rc = rc;
        pthread_cond_broadcast(&x->changed);
    }
    pthread_mutex_unlock(&x->mutex);
    return NULL;
}

/* Waits until the thread has summed bucket b. */
static encnet_status await(encnet__exchange *x, int b)
{
    encnet_status rc;

    pthread_mutex_lock(&x->mutex);
    while (x->summed <= b && x->rc == ENCNET_OK) pthread_cond_wait(&x->changed, &x->mutex);
    rc = x->summed > b ? ENCNET_OK : x->rc;
    pthread_mutex_unlock(&x->mutex);
    return rc == ENCNET_OK ? rc : encnet__fail(rc, "%s", x->why);
}

/* -- a batch ----------------------------------------------------------------------------------- */

static encnet_status complete(void *user, int bucket)
{
    encnet_status rc;
    encnet__exchange *x = user;
    transfer *p = &x->transfers[bucket];

    TRY(encnet__stage_begin(&p->stage));
    pthread_mutex_lock(&x->mutex);
    p->is_complete = true;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->mutex);
done:
    return rc;
}

encnet__graph_callback encnet__exchange_begin(encnet__exchange *x)
{
    pthread_mutex_lock(&x->mutex);
    x->summed = 0;
    for (int b = 0; b < x->n; b++) x->transfers[b].is_complete = false;
    pthread_mutex_unlock(&x->mutex);
    return (encnet__graph_callback){.complete = complete, .user = x};
}

encnet_status encnet__exchange_finish(encnet__exchange *x)
{
    encnet_status rc = ENCNET_OK;

    for (int b = 0; b < x->n; b++) {
        TRY(x->has_thread ? await(x, b) : sum(x, b));
        TRY(encnet__stage_end(&x->transfers[b].stage));
    }
done:
    return rc;
}

/* -- open and close ---------------------------------------------------------------------------- */

encnet_status encnet__exchange_new(encnet__exchange **out, const encnet_comm *comm,
                                   const encnet__weights *weights)
{
    encnet_status rc = ENCNET_OK;
    encnet__exchange *x = encnet__alloc(1, sizeof *x);
    int err;

    if (!x) FAIL(ENCNET_E_NOMEM, "no memory to exchange gradients");
    pthread_mutex_init(&x->mutex, NULL);
    pthread_cond_init(&x->changed, NULL);
    x->comm = comm->duplicate ? comm->duplicate : comm;
    x->buckets = encnet__weights_buckets(weights, ENCNET__GRADIENTS, &x->n);
    x->summed = x->n; /* nothing to do */
    x->transfers = encnet__alloc((size_t)x->n, sizeof *x->transfers);
    if (!x->transfers) FAIL(ENCNET_E_NOMEM, "no memory to exchange gradients");
    for (int b = 0; b < x->n; b++)
        TRY(encnet__stage_new(&x->transfers[b].stage, x->buckets[b].buffer));
    if (comm->duplicate) {
        err = pthread_create(&x->thread, NULL, work, x);
        if (err) FAIL(ENCNET_E_INTERNAL, "a thread does not start: %s", strerror(err));
        x->has_thread = true;
    }
    *out = x;
    x = NULL;
done:
    encnet__exchange_free(x);
    return rc;
}

/* Ends the thread.  If it waits in a collective, other ranks may never join that: abort it. */
static void end_thread(encnet__exchange *x)
{
    bool works;

    pthread_mutex_lock(&x->mutex);
    works = has_work(x);
    x->ends = true;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->mutex);
    if (works) x->comm->abort(x->comm, ENCNET_E_COMM, encnet_last_error());
    pthread_join(x->thread, NULL);
}

void encnet__exchange_free(encnet__exchange *x)
{
    if (!x) return;
    if (x->has_thread) end_thread(x);
    for (int b = 0; x->transfers && b < x->n; b++) encnet__stage_free(&x->transfers[b].stage);
    pthread_cond_destroy(&x->changed);
    pthread_mutex_destroy(&x->mutex);
    encnet__free(x->transfers);
    encnet__free(x);
}
