/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * defer.c - training: normalisations whose value is never written, because all that read it apply them to what
 * they read.
 *
 *   z -> norm -> y -> conv      becomes      z -> norm -> coefficients;  conv reads z and coefficients
 *
 * That saves writing y and reading it, and for the gradients of weights computing it again.
 */
#include "graph/internal.h"

/* Whether node m, which reads n, can apply it. */
static bool applies(const encnet__graph *g, encnet__node m, encnet__node n)
{
    const node *v = &g->nodes[m];
    encnet__node_shape shape = encnet__node_shape_of(g, m);

    for (int i = 1; i < v->n_in; i++)
        if (v->in[i] == n) return false;
    return v->op && v->op->takes_coefficients && v->op->takes_coefficients(&shape);
}

static bool is_read_by(const encnet__graph *g, encnet__node m, encnet__node n)
{
    for (int i = 0; i < g->nodes[m].n_in; i++)
        if (g->nodes[m].in[i] == n) return true;
    return false;
}

static bool can_defer(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    encnet__node_shape shape;

    if (v->kind != NODE_OP || v->kept || !v->op->may_defer) return false;
    shape = encnet__node_shape_of(g, n);
    if (!v->op->may_defer(&shape)) return false;
    for (int m = n + 1; m < g->n_nodes; m++)
        if (is_read_by(g, m, n) && !applies(g, m, n)) return false;
    return true;
}

encnet_status encnet__pass_defer(encnet__graph *g)
{
    for (int n = 0; g->training && n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        v->deferred = can_defer(g, n);
        v->stored |= v->deferred;
    }
    return ENCNET_OK;
}
