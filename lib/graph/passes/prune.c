/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * prune.c - drops the nodes that no output and no term of the loss needs.
 *
 * Auxiliary heads are dropped from inference graphs in this way.  Inputs stay, because the caller
 * fills them by name.  In training, a node whose operator updates running statistics stays even if
 * nothing reads its value: a batch norm counts every batch that passes through it.
 */
#include "graph/internal.h"

/* Marks the nodes that are needed; `needed` starts as all false. */
static void mark(bool *needed, const encnet__graph *g)
{
    for (int i = 0; i < g->n_outputs; i++) needed[g->outputs[i].node] = true;
    for (int t = 0; t < g->n_terms; t++) needed[g->terms[t].node] = true;
    for (int n = g->n_nodes - 1; n >= 0; n--) {
        const node *v = &g->nodes[n];
        needed[n] |= v->kind == NODE_INPUT || (g->training && v->op && v->op->update);
        for (int i = 0; needed[n] && i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE) needed[v->in[i]] = true;
    }
}

encnet_status encnet__pass_prune(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    bool *needed = encnet__alloc((size_t)g->n_nodes + 1, sizeof *needed);
    rewrite r;

    if (!needed) FAIL(ENCNET_E_NOMEM, "no host memory to prune %d nodes", g->n_nodes);
    mark(needed, g);
    TRY(encnet__rewrite_begin(&r, g));
    for (int n = 0; n < r.n_old; n++)
        if (needed[n]) encnet__rewrite_copy(&r, n);
    TRY(encnet__rewrite_end(&r));
done:
    encnet__free(needed);
    return rc;
}
