/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * team.c - a team of ranks that are threads of this process.
 *
 * A thread whose device hangs cannot be ended.  After the time limit the team gives it up: the call
 * returns ENCNET_E_COMM, and that thread and everything it uses stay allocated.
 */
#define _POSIX_C_SOURCE 200809L
#include "comm/comm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define GRACE_S 10.0 /* for ranks to clean up after a failure */

typedef struct team team;

typedef struct worker {
    team *team;
    encnet_comm *comm;
    pthread_t thread;
    bool runs, is_done; /* the thread was started; its work has returned */
    encnet_status rc;
    char *message; /* of the failure; NULL if there was no memory for it */
} worker;

/* All ranks.  If one of them hangs, the team is never freed, because its thread may still wake
 * up. */
struct team {
    encnet__rank_work *work;
    void *user;
    worker *workers; /* [count] */
    encnet_comm **comms;
    int count;
    double timeout_s;
    pthread_mutex_t mutex; /* guards everything below and is_done of the workers */
    pthread_cond_t changed;
    int working;
    bool has_failed; /* a rank has failed; ranks that are not done by `deadline` hang */
    struct timespec deadline;
};

/* -- in the threads of the ranks --------------------------------------------------------------- */

/* Makes the calls of the other ranks fail and starts the clock for them.  After ENCNET_E_COMM the
 * clock is short, because that rank has already waited for a missing one. */
static void note_failure(worker *w)
{
    team *t = w->team;
    double patience = w->rc == ENCNET_E_COMM && t->timeout_s > GRACE_S ? GRACE_S : t->timeout_s;

    w->message = encnet__strdup(encnet_last_error());
    pthread_mutex_lock(&t->mutex);
    if (!t->has_failed) t->deadline = encnet__deadline(patience);
    t->has_failed = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->mutex);
    w->comm->abort(w->comm, w->rc, encnet_last_error());
}

static void *thread_main(void *arg)
{
    worker *w = arg;
    team *t = w->team;

    w->rc = t->work(t->user, w->comm);
    if (w->rc != ENCNET_OK) note_failure(w);
    pthread_mutex_lock(&t->mutex);
    w->is_done = true;
    t->working--;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->mutex);
    return NULL;
}

/* -- in the thread of the caller --------------------------------------------------------------- */

static void free_team(team *t)
{
    if (!t) return;
    for (int i = 0; i < t->count; i++) {
        if (t->comms) encnet_comm_close(t->comms[i]);
        if (t->workers) encnet__free(t->workers[i].message);
    }
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->mutex);
    encnet__free(t->workers);
    encnet__free(t->comms);
    encnet__free(t);
}

static encnet_status new_team(team **out, int count, double timeout_s, encnet__rank_work *work,
                              void *user)
{
    encnet_status rc = ENCNET_OK;
    pthread_condattr_t monotonic;
    team *t = encnet__alloc(1, sizeof *t);

    if (!t) FAIL(ENCNET_E_NOMEM, "no memory for %d ranks", count);
    *t = (team){.work = work, .user = user, .count = count, .timeout_s = timeout_s};
    pthread_mutex_init(&t->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    t->comms = encnet__alloc((size_t)count, sizeof *t->comms);
    t->workers = encnet__alloc((size_t)count, sizeof *t->workers);
    if (!t->comms || !t->workers) FAIL(ENCNET_E_NOMEM, "no memory for %d ranks", count);
    TRY(encnet_comm_threads(t->comms, count, timeout_s));
    for (int i = 0; i < count; i++) t->workers[i] = (worker){.team = t, .comm = t->comms[i]};
    *out = t;
    t = NULL;
done:
    free_team(t);
    return rc;
}

/* Each rank gets its own thread, so that the caller does not hang with it.  A single rank runs in
 * the caller's thread. */
static void start(team *t)
{
    t->working = t->count;
    if (t->count == 1) {
        thread_main(&t->workers[0]);
        return;
    }
    for (int i = 0; i < t->count; i++) {
        worker *w = &t->workers[i];
        int err = pthread_create(&w->thread, NULL, thread_main, w);
        w->runs = err == 0;
        if (!err) continue;
        w->rc = encnet__fail(ENCNET_E_INTERNAL, "a thread does not start: %s", strerror(err));
        note_failure(w);
        pthread_mutex_lock(&t->mutex);
        w->is_done = true;
        t->working--;
        pthread_mutex_unlock(&t->mutex);
    }
}

/* Reports the root cause of a failure: a rank that failed by itself rather than with ENCNET_E_COMM,
 * because of another; else the first rank that failed.  If all ranks fail alike (a signal, a loss
 * that is not finite) that is rank 0.  The message of ENCNET_E_COMM already names ranks. */
static encnet_status root_cause(const team *t)
{
    const worker *origin = NULL;
    const char *message;

    for (const worker *w = t->workers; w < t->workers + t->count; w++)
        if (w->is_done && w->rc != ENCNET_OK && (!origin || origin->rc == ENCNET_E_COMM))
            origin = w;
    if (!origin) return ENCNET_OK;
    message = origin->message ? origin->message : encnet_status_text(origin->rc);
    if (origin == t->workers || origin->rc == ENCNET_E_COMM)
        return encnet__fail(origin->rc, "%s", message);
    return encnet__fail(origin->rc, "rank %d: %s", (int)(origin - t->workers), message);
}

encnet_status encnet__team_run(int count, double timeout_s, encnet__rank_work *work, void *user)
{
    encnet_status rc = ENCNET_OK;
    team *t = NULL;
    int err = 0;
    bool hangs;

    if (count < 1) FAIL(ENCNET_E_ARG, "a team of %d ranks", count);
    TRY(new_team(&t, count, timeout_s, work, user));
    start(t);
    pthread_mutex_lock(&t->mutex);
    while (t->working && err != ETIMEDOUT)
        err = t->has_failed ? pthread_cond_timedwait(&t->changed, &t->mutex, &t->deadline)
                            : pthread_cond_wait(&t->changed, &t->mutex);
    hangs = t->working > 0;
    rc = root_cause(t);
    pthread_mutex_unlock(&t->mutex);
    if (hangs) FAIL(ENCNET_E_COMM, "%s", encnet_last_error());
    for (int i = 0; i < count; i++)
        if (t->workers[i].runs) pthread_join(t->workers[i].thread, NULL);
    free_team(t);
done:
    return rc;
}

encnet_status encnet__team_check(const void *const *members, int count, const char *what)
{
    if (!members) return encnet__fail(ENCNET_E_ARG, "%s is NULL", what);
    if (count < 1) return encnet__fail(ENCNET_E_ARG, "%d %s: at least 1", count, what);
    for (int i = 0; i < count; i++) {
        if (!members[i]) return encnet__fail(ENCNET_E_ARG, "%s[%d] is NULL", what, i);
        for (int k = 0; k < i; k++)
            if (members[k] == members[i])
                return encnet__fail(ENCNET_E_ARG, "%s[%d] is %s[%d]: each rank needs its own", what,
                                    i, what, k);
    }
    return ENCNET_OK;
}
