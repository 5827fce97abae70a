/*
 * faults.c - encnet-cl-train with one fault, at a chosen moment of a training.
 *
 *   ENCNET_FAULT=RANK:PHASE:COUNT:WHAT   when rank RANK comes to PHASE for the COUNT-th time, it
 *     kill   dies of SIGKILL
 *     stop   is stopped by SIGSTOP, the whole process
 *     hang   goes no further, this thread alone
 *     lose   loses its device: from now on every command for it fails
 *     ask    is asked to stop by SIGUSR1, and goes on
 *
 * The library is linked so that its calls of the functions below come by here first (ld --wrap),
 * and the driver's too.  The product knows nothing of this.
 */
#include <signal.h>
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

enum { MANY = 4096 }; /* floats: more are gradients, fewer are statistics of batch norm */

static _Thread_local int own_rank = -1; /* of this thread; -1: outside of a training */
static _Thread_local bool is_lost;      /* its device */

static void strike(const char *what)
{
    fprintf(stderr, "fault: %s\n", what);
    if (!strcmp(what, "kill")) raise(SIGKILL);
    if (!strcmp(what, "stop")) kill(getpid(), SIGSTOP);
    if (!strcmp(what, "ask")) kill(getpid(), SIGUSR1);
    if (!strcmp(what, "hang"))
        for (;;) pause();
    is_lost = !strcmp(what, "lose");
}

/* Rank `rank` is at `phase`. */
static void pass(int rank, const char *phase)
{
    static int passed; /* by the one thread for which all of ENCNET_FAULT holds */
    char at[16], what[16];
    const char *fault = getenv("ENCNET_FAULT");
    int of, count;

    if (!fault || sscanf(fault, "%d:%15[^:]:%d:%15s", &of, at, &count, what) != 4) return;
    if (rank == of && !strcmp(phase, at) && ++passed == count) strike(what);
}

/* A function, its phase, and how it is called. */
#define WRAP(function, phase, parameters, arguments)                                               \
    encnet_status __real_##function parameters;                                                    \
    encnet_status __wrap_##function parameters;                                                    \
    encnet_status __wrap_##function parameters                                                     \
    {                                                                                              \
        pass(own_rank, phase);                                                                     \
        return __real_##function arguments;                                                        \
    }

WRAP(encnet__loader_next, "data", (encnet__loader * l, encnet__batch *out), (l, out))
WRAP(encnet__graph_forward, "forward", (encnet__graph * g, uint64_t seed, uint32_t step),
     (g, seed, step))
WRAP(encnet__ranks_gather, "statistics",
     (encnet__ranks * r, encnet__buffer *message, size_t floats), (r, message, floats))
WRAP(encnet__ranks_sum, "backward", (encnet__ranks * r, encnet__buffer *message, size_t floats),
     (r, message, floats))
WRAP(encnet__sgd_step, "update",
     (encnet_device * dev, encnet__buffer *p, encnet__buffer *v, encnet__buffer *g, size_t count,
      encnet__sgd_options options),
     (dev, p, v, g, count, options))
WRAP(encnet__run_agree, "agree",
     (encnet__run * r, encnet__term *terms, int n, double *total, bool wants_stop),
     (r, terms, n, total, wants_stop))
WRAP(encnet__evaluate_part, "evaluate",
     (encnet_scores * scores, encnet_model *model, const encnet_options *options, const char *split,
      int part, int parts, const encnet_eval_hooks *hooks),
     (scores, model, options, split, part, parts, hooks))
WRAP(encnet__run_check_same, "hash", (encnet__run * r), (r))
WRAP(encnet__state_save, "save", (const char *path, const encnet__train_state *s), (path, s))

/* -- gradients: a sum of many numbers, in whatever thread ----------------------------------------
 */

static encnet_status (*real_allreduce)(const encnet_comm *comm, float *data, size_t count);

static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    if (count > MANY) pass(comm->rank, "gradients");
    return real_allreduce(comm, data, count);
}

encnet_status __real_encnet_train(encnet_train_result *result, encnet_device *device,
                                  const encnet_options *options, const encnet_train_start *start,
                                  const encnet_train_hooks *hooks);
encnet_status __wrap_encnet_train(encnet_train_result *result, encnet_device *device,
                                  const encnet_options *options, const encnet_train_start *start,
                                  const encnet_train_hooks *hooks);
encnet_status __wrap_encnet_train(encnet_train_result *result, encnet_device *device,
                                  const encnet_options *options, const encnet_train_start *start,
                                  const encnet_train_hooks *hooks)
{
    encnet_train_start with = *start;
    encnet_comm comm = *start->comm, twin = *start->comm->twin;

    real_allreduce = comm.allreduce;
    comm.allreduce = twin.allreduce = allreduce;
    comm.twin = &twin;
    with.comm = &comm;
    own_rank = comm.rank;
    return __real_encnet_train(result, device, options, &with, hooks);
}

void __real_encnet_comm_close(encnet_comm *comm);
void __wrap_encnet_comm_close(encnet_comm *comm);
void __wrap_encnet_comm_close(encnet_comm *comm)
{
    if (comm) pass(comm->rank, "close");
    __real_encnet_comm_close(comm);
}

/* -- the driver ----------------------------------------------------------------------------------
 */

cl_int __real_clEnqueueNDRangeKernel(cl_command_queue, cl_kernel, cl_uint, const size_t *,
                                     const size_t *, const size_t *, cl_uint, const cl_event *,
                                     cl_event *);
cl_int __wrap_clEnqueueNDRangeKernel(cl_command_queue, cl_kernel, cl_uint, const size_t *,
                                     const size_t *, const size_t *, cl_uint, const cl_event *,
                                     cl_event *);
cl_int __wrap_clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dims,
                                     const size_t *offset, const size_t *global,
                                     const size_t *local, cl_uint n, const cl_event *after,
                                     cl_event *event)
{
    if (is_lost) return CL_OUT_OF_RESOURCES;
    return __real_clEnqueueNDRangeKernel(queue, kernel, dims, offset, global, local, n, after,
                                         event);
}

cl_int __real_clEnqueueReadBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *,
                                  cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueReadBuffer(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *,
                                  cl_uint, const cl_event *, cl_event *);
cl_int __wrap_clEnqueueReadBuffer(cl_command_queue queue, cl_mem mem, cl_bool wait, size_t at,
                                  size_t size, void *to, cl_uint n, const cl_event *after,
                                  cl_event *event)
{
    if (is_lost) return CL_OUT_OF_RESOURCES;
    return __real_clEnqueueReadBuffer(queue, mem, wait, at, size, to, n, after, event);
}
