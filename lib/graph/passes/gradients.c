/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * gradients.c - training: decides which nodes have a gradient, and which values are stored for
 * backward.
 *
 * A node whose operator can recompute its value is not stored.  In a chain of such nodes, such as
 * the sums along a ResNet stage, the value after every RECOMPUTE_DEPTH nodes is stored, so that no
 * chain costs more than that many recomputations.
 */
#include "graph/internal.h"

enum { RECOMPUTE_DEPTH = 3 };

static void mark(encnet__graph *g)
{
    for (int n = 0; n < g->n_nodes; n++) { /* it depends on a weight ... */
        node *v = &g->nodes[n];
        v->wants_grad =
            v->kind == NODE_PARAM && encnet__weights_at(g->weights, v->param)->trainable;
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE && (v->op->gradients & (1u << i)))
                v->wants_grad |= g->nodes[v->in[i]].wants_grad;
    }
    for (int n = g->n_nodes - 1; n >= 0; n--) { /* ... and a loss depends on it */
        node *v = &g->nodes[n];
        bool reaches = false;
        for (int t = 0; t < g->n_terms; t++)
            reaches |= g->terms[t].is_loss && g->terms[t].node == n;
        for (int m = n + 1; m < g->n_nodes && !reaches; m++)
            for (int i = 0; i < g->nodes[m].n_in; i++)
                reaches |= g->nodes[m].in[i] == n && g->nodes[m].wants_grad &&
                           (g->nodes[m].op->gradients & (1u << i));
        v->wants_grad &= reaches;
    }
}

static encnet_status choose_stored(encnet__graph *g)
{
    int *depth = encnet__alloc((size_t)g->n_nodes + 1, sizeof *depth);

    if (!depth) return encnet__fail(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    for (int n = 0; n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        v->stored = v->kind != NODE_OP || !v->op->recompute || v->op->costly || v->kept;
        if (v->stored) continue;
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE && depth[v->in[i]] + 1 > depth[n])
                depth[n] = depth[v->in[i]] + 1;
        v->stored = depth[n] > RECOMPUTE_DEPTH;
        if (v->stored) depth[n] = 0;
    }
    encnet__free(depth);
    return ENCNET_OK;
}

encnet_status encnet__pass_gradients(encnet__graph *g)
{
    if (!g->training) return ENCNET_OK;
    mark(g);
    return choose_stored(g);
}
