/*
 * team.c - ranks that are threads of this process work together.
 *
 * A thread whose device hangs cannot be ended.  The others give it up at the time limit; it and
 * what it holds are left alone then, and the caller hears of it.
 */
#define _POSIX_C_SOURCE 200809L
#include "comm/comm.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define GRACE_S 10.0 /* for what ranks do between a failure and their end */

typedef struct team team;

typedef struct worker {
    team *team;
    encnet_comm *comm;
    pthread_t thread;
    bool runs, is_done; /* its thread was started; it has returned from its work */
    encnet_status rc;
    char *said; /* of a failure; NULL when memory is short */
} worker;

/* All ranks.  Where one hangs, it is never freed: that one's thread may yet wake up. */
struct team {
    encnet__rank_work *work;
    void *user;
    worker *workers; /* [count] */
    encnet_comm **comms;
    int count;
    double timeout_s;
    pthread_mutex_t mutex; /* of everything below, and of the workers' is_done */
    pthread_cond_t changed;
    int working;
    bool has_failed; /* some rank has, and all others are done by `deadline`, or hang */
    struct timespec deadline;
};

/* -- in the threads ---------------------------------------------------------------------------- */

/* The others hear of a failure in their next call.  A rank that failed for want of another has
 * waited for that one already. */
static void note_failure(worker *w)
{
    team *t = w->team;
    double patience = w->rc == ENCNET_E_COMM && t->timeout_s > GRACE_S ? GRACE_S : t->timeout_s;

    w->said = encnet__strdup(encnet_last_error());
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

/* -- in the caller's --------------------------------------------------------------------------- */

static void free_team(team *t)
{
    if (!t) return;
    for (int i = 0; i < t->count; i++) {
        if (t->comms) encnet_comm_close(t->comms[i]);
        if (t->workers) encnet__free(t->workers[i].said);
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

/* Each rank in a thread of its own, so that none that hangs holds up the caller; one alone, whom
 * nobody waits for, in the caller's. */
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

/* Of several failures, the one that the others have only heard of; where all fail alike (a signal,
 * a loss that is not finite), rank 0's.  A failure to meet tells by itself which ranks it is of. */
static encnet_status judge(const team *t)
{
    const worker *origin = NULL;
    const char *said;

    for (const worker *w = t->workers; w < t->workers + t->count; w++)
        if (w->is_done && w->rc != ENCNET_OK && (!origin || origin->rc == ENCNET_E_COMM))
            origin = w;
    if (!origin) return ENCNET_OK;
    said = origin->said ? origin->said : encnet_status_text(origin->rc);
    if (origin == t->workers || origin->rc == ENCNET_E_COMM)
        return encnet__fail(origin->rc, "%s", said);
    return encnet__fail(origin->rc, "rank %d: %s", (int)(origin - t->workers), said);
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
    rc = judge(t);
    pthread_mutex_unlock(&t->mutex);
    if (hangs) FAIL(ENCNET_E_COMM, "%s", encnet_last_error());
    for (int i = 0; i < count; i++)
        if (t->workers[i].runs) pthread_join(t->workers[i].thread, NULL);
    free_team(t);
done:
    return rc;
}
