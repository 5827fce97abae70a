/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * prefetch.c - reads pictures while the device works on earlier ones.
 *
 * Picture i is in slot i mod `slots`.  A thread of its own fills the slot and ends: a thread costs
 * microseconds, a picture milliseconds, and no queue is needed.
 */
#include "eval/eval.h"

#include <pthread.h>
#include <stdio.h>

#define MAX_SLOTS 64

typedef struct slot {
    const encnet__prefetch *owner;
    int i;
    encnet__picture image, label;
    pthread_t thread;
    bool running;
    encnet_status rc;
    char message[1024]; /* a copy of the last error, which belongs to the thread */
} slot;

struct encnet__prefetch {
    encnet__read_one read;
    const void *user;
    int count, slots, next;
    slot slot[MAX_SLOTS];
};

static void *fill(void *arg)
{
    slot *s = arg;

    s->rc = s->owner->read(s->owner->user, s->i, &s->image, &s->label);
    if (s->rc != ENCNET_OK) snprintf(s->message, sizeof s->message, "%s", encnet_last_error());
    return NULL;
}

/* Starts reading picture i; reads it here if no thread can be started. */
static void start(encnet__prefetch *a, int i)
{
    slot *s = &a->slot[i % a->slots];

    if (i >= a->count) return;
    s->owner = a;
    s->i = i;
    s->running = pthread_create(&s->thread, NULL, fill, s) == 0;
    if (!s->running) fill(s);
}

int encnet__prefetch_slots(int wanted)
{
    return wanted < 2 ? 2 : wanted > MAX_SLOTS ? MAX_SLOTS : wanted;
}

encnet_status encnet__prefetch_open(encnet__prefetch **out, encnet__read_one read, const void *user,
                                    int count, int slots)
{
    encnet__prefetch *a = encnet__alloc(1, sizeof *a);

    if (!a) return encnet__fail(ENCNET_E_NOMEM, "no memory to read pictures ahead");
    a->read = read;
    a->user = user;
    a->count = count;
    a->slots = encnet__prefetch_slots(slots);
    for (int i = 0; i < a->slots - 1; i++) start(a, i);
    *out = a;
    return ENCNET_OK;
}

encnet_status encnet__prefetch_next(encnet__prefetch *a, const encnet__picture **image,
                                    const encnet__picture **label)
{
    slot *s = &a->slot[a->next % a->slots];

    start(a, a->next + a->slots - 1); /* into the slot of the picture that was returned last */
    a->next++;
    if (s->running) pthread_join(s->thread, NULL);
    s->running = false;
    if (s->rc != ENCNET_OK) return encnet__fail(s->rc, "%s", s->message);
    *image = &s->image;
    *label = &s->label;
    return ENCNET_OK;
}

void encnet__prefetch_close(encnet__prefetch *a)
{
    if (!a) return;
    for (int i = 0; i < a->slots; i++) {
        if (a->slot[i].running) pthread_join(a->slot[i].thread, NULL);
        encnet__picture_free(&a->slot[i].image);
        encnet__picture_free(&a->slot[i].label);
    }
    encnet__free(a);
}
