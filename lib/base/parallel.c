/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* parallel.c - shares a loop between threads. */
#define _DEFAULT_SOURCE /* _SC_NPROCESSORS_ONLN */
#include "base/base.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum { MOST_THREADS = 8, LEAST_PART = 1 << 14 /* of a thread: starting one takes some 20 us */ };

typedef struct part {
    encnet__loop *loop;
    void *user;
    size_t first, end;
    pthread_t thread;
    bool has_thread;
} part;

static void *run(void *argument)
{
    const part *p = argument;

    p->loop(p->user, p->first, p->end);
    return NULL;
}

static size_t parts_for(size_t count)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = processors < 1              ? 1
                  : processors > MOST_THREADS ? MOST_THREADS
                                              : (size_t)processors;

    return count / LEAST_PART < most ? count / LEAST_PART : most;
}

/* Signals go to the threads of the program. */
static void start(part *parts, size_t n)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (part *p = parts; p < parts + n; p++)
        p->has_thread = pthread_create(&p->thread, NULL, run, p) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void encnet__parallel(size_t count, encnet__loop *loop, void *user)
{
    part parts[MOST_THREADS];
    size_t n = parts_for(count);

    if (n < 2) {
        loop(user, 0, count);
        return;
    }
    for (size_t i = 0; i < n; i++)
        parts[i] =
            (part){.loop = loop, .user = user, .first = count / n * i, .end = count / n * (i + 1)};
    parts[n - 1].end = count;
    start(parts + 1, n - 1);
    run(&parts[0]);
    for (size_t i = 1; i < n; i++)
        if (parts[i].has_thread)
            pthread_join(parts[i].thread, NULL);
        else
            run(&parts[i]);
}
