/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/comm.h - communicators: several devices, in one process or in many, on one job.
 *
 * Each device is driven by a rank.  A communicator is one rank's handle on its group: a table of
 * collective operations.  The library provides three kinds (a single rank, threads of one process,
 * processes over MPI); a program with another transport fills in a table of its own.
 *
 * Every kind guarantees, and a table of your own must guarantee:
 *   - All ranks call the same operations with the same sizes in the same order.  A call returns
 *     when all ranks have made it.
 *   - allreduce yields the same bits on every rank and in every run: it adds in the order of ranks.
 *   - No call blocks for ever.  When a rank fails, or does not arrive within the time limit, the
 *     other ranks get ENCNET_E_COMM, and encnet_last_error() says which rank and why.  After a
 *     failure all further calls fail in the same way.
 *   - A table is used by one thread at a time.  Only abort() may be called from any thread.
 */
#ifndef ENCNET_COMM_H
#define ENCNET_COMM_H

#include <stddef.h>
#include <encnet/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encnet_comm encnet_comm;

struct encnet_comm {
    int rank, size;             /* 0 <= rank < size */
    int local_rank, local_size; /* the same among the ranks of this host; picks the device */

    /* Adds up data[0..count) of all ranks, element by element; every rank gets the sums. */
    encnet_status (*allreduce)(const encnet_comm *comm, float *data, size_t count);
    /* Concatenates what the ranks contribute, in the order of ranks.  Rank r contributes sizes[r]
     * bytes at `mine`; `all` has room for all of them.  `sizes` is the same on every rank. */
    encnet_status (*allgather)(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes);
    /* Copies the `size` bytes at `data` of rank `root` to all other ranks. */
    encnet_status (*broadcast)(const encnet_comm *comm, void *data, size_t size, int root);
    /* Waits for all ranks. */
    encnet_status (*barrier)(const encnet_comm *comm);
    /* Reports that this rank cannot continue.  All current and later calls of the other ranks fail
     * with `message`.  If the ranks are processes, the whole job ends, including this process, with
     * the exit code of `status`: print the message before the call. */
    void (*abort)(const encnet_comm *comm, encnet_status status, const char *message);
    /* Releases the table when its rank is done with it; NULL = nothing to release. */
    void (*close)(encnet_comm *comm);

    /* A duplicate communicator of the same ranks, for use by a second thread; its calls need no
     * order relative to those of the original.  It exchanges gradients during the backward pass.
     * Its abort() does not end the process: it makes pending and later calls on this rank's
     * duplicate fail.  Released together with the original.  NULL = no duplicate: gradients are
     * exchanged after the backward pass. */
    const encnet_comm *duplicate;
    void *user; /* state of the operations */
};

/*
 * Creates a group of ranks that are threads of this process.
 *
 *   out        [size] tables, owned by the caller; close each with encnet_comm_close().  Untouched
 *              on failure
 *   size       ranks, >= 1
 *   timeout_s  seconds that a call waits for the other ranks, > 0
 *
 * ENCNET_E_ARG    size or timeout_s is out of range
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_comm_threads(encnet_comm **out, int size,
                                             double timeout_s) ENCNET_MUST_CHECK;

/*
 * Opens the communicator of an MPI job with one rank per process, through libencnet_mpi.
 *
 *   out        owned by the caller; close it with encnet_comm_close().  Untouched on failure
 *   path       of libencnet_mpi; NULL = look beside this library, then where the system looks
 *   timeout_s  seconds that a call waits for the other ranks, > 0
 *
 * The call initialises MPI, and encnet_comm_close() finalises it, unless the program has
 * initialised MPI itself; in that case it must have asked for at least MPI_THREAD_SERIALIZED.
 *
 * ENCNET_E_ARG    timeout_s is out of range
 * ENCNET_E_COMM   the library is missing or MPI does not start; the message says why
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_comm_open_mpi(encnet_comm **out, const char *path,
                                              double timeout_s) ENCNET_MUST_CHECK;

/*
 * Says which MPI libencnet_mpi is built with, without starting it.
 *
 *   out, size  receives the text, cut to size - 1 characters
 *
 * ENCNET_E_COMM  the library is missing; the message says why
 */
ENCNET_API encnet_status encnet_comm_mpi_version(char *out, size_t size) ENCNET_MUST_CHECK;

/* Returns the number of ranks that mpirun, srun or a similar launcher started; 0 without one. */
ENCNET_API int encnet_comm_launched(void);

/* Returns the rank of this process as that launcher numbers it, without starting MPI; 0 without one.  So
 * one process alone can do what needs no other, such as printing a help text. */
ENCNET_API int encnet_comm_launched_rank(void);

/* Closes a communicator and its duplicate.  Later calls of other ranks that need this rank fail
 * with ENCNET_E_COMM; over MPI, all ranks are waited for first, within the time limit.  NULL is
 * accepted. */
ENCNET_API void encnet_comm_close(encnet_comm *comm);

/* Sets the last error of this thread to `message` and returns `status`; for the operations of a
 * table of your own. */
ENCNET_API encnet_status encnet_comm_fail(encnet_status status, const char *message);

#ifdef __cplusplus
}
#endif
#endif
