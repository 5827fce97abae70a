/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * threads.c - ranks that are threads of one process.
 *
 * A call has two synchronisation points.  Before the first, each rank publishes its contribution;
 * after it, all ranks read and write each other's memory, each its own part.  The second one holds
 * every rank until all are done, because the caller may free its memory after the call.  Only the
 * first can fail, by an abort or by the time limit.  The rank that arrives last decides under the
 * lock: either it releases all ranks, or it finds that the group has failed.  So no rank touches
 * the memory of a rank that has given up.
 */
#define _POSIX_C_SOURCE 200809L
#include "comm/comm.h"
#include "comm/sum.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CHANNELS = 2 }; /* the communicator and its duplicate */

/* What a rank contributes to a call. */
typedef struct contribution {
    const char *call; /* "allreduce"; NULL: the rank has not arrived yet */
    size_t size;
    int root;
    const size_t *sizes;
    const void *mine;
    float *data;
} contribution;

typedef struct channel {
    uint64_t generation;         /* synchronisation points passed */
    int waiting;                 /* ranks at the next one */
    contribution *contributions; /* [size], of the current call */
    const float **parts;         /* [size], the data of all ranks in an allreduce */
} channel;

typedef struct group {
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t changed;
    int size, open; /* ranks; those whose tables are not closed yet */
    double timeout_s;
    bool failed;
    char why[4096];
    channel channels[CHANNELS];
} group;

/* One rank's end of one channel; `user` of the table points to it. */
typedef struct endpoint {
    group *group;
    channel *channel;
    encnet_comm table;
} endpoint;

/* -- synchronisation --------------------------------------------------------------------------- */

/* Every rank reports the first failure of the group. */
static void fail_group(group *g, const char *why)
{
    if (!g->failed) snprintf(g->why, sizeof g->why, "%s", why);
    g->failed = true;
    pthread_cond_broadcast(&g->changed);
}

static void fail_missing(group *g, const channel *c, const char *call)
{
    char ranks[256], why[sizeof ranks + 128];
    size_t used = 0;
    int missing = 0;

    for (int r = 0; r < g->size; r++) {
        if (c->contributions[r].call) continue;
        missing++;
        if (used < sizeof ranks)
            used += (size_t)snprintf(ranks + used, sizeof ranks - used, "%s%d",
                                     missing > 1 ? ", " : "", r);
    }
    encnet__print(why, sizeof why, "rank%s %s did not come to %s within %g s",
                  missing > 1 ? "s" : "", ranks, call, g->timeout_s);
    fail_group(g, why);
}

static bool same_call(const contribution *a, const contribution *b, int size)
{
    if (strcmp(a->call, b->call) || a->size != b->size || a->root != b->root) return false;
    return !a->sizes || !memcmp(a->sizes, b->sizes, (size_t)size * sizeof *a->sizes);
}

/* Fails the group if the ranks make different calls, which would read past the end of memory. */
static bool calls_match(group *g, const channel *c)
{
    const contribution *a = &c->contributions[0];

    for (int r = 1; r < g->size; r++) {
        const contribution *b = &c->contributions[r];
        char why[256];
        if (same_call(a, b, g->size)) continue;
        snprintf(why, sizeof why, "rank 0 calls %s of %zu bytes, rank %d %s of %zu bytes%s",
                 a->call, a->size, r, b->call, b->size,
                 a->size == b->size ? ", by another plan" : "");
        fail_group(g, why);
        return false;
    }
    return true;
}

static void release(group *g, channel *c)
{
    c->waiting = 0;
    c->generation++;
    pthread_cond_broadcast(&g->changed);
}

/* The first synchronisation point: returns when all ranks have published their contributions, or
 * when the group has failed. */
static encnet_status begin_collective(endpoint *e, contribution mine)
{
    encnet_status rc = ENCNET_OK;
    group *g = e->group;
    channel *c = e->channel;
    struct timespec deadline = encnet__deadline(g->timeout_s);
    uint64_t generation;

    pthread_mutex_lock(&g->mutex);
    if (g->failed) goto done;
    generation = c->generation;
    c->contributions[e->table.rank] = mine;
    c->parts[e->table.rank] = mine.data;
    if (++c->waiting == g->size && calls_match(g, c)) release(g, c);
    while (c->generation == generation && !g->failed)
        if (pthread_cond_timedwait(&g->changed, &g->mutex, &deadline) == ETIMEDOUT &&
            c->generation == generation)
            fail_missing(g, c, mine.call);
    if (c->generation != generation) {
        pthread_mutex_unlock(&g->mutex);
        return ENCNET_OK;
    }
done:
    rc = encnet__fail(ENCNET_E_COMM, "%s", g->why);
    pthread_mutex_unlock(&g->mutex);
    return rc;
}

/* The second synchronisation point: returns when all ranks are done with each other's memory.  It
 * needs no time limit because nothing blocks a rank between the two. */
static void end_collective(endpoint *e)
{
    group *g = e->group;
    channel *c = e->channel;
    uint64_t generation;

    pthread_mutex_lock(&g->mutex);
    generation = c->generation;
    c->contributions[e->table.rank].call = NULL;
    if (++c->waiting == g->size) release(g, c);
    while (c->generation == generation) pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

/* -- the table --------------------------------------------------------------------------------- */

/* Rank r adds up the r-th part of the numbers and copies the sums to all ranks. */
static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    encnet_status rc;
    endpoint *e = comm->user;
    size_t ranks = (size_t)comm->size, rank = (size_t)comm->rank;
    size_t first = count / ranks * rank + (rank < count % ranks ? rank : count % ranks);
    size_t mine = count / ranks + (rank < count % ranks);

    TRY(begin_collective(
        e, (contribution){.call = "allreduce", .size = count * sizeof *data, .data = data}));
    if (mine) {
        encnet__sum(data, e->channel->parts, comm->size, first, mine);
        for (int r = 0; r < comm->size; r++)
            if (r != comm->rank)
                memcpy(e->channel->contributions[r].data + first, data + first,
                       mine * sizeof *data);
    }
    end_collective(e);
done:
    return rc;
}

static encnet_status allgather(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes)
{
    encnet_status rc;
    endpoint *e = comm->user;
    char *to = all;
    size_t total = 0;

    for (int r = 0; r < comm->size; r++) total += sizes[r];
    TRY(begin_collective(
        e, (contribution){.call = "allgather", .size = total, .sizes = sizes, .mine = mine}));
    for (int r = 0; r < comm->size; to += sizes[r++])
        if (sizes[r] && to != e->channel->contributions[r].mine)
            memcpy(to, e->channel->contributions[r].mine, sizes[r]);
    end_collective(e);
done:
    return rc;
}

static encnet_status broadcast(const encnet_comm *comm, void *data, size_t size, int root)
{
    encnet_status rc;
    endpoint *e = comm->user;

    if (root < 0 || root >= comm->size)
        FAIL(ENCNET_E_ARG, "broadcast from rank %d of %d", root, comm->size);
    TRY(begin_collective(
        e, (contribution){.call = "broadcast", .size = size, .root = root, .mine = data}));
    if (size && comm->rank != root) memcpy(data, e->channel->contributions[root].mine, size);
    end_collective(e);
done:
    return rc;
}

static encnet_status barrier(const encnet_comm *comm)
{
    encnet_status rc;

    TRY(begin_collective(comm->user, (contribution){.call = "barrier"}));
    end_collective(comm->user);
done:
    return rc;
}

static void abort_group(const encnet_comm *comm, encnet_status status, const char *message)
{
    endpoint *e = comm->user;
    char why[sizeof e->group->why];

    (void)status; /* the others report ENCNET_E_COMM, whatever this rank failed of */
    snprintf(why, sizeof why, "rank %d: %s", comm->rank, message);
    pthread_mutex_lock(&e->group->mutex);
    fail_group(e->group, why);
    pthread_mutex_unlock(&e->group->mutex);
}

/* -- open and close ---------------------------------------------------------------------------- */

static void free_group(group *g)
{
    for (int i = 0; i < CHANNELS; i++) {
        encnet__free(g->channels[i].contributions);
        encnet__free(g->channels[i].parts);
    }
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->mutex);
    encnet__free(g);
}

/* Fails pending and later calls of the other ranks; the last rank frees the group. */
static void close_endpoint(encnet_comm *comm)
{
    endpoint *pair = comm->user;
    group *g = pair->group;
    char why[64];
    bool last;

    snprintf(why, sizeof why, "rank %d has left", comm->rank);
    pthread_mutex_lock(&g->mutex);
    fail_group(g, why);
    last = --g->open == 0;
    pthread_mutex_unlock(&g->mutex);
    encnet__free(pair);
    if (last) free_group(g);
}

/* The endpoints of one rank: of the communicator, and of its duplicate. */
static endpoint *new_pair(group *g, int rank)
{
    endpoint *pair = encnet__alloc(CHANNELS, sizeof *pair);

    for (int i = 0; pair && i < CHANNELS; i++)
        pair[i] = (endpoint){.group = g,
                             .channel = &g->channels[i],
                             .table = {.rank = rank,
                                       .size = g->size,
                                       .local_rank = rank,
                                       .local_size = g->size,
                                       .allreduce = allreduce,
                                       .allgather = allgather,
                                       .broadcast = broadcast,
                                       .barrier = barrier,
                                       .abort = abort_group,
                                       .close = i ? NULL : close_endpoint,
                                       .duplicate = i ? NULL : &pair[1].table,
                                       .user = &pair[i]}};
    return pair;
}

static encnet_status new_group(group **out, int size, double timeout_s)
{
    encnet_status rc = ENCNET_OK;
    pthread_condattr_t monotonic;
    group *g = encnet__alloc(1, sizeof *g);

    if (!g) FAIL(ENCNET_E_NOMEM, "no memory for %d ranks", size);
    g->size = g->open = size;
    g->timeout_s = timeout_s;
    pthread_mutex_init(&g->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < CHANNELS; i++) {
        channel *c = &g->channels[i];
        c->contributions = encnet__alloc((size_t)size, sizeof *c->contributions);
        c->parts = encnet__alloc((size_t)size, sizeof *c->parts);
        if (!c->contributions || !c->parts) FAIL(ENCNET_E_NOMEM, "no memory for %d ranks", size);
    }
    *out = g;
    g = NULL;
done:
    if (g) free_group(g);
    return rc;
}

encnet_status encnet_comm_threads(encnet_comm **out, int size, double timeout_s)
{
    encnet_status rc = ENCNET_OK;
    group *g = NULL;
    encnet_comm **tables = NULL;
    int made = 0;

    NEED(out);
    if (size < 1) FAIL(ENCNET_E_ARG, "%d ranks: at least 1", size);
    if (!(timeout_s > 0)) FAIL(ENCNET_E_ARG, "a time limit of %g s: above 0", timeout_s);
    tables = encnet__alloc((size_t)size, sizeof *tables);
    if (!tables) FAIL(ENCNET_E_NOMEM, "no memory for %d ranks", size);
    TRY(new_group(&g, size, timeout_s));
    for (; made < size; made++) {
        endpoint *pair = new_pair(g, made);
        if (!pair) FAIL(ENCNET_E_NOMEM, "no memory for %d ranks", size);
        tables[made] = &pair->table;
    }
    memcpy(out, tables, (size_t)size * sizeof *tables);
    g = NULL;
done:
    for (int r = 0; g && r < made; r++) encnet__free(tables[r]->user);
    if (g) free_group(g);
    encnet__free(tables);
    return rc;
}
