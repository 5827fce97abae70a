/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* derived.c - what inference computes from the weights once, by key. */
#include "graph/derived.h"

#include <pthread.h>

struct encnet__derived_entry {
    encnet__derived_entry *next;
    uint64_t key;
    size_t bytes;
    encnet__buffer *buffer;
    int users;
    bool valid;
};

struct encnet__derived {
    encnet_device *dev;
    /* `computing` is held while entries are computed, `lock` for a moment; first one, then the other */
    pthread_mutex_t computing, lock;
    encnet__derived_entry *first;
    uint64_t age;
};

encnet_status encnet__derived_new(encnet__derived **out, encnet_device *dev)
{
    encnet__derived *d = encnet__alloc(1, sizeof *d);

    if (!d) return encnet__fail(ENCNET_E_NOMEM, "no host memory for the table of derived weights");
    d->dev = dev;
    if (pthread_mutex_init(&d->computing, NULL)) {
        encnet__free(d);
        return encnet__fail(ENCNET_E_NOMEM, "no lock for derived weights");
    }
    if (pthread_mutex_init(&d->lock, NULL)) {
        pthread_mutex_destroy(&d->computing);
        encnet__free(d);
        return encnet__fail(ENCNET_E_NOMEM, "no lock for derived weights");
    }
    *out = d;
    return ENCNET_OK;
}

static void entry_free(encnet__derived_entry *e)
{
    if (!e) return;
    encnet__buffer_free(e->buffer);
    encnet__free(e);
}

void encnet__derived_free(encnet__derived *d)
{
    if (!d) return;
    for (encnet__derived_entry *e = d->first, *next; e; e = next) {
        next = e->next;
        entry_free(e);
    }
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->computing);
    encnet__free(d);
}

/* The caller has the lock. */
static encnet__derived_entry *find(const encnet__derived *d, uint64_t key, size_t bytes)
{
    encnet__derived_entry *e = d->first;

    while (e && (e->key != key || e->bytes != bytes)) e = e->next;
    return e;
}

bool encnet__derived_has(encnet__derived *d, uint64_t key, size_t bytes)
{
    bool found;

    pthread_mutex_lock(&d->lock);
    found = find(d, key, bytes) != NULL;
    pthread_mutex_unlock(&d->lock);
    return found;
}

encnet_status encnet__derived_share(encnet__derived_entry **out, encnet__derived *d, uint64_t key,
                                    size_t bytes)
{
    encnet_status rc = ENCNET_OK;
    encnet__derived_entry *e, *fresh = NULL;

    pthread_mutex_lock(&d->lock);
    e = find(d, key, bytes);
    if (!e) {
        e = fresh = encnet__alloc(1, sizeof *e);
        if (!e) FAIL(ENCNET_E_NOMEM, "no host memory for derived weights");
        e->key = key;
        e->bytes = bytes;
        TRY(encnet__buffer_new(&e->buffer, d->dev, bytes));
        e->next = d->first;
        d->first = e;
        fresh = NULL;
    }
    e->users++;
    *out = e;
done:
    pthread_mutex_unlock(&d->lock);
    entry_free(fresh);
    return rc;
}

void encnet__derived_release(encnet__derived *d, encnet__derived_entry *entry)
{
    if (!entry) return;
    pthread_mutex_lock(&d->lock);
    entry->users--;
    pthread_mutex_unlock(&d->lock);
}

encnet__buffer *encnet__derived_buffer(const encnet__derived_entry *entry)
{
    return entry->buffer;
}

void encnet__derived_expire(encnet__derived *d)
{
    pthread_mutex_lock(&d->computing);
    pthread_mutex_lock(&d->lock);
    for (encnet__derived_entry *e = d->first; e; e = e->next) e->valid = false;
    d->age++;
    pthread_mutex_unlock(&d->lock);
    pthread_mutex_unlock(&d->computing);
}

void encnet__derived_trim(encnet__derived *d)
{
    pthread_mutex_lock(&d->lock);
    for (encnet__derived_entry **at = &d->first; *at;) {
        encnet__derived_entry *e = *at;
        if (e->users) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        entry_free(e);
    }
    pthread_mutex_unlock(&d->lock);
}

uint64_t encnet__derived_age(encnet__derived *d)
{
    uint64_t age;

    pthread_mutex_lock(&d->lock);
    age = d->age;
    pthread_mutex_unlock(&d->lock);
    return age;
}

void encnet__derived_lock(encnet__derived *d)
{
    pthread_mutex_lock(&d->computing);
}

void encnet__derived_unlock(encnet__derived *d)
{
    pthread_mutex_unlock(&d->computing);
}

bool encnet__derived_is_valid(const encnet__derived_entry *entry)
{
    return entry->valid;
}

void encnet__derived_set_valid(encnet__derived_entry *entry)
{
    entry->valid = true;
}
