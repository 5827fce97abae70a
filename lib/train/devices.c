/* devices.c - several devices of one process work together, each a rank in a thread. */
#include "train/run.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef struct worker {
    encnet_comm *comm;
    encnet_device *device;
    encnet__rank_work *work;
    void *user;
    encnet_status rc;
    char *said; /* of a failure; NULL when memory is short */
    pthread_t thread;
    bool runs;
} worker;

static void *thread_main(void *arg)
{
    worker *w = arg;

    w->rc = w->work(w->user, w->device, w->comm);
    if (w->rc == ENCNET_OK) return NULL;
    w->said = encnet__strdup(encnet_last_error());
    w->comm->abort(w->comm, w->rc, encnet_last_error());
    return NULL;
}

/* Rank 0 works in this thread, so that hooks are called where the caller expects them. */
static void run(worker *workers, int count)
{
    for (int i = 1; i < count; i++) {
        int err = pthread_create(&workers[i].thread, NULL, thread_main, &workers[i]);
        workers[i].runs = err == 0;
        if (!err) continue;
        workers[i].rc =
            encnet__fail(ENCNET_E_INTERNAL, "a thread does not start: %s", strerror(err));
        workers[i].said = encnet__strdup(encnet_last_error());
        workers[i].comm->abort(workers[i].comm, workers[i].rc, encnet_last_error());
    }
    thread_main(&workers[0]);
    for (int i = 1; i < count; i++)
        if (workers[i].runs) pthread_join(workers[i].thread, NULL);
}

/* Of several failures, the one that the others have only heard of; where all fail alike (a signal,
 * a loss that is not finite), rank 0's. */
static encnet_status judge(const worker *workers, int count)
{
    const worker *origin = NULL;
    const char *said;

    for (const worker *w = workers; w < workers + count; w++)
        if (w->rc != ENCNET_OK && (!origin || origin->rc == ENCNET_E_COMM)) origin = w;
    if (!origin) return ENCNET_OK;
    said = origin->said ? origin->said : encnet_status_text(origin->rc);
    if (origin == workers) return encnet__fail(origin->rc, "%s", said);
    return encnet__fail(origin->rc, "rank %d: %s", (int)(origin - workers), said);
}

encnet_status encnet__on_devices(encnet_device *const *devices, int count, double timeout_s,
                                 encnet__rank_work *work, void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet_comm **comms = NULL;
    worker *workers = NULL;

    if (count < 1) FAIL(ENCNET_E_ARG, "ranks on %d devices", count);
    comms = encnet__alloc((size_t)count, sizeof *comms);
    workers = encnet__alloc((size_t)count, sizeof *workers);
    if (!comms || !workers) FAIL(ENCNET_E_NOMEM, "no memory for %d devices", count);
    TRY(encnet_comm_threads(comms, count, timeout_s));
    for (int i = 0; i < count; i++)
        workers[i] = (worker){.comm = comms[i], .device = devices[i], .work = work, .user = user};
    run(workers, count);
    rc = judge(workers, count);
done:
    for (int i = 0; comms && i < count; i++) encnet_comm_close(comms[i]);
    for (int i = 0; workers && i < count; i++) encnet__free(workers[i].said);
    encnet__free(comms);
    encnet__free(workers);
    return rc;
}

/* What encnet_train_on() was called with. */
typedef struct training {
    encnet_train_result *result;
    const encnet_options *options;
    const encnet_train_start *start;
    const encnet_train_hooks *hooks;
} training;

static encnet_status train(void *user, encnet_device *device, const encnet_comm *comm)
{
    const training *t = user;
    encnet_train_start start = {0};

    if (t->start) start = *t->start;
    start.comm = comm;
    return encnet_train(comm->rank ? NULL : t->result, device, t->options, &start, t->hooks);
}

encnet_status encnet_train_on(encnet_train_result *result, encnet_device *const *devices, int count,
                              const encnet_options *options, const encnet_train_start *start,
                              const encnet_train_hooks *hooks)
{
    training t = {result, options, start, hooks};

    return encnet__on_devices(devices, count, options->device.timeout, train, &t);
}
