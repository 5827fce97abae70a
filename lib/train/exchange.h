/*
 * exchange.h - gradients of every rank's part of a batch become those of the batch, while backward
 * goes on.
 *
 * Gradients lie in buckets of the weights' table, the last weights first (encnet__weights_buckets).
 * As soon as backward has enqueued what completes a bucket, its way to the host is enqueued
 * too; a thread waits for that and sums the bucket over the ranks, on the duplicate of the communicator,
 * in the order of the buckets on every rank.  finish() waits for the sums and enqueues the way back.
 * Where the communicator has no duplicate, finish() does all of it.
 */
#ifndef ENCNET__EXCHANGE_H
#define ENCNET__EXCHANGE_H

#include "comm/comm.h"
#include "graph/graph.h"

typedef struct encnet__exchange encnet__exchange;

/* `comm` and `weights`, which have their memory by now, are borrowed. */
encnet_status encnet__exchange_new(encnet__exchange **out, const encnet_comm *comm,
                                   const encnet__weights *weights) ENCNET_MUST_CHECK;
/* Takes NULL.  In the middle of an exchange the duplicate is aborted, with the thread's last error. */
void encnet__exchange_free(encnet__exchange *x);

/* For the backward sweep whose gradients are to be exchanged; once for each sweep. */
encnet__graph_callback encnet__exchange_begin(encnet__exchange *x);
/* After that sweep: all buckets hold the sums of all ranks for whatever is enqueued next. */
encnet_status encnet__exchange_finish(encnet__exchange *x) ENCNET_MUST_CHECK;

#endif
