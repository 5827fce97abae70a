/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* comm.c - the communicator of a single rank, and what all kinds share. */
#include "comm/comm.h"

#include <string.h>

static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    (void)comm, (void)data, (void)count;
    return ENCNET_OK;
}

static encnet_status allgather(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes)
{
    (void)comm;
    if (sizes[0]) memmove(all, mine, sizes[0]);
    return ENCNET_OK;
}

static encnet_status broadcast(const encnet_comm *comm, void *data, size_t size, int root)
{
    (void)comm, (void)data, (void)size, (void)root;
    return ENCNET_OK;
}

static encnet_status barrier(const encnet_comm *comm)
{
    (void)comm;
    return ENCNET_OK;
}

static void abort_alone(const encnet_comm *comm, encnet_status status, const char *message)
{
    (void)comm, (void)status, (void)message;
}

const encnet_comm encnet__comm_single = {.size = 1,
                                         .local_size = 1,
                                         .allreduce = allreduce,
                                         .allgather = allgather,
                                         .broadcast = broadcast,
                                         .barrier = barrier,
                                         .abort = abort_alone,
                                         .duplicate = &encnet__comm_single};

void encnet_comm_close(encnet_comm *comm)
{
    if (comm && comm->close) comm->close(comm);
}

encnet_status encnet_comm_fail(encnet_status status, const char *message)
{
    return encnet__fail(status, "%s", message ? message : encnet_status_text(status));
}

encnet_status encnet__comm_check(const encnet_comm *comm)
{
    if (comm->size < 1 || comm->rank < 0 || comm->rank >= comm->size)
        return encnet__fail(ENCNET_E_ARG, "a communicator says that it is rank %d of %d",
                            comm->rank, comm->size);
    if (!comm->allreduce || !comm->allgather || !comm->broadcast || !comm->barrier || !comm->abort)
        return encnet__fail(ENCNET_E_ARG, "a communicator lacks an operation");
    return ENCNET_OK;
}
