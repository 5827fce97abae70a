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
    for (int i = 0; i < g->nodes[n].n_in; i++)
        p->activations_read += bytes_of(g, g->nodes[n].in[i]);
    p->activations_written += bytes_of(g, n);
}

/* Counts a command of the backward pass; `writes`: the inputs whose gradients it computes. */
static void count_backward(encnet__graph_plan *p, const encnet__graph *g, encnet__node n,
                           unsigned writes)
{
    const node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    unsigned reads = v->op->backward_reads ? v->op->backward_reads(&shape) : 0;

    p->activations_read += bytes_of(g, n) * (reads & ENCNET__READS_OUT ? 2 : 1);
    for (int i = 0; i < v->n_in; i++) {
        if (reads & ENCNET__READS_IN(i)) p->activations_read += bytes_of(g, v->in[i]);
        if (writes >> i & 1) p->activations_written += bytes_of(g, v->in[i]);
    }
}

static void count(encnet__graph_plan *p, const encnet__graph *g, const command *c)
{
    const encnet__sync *sync = g->nodes[c->node].op ? g->nodes[c->node].op->sync : NULL;
    unsigned wanted, reduced = sync ? sync->reduced : ~0u;

    switch (c->kind) {
    case COMMAND_FORWARD:
    case COMMAND_RECOMPUTE:
        count_forward(p, g, c->node);
        break;
    case COMMAND_BACKWARD:
    case COMMAND_BACKWARD_SUMS:
        wanted = encnet__node_wanted(g, c->node);
        count_backward(p, g, c->node, wanted & (c->kind == COMMAND_BACKWARD ? reduced : ~reduced));
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
        break;
    }
}

void encnet__graph_count_traffic(encnet__graph_plan *p, const encnet__graph *g)
{
    p->activations_read = p->activations_written = 0;
    for (int i = 0; i < g->n_commands; i++) count(p, g, &g->commands[i]);
}
