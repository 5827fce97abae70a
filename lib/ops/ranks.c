/* ranks.c - numbers of this device meet those of all ranks. */
#include "ops/ranks.h"

encnet_status encnet__ranks_new(encnet__ranks **out, encnet_device *dev, const encnet_comm *comm,
                                double share)
{
    encnet_status rc = ENCNET_OK;
    encnet__ranks *r = encnet__alloc(1, sizeof *r);

    if (!r) FAIL(ENCNET_E_NOMEM, "no memory for messages of %d ranks", comm->size);
    r->comm = comm;
    r->share = share;
    r->dev = dev;
    r->sizes = encnet__alloc((size_t)comm->size, sizeof *r->sizes);
    if (!r->sizes) FAIL(ENCNET_E_NOMEM, "no memory for messages of %d ranks", comm->size);
    *out = r;
    r = NULL;
done:
    encnet__ranks_free(r);
    return rc;
}

void encnet__ranks_free(encnet__ranks *r)
{
    if (!r) return;
    encnet__buffer_free(r->device);
    encnet__free(r->host);
    encnet__free(r->sizes);
    encnet__free(r);
}

encnet_status encnet__ranks_allgather(encnet__ranks *r, void *all, const void *mine, size_t bytes)
{
    for (int i = 0; i < r->comm->size; i++) r->sizes[i] = bytes;
    return r->comm->allgather(r->comm, all, mine, r->sizes);
}

encnet_status encnet__ranks_room(encnet__ranks *r, size_t floats)
{
    encnet_status rc = ENCNET_OK;
    size_t count, bytes;

    if (floats <= r->room) return ENCNET_OK;
    encnet__buffer_free(r->device);
    encnet__free(r->host);
    r->device = NULL;
    r->host = NULL;
    r->room = 0;
    if (!encnet__mul(&count, (size_t)r->comm->size, floats) ||
        !encnet__mul(&bytes, count, sizeof *r->host) || !(r->host = encnet__alloc(bytes, 1)))
        FAIL(ENCNET_E_NOMEM, "no memory for messages of %d ranks", r->comm->size);
    TRY(encnet__buffer_new(&r->device, r->dev, bytes));
    r->room = floats;
done:
    return rc;
}

encnet_status encnet__ranks_gather(encnet__ranks *r, size_t floats)
{
    encnet_status rc;
    size_t bytes = floats * sizeof *r->host, rank = (size_t)r->comm->rank;
    float *mine = r->host + rank * floats;

    TRY(encnet__read(mine, r->device, rank * bytes, bytes));
    TRY(encnet__ranks_allgather(r, r->host, mine, bytes));
done:
    return rc;
}

encnet_status encnet__ranks_sum(encnet__ranks *r, size_t floats)
{
    encnet_status rc;
    size_t bytes = floats * sizeof *r->host;

    TRY(encnet__read(r->host, r->device, 0, bytes));
    TRY(r->comm->allreduce(r->comm, r->host, floats));
    TRY(encnet__write(r->device, 0, r->host, bytes));
done:
    return rc;
}
