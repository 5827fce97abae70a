/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ranks.c - the collectives of a run.  A single rank skips all of them.
 *
 * Every rank has the whole model and computes its part of every batch.  Only rank 0 reads and
 * writes checkpoints, logs and everything else in the work directory; before the first iteration it
 * sends what it has read to the others.  From then on all ranks compute the same: gradients are
 * summed, terms of the loss averaged, and if one rank wants to stop, all stop in the same
 * iteration.
 */
#define _POSIX_C_SOURCE 200809L
#include "train/run.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_RANKS = 1 << 16,
    NAME = 192,
    PER_RANK = ENCNET__MAX_TERMS + 1 /* the terms, then whether the rank wants to stop */
};

bool encnet__run_is_leader(const encnet__run *r)
{
    return r->comm->rank == 0;
}

static bool alone(const encnet__run *r)
{
    return r->comm->size == 1;
}

/* -- before the first iteration ---------------------------------------------------------------- */

/* Adds a line about each rank to the notes. */
static encnet_status list_ranks(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet__device_facts *facts = encnet__device_facts_of(r->device);
    char mine[NAME], host[64] = "", *all = encnet__alloc((size_t)r->comm->size, NAME);

    if (!all) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d ranks", r->comm->size);
    gethostname(host, sizeof host - 1);
    snprintf(mine, sizeof mine, "rank %d: %.60s, %.80s, images per batch %d", r->comm->rank, host,
             facts->name, r->part.n);
    TRY(encnet__ranks_allgather(r->ranks, all, mine, NAME));
    for (int i = 0; i < r->comm->size; i++)
        encnet__text_add(&r->notes, "%s\n", all + (size_t)i * NAME);
done:
    encnet__free(all);
    return rc;
}

encnet_status encnet_train_images(int *images, int count, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    const encnet__option *row = ENCNET__OPTION_ROW(device.shares);
    const char *shares = options ? options->device.shares : NULL;
    int each = options ? options->data.samples_per_device : 0, found;
    long long sum = 0, batch = (long long)each * count;
    double *numbers = encnet__alloc((size_t)row->most_numbers, sizeof *numbers);

    NEED(images);
    NEED(options);
    if (!numbers) FAIL(ENCNET_E_NOMEM, "no memory for device.shares");
    if (count < 1 || count > MAX_RANKS || each < 1)
        FAIL(ENCNET_E_ARG, "images of a batch for %d ranks, %d each", count, each);
    for (int i = 0; i < count; i++) images[i] = each;
    if (!shares || !*shares) goto done;
    if (encnet__option_numbers(numbers, &found, row, shares) != ENCNET_OK)
        FAIL(ENCNET_E_CONFIG, "%s", encnet_last_error());
    if (found != count)
        FAIL(ENCNET_E_CONFIG, "device.shares \"%s\": wants %d numbers above 0", shares, count);
    for (int i = 0; i < count; i++) {
        images[i] = (int)numbers[i];
        sum += images[i];
    }
    if (batch % sum)
        FAIL(ENCNET_E_CONFIG,
             "device.shares \"%s\": a batch of %lld images is not cut into %lld parts", shares,
             batch, sum);
    for (int i = 0; i < count; i++) images[i] *= (int)(batch / sum);
done:
    encnet__free(numbers);
    return rc;
}

encnet_status encnet__run_init_ranks(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    size_t size = (size_t)r->comm->size;
    int *images = encnet__alloc(size, sizeof *images);

    if (!images) FAIL(ENCNET_E_NOMEM, "no memory for messages of %zu ranks", size);
    TRY(encnet_train_images(images, r->comm->size, r->options));
    for (int i = 0; i < r->comm->rank; i++) r->part.first += images[i];
    r->part.n = images[r->comm->rank];
    r->part.total = r->options->data.samples_per_device * r->comm->size;
    if (alone(r)) goto done;
    encnet__device_stop_tuning(
        r->device); /* only the choices of one device are kept in a checkpoint */
    r->all_terms = encnet__alloc(size * PER_RANK, sizeof *r->all_terms);
    if (!r->all_terms) FAIL(ENCNET_E_NOMEM, "no memory for messages of %zu ranks", size);
    TRY(encnet__ranks_new(&r->ranks, r->comm, images));
    r->ranks->local = !strcmp(r->options->model.norm, "local");
    TRY(list_ranks(r));
done:
    encnet__free(images);
    return rc;
}

void encnet__run_free_ranks(encnet__run *r)
{
    encnet__ranks_free(r->ranks);
    encnet__free(r->all_terms);
    encnet__free(r->staging);
}

encnet_status encnet__run_share_state(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;

    if (alone(r)) return ENCNET_OK;
    TRY(r->comm->broadcast(r->comm, &r->state, sizeof r->state, 0));
    TRY(r->comm->broadcast(r->comm, &r->saved_iter, sizeof r->saved_iter, 0));
done:
    return rc;
}

/* Grows the host memory for exchanges. */
static encnet_status make_room(encnet__run *r, size_t floats)
{
    if (floats <= r->staging_count) return ENCNET_OK;
    encnet__free(r->staging);
    r->staging = encnet__alloc(floats, sizeof *r->staging);
    r->staging_count = r->staging ? floats : 0;
    return r->staging ? ENCNET_OK : encnet__fail(ENCNET_E_NOMEM, "no memory to exchange numbers");
}

/* Copies `count` floats of rank 0 to all ranks. */
static encnet_status share_buffer(encnet__run *r, encnet__buffer *b, size_t count)
{
    encnet_status rc = ENCNET_OK;
    size_t bytes = count * sizeof *r->staging;

    TRY(make_room(r, count));
    if (encnet__run_is_leader(r)) TRY(encnet__read(r->staging, b, 0, bytes));
    TRY(r->comm->broadcast(r->comm, r->staging, bytes, 0));
    if (!encnet__run_is_leader(r)) TRY(encnet__write(b, 0, r->staging, bytes));
done:
    return rc;
}

/* Copies one field of all weights from rank 0 to all ranks, bucket by bucket. */
static encnet_status share_field(encnet__run *r, encnet__field field)
{
    encnet_status rc = ENCNET_OK;
    int n;
    const encnet__bucket *buckets =
        encnet__weights_buckets(encnet__model_weights(r->model), field, &n);

    for (int i = 0; i < n; i++) TRY(share_buffer(r, buckets[i].buffer, buckets[i].floats));
done:
    return rc;
}

static encnet_status share_counters(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *w = encnet__model_weights(r->model);
    int n = encnet__weights_count(w);
    int64_t *counters = encnet__alloc((size_t)n, sizeof *counters);

    if (!counters) FAIL(ENCNET_E_NOMEM, "no memory to share the counters of batches");
    for (int i = 0; i < n; i++) counters[i] = encnet__weights_at(w, i)->counter;
    TRY(r->comm->broadcast(r->comm, counters, (size_t)n * sizeof *counters, 0));
    for (int i = 0; i < n; i++) encnet__weights_at(w, i)->counter = counters[i];
done:
    encnet__free(counters);
    return rc;
}

/* Devices with different alignments place weights differently; exchanging them would mix them
 * up. */
static encnet_status compare_layouts(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet__weights *w = encnet__model_weights(r->model);
    uint64_t mine = ENCNET__FNV, *all = encnet__alloc((size_t)r->comm->size, sizeof *all);

    if (!all) FAIL(ENCNET_E_NOMEM, "no memory for messages of %d ranks", r->comm->size);
    for (int f = 0, n; f < ENCNET__FIELDS; f++) {
        const encnet__bucket *buckets = encnet__weights_buckets(w, (encnet__field)f, &n);
        for (int i = 0; i < n; i++)
            mine = encnet__hash(mine, &buckets[i].floats, sizeof buckets[i].floats);
    }
    TRY(encnet__ranks_allgather(r->ranks, all, &mine, sizeof mine));
    for (int i = 1; i < r->comm->size; i++)
        if (all[i] != all[0])
            FAIL(ENCNET_E_COMM,
                 "the weights of ranks 0 and %d lie differently in memory: other configurations, "
                 "or devices of other alignment",
                 i);
done:
    encnet__free(all);
    return rc;
}

encnet_status encnet__run_share_weights(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;

    if (alone(r)) return ENCNET_OK;
    TRY(compare_layouts(r));
    TRY(share_field(r, ENCNET__VALUES));
    TRY(share_field(r, ENCNET__MOMENTUM));
    TRY(share_counters(r));
    TRY(encnet__exchange_new(&r->exchange, r->comm, encnet__model_weights(r->model)));
done:
    return rc;
}

/* -- an iteration ------------------------------------------------------------------------------ */

encnet_status encnet__run_backward(encnet__run *r, encnet__graph *g, bool add, bool last)
{
    encnet_status rc;
    encnet__graph_callback callback;

    if (alone(r) || !last) return encnet__graph_backward(g, add, NULL);
    callback = encnet__exchange_begin(r->exchange);
    TRY(encnet__graph_backward(g, add, &callback));
    TRY(encnet__exchange_finish(r->exchange));
done:
    return rc;
}

encnet_status encnet__run_reduce_terms(encnet__run *r, encnet__term *terms, int n, double *total,
                                       bool wants_stop)
{
    encnet_status rc = ENCNET_OK;
    double mine[PER_RANK] = {0};

    if (alone(r)) return ENCNET_OK;
    for (int i = 0; i < n; i++) mine[i] = encnet__ranks_share(r->ranks) * terms[i].value;
    mine[PER_RANK - 1] = wants_stop;
    TRY(encnet__ranks_allgather(r->ranks, r->all_terms, mine, sizeof mine));
    *total = 0;
    for (int i = 0; i < n; i++) {
        terms[i].value = 0;
        for (int k = 0; k < r->comm->size; k++) terms[i].value += r->all_terms[k * PER_RANK + i];
        if (terms[i].is_loss) *total += terms[i].value;
    }
    for (int k = 0; k < r->comm->size; k++)
        r->stops = r->stops || r->all_terms[(k + 1) * PER_RANK - 1] != 0;
done:
    return rc;
}

/* -- between iterations ------------------------------------------------------------------------ */

encnet_status encnet__run_share_statistics(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *w = encnet__model_weights(r->model);

    if (alone(r) || !r->ranks->local) return ENCNET_OK;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (p->trainable || p->kind == ENCNET__COUNTER) continue;
        TRY(share_buffer(r, p->value, encnet__param_count(p)));
    }
done:
    return rc;
}

static encnet_status hash_weights(uint64_t *hash, encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    int n;
    const encnet__bucket *buckets =
        encnet__weights_buckets(encnet__model_weights(r->model), ENCNET__VALUES, &n);

    *hash = ENCNET__FNV;
    for (int i = 0; i < n; i++) {
        size_t size = buckets[i].floats * sizeof *r->staging;
        TRY(make_room(r, buckets[i].floats));
        TRY(encnet__read(r->staging, buckets[i].buffer, 0, size));
        *hash = encnet__hash(*hash, r->staging, size);
    }
done:
    return rc;
}

encnet_status encnet__run_check_same(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    uint64_t mine, *all = NULL;

    if (alone(r)) return ENCNET_OK;
    all = encnet__alloc((size_t)r->comm->size, sizeof *all);
    if (!all) FAIL(ENCNET_E_NOMEM, "no memory to compare the weights");
    TRY(hash_weights(&mine, r));
    TRY(encnet__ranks_allgather(r->ranks, all, &mine, sizeof mine));
    for (int i = 1; i < r->comm->size; i++)
        if (all[i] != all[0])
            FAIL(ENCNET_E_COMM,
                 "iteration %d: the weights of rank %d are not those of rank 0; no checkpoint is "
                 "made",
                 r->state.iter, i);
done:
    encnet__free(all);
    return rc;
}
