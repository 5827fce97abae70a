/* meter.h - a communicator that hands every call on to another one, and notes what it cost. */
#ifndef ENCNET__METER_H
#define ENCNET__METER_H
#include "comm/comm.h"

/* One call of allreduce (`sums`) or allgather; the others set a run up and are not noted. */
typedef struct encnet__noted {
    bool sums;
    size_t bytes;          /* that this rank brought */
    double began, seconds; /* by encnet__now(); seconds include the wait for the other ranks */
} encnet__noted;

typedef struct encnet__meter_channel {
    encnet_comm table;        /* what callers are given */
    const encnet_comm *inner; /* borrowed */
    encnet__noted *calls;
    size_t count, room;
} encnet__meter_channel;

/* A communicator and its duplicate; they may be used by two threads.  Must not move once made. */
typedef struct encnet__meter {
    encnet__meter_channel main, duplicate;
} encnet__meter;

void encnet__meter_init(encnet__meter *m, const encnet_comm *inner);
/* Forgets the calls so far. */
void encnet__meter_reset(encnet__meter *m);
void encnet__meter_free(encnet__meter *m);

/* Bytes that each of `ranks` ranks sends in such a call where they are processes. */
double encnet__noted_sent(const encnet__noted *call, int ranks);

#endif
