/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * exchanges.c - training: adds exchange nodes to operators whose result depends on the whole batch.
 *
 *   norm(z, ...)  ->  norm(z, ..., exchange(stats(z)))
 *
 * The encnet__sync of the operator names the one that computes the contribution.  An exchange is a
 * node of its own kind: the passes forward and backward decide when it takes place, and which
 * exchanges share a message.
 */
#include "graph/internal.h"

/* Copies the old node n, preceded by its contribution and the exchange. */
static void copy_synchronised(rewrite *r, encnet__node n)
{
    const encnet__sync *sync = r->old[n].op->sync;
    encnet__node in[ENCNET__MAX_INPUTS], contribution, exchange, copy;
    encnet__node_shape shape;
    int n_in = 0;

    for (int i = 0; i < r->old[n].n_in; i++)
        if (sync->reduced >> i & 1) in[n_in++] = encnet__rewrite_input(r, n, i);
    contribution = encnet__graph_apply(r->g, sync->contribution, NULL, 0, in, n_in);
    exchange = encnet__graph_exchange(r->g, contribution);
    copy = encnet__rewrite_copy(r, n);
    if (copy == ENCNET__NONE || exchange == ENCNET__NONE) return;
    shape = encnet__node_shape_of(r->g, copy);
    r->g->nodes[exchange].sums = sync->sums_floats(&shape);
    r->g->nodes[copy].in[sync->exchanged] = exchange;
    r->g->nodes[copy].n_in = sync->exchanged + 1;
}

encnet_status encnet__pass_exchanges(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    rewrite r;

    TRY(encnet__rewrite_begin(&r, g));
    for (int n = 0; n < r.n_old; n++) {
        if (r.old[n].kind == NODE_OP && r.old[n].op->sync)
            copy_synchronised(&r, n);
        else
            encnet__rewrite_copy(&r, n);
    }
    TRY(encnet__rewrite_end(&r));
done:
    return rc;
}
