/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * mpi.c - libencnet_mpi: ranks that are processes, over MPI 3.1.
 *
 * Every operation is started non-blocking and then polled, because a blocking call of MPI waits for
 * ever for a rank that hangs.  Polling costs nothing extra: blocking calls poll as well.  Between
 * two polls the thread yields its core, at first for a moment, after a while by sleeping, because a
 * device that is a CPU computes on the same cores.
 *
 * MPI leaves the order of its sums open, so allreduce does its own: rank r receives the r-th part
 * of every rank, adds them up in rank order and sends the sums to all.  That takes two rounds and
 * as many bytes as the best algorithm of MPI.  Small counts take one round: every rank receives
 * everything and computes the same sums.
 *
 * A lock around every call into MPI lets two threads use a communicator and its duplicate with
 * MPI_THREAD_SERIALIZED.  The library needs only encnet_comm_fail() of libencnet, which is passed
 * in.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"
#include "comm/library.h"
#include "comm/sum.h"

#include <limits.h>
#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LINKS = 2,           /* the communicator and its duplicate */
    CHUNK = 8 << 20,     /* floats of one allreduce in two rounds: 32 MiB of staging */
    TAGS = 32768,        /* that every MPI provides */
    YIELD_MS = 10,       /* of polling before the first sleep */
    SLEEP_NS = 50 * 1000 /* between two polls after that */
};
#define MOST_BYTES ((size_t)1 << 30) /* per broadcast: MPI counts in int */

typedef struct link {
    encnet_comm table;
    MPI_Comm comm;
    encnet_status (*fail)(encnet_status status, const char *message);
    double timeout_s;
    char why[1024]; /* of the first failure; "" = none */
    unsigned calls; /* operations so far, the same on every rank */
    float *staging;
    size_t room;                /* floats of staging */
    const float **parts;        /* [size], in staging */
    int *counts, *firsts;       /* [size] of the ranks' parts */
    int *my_counts, *my_firsts; /* [size] of this rank's part in `staging` */
    bool starts_mpi;            /* this library initialised MPI and must finalise it */
    atomic_bool aborted;        /* by abort_duplicate() */
} link;

static pthread_mutex_t mpi = PTHREAD_MUTEX_INITIALIZER; /* around every call into MPI */

/* -- failures and waits ------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static encnet_status fail(link *l, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (!l->why[0]) encnet__vprint(l->why, sizeof l->why, format, ap);
    va_end(ap);
    return l->fail(ENCNET_E_COMM, l->why);
}

static encnet_status fail_mpi(link *l, const char *call, int error)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int size;

    MPI_Error_string(error, text, &size);
    return fail(l, "%s: MPI says %s", call, text);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Tells all other ranks that this rank waits in its l->calls-th operation. */
static void announce_wait(link *l)
{
    pthread_mutex_lock(&mpi);
    for (int r = 0; r < l->table.size; r++) {
        MPI_Request request;
        if (r != l->table.rank &&
            MPI_Isend(NULL, 0, MPI_BYTE, r, l->calls % TAGS, l->comm, &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
    }
    pthread_mutex_unlock(&mpi);
}

/* Names the ranks that have not announced that they wait in this operation. */
static encnet_status fail_missing(link *l, const char *call)
{
    char ranks[256] = "";
    size_t used = 0;
    int missing = 0;

    pthread_mutex_lock(&mpi);
    for (int r = 0; r < l->table.size; r++) {
        int waits = r == l->table.rank;
        if (!waits) MPI_Iprobe(r, l->calls % TAGS, l->comm, &waits, MPI_STATUS_IGNORE);
        if (waits || used >= sizeof ranks) continue;
        used +=
            (size_t)snprintf(ranks + used, sizeof ranks - used, "%s%d", missing++ ? ", " : "", r);
    }
    pthread_mutex_unlock(&mpi);
    if (!missing)
        return fail(l, "all ranks came to %s, but it took more than %g s", call, l->timeout_s);
    return fail(l, "rank%s %s did not come to %s within %g s", missing > 1 ? "s" : "", ranks, call,
                l->timeout_s);
}

/* Polls `request`, whose start returned `error`, until the time limit.  At half of the limit the
 * rank announces that it waits, so that at the limit every rank knows which ones are missing. */
static encnet_status wait_for(link *l, const char *call, int error, MPI_Request *request)
{
    double began = now(), waited = 0;
    int done = 0;
    bool announced = false;

    l->calls++;
    for (;;) {
        if (error == MPI_SUCCESS) {
            pthread_mutex_lock(&mpi);
            error = MPI_Test(request, &done, MPI_STATUS_IGNORE);
            pthread_mutex_unlock(&mpi);
        }
        if (error != MPI_SUCCESS) return fail_mpi(l, call, error);
        if (done) return ENCNET_OK;
        if (l->aborted) return fail(l, "rank %d has given up %s", l->table.rank, call);
        waited = now() - began;
        if (waited > l->timeout_s) return fail_missing(l, call);
        if (waited > l->timeout_s / 2 && !announced) {
            announce_wait(l);
            announced = true;
        }
        if (waited * 1e3 < YIELD_MS)
            sched_yield();
        else
            nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
    }
}

/* Starts a call of MPI under the lock and waits for it. */
#define RUN(l, call, start)                                                                        \
    do {                                                                                           \
        MPI_Request request;                                                                       \
        int error;                                                                                 \
        pthread_mutex_lock(&mpi);                                                                  \
        error = (start);                                                                           \
        pthread_mutex_unlock(&mpi);                                                                \
        rc = wait_for((l), (call), error, &request);                                               \
    } while (0)

/* -- allreduce --------------------------------------------------------------------------------- */

static encnet_status grow(link *l, size_t floats)
{
    float *staging;

    if (floats <= l->room) return ENCNET_OK;
    staging = realloc(l->staging, floats * sizeof *staging);
    if (!staging) return l->fail(ENCNET_E_NOMEM, "no memory to add up what the ranks bring");
    l->staging = staging;
    l->room = floats;
    return ENCNET_OK;
}

/* In one round: every rank receives everything. */
static encnet_status reduce_small(link *l, float *data, size_t count)
{
    encnet_status rc = grow(l, count * (size_t)l->table.size);

    if (rc != ENCNET_OK) return rc;
    RUN(l, "allreduce",
        MPI_Iallgather(data, (int)count, MPI_FLOAT, l->staging, (int)count, MPI_FLOAT, l->comm,
                       &request));
    if (rc != ENCNET_OK) return rc;
    for (int r = 0; r < l->table.size; r++) l->parts[r] = l->staging + (size_t)r * count;
    encnet__sum(data, l->parts, l->table.size, 0, count);
    return rc;
}

/* Divides `count` numbers into one part per rank. */
static void split(link *l, int count)
{
    int size = l->table.size, first = 0;

    for (int r = 0; r < size; r++) {
        l->counts[r] = count / size + (r < count % size);
        l->firsts[r] = first;
        first += l->counts[r];
    }
    for (int r = 0; r < size; r++) {
        l->my_counts[r] = l->counts[l->table.rank];
        l->my_firsts[r] = r * l->counts[l->table.rank];
    }
}

static encnet_status reduce_chunk(link *l, float *data, int count)
{
    encnet_status rc;
    int rank = l->table.rank, size = l->table.size;

    split(l, count);
    rc = grow(l, (size_t)l->counts[rank] * (size_t)size);
    if (rc != ENCNET_OK) return rc;
    RUN(l, "allreduce",
        MPI_Ialltoallv(data, l->counts, l->firsts, MPI_FLOAT, l->staging, l->my_counts,
                       l->my_firsts, MPI_FLOAT, l->comm, &request));
    if (rc != ENCNET_OK) return rc;
    for (int r = 0; r < size; r++) l->parts[r] = l->staging + l->my_firsts[r];
    encnet__sum(data + l->firsts[rank], l->parts, size, 0, (size_t)l->counts[rank]);
    RUN(l, "allreduce",
        MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, data, l->counts, l->firsts, MPI_FLOAT, l->comm,
                        &request));
    return rc;
}

static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    encnet_status rc = ENCNET_OK;
    link *l = comm->user;

    if (l->why[0]) return l->fail(ENCNET_E_COMM, l->why);
    if (count <= ENCNET__ONE_ROUND / (size_t)comm->size) return reduce_small(l, data, count);
    for (size_t at = 0; rc == ENCNET_OK && at < count; at += CHUNK)
        rc = reduce_chunk(l, data + at, (int)(count - at < CHUNK ? count - at : CHUNK));
    return rc;
}

/* -- the rest of the table --------------------------------------------------------------------- */

static encnet_status allgather(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes)
{
    encnet_status rc = ENCNET_OK;
    link *l = comm->user;
    size_t at = 0;
    const char *own;

    if (l->why[0]) return l->fail(ENCNET_E_COMM, l->why);
    for (int r = 0; r < comm->size; r++) {
        if (sizes[r] > INT_MAX - at) return l->fail(ENCNET_E_ARG, "allgather of more than 2 GiB");
        l->counts[r] = (int)sizes[r];
        l->firsts[r] = (int)at;
        at += sizes[r];
    }
    own = (char *)all + l->firsts[comm->rank];
    RUN(l, "allgather",
        MPI_Iallgatherv(mine == own ? MPI_IN_PLACE : mine, l->counts[comm->rank], MPI_BYTE, all,
                        l->counts, l->firsts, MPI_BYTE, l->comm, &request));
    return rc;
}

static encnet_status broadcast(const encnet_comm *comm, void *data, size_t size, int root)
{
    encnet_status rc = ENCNET_OK;
    link *l = comm->user;

    if (l->why[0]) return l->fail(ENCNET_E_COMM, l->why);
    for (size_t at = 0; rc == ENCNET_OK && at < size; at += MOST_BYTES)
        RUN(l, "broadcast",
            MPI_Ibcast((char *)data + at, (int)(size - at < MOST_BYTES ? size - at : MOST_BYTES),
                       MPI_BYTE, root, l->comm, &request));
    return rc;
}

static encnet_status barrier(const encnet_comm *comm)
{
    encnet_status rc;
    link *l = comm->user;

    if (l->why[0]) return l->fail(ENCNET_E_COMM, l->why);
    RUN(l, "barrier", MPI_Ibarrier(l->comm, &request));
    return rc;
}

static int exit_code(encnet_status status)
{
    switch (status) {
#define ROW(name, value, code, text)                                                               \
    case ENCNET_##name:                                                                            \
        return code;
        ENCNET_STATUS_LIST(ROW)
#undef ROW
    }
    return 1;
}

static void abort_job(const encnet_comm *comm, encnet_status status, const char *message)
{
    link *l = comm->user;

    (void)message; /* the program has printed it, and the launcher ends the other processes */
    pthread_mutex_lock(&mpi);
    MPI_Abort(l->comm, exit_code(status));
    pthread_mutex_unlock(&mpi);
}

static void abort_duplicate(const encnet_comm *comm, encnet_status status, const char *message)
{
    link *l = comm->user;

    (void)status, (void)message; /* this process continues, to report why it failed */
    l->aborted = true;
}

/* -- open and close ---------------------------------------------------------------------------- */

static void free_links(link *pair)
{
    for (int i = 0; pair && i < LINKS; i++) {
        free(pair[i].staging);
        free(pair[i].parts);
        free(pair[i].counts);
    }
    free(pair);
}

/* MPI_Finalize waits for all ranks without a time limit, so a barrier, which has one, goes first.
 * After a failure MPI is not finalised: the other ranks notice when this process ends. */
static void close_links(encnet_comm *comm)
{
    link *pair = comm->user;
    bool failed = pair[1].why[0] || barrier(comm) != ENCNET_OK;

    pthread_mutex_lock(&mpi);
    for (int i = 0; !failed && i < LINKS; i++) MPI_Comm_free(&pair[i].comm);
    if (!failed && pair->starts_mpi) MPI_Finalize();
    pthread_mutex_unlock(&mpi);
    free_links(pair);
}

static encnet_status start(link *l)
{
    int running = 0, given = MPI_THREAD_SINGLE, error;

    MPI_Initialized(&running);
    error = running ? MPI_Query_thread(&given)
                    : MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given);
    if (error != MPI_SUCCESS) return fail_mpi(l, "start", error);
    l->starts_mpi = !running;
    if (given < MPI_THREAD_SERIALIZED)
        return fail(l, "this MPI lets one thread call it alone: MPI_THREAD_SERIALIZED is needed");
    return ENCNET_OK;
}

static int find_place(encnet_comm *table)
{
    MPI_Comm host;
    int error = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);

    if (error != MPI_SUCCESS) return error;
    MPI_Comm_rank(MPI_COMM_WORLD, &table->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &table->size);
    MPI_Comm_rank(host, &table->local_rank);
    MPI_Comm_size(host, &table->local_size);
    return MPI_Comm_free(&host);
}

static encnet_status connect_link(link *l)
{
    size_t size;
    int error = find_place(&l->table);

    if (error == MPI_SUCCESS) error = MPI_Comm_dup(MPI_COMM_WORLD, &l->comm);
    if (error == MPI_SUCCESS) error = MPI_Comm_set_errhandler(l->comm, MPI_ERRORS_RETURN);
    if (error != MPI_SUCCESS) return fail_mpi(l, "start", error);
    size = (size_t)l->table.size;
    l->parts = calloc(size, sizeof *l->parts);
    l->counts = calloc(4 * size, sizeof *l->counts);
    if (!l->parts || !l->counts) return l->fail(ENCNET_E_NOMEM, "no memory for the list of ranks");
    l->firsts = l->counts + size;
    l->my_counts = l->firsts + size;
    l->my_firsts = l->my_counts + size;
    return ENCNET_OK;
}

ENCNET_API encnet__comm_version encnet_mpi_version;
void encnet_mpi_version(char *out, size_t size)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;

    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) length = 0;
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0'; /* MPICH goes on with how it was built */
    for (char *c = text; *c; c++) *c = *c == '\t' ? ' ' : *c;
    snprintf(out, size, "%s", text);
}

ENCNET_API encnet__comm_entry encnet_mpi_open;
encnet_status encnet_mpi_open(encnet_comm **out, double timeout_s,
                              encnet_status (*fail_with)(encnet_status status, const char *message))
{
    encnet_status rc = ENCNET_OK;
    link *pair = calloc(LINKS, sizeof *pair);

    if (!pair) return fail_with(ENCNET_E_NOMEM, "no memory for a communicator");
    for (int i = 0; i < LINKS; i++)
        pair[i] = (link){.fail = fail_with,
                         .timeout_s = timeout_s,
                         .table = {.allreduce = allreduce,
                                   .allgather = allgather,
                                   .broadcast = broadcast,
                                   .barrier = barrier,
                                   .abort = i ? abort_duplicate : abort_job,
                                   .close = i ? NULL : close_links,
                                   .duplicate = i ? NULL : &pair[1].table,
                                   .user = &pair[i]}};
    rc = start(pair);
    for (int i = 0; rc == ENCNET_OK && i < LINKS; i++) rc = connect_link(&pair[i]);
    if (rc == ENCNET_OK)
        *out = &pair->table;
    else
        free_links(pair);
    return rc;
}
