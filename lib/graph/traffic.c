/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * traffic.c - counts the bytes of activations and their gradients that the commands of a step read
 * and write.
 *
 * A command counts once every tensor that its operator reads or writes, as the operator declares
 * them: weights, scratch, saved statistics and a second pass over the same tensor do not count.  So
 * this is what the order of the commands costs, and fusing two of them saves.
 */
#include "graph/internal.h"

/* Bytes of an activation or an input of the graph; 0 for exchanges and what depends on weights
 * alone. */
static size_t bytes_of(const encnet__graph *g, encnet__node n)
{
    const node *v = n == ENCNET__NONE ? NULL : &g->nodes[n];

    if (!v || v->constant || v->kind == NODE_PARAM || v->kind == NODE_EXCHANGE) return 0;
    return encnet__node_bytes(g, n);
}

static void count_forward(encnet__graph_plan *p, const encnet__graph *g, encnet__node n)
{
    if (g->nodes[n].deferred)
        return; /* computed from statistics, and counted where it is applied */
    for (int i = 0; i < g->nodes[n].n_in; i++)
        p->activations_read += bytes_of(g, g->nodes[n].in[i]);
    p->activations_written += bytes_of(g, n);
}

/* Counts a command of the backward pass.  That of the gradients which are computed apart leaves the
 * gradient that both read to the other one. */
static void count_backward(encnet__graph_plan *p, const encnet__graph *g, const command *c)
{
    const node *v = &g->nodes[c->node];
    bool other = c->gradients != encnet__node_wanted(g, c->node) && !(c->gradients & ~v->op->apart);

    if ((c->reads & ENCNET__READS_DOUT) && !other) p->activations_read += bytes_of(g, c->node);
    if (c->reads & ENCNET__READS_OUT) p->activations_read += bytes_of(g, c->node);
    for (int i = 0; i < v->n_in; i++) {
        bool computed = c->din[i] >= 0 && !(c->gradients >> i & 1);
        if ((c->reads & ENCNET__READS_IN(i)) || computed)
            p->activations_read += bytes_of(g, v->in[i]);
        if (c->gradients >> i & 1) p->activations_written += bytes_of(g, v->in[i]);
        if (c->adds >> i & 1) p->activations_read += bytes_of(g, v->in[i]);
    }
}

static void count(encnet__graph_plan *p, const encnet__graph *g, const command *c)
{
    switch (c->kind) {
    case COMMAND_FORWARD:
    case COMMAND_RECOMPUTE:
        count_forward(p, g, c->node);
        break;
    case COMMAND_BACKWARD:
    case COMMAND_BACKWARD_SUMS:
        count_backward(p, g, c);
        break;
    case COMMAND_ADD:
        p->activations_read += 2 * bytes_of(g, c->node);
        p->activations_written += bytes_of(g, c->node);
        break;
    case COMMAND_CONSTANT:
    case COMMAND_PREPARE:
    case COMMAND_GATHER:
    case COMMAND_SUM:
    case COMMAND_ADD_BATCH:
    case COMMAND_CLEAR:
    case COMMAND_UPDATE:
        break;
    }
}

void encnet__graph_count_traffic(encnet__graph_plan *p, const encnet__graph *g)
{
    p->activations_read = p->activations_written = 0;
    for (int i = 0; i < g->n_commands; i++) count(p, g, &g->commands[i]);
}
