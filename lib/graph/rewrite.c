/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* rewrite.c - for passes that add or drop nodes: they write the list of nodes anew. */
#include "graph/internal.h"

encnet_status encnet__rewrite_begin(rewrite *r, encnet__graph *g)
{
    *r = (rewrite){.g = g};
    r->moved = encnet__alloc((size_t)g->n_nodes + 1, sizeof *r->moved);
    if (!r->moved)
        return encnet__fail(ENCNET_E_NOMEM, "no host memory to rewrite %d nodes", g->n_nodes);
    r->old = g->nodes;
    r->n_old = g->n_nodes;
    for (int n = 0; n < r->n_old; n++) r->moved[n] = ENCNET__NONE;
    g->nodes = NULL;
    g->n_nodes = g->cap_nodes = 0;
    return ENCNET_OK;
}

encnet__node encnet__rewrite_input(const rewrite *r, encnet__node n, int i)
{
    encnet__node in = r->old[n].in[i];

    return in == ENCNET__NONE ? ENCNET__NONE : r->moved[in];
}

encnet__node encnet__rewrite_copy(rewrite *r, encnet__node n)
{
    node copy = r->old[n];

    for (int i = 0; i < copy.n_in; i++) copy.in[i] = encnet__rewrite_input(r, n, i);
    r->moved[n] = encnet__graph_append(r->g, &copy);
    if (r->moved[n] != ENCNET__NONE) {
        r->old[n].name = NULL;
        r->old[n].attr = r->old[n].plan = NULL;
    }
    return r->moved[n];
}

void encnet__rewrite_replace(rewrite *r, encnet__node n, encnet__node by)
{
    r->moved[n] = by;
    if (by != ENCNET__NONE) r->g->nodes[by].kept = r->old[n].kept;
}

encnet_status encnet__rewrite_end(rewrite *r)
{
    encnet__graph *g = r->g;
    encnet_status rc = encnet__graph_built(g);

    for (int t = 0; rc == ENCNET_OK && t < g->n_terms; t++)
        g->terms[t].node = r->moved[g->terms[t].node];
    for (int i = 0; rc == ENCNET_OK && i < g->n_outputs; i++)
        g->outputs[i].node = r->moved[g->outputs[i].node];
    for (int n = 0; n < r->n_old; n++) encnet__node_free(&r->old[n]);
    encnet__free(r->old);
    encnet__free(r->moved);
    return rc;
}
