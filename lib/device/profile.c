/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* profile.c - seconds per kernel, by the clock of the queue. */
#include "device/internal.h"

#include <stdlib.h>

/* Reads the times of pending launches, after waiting for them, and releases their events. */
encnet_status encnet__profile_drain(encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;

    if (dev->n_pending == 0) goto done;
    TRY(encnet__finish(dev));
    for (int i = 0; i < dev->n_pending; i++) {
        encnet__pending *p = &dev->pending[i];
        cl_ulong start = 0, end = 0;
        if (clGetEventProfilingInfo(p->event, CL_PROFILING_COMMAND_START, sizeof start, &start,
                                    NULL) == CL_SUCCESS &&
            clGetEventProfilingInfo(p->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) ==
                CL_SUCCESS &&
            end > start)
            p->kernel->seconds += 1e-9 * (double)(end - start);
        p->kernel->launches++;
        clReleaseEvent(p->event);
    }
    dev->n_pending = 0;
done:
    return rc;
}

/* Adds a launch to the pending ones; owns its event from now on. */
encnet_status encnet__profile_add(encnet_device *dev, encnet__kernel *kernel, cl_event event)
{
    dev->pending[dev->n_pending].event = event;
    dev->pending[dev->n_pending].kernel = kernel;
    dev->n_pending++;
    return dev->n_pending == ENCNET__PENDING ? encnet__profile_drain(dev) : ENCNET_OK;
}

static int by_seconds(const void *a, const void *b)
{
    double x = ((const encnet_profile_row *)a)->seconds,
           y = ((const encnet_profile_row *)b)->seconds;

    return (x < y) - (x > y);
}

static void add_row(encnet_profile_row *rows, int *n, const char *program, const encnet__kernel *k)
{
    encnet_profile_row row = {program, k->name, k->launches, k->seconds};

    if (k->launches == 0) return;
    if (rows) rows[*n] = row;
    (*n)++;
}

/* Collects the rows and returns their number; only counts if `rows` is NULL. */
static int gather(encnet_profile_row *rows, const encnet_device *dev)
{
    int n = 0;

    for (int slot = 0; slot < ENCNET__KERNEL_SLOTS; slot++)
        for (const encnet__kernel *k = dev->kernels[slot]; k; k = k->next)
            add_row(rows, &n, k->program->name, k);
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
    n = gather(NULL, dev);
    rows = encnet__alloc((size_t)n, sizeof *rows);
    if (!rows) FAIL(ENCNET_E_NOMEM, "no memory for %d rows of the profile", n);
    gather(rows, dev);
    qsort(rows, (size_t)n, sizeof *rows, by_seconds);
    for (int i = 0; i < n && i < capacity; i++) out[i] = rows[i];
    *count = n;
done:
    encnet__free(rows);
    return rc;
}
