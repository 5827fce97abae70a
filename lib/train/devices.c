/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* devices.c - trains on several devices of one process. */
#include "comm/comm.h"
#include <encnet/train.h>

/* The arguments of encnet_train_on(). */
typedef struct training {
    encnet_train_result *result;
    encnet_device *const *devices;
    const encnet_options *options;
    const encnet_train_start *start;
    const encnet_train_hooks *hooks;
} training;

static encnet_status train_rank(void *user, const encnet_comm *comm)
{
    const training *t = user;
    encnet_train_start start = {0};

    if (t->start) start = *t->start;
    start.comm = comm;
    return encnet_train(comm->rank ? NULL : t->result, t->devices[comm->rank], t->options, &start,
                        t->hooks);
}

encnet_status encnet_train_on(encnet_train_result *result, encnet_device *const *devices, int count,
                              const encnet_options *options, const encnet_train_start *start,
                              const encnet_train_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    training t = {result, devices, options, start, hooks};

    NEED(options);
    TRY(encnet__team_check((const void *const *)devices, count, "devices"));
    rc = encnet__team_run(count, options->device.timeout, train_rank, &t);
done:
    return rc;
}
