/*
 * ranks.h - what an op and the graph know of the other ranks, and how small tensors are exchanged between them.
 *
 * An op whose result depends on the batches of all ranks (batch norm) contributes a few numbers; gather() and sum() bring
 * those of all ranks together, on every rank in the same order.  Both wait for the device, since messages pass through
 * the host.
 */
#ifndef ENCNET__RANKS_H
#define ENCNET__RANKS_H
#include "comm/comm.h"
#include "device/device.h"

typedef struct encnet__ranks {
    const encnet_comm *comm; /* borrowed */
    int *images;             /* [comm->size], of each rank in a batch */
    int total;               /* of them */
    bool local;              /* every rank normalises its own images alone */
    float *host;             /* [2][room]: a message, and a piece of it in another order */
    size_t room;
    size_t *sizes; /* [comm->size], bytes of a message */
} encnet__ranks;

/* `images` of each rank in a batch, comm->size numbers, are copied. */
encnet_status encnet__ranks_new(encnet__ranks **out, const encnet_comm *comm,
                                const int *images) ENCNET_MUST_CHECK;
void encnet__ranks_free(encnet__ranks *r); /* takes NULL */

/* The part of this rank's images in a batch. */
double encnet__ranks_share(const encnet__ranks *r);

/* `bytes` bytes of every rank to `all`, in rank order; `mine` may lie at its place there. */
encnet_status encnet__ranks_allgather(encnet__ranks *r, void *all, const void *mine,
                                      size_t bytes) ENCNET_MUST_CHECK;
/* Room for messages of `floats` floats of each rank, so that none is taken later. */
encnet_status encnet__ranks_room(encnet__ranks *r, size_t floats) ENCNET_MUST_CHECK;

/* A piece of a message.  Several of them share one, since a message costs more than its bytes. */
typedef struct encnet__piece {
    encnet__buffer *own; /* [floats], of this rank */
    encnet__buffer *all; /* gather: [comm->size][floats], of every rank in order */
    size_t floats;
} encnet__piece;

/* `all` of each piece = `own` of every rank. */
encnet_status encnet__ranks_gather(encnet__ranks *r, const encnet__piece *pieces,
                                   int n) ENCNET_MUST_CHECK;
/* `own` of each piece = its sum over the ranks, in rank order. */
encnet_status encnet__ranks_sum(encnet__ranks *r, const encnet__piece *pieces,
                                int n) ENCNET_MUST_CHECK;

#endif
