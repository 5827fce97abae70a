/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * loader.c - threads that read and augment samples before they are needed.
 *
 * Threads take tickets, one for each sample: ticket t is place t % n of batch t / n.  A batch is in
 * one of a few slots, and a ticket is given out only when its slot is free, which bounds the queue.
 * What a ticket yields depends on its number alone, so the number of threads affects only the time.
 *
 * With several ranks, each loads its own places of every batch.  The order is that of the places of
 * all ranks, so that together they load what one rank alone would.
 *
 * Without augmentation, whole images are kept in the slot until the last sample of the batch has
 * been read.  The thread that read it then knows the size of the batch, and assembles it.
 */
#include "data/data.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "options/options.h"

enum { DRAW_ORDER = 0x64610201, MESSAGE = 1024 };

typedef struct slot {
    float *x;
    int32_t *y;
    size_t capacity;         /* pixels behind x and y */
    int *samples;            /* [N] */
    encnet__picture *images; /* [2 N] whole images, then their labels */
    int h, w, finished;      /* how many samples are done */
    uint32_t epoch;
    encnet_status rc; /* of the first sample, in order of places, that failed */
    int failed;       /* its place */
    char message[MESSAGE];
} slot;

struct encnet__loader {
    const encnet__dataset *d; /* borrowed */
    encnet_augment_options augment;
    uint64_t seed;
    bool shuffle;
    int n, count, n_slots, n_threads;
    int first, total; /* place 0 of this rank is place `first` of `total` */
    uint64_t from;    /* the position in the order at which batch 0 begins */
    slot *slots;
    pthread_t *threads;

    pthread_mutex_t lock; /* guards everything below and the slots' counters */
    pthread_cond_t room;  /* a slot became free, or the loader closes */
    pthread_cond_t ready; /* a batch became complete */
    bool closing, borrowed;
    uint64_t ticket;   /* the next one to hand out */
    uint64_t consumed; /* how many batches are consumed */
    int *order;        /* permutation of `order_epoch` */
    uint32_t order_epoch;
    bool order_known;
};

/* One sample to load. */
typedef struct work {
    slot *slot;
    int place, sample;
    uint32_t epoch;
} work;

/* -- order ------------------------------------------------------------------------------------- */

static void shuffle_epoch(encnet__loader *l, uint32_t epoch)
{
    encnet__rng r = encnet__rng_at(l->seed, epoch, 0, DRAW_ORDER);

    if (l->order_known && l->order_epoch == epoch) return;
    for (int i = 0; i < l->count; i++) l->order[i] = i;
    for (int i = l->count - 1; i > 0; i--) {
        int j = (int)encnet__rng_below(&r, (uint32_t)i + 1), swap = l->order[i];
        l->order[i] = l->order[j];
        l->order[j] = swap;
    }
    l->order_epoch = epoch;
    l->order_known = true;
}

/* The position in the order (epoch * count + place in the epoch) of sample `at`, which is counted
 * from batch 0 on over all ranks.  Shuffled epochs drop the samples that do not fill a batch.
 * Without shuffling, or if an epoch does not fill a batch, epochs follow one another without a gap.
 */
static uint64_t position(const encnet__loader *l, uint64_t at)
{
    uint64_t total = (uint64_t)l->total, count = (uint64_t)l->count;
    uint64_t left = count - l->from % count, whole = count / total * total;

    if (!l->shuffle || whole == 0) return l->from + at;
    left = left / total * total; /* samples left of the epoch in which batch 0 begins */
    if (at < left) return l->from + at;
    at -= left;
    return (l->from / count + 1 + at / whole) * count + at % whole;
}

static void locate(encnet__loader *l, uint64_t ticket, int *sample, uint32_t *epoch)
{
    uint64_t n = (uint64_t)l->n, count = (uint64_t)l->count;
    uint64_t at = position(l, ticket / n * (uint64_t)l->total + (uint64_t)l->first + ticket % n);

    *epoch = (uint32_t)(at / count);
    *sample = (int)(at % count);
    if (!l->shuffle) return;
    shuffle_epoch(l, *epoch);
    *sample = l->order[*sample];
}

/* -- making samples ---------------------------------------------------------------------------- */

/* Makes room for n samples of h x w pixels. */
static encnet_status fit(slot *s, int n, int h, int w)
{
    size_t pixels = (size_t)n * (size_t)h * (size_t)w;

    s->h = h;
    s->w = w;
    if (pixels <= s->capacity) return ENCNET_OK;
    encnet__free(s->x);
    encnet__free(s->y);
    s->x = encnet__alloc(pixels, 3 * sizeof *s->x);
    s->y = encnet__alloc(pixels, sizeof *s->y);
    s->capacity = s->x && s->y ? pixels : 0;
    if (!s->capacity)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for %d images of %d x %d", n, w, h);
    return ENCNET_OK;
}

/* Makes one tensor of the whole images of a batch, which must have the same size. */
static encnet_status assemble(encnet__loader *l, slot *s)
{
    const encnet__picture *first = &s->images[0];
    size_t pixels = (size_t)first->h * (size_t)first->w;
    encnet_status rc = ENCNET_OK;

    for (int i = 1; i < l->n; i++) {
        const encnet__picture *p = &s->images[i];
        if (p->h != first->h || p->w != first->w)
            FAIL(ENCNET_E_DATA,
                 "%s of %d x %d pixels and %s of %d x %d cannot share a batch: with "
                 "augment.enabled=no use "
                 "images of one size, or data.samples_per_device=1",
                 encnet__dataset_name(l->d, s->samples[0]), first->w, first->h,
                 encnet__dataset_name(l->d, s->samples[i]), p->w, p->h);
    }
    TRY(fit(s, l->n, first->h, first->w));
    for (int i = 0; i < l->n; i++)
        TRY(encnet__augment(s->x + 3 * pixels * (size_t)i, s->y + pixels * (size_t)i, &s->images[i],
                            &s->images[l->n + i], &l->augment, 0, 0, 0, NULL));
    for (int i = 0; encnet__dataset_labels_images(l->d) && i < l->n; i++)
        s->y[i] = encnet__dataset_class(l->d, s->samples[i]);
done:
    return rc;
}

static encnet_status make(encnet__loader *l, const work *w, encnet__scratch *scratch)
{
    size_t pixels = (size_t)l->augment.crop_h * (size_t)l->augment.crop_w,
           at = pixels * (size_t)w->place;
    slot *s = w->slot;
    encnet_status rc = ENCNET_OK;

    if (!l->augment.enabled)
        return encnet__dataset_read(l->d, w->sample, &s->images[w->place],
                                    &s->images[l->n + w->place]);
    TRY(encnet__dataset_read(l->d, w->sample, &scratch->image, &scratch->label));
    if (encnet__dataset_labels_images(l->d)) {
        s->y[w->place] = encnet__dataset_class(l->d, w->sample);
        return encnet__augment_image(s->x + 3 * at, &scratch->image, &l->augment, l->seed, w->epoch,
                                     (uint32_t)w->sample, scratch);
    }
    TRY(encnet__augment(s->x + 3 * at, s->y + at, &scratch->image, &scratch->label, &l->augment,
                        l->seed, w->epoch, (uint32_t)w->sample, scratch));
done:
    return rc;
}

/* -- threads ----------------------------------------------------------------------------------- */

static bool slot_free(const encnet__loader *l)
{
    return l->ticket / (uint64_t)l->n < l->consumed + (uint64_t)l->n_slots;
}

/* Waits for the next ticket; returns false if the loader is closing.  Called with the lock held. */
static bool take(encnet__loader *l, work *w)
{
    uint64_t batch;

    while (!l->closing && !slot_free(l)) pthread_cond_wait(&l->room, &l->lock);
    if (l->closing) return false;
    batch = l->ticket / (uint64_t)l->n;
    w->place = (int)(l->ticket % (uint64_t)l->n);
    w->slot = &l->slots[batch % (uint64_t)l->n_slots];
    locate(l, l->ticket, &w->sample, &w->epoch);
    w->slot->samples[w->place] = w->sample;
    if (w->place == 0) {
        w->slot->finished = 0;
        w->slot->rc = ENCNET_OK;
        w->slot->epoch = w->epoch;
    }
    l->ticket++;
    return true;
}

/* Keeps the error of the first place of a batch that failed, whatever the order in time.  Called
 * with the lock held. */
static void note_failure(slot *s, encnet_status rc, int place)
{
    if (rc == ENCNET_OK || (s->rc != ENCNET_OK && s->failed < place)) return;
    s->rc = rc;
    s->failed = place;
    snprintf(s->message, sizeof s->message, "%s", encnet_last_error());
}

static void *run(void *argument)
{
    encnet__loader *l = argument;
    encnet__scratch scratch = {0};
    work w;

    pthread_mutex_lock(&l->lock);
    while (take(l, &w)) {
        encnet_status rc;
        pthread_mutex_unlock(&l->lock);
        rc = make(l, &w, &scratch);
        pthread_mutex_lock(&l->lock);
        note_failure(w.slot, rc, w.place);
        if (w.slot->finished == l->n - 1 && w.slot->rc == ENCNET_OK && !l->augment.enabled) {
            /* This is the last sample of the batch, so no other thread uses the slot. */
            pthread_mutex_unlock(&l->lock);
            rc = assemble(l, w.slot);
            pthread_mutex_lock(&l->lock);
            note_failure(w.slot, rc, l->n);
        }
        if (++w.slot->finished == l->n) pthread_cond_signal(&l->ready);
    }
    pthread_mutex_unlock(&l->lock);
    encnet__scratch_free(&scratch);
    return NULL;
}

/* -- the consumer's side ----------------------------------------------------------------------- */

/* Whether the batches fit.  Of whole images the sizes are known only when they have been read. */
static encnet_status check_memory(const encnet__loader *l, int workers)
{
    int h = l->augment.crop_h, w = l->augment.crop_w;
    double left = (double)encnet__memory_left();
    double bytes =
        (double)l->n_slots * l->n * h * w * (double)(3 * sizeof(float) + sizeof(int32_t));

    if (!l->augment.enabled || bytes <= left) return ENCNET_OK;
    return encnet__fail(
        ENCNET_E_NOMEM,
        "the %d batches of %d x %d x %d that data.workers = %d keep ready take %.1f MiB of the "
        "host's memory, and %.1f MiB are left: fewer workers, a smaller augment.crop or "
        "data.samples_per_device take less",
        l->n_slots, l->n, h, w, workers, bytes / 1048576, left / 1048576);
}

static encnet_status make_slots(encnet__loader *l)
{
    encnet_status rc = ENCNET_OK;

    l->slots = encnet__alloc((size_t)l->n_slots, sizeof *l->slots);
    if (!l->slots) FAIL(ENCNET_E_NOMEM, "no memory for %d batches", l->n_slots);
    for (int i = 0; i < l->n_slots; i++) {
        slot *s = &l->slots[i];
        s->samples = encnet__alloc((size_t)l->n, sizeof *s->samples);
        s->images = encnet__alloc((size_t)l->n, 2 * sizeof *s->images);
        if (!s->samples || !s->images) FAIL(ENCNET_E_NOMEM, "no memory for %d batches", l->n_slots);
        if (l->augment.enabled) TRY(fit(s, l->n, l->augment.crop_h, l->augment.crop_w));
    }
done:
    return rc;
}

static encnet_status start_threads(encnet__loader *l, int count)
{
    l->threads = encnet__alloc((size_t)count, sizeof *l->threads);
    if (!l->threads) return encnet__fail(ENCNET_E_NOMEM, "no memory for %d loader threads", count);
    for (; l->n_threads < count; l->n_threads++) {
        int err = pthread_create(&l->threads[l->n_threads], NULL, run, l);
        if (err)
            return encnet__fail(ENCNET_E_INTERNAL, "a loader thread does not start: %s",
                                strerror(err));
    }
    return ENCNET_OK;
}

static encnet_status check_options(const encnet_options *o)
{
    const encnet_augment_options *a = &o->augment;
    encnet_status rc = ENCNET_OK;

    TRY(encnet__options_check(o, "data"));
    TRY(encnet__options_check(o, "augment"));
    if (a->enabled && a->ratio_max < a->ratio_min)
        FAIL(ENCNET_E_CONFIG, "augment.ratio=%g,%g: expected MIN <= MAX", a->ratio_min,
             a->ratio_max);
done:
    return rc;
}

encnet_status encnet__loader_open(encnet__loader **out, const encnet__dataset *d,
                                  const encnet_options *options, const encnet__part *part,
                                  uint64_t images, uint64_t batches)
{
    encnet_status rc = ENCNET_OK;
    encnet__loader *l = NULL;
    int batch = options->data.samples_per_device;
    encnet__part whole = {.n = batch, .total = batch};

    TRY(check_options(options));
    if (!part) part = &whole;
    l = encnet__alloc(1, sizeof *l);
    if (!l) FAIL(ENCNET_E_NOMEM, "no memory for a loader");
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->room, NULL);
    pthread_cond_init(&l->ready, NULL);
    l->d = d;
    l->augment = options->augment;
    l->seed = options->train.seed;
    l->shuffle = options->data.shuffle;
    l->n = part->n;
    l->first = part->first;
    l->total = part->total;
    l->from = images;
    l->count = encnet__dataset_size(d);
    l->n_slots = 2 + (options->data.workers + l->n - 1) /
                         l->n; /* one borrowed, one ready, and those in progress */
    l->consumed = batches;
    l->ticket = batches * (uint64_t)l->n;
    if (l->count < 1) FAIL(ENCNET_E_DATA, "the data set is empty");
    TRY(check_memory(l, options->data.workers));
    l->order = encnet__alloc((size_t)l->count, sizeof *l->order);
    if (!l->order) FAIL(ENCNET_E_NOMEM, "no memory for the order of %d images", l->count);
    TRY(make_slots(l));
    TRY(start_threads(l, options->data.workers));
    *out = l;
    l = NULL;
done:
    encnet__loader_close(l);
    return rc;
}

encnet_status encnet__loader_next(encnet__loader *l, encnet__batch *out)
{
    slot *s;

    pthread_mutex_lock(&l->lock);
    if (l->borrowed) {
        l->consumed++;
        l->borrowed = false;
        pthread_cond_broadcast(&l->room);
    }
    s = &l->slots[l->consumed % (uint64_t)l->n_slots];
    while (l->ticket < (l->consumed + 1) * (uint64_t)l->n || s->finished < l->n)
        pthread_cond_wait(&l->ready, &l->lock);
    l->borrowed =
        s->rc ==
        ENCNET_OK; /* a batch that failed stays the next one, so the next call fails again */
    pthread_mutex_unlock(&l->lock);
    if (s->rc != ENCNET_OK) return encnet__fail(s->rc, "%s", s->message);
    *out = (encnet__batch){.n = l->n,
                           .h = s->h,
                           .w = s->w,
                           .x = s->x,
                           .y = s->y,
                           .samples = s->samples,
                           .epoch = s->epoch,
                           .images = position(l, (l->consumed + 1) * (uint64_t)l->total - 1) + 1};
    return ENCNET_OK;
}

static void free_slots(encnet__loader *l)
{
    for (int i = 0; l->slots && i < l->n_slots; i++) {
        slot *s = &l->slots[i];
        for (int k = 0; s->images && k < 2 * l->n; k++) encnet__picture_free(&s->images[k]);
        encnet__free(s->images);
        encnet__free(s->samples);
        encnet__free(s->x);
        encnet__free(s->y);
    }
    encnet__free(l->slots);
}

void encnet__loader_close(encnet__loader *l)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_broadcast(&l->room);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->n_threads; i++) pthread_join(l->threads[i], NULL);
    free_slots(l);
    encnet__free(l->threads);
    encnet__free(l->order);
    pthread_cond_destroy(&l->ready);
    pthread_cond_destroy(&l->room);
    pthread_mutex_destroy(&l->lock);
    encnet__free(l);
}
