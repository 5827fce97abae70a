/*
 * ranks.h - how an op reaches the other ranks: numbers of this device meet those of all.
 *
 * An op whose result depends on the batches of all ranks (batch norm) leaves a few numbers in
 * `device`, in its rank's place, and calls gather() or sum(), on every rank in the same order.
 * Waits for the device, since messages pass through the host.
 */
#ifndef ENCNET__RANKS_H
#define ENCNET__RANKS_H
#include "comm/comm.h"
#include "device/device.h"

typedef struct encnet__ranks {
    const encnet_comm *comm; /* borrowed */
    double share;            /* of this rank in the images of a batch */
    encnet_device *dev;      /* borrowed */
    float *host;             /* [comm->size][room], as is device */
    encnet__buffer *device;
    size_t room;   /* floats of each rank */
    size_t *sizes; /* [comm->size], bytes of a message */
} encnet__ranks;

encnet_status encnet__ranks_new(encnet__ranks **out, encnet_device *dev, const encnet_comm *comm,
                                double share) ENCNET_MUST_CHECK;
void encnet__ranks_free(encnet__ranks *r); /* takes NULL */

/* `bytes` bytes of every rank to `all`, in rank order; `mine` may lie at its place there. */
encnet_status encnet__ranks_allgather(encnet__ranks *r, void *all, const void *mine,
                                      size_t bytes) ENCNET_MUST_CHECK;
/* Room for `floats` floats of each rank; what is there now is lost.  The first step allocates,
 * later ones don't. */
encnet_status encnet__ranks_room(encnet__ranks *r, size_t floats) ENCNET_MUST_CHECK;
/* Floats [rank * floats, (rank + 1) * floats) of every rank's `device` to `host`, in rank order. */
encnet_status encnet__ranks_gather(encnet__ranks *r, size_t floats) ENCNET_MUST_CHECK;
/* The first `floats` floats of `device` = their sum over ranks, in rank order. */
encnet_status encnet__ranks_sum(encnet__ranks *r, size_t floats) ENCNET_MUST_CHECK;

#endif
