/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * writers.c - writes predictions while the device works on later pictures.
 *
 * A prediction is in a place, of which there is one more than predictions that are written at a time: the
 * caller fills one while the others are written, each by a thread of its own that ends with it.
 */
#include "eval/eval.h"

#include <pthread.h>
#include <stdio.h>

#define MAX_JOBS 64

typedef struct place {
    encnet__writers *owner;
    int i;           /* the caller's number */
    uint64_t number; /* in the order in which places were started */
    encnet__picture ids, image;
    pthread_t thread;
    bool started, running;
    encnet_status rc;
    char message[1024]; /* a copy of the last error, which belongs to the thread */
} place;

struct encnet__writers {
    encnet__write_one *write;
    encnet__written *written;
    void *user;
    int places;
    uint64_t next,
        oldest; /* numbers: of the place to fill, of the first that has not been finished */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t turn; /* the number of the first that has not been written */
    place place[MAX_JOBS + 1];
};

void encnet__writers_wait_turn(encnet__writers *w, uint64_t number)
{
    pthread_mutex_lock(&w->lock);
    while (w->turn != number) pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static void *work(void *arg)
{
    place *p = arg;
    encnet__writers *w = p->owner;

    if (p->rc == ENCNET_OK) {
        p->rc = w->write(w->user, w, p->number, p->i, &p->ids, &p->image);
        if (p->rc != ENCNET_OK) snprintf(p->message, sizeof p->message, "%s", encnet_last_error());
    }
    encnet__writers_wait_turn(w, p->number);
    pthread_mutex_lock(&w->lock);
    w->turn++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

encnet_status encnet__writers_open(encnet__writers **out, encnet__write_one *write,
                                   encnet__written *written, void *user, int jobs)
{
    encnet__writers *w = encnet__alloc(1, sizeof *w);

    if (!w) return encnet__fail(ENCNET_E_NOMEM, "no memory to write predictions");
    w->write = write;
    w->written = written;
    w->user = user;
    w->places = (jobs < 1 ? 1 : jobs > MAX_JOBS ? MAX_JOBS : jobs) + 1;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    *out = w;
    return ENCNET_OK;
}

/* Waits for the oldest, and tells the caller what became of it. */
static encnet_status finish_oldest(encnet__writers *w)
{
    place *p = &w->place[w->oldest % (uint64_t)w->places];

    if (p->running) pthread_join(p->thread, NULL);
    p->started = p->running = false;
    w->oldest++;
    if (p->rc != ENCNET_OK) (void)encnet__fail(p->rc, "%s", p->message);
    return w->written(w->user, p->i, p->rc);
}

encnet_status encnet__writers_place(encnet__writers *w, encnet__picture **ids,
                                    encnet__picture **image)
{
    encnet_status rc = ENCNET_OK;
    place *p = &w->place[w->next % (uint64_t)w->places];

    if (p->started) TRY(finish_oldest(w));
    *ids = &p->ids;
    *image = &p->image;
done:
    return rc;
}

void encnet__writers_start(encnet__writers *w, int i, encnet_status rc)
{
    place *p = &w->place[w->next % (uint64_t)w->places];

    p->owner = w;
    p->i = i;
    p->number = w->next++;
    p->rc = rc;
    p->started = true;
    if (rc != ENCNET_OK) snprintf(p->message, sizeof p->message, "%s", encnet_last_error());
    p->running = pthread_create(&p->thread, NULL, work, p) == 0;
    if (!p->running) work(p); /* here, if no thread can be started */
}

encnet_status encnet__writers_finish(encnet__writers *w)
{
    encnet_status first = ENCNET_OK;

    while (w->oldest != w->next) {
        encnet_status rc = finish_oldest(w);
        if (first == ENCNET_OK) first = rc;
    }
    return first;
}

void encnet__writers_finish_after(encnet__writers *w, encnet_status rc)
{
    char *why = encnet__strdup(encnet_last_error());

    (void)!encnet__writers_finish(w);
    if (why) (void)encnet__fail(rc, "%s", why);
    encnet__free(why);
}

void encnet__writers_close(encnet__writers *w)
{
    if (!w) return;
    for (int k = 0; k < w->places; k++) {
        if (w->place[k].running) pthread_join(w->place[k].thread, NULL);
        encnet__picture_free(&w->place[k].ids);
        encnet__picture_free(&w->place[k].image);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    encnet__free(w);
}
