/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* meter.h - a communicator that forwards every call to another one and records its cost. */
#ifndef ENCNET__METER_H
#define ENCNET__METER_H
#include "comm/comm.h"

/* One call of allreduce (`sums`) or allgather.  The other operations only set a run up and are not
 * recorded. */
typedef struct encnet__call_record {
    bool sums;
    size_t bytes;          /* contributed by this rank */
    double began, seconds; /* by encnet__now(); the seconds include waiting for the other ranks */
} encnet__call_record;

typedef struct encnet__meter_channel {
    encnet_comm table;        /* what callers use */
    const encnet_comm *inner; /* what it forwards to; borrowed */
    encnet__call_record *calls;
    size_t count;
    int capacity;
} encnet__meter_channel;

/* A communicator and its duplicate, which two threads may use at once.  The tables point into this
 * struct, so it must not move after encnet__meter_init(). */
typedef struct encnet__meter {
    encnet__meter_channel main, duplicate;
} encnet__meter;

void encnet__meter_init(encnet__meter *m, const encnet_comm *inner);
/* Forgets the calls recorded so far. */
void encnet__meter_reset(encnet__meter *m);
void encnet__meter_free(encnet__meter *m);

/* Bytes that each of `ranks` ranks sends in this call if the ranks are processes. */
double encnet__call_sent(const encnet__call_record *call, int ranks);

#endif
