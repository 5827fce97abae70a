/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ranks.h - the ranks of a job, as operators and the graph see them; exchanges of small tensors.
 *
 * An operator whose result depends on the batches of all ranks (batch norm) contributes a few
 * numbers; gather() and sum() combine those of all ranks, in the same order on every rank.  Both
 * wait for the device, because messages go through the host.
 */
#ifndef ENCNET__RANKS_H
#define ENCNET__RANKS_H
#include "comm/comm.h"
#include "device/device.h"

typedef struct encnet__ranks {
    const encnet_comm *comm; /* borrowed */
    int *images;             /* [comm->size], images of each rank in a batch */
    int total;               /* images in a batch */
    bool local;              /* every rank normalises its own images */
    float *host;             /* [2][room]: a message, and a piece of it in another order */
    size_t room;
    size_t *sizes; /* [comm->size], bytes of a message */
} encnet__ranks;

/* `images` [comm->size], the images of each rank in a batch, is copied. */
encnet_status encnet__ranks_new(encnet__ranks **out, const encnet_comm *comm,
                                const int *images) ENCNET_MUST_CHECK;
void encnet__ranks_free(encnet__ranks *r); /* takes NULL */

/* Returns the fraction of a batch that is this rank's. */
double encnet__ranks_share(const encnet__ranks *r);

/* Gathers `bytes` bytes from every rank in `all`, in rank order; `mine` may be at its place in
 * `all`. */
encnet_status encnet__ranks_allgather(encnet__ranks *r, void *all, const void *mine,
                                      size_t bytes) ENCNET_MUST_CHECK;
/* Allocates room for messages of `floats` floats per rank, so that later exchanges allocate
 * nothing. */
encnet_status encnet__ranks_room(encnet__ranks *r, size_t floats) ENCNET_MUST_CHECK;

/* A piece of a message.  Several pieces share one message, which has a cost besides its bytes. */
typedef struct encnet__piece {
    encnet__buffer *own; /* [floats], of this rank */
    encnet__buffer *all; /* gather: [comm->size][floats], of every rank in order */
    size_t floats;
} encnet__piece;

/* Sets `all` of each piece to `own` of every rank. */
encnet_status encnet__ranks_gather(encnet__ranks *r, const encnet__piece *pieces,
                                   int n) ENCNET_MUST_CHECK;
/* Sets `own` of each piece to its sum over the ranks, in rank order. */
encnet_status encnet__ranks_sum(encnet__ranks *r, const encnet__piece *pieces,
                                int n) ENCNET_MUST_CHECK;

#endif
