/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* meter.c - a communicator that forwards every call to another one and records its cost. */
#include "comm/meter.h"

#include <string.h>

#include "comm/library.h"

static encnet_status record(encnet__meter_channel *c, encnet__call_record call)
{
    encnet__call_record *calls = encnet__grow(c->calls, &c->capacity, c->count + 1, sizeof *calls);

    if (!calls) return encnet__fail(ENCNET_E_NOMEM, "no memory to record %zu calls", c->count + 1);
    c->calls = calls;
    call.seconds = encnet__now() - call.began;
    calls[c->count++] = call;
    return ENCNET_OK;
}

static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    encnet_status rc;
    encnet__meter_channel *c = comm->user;
    double began = encnet__now();

    TRY(c->inner->allreduce(c->inner, data, count));
    TRY(record(c,
               (encnet__call_record){.sums = true, .bytes = count * sizeof *data, .began = began}));
done:
    return rc;
}

static encnet_status allgather(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes)
{
    encnet_status rc;
    encnet__meter_channel *c = comm->user;
    double began = encnet__now();

    TRY(c->inner->allgather(c->inner, all, mine, sizes));
    TRY(record(c, (encnet__call_record){.bytes = sizes[comm->rank], .began = began}));
done:
    return rc;
}

static encnet_status broadcast(const encnet_comm *comm, void *data, size_t size, int root)
{
    const encnet__meter_channel *c = comm->user;

    return c->inner->broadcast(c->inner, data, size, root);
}

static encnet_status barrier(const encnet_comm *comm)
{
    const encnet__meter_channel *c = comm->user;

    return c->inner->barrier(c->inner);
}

static void abort_ranks(const encnet_comm *comm, encnet_status status, const char *message)
{
    const encnet__meter_channel *c = comm->user;

    c->inner->abort(c->inner, status, message);
}

static void init_channel(encnet__meter_channel *c, const encnet_comm *inner)
{
    *c = (encnet__meter_channel){.inner = inner, .table = *inner};
    c->table.allreduce = allreduce;
    c->table.allgather = allgather;
    c->table.broadcast = broadcast;
    c->table.barrier = barrier;
    c->table.abort = abort_ranks;
    c->table.close = NULL;
    c->table.duplicate = NULL;
    c->table.user = c;
}

void encnet__meter_init(encnet__meter *m, const encnet_comm *inner)
{
    *m = (encnet__meter){0};
    init_channel(&m->main, inner);
    if (!inner->duplicate) return;
    init_channel(&m->duplicate, inner->duplicate);
    m->main.table.duplicate = &m->duplicate.table;
}

void encnet__meter_reset(encnet__meter *m)
{
    m->main.count = m->duplicate.count = 0;
}

void encnet__meter_free(encnet__meter *m)
{
    encnet__free(m->main.calls);
    encnet__free(m->duplicate.calls);
}

double encnet__call_sent(const encnet__call_record *call, int ranks)
{
    double bytes = (double)call->bytes, others = ranks - 1;
    bool two_rounds = call->sums && call->bytes / sizeof(float) > ENCNET__ONE_ROUND / (size_t)ranks;

    return two_rounds ? 2 * others / ranks * bytes : others * bytes;
}
