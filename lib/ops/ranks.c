/* ranks.c - numbers of this device meet those of all ranks. */
#include "ops/ranks.h"

encnet_status encnet__ranks_new(encnet__ranks **out, const encnet_comm *comm, const int *images)
{
    encnet_status rc = ENCNET_OK;
    size_t size = (size_t)comm->size;
    encnet__ranks *r = encnet__alloc(1, sizeof *r);

    if (!r) FAIL(ENCNET_E_NOMEM, "no memory for messages of %d ranks", comm->size);
    r->comm = comm;
    r->images = encnet__alloc(size, sizeof *r->images);
    r->sizes = encnet__alloc(size, sizeof *r->sizes);
    if (!r->images || !r->sizes)
        FAIL(ENCNET_E_NOMEM, "no memory for messages of %d ranks", comm->size);
    for (size_t i = 0; i < size; i++) r->total += r->images[i] = images[i];
    *out = r;
    r = NULL;
done:
    encnet__ranks_free(r);
    return rc;
}

void encnet__ranks_free(encnet__ranks *r)
{
    if (!r) return;
    encnet__free(r->host);
    encnet__free(r->images);
    encnet__free(r->sizes);
    encnet__free(r);
}

double encnet__ranks_share(const encnet__ranks *r)
{
    return (double)r->images[r->comm->rank] / (double)r->total;
}

encnet_status encnet__ranks_allgather(encnet__ranks *r, void *all, const void *mine, size_t bytes)
{
    for (int i = 0; i < r->comm->size; i++) r->sizes[i] = bytes;
    return r->comm->allgather(r->comm, all, mine, r->sizes);
}

encnet_status encnet__ranks_room(encnet__ranks *r, size_t floats)
{
    size_t count;

    if (!encnet__mul(&count, (size_t)r->comm->size, floats)) count = SIZE_MAX;
    if (count <= r->room) return ENCNET_OK;
    encnet__free(r->host);
    r->host = encnet__alloc(count, sizeof *r->host);
    r->room = r->host ? count : 0;
    return r->host
               ? ENCNET_OK
               : encnet__fail(ENCNET_E_NOMEM, "no memory for messages of %d ranks", r->comm->size);
}

encnet_status encnet__ranks_gather(encnet__ranks *r, encnet__buffer *message, size_t floats)
{
    encnet_status rc;
    size_t bytes = floats * sizeof *r->host, rank = (size_t)r->comm->rank;
    float *mine;

    TRY(encnet__ranks_room(r, floats));
    mine = r->host + rank * floats;
    TRY(encnet__read(mine, message, rank * bytes, bytes));
    TRY(encnet__ranks_allgather(r, r->host, mine, bytes));
    TRY(encnet__write(message, 0, r->host, (size_t)r->comm->size * bytes));
done:
    return rc;
}

encnet_status encnet__ranks_sum(encnet__ranks *r, encnet__buffer *message, size_t floats)
{
    encnet_status rc;
    size_t bytes = floats * sizeof *r->host;

    TRY(encnet__ranks_room(r, floats));
    TRY(encnet__read(r->host, message, 0, bytes));
    TRY(r->comm->allreduce(r->comm, r->host, floats));
    TRY(encnet__write(message, 0, r->host, bytes));
done:
    return rc;
}
