/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * faults.c - encnet-cl-train with one fault, at a chosen moment of a training.
 *
 *   ENCNET_FAULT=RANK:PHASE:N:WHAT   when rank RANK has made N iterations and comes to PHASE, it
 *     kill   dies of SIGKILL
 *     stop   is stopped by SIGSTOP, the whole process
 *     hang   goes no further, this thread alone
 *     lose   loses its device: from now on every command for it fails
 *     ask    is asked to stop by SIGUSR1, and goes on
 *
 * The linker redirects the library's calls of the functions below to this file (ld --wrap),
 * and so are those of the driver.  The library itself is unchanged.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <CL/cl.h>

#include "data/data.h"
#include "eval/eval.h"
#include "graph/graph.h"
#include "train/run.h"
#include "train/sgd.h"

enum {
    MANY = 4096, /* floats: more are gradients, fewer are statistics of batch norm */
    MAX_RANKS = 8
};

static _Thread_local int own_rank = -1; /* of this thread; -1: outside of a training */
static atomic_bool lost[MAX_RANKS];     /* devices */

static bool is_lost(void)
{
    return own_rank >= 0 && lost[own_rank];
}

static void strike(int rank, const char *what)
{
    fprintf(stderr, "fault: %s\n", what);
    if (!strcmp(what, "kill")) raise(SIGKILL);
    if (!strcmp(what, "stop")) kill(getpid(), SIGSTOP);
    if (!strcmp(what, "ask")) kill(getpid(), SIGUSR1);
    if (!strcmp(what, "hang"))
        for (;;) pause();
    if (!strcmp(what, "lose")) lost[rank] = true;
}

/* Rank `rank` is at `phase`; "agree" is the last of an iteration. */
static void pass(int rank, const char *phase)
{
    static atomic_int iterations[MAX_RANKS], struck;
    char at[16], what[16];
    const char *fault = getenv("ENCNET_FAULT");
    int of, of_done, done;

    if (rank < 0 || rank >= MAX_RANKS) return;
    done = strcmp(phase, "agree") ? iterations[rank] : iterations[rank]++;
    if (!fault || sscanf(fault, "%d:%15[^:]:%d:%15s", &of, at, &of_done, what) != 4) return;
    if (rank == of && done == of_done && !strcmp(phase, at) && !struck++) strike(rank, what);
}

/* A function, its phase, and how it is called. */
#define WRAP(function, phase, parameters, arguments)                                               \
    extern __typeof__(function) __real_##function, __wrap_##function;                              \
    encnet_status __wrap_##function parameters                                                     \
    {                                                                                              \
        pass(own_rank, phase);                                                                     \
        return __real_##function arguments;                                                        \
    }

WRAP(encnet__loader_next, "data", (encnet__loader * l, encnet__batch *out), (l, out))
WRAP(encnet__graph_forward, "forward", (encnet__graph * g, uint64_t seed, uint32_t step),
     (g, seed, step))
WRAP(encnet__ranks_gather, "statistics", (encnet__ranks * r, const encnet__piece *pieces, int n),
     (r, pieces, n))
WRAP(encnet__ranks_sum, "backward", (encnet__ranks * r, const encnet__piece *pieces, int n),
     (r, pieces, n))
WRAP(encnet__sgd_step, "update",
     (encnet_device * dev, const encnet__sgd_weights *weights, int n, encnet__sgd_rule rule),
     (dev, weights, n, rule))
WRAP(encnet__run_reduce_terms, "agree",
     (encnet__run * r, encnet__term *terms, int n, double *total, bool wants_stop),
     (r, terms, n, total, wants_stop))
WRAP(encnet_evaluate, "evaluate",
     (encnet_scores * scores, encnet_model *model, const encnet_options *options, const char *split,
      const char *dump_logits, const char *report, const encnet_comm *comm,
      const encnet_eval_hooks *hooks),
     (scores, model, options, split, dump_logits, report, comm, hooks))
WRAP(encnet__run_check_same, "hash", (encnet__run * r), (r))
WRAP(encnet__state_save, "save",
     (const char *path, const encnet__train_state *s, const encnet_device *dev), (path, s, dev))

/* -- gradients: a sum of many numbers, in whatever thread -------------------------------------- */

static encnet_status (*real_allreduce)(const encnet_comm *comm, float *data, size_t count);

static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    if (count > MANY) pass(comm->rank, "gradients");
    return real_allreduce(comm, data, count);
}

extern __typeof__(encnet_train) __real_encnet_train, __wrap_encnet_train;
encnet_status __wrap_encnet_train(encnet_train_result *result, encnet_device *device,
                                  const encnet_options *options, const encnet_train_start *start,
                                  const encnet_train_hooks *hooks)
{
    encnet_train_start with = *start;
    encnet_comm comm = *start->comm, duplicate = *start->comm->duplicate;

    real_allreduce = comm.allreduce;
    comm.allreduce = duplicate.allreduce = allreduce;
    comm.duplicate = &duplicate;
    with.comm = &comm;
    own_rank = comm.rank;
    return __real_encnet_train(result, device, options, &with, hooks);
}

extern __typeof__(encnet_comm_close) __real_encnet_comm_close, __wrap_encnet_comm_close;
void __wrap_encnet_comm_close(encnet_comm *comm)
{
    if (comm) pass(comm->rank, "close");
    __real_encnet_comm_close(comm);
}

/* -- the driver -------------------------------------------------------------------------------- */

extern __typeof__(clEnqueueNDRangeKernel) __real_clEnqueueNDRangeKernel,
    __wrap_clEnqueueNDRangeKernel;
cl_int __wrap_clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dims,
                                     const size_t *offset, const size_t *global,
                                     const size_t *local, cl_uint n, const cl_event *after,
                                     cl_event *event)
{
    if (is_lost()) return CL_OUT_OF_RESOURCES;
    return __real_clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, n, after,
                                         event);
}

extern __typeof__(clEnqueueReadBuffer) __real_clEnqueueReadBuffer, __wrap_clEnqueueReadBuffer;
cl_int __wrap_clEnqueueReadBuffer(cl_command_queue queue, cl_mem mem, cl_bool wait, size_t at,
                                  size_t size, void *to, cl_uint n, const cl_event *after,
                                  cl_event *event)
{
    if (is_lost()) return CL_OUT_OF_RESOURCES;
    return __real_clEnqueueReadBuffer(queue, mem, wait, at, size, to, n, after, event);
}
