/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* ranks.c - exchanges small tensors between all ranks. */
#include "ops/ranks.h"

#include <string.h>

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

    if (!encnet__mul(&count, (size_t)r->comm->size, floats)) count = SIZE_MAX / 2;
    if (count <= r->room) return ENCNET_OK;
    encnet__free(r->host);
    r->host = encnet__alloc(count, 2 * sizeof *r->host);
    r->room = r->host ? count : 0;
    return r->host
               ? ENCNET_OK
               : encnet__fail(ENCNET_E_NOMEM, "no memory for messages of %d ranks", r->comm->size);
}

/* Reads this rank's pieces into one message. */
static encnet_status read_pieces(float *to, const encnet__piece *pieces, int n)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < n; to += pieces[i++].floats)
        TRY(encnet__read(to, pieces[i].own, 0, pieces[i].floats * sizeof *to));
done:
    return rc;
}

static size_t floats_of(const encnet__piece *pieces, int n)
{
    size_t floats = 0;

    for (int i = 0; i < n; i++) floats += pieces[i].floats;
    return floats;
}

/* Extracts one piece from the messages of all ranks, `stride` floats apart in `from`, into
 * `packed`. */
static encnet_status write_all(const encnet__ranks *r, const encnet__piece *piece,
                               const float *from, size_t stride, float *packed)
{
    size_t ranks = (size_t)r->comm->size, bytes = piece->floats * sizeof *packed;

    for (size_t i = 0; i < ranks; i++) memcpy(packed + i * piece->floats, from + i * stride, bytes);
    return encnet__write(piece->all, 0, packed, ranks * bytes);
}

encnet_status encnet__ranks_gather(encnet__ranks *r, const encnet__piece *pieces, int n)
{
    encnet_status rc;
    size_t floats = floats_of(pieces, n), at = 0;
    float *mine;

    TRY(encnet__ranks_room(r, floats));
    mine = r->host + (size_t)r->comm->rank * floats;
    TRY(read_pieces(mine, pieces, n));
    TRY(encnet__ranks_allgather(r, r->host, mine, floats * sizeof *mine));
    for (int i = 0; i < n; at += pieces[i++].floats)
        TRY(write_all(r, &pieces[i], r->host + at, floats, r->host + r->room));
done:
    return rc;
}

encnet_status encnet__ranks_sum(encnet__ranks *r, const encnet__piece *pieces, int n)
{
    encnet_status rc;
    size_t floats = floats_of(pieces, n), at = 0;

    TRY(encnet__ranks_room(r, floats));
    TRY(read_pieces(r->host, pieces, n));
    TRY(r->comm->allreduce(r->comm, r->host, floats));
    for (int i = 0; i < n; at += pieces[i++].floats)
        TRY(encnet__write(pieces[i].own, 0, r->host + at, pieces[i].floats * sizeof(float)));
done:
    return rc;
}
