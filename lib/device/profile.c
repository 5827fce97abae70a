/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* profile.c - seconds per kernel, by the clock of the queue. */
#include "device/internal.h"

#include <stdlib.h>
#include <string.h>

encnet_status encnet__profile_drain(encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *root = encnet__device_root(dev);

    if (dev->n_pending == 0) goto done;
    TRY(encnet__finish(dev));
    pthread_mutex_lock(&root->lock);
    for (int i = 0; i < dev->n_pending; i++) {
        const encnet__pending *p = &dev->pending[i];
        cl_ulong start = 0, end = 0;
        if (clGetEventProfilingInfo(p->event, CL_PROFILING_COMMAND_START, sizeof start, &start,
                                    NULL) == CL_SUCCESS &&
            clGetEventProfilingInfo(p->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) ==
                CL_SUCCESS &&
            end > start)
            p->count->seconds += 1e-9 * (double)(end - start);
        p->count->launches++;
    }
    pthread_mutex_unlock(&root->lock);
    encnet__profile_drop(dev);
done:
    return rc;
}

void encnet__profile_drop(encnet_device *dev)
{
    for (int i = 0; i < dev->n_pending; i++) clReleaseEvent(dev->pending[i].event);
    dev->n_pending = 0;
}

/* Adds a launch to the pending ones; owns its event from now on. */
encnet_status encnet__profile_add(encnet_device *dev, encnet__kernel_count *count, cl_event event)
{
    dev->pending[dev->n_pending].event = event;
    dev->pending[dev->n_pending].count = count;
    dev->n_pending++;
    return dev->n_pending == ENCNET__PENDING ? encnet__profile_drain(dev) : ENCNET_OK;
}

static int by_seconds(const void *a, const void *b)
{
    double x = ((const encnet_profile_row *)a)->seconds,
           y = ((const encnet_profile_row *)b)->seconds;

    return (x < y) - (x > y);
}

/* A kernel that is built with several sets of options has one row. */
static void add_row(encnet_profile_row *rows, int *n, const char *program,
                    const encnet__kernel_count *c)
{
    encnet_profile_row row = {program, c->name, c->launches, c->seconds};

    if (c->launches == 0) return;
    for (int i = 0; rows && i < *n; i++) {
        if (strcmp(rows[i].program, program) != 0 || strcmp(rows[i].kernel, c->name) != 0) continue;
        rows[i].launches += c->launches;
        rows[i].seconds += c->seconds;
        return;
    }
    if (rows) rows[*n] = row;
    (*n)++;
}

/* Collects the rows and returns their number, or if `rows` is NULL, room enough for them.  The caller has the lock. */
static int gather(encnet_profile_row *rows, const encnet_device *dev)
{
    int n = 0;

    for (const encnet__program *p = dev->programs; p; p = p->next)
        for (const encnet__kernel_count *c = p->counts; c; c = c->next)
            add_row(rows, &n, p->name, c);
    add_row(rows, &n, "clblast", &dev->gemm);
    return n;
}

encnet_status encnet_device_profile(encnet_device *dev, encnet_profile_row *out, int capacity,
                                    int *count)
{
    encnet_status rc = ENCNET_OK;
    encnet_profile_row *rows = NULL;
    int n;

    if (!dev || !count || capacity < 0 || (capacity > 0 && !out))
        FAIL(ENCNET_E_ARG,
             "encnet_device_profile: a device and count are needed, and out for %d rows", capacity);
    TRY(encnet__profile_drain(dev));
    pthread_mutex_lock(&dev->lock);
    n = gather(NULL, dev);
    rows = encnet__alloc((size_t)n, sizeof *rows);
    if (rows) n = gather(rows, dev);
    pthread_mutex_unlock(&dev->lock);
    if (!rows) FAIL(ENCNET_E_NOMEM, "no memory for %d rows of the profile", n);
    qsort(rows, (size_t)n, sizeof *rows, by_seconds);
    for (int i = 0; i < n && i < capacity; i++) out[i] = rows[i];
    *count = n;
done:
    encnet__free(rows);
    return rc;
}
