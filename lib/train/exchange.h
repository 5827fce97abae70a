/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * exchange.h - sums gradients over the ranks while the backward pass continues.
 *
 * Gradients lie in buckets, the last weights first (encnet__weights_buckets).  As soon as the
 * backward pass has enqueued the kernel that completes a bucket, the transfer of the bucket to the
 * host is enqueued too.  A thread waits for the transfer and sums the bucket over the ranks, on the
 * duplicate communicator and in the order of the buckets.  finish() waits for the sums and enqueues
 * the transfers back.  If the communicator has no duplicate, finish() does all of this.
 */
#ifndef ENCNET__EXCHANGE_H
#define ENCNET__EXCHANGE_H

#include "comm/comm.h"
#include "graph/graph.h"

typedef struct encnet__exchange encnet__exchange;

/* `comm` and `weights` are borrowed; the weights must be allocated. */
encnet_status encnet__exchange_new(encnet__exchange **out, const encnet_comm *comm,
                                   const encnet__weights *weights) ENCNET_MUST_CHECK;
/* Takes NULL.  An exchange that has begun is aborted, with this thread's last error as its
 * message. */
void encnet__exchange_free(encnet__exchange *x);

/* Begins an exchange and returns the callback for the backward pass whose gradients it sums. */
encnet__graph_callback encnet__exchange_begin(encnet__exchange *x);
/* Ends the exchange after that pass: for everything enqueued from now on, the buckets hold the sums
 * of all ranks. */
encnet_status encnet__exchange_finish(encnet__exchange *x) ENCNET_MUST_CHECK;

#endif
