/*
 * encnet/comm.h - ranks: how several devices, in one process or in many, agree.
 *
 * A communicator is one rank's end of a group: a table of functions.  The library brings three kinds (one rank alone,
 * threads of one process, processes over MPI); a program that has another way of passing messages fills in a table
 * of its own.
 *
 * What every kind keeps:
 *   - Each rank makes the same calls with the same sizes in the same order; a call returns when all ranks have made it.
 *   - The results of allreduce are the same bits on every rank and in every run: sums go in the order of ranks.
 *   - No call waits for ever: when a rank fails, or doesn't come within the time limit, the others get ENCNET_E_COMM
 *     and encnet_last_error() says which rank and why.  After a failure every further call fails the same way.
 *   - One thread at a time uses a table; abort() alone may come from any thread.
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
    int rank, size; /* 0 <= rank < size */
    /* the same, counting the ranks of this host alone: which of its devices to take */
    int local_rank, local_size;

    /* data[i] of every rank = the sum over ranks of data[i]. */
    encnet_status (*allreduce)(const encnet_comm *comm, float *data, size_t count);
    /* all = what rank 0 brings, what rank 1 brings, ...: sizes[r] bytes of rank r, the same list on every rank. */
    encnet_status (*allgather)(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes);
    /* data of every rank = data of rank `root`, `size` bytes. */
    encnet_status (*broadcast)(const encnet_comm *comm, void *data, size_t size, int root);
    encnet_status (*barrier)(const encnet_comm *comm);
    /* This rank can't go on, and tells why: every call of every other rank fails with `message` from now on, those that
     * wait included.  Where ranks are processes the whole job ends, this process too, with the exit code of `status`:
     * print the message first. */
    void (*abort)(const encnet_comm *comm, encnet_status status, const char *message);
    /* Gives the table back once the rank is done with it; NULL = nothing to do. */
    void (*close)(encnet_comm *comm);

    /* A second communicator of the same ranks, for a second thread, whose calls need no order against those of
     * the first: gradients are exchanged there while the backward pass goes on.  Its abort() ends no process: calls of
     * this rank's duplicate that wait return, and fail from then on.  Given back with the first.  NULL = there is none:
     * gradients are exchanged after the backward pass. */
    const encnet_comm *duplicate;
    void *user; /* for the functions */
};

/*
 * A group of threads of this process.
 *
 *   out        [size] tables, owned by the caller, each closed by encnet_comm_close(); untouched on failure
 *   size       ranks, >= 1
 *   timeout_s  how long a call waits for the other ranks, > 0
 *
 * ENCNET_E_ARG    size or timeout out of range
 * ENCNET_E_NOMEM
 */
ENCNET_API encnet_status encnet_comm_threads(encnet_comm **out, int size,
                                             double timeout_s) ENCNET_MUST_CHECK;

/*
 * The ranks of an MPI job, one per process, through the library libencnet_mpi.
 *
 *   out        owned by the caller, closed by encnet_comm_close(); untouched on failure
 *   path       of the library; NULL = libencnet_mpi.so beside this library, or where the system looks
 *   timeout_s  how long a call waits for the other ranks, > 0
 *
 * Starts MPI unless the program has done so (then with MPI_THREAD_SERIALIZED at least), and ends it when it is closed.
 *
 * ENCNET_E_ARG   timeout out of range
 * ENCNET_E_COMM  no such library, or MPI does not start; the message says why
 */
ENCNET_API encnet_status encnet_comm_open_mpi(encnet_comm **out, const char *path,
                                              double timeout_s) ENCNET_MUST_CHECK;

/* How many ranks mpirun, srun or the like says it has started this process among; 0 = no launcher did. */
ENCNET_API int encnet_comm_launched(void);

/* Takes NULL. */
ENCNET_API void encnet_comm_close(encnet_comm *comm);

/* For the functions of a table of one's own: makes `message` the thread's last error and returns `status`. */
ENCNET_API encnet_status encnet_comm_fail(encnet_status status, const char *message);

#ifdef __cplusplus
}
#endif
#endif
