/* meter.c - a communicator that hands every call on to another one, and notes what it cost. */
#include "comm/meter.h"

#include <string.h>

#include "comm/library.h"

static encnet_status note(encnet__meter_channel *l, encnet__noted call)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        encnet__noted *calls = encnet__realloc(l->calls, room, sizeof *calls);
        if (!calls) return encnet__fail(ENCNET_E_NOMEM, "no memory to note %zu calls", room);
        l->calls = calls;
        l->room = room;
    }
    call.seconds = encnet__now() - call.began;
    l->calls[l->count++] = call;
    return ENCNET_OK;
}

static encnet_status allreduce(const encnet_comm *comm, float *data, size_t count)
{
    encnet_status rc;
    encnet__meter_channel *l = comm->user;
    double began = encnet__now();

    TRY(l->inner->allreduce(l->inner, data, count));
    TRY(note(l, (encnet__noted){.sums = true, .bytes = count * sizeof *data, .began = began}));
done:
    return rc;
}

static encnet_status allgather(const encnet_comm *comm, void *all, const void *mine,
                               const size_t *sizes)
{
    encnet_status rc;
    encnet__meter_channel *l = comm->user;
    double began = encnet__now();

    TRY(l->inner->allgather(l->inner, all, mine, sizes));
    TRY(note(l, (encnet__noted){.bytes = sizes[comm->rank], .began = began}));
done:
    return rc;
}

static encnet_status broadcast(const encnet_comm *comm, void *data, size_t size, int root)
{
    const encnet__meter_channel *l = comm->user;

    return l->inner->broadcast(l->inner, data, size, root);
}

static encnet_status barrier(const encnet_comm *comm)
{
    const encnet__meter_channel *l = comm->user;

    return l->inner->barrier(l->inner);
}

static void abort_ranks(const encnet_comm *comm, encnet_status status, const char *message)
{
    const encnet__meter_channel *l = comm->user;

    l->inner->abort(l->inner, status, message);
}

static void init_channel(encnet__meter_channel *l, const encnet_comm *inner)
{
    *l = (encnet__meter_channel){.inner = inner, .table = *inner};
    l->table.allreduce = allreduce;
    l->table.allgather = allgather;
    l->table.broadcast = broadcast;
    l->table.barrier = barrier;
    l->table.abort = abort_ranks;
    l->table.close = NULL;
    l->table.duplicate = NULL;
    l->table.user = l;
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

double encnet__noted_sent(const encnet__noted *call, int ranks)
{
    double bytes = (double)call->bytes, others = ranks - 1;
    bool two_rounds = call->sums && call->bytes / sizeof(float) > ENCNET__ONE_ROUND / (size_t)ranks;

    return two_rounds ? 2 * others / ranks * bytes : others * bytes;
}
