/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* listing.c - prints a graph for people, one line per computed node, and the plans of its
 * operators. */
#include "graph/internal.h"

/* Prints a node as an input of another. */
static void add_reference(encnet__text *out, const encnet__graph *g, encnet__node n)
{
    const node *v = n == ENCNET__NONE ? NULL : &g->nodes[n];

    if (!v)
        encnet__text_add(out, " -");
    else if (v->kind == NODE_PARAM)
        encnet__text_add(out, " %s", encnet__weights_at(g->weights, v->param)->name);
    else if (v->kind == NODE_INPUT)
        encnet__text_add(out, " %s", v->name);
    else
        encnet__text_add(out, " %%%d", v->id);
}

/* Prints the names of a node that can be read. */
static void add_names(encnet__text *out, const encnet__graph *g, encnet__node n)
{
    for (int i = 0; i < g->n_outputs; i++)
        if (g->outputs[i].node == n) encnet__text_add(out, " = %s", g->outputs[i].name);
    for (int t = 0; t < g->n_terms; t++)
        if (g->terms[t].node == n) encnet__text_add(out, " = %s", g->terms[t].name);
}

static void add_node(encnet__text *out, const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];

    encnet__text_add(out, "  %%%d %s " SHAPE_FMT " %s from", v->id,
                     v->op ? v->op->name : "exchange", SHAPE_ARG(v->shape),
                     encnet__type_name(v->type));
    for (int i = 0; i < v->n_in; i++) add_reference(out, g, v->in[i]);
    if (v->constant) encnet__text_add(out, ", constant");
    if (v->wants_grad) encnet__text_add(out, ", gradient");
    if (!v->stored) encnet__text_add(out, ", recomputed");
    if (v->deferred) encnet__text_add(out, ", applied by its readers");
    add_names(out, g, n);
    encnet__text_add(out, "\n");
}

static bool is_computed(const encnet__graph *g, encnet__node n)
{
    return g->nodes[n].kind == NODE_OP || g->nodes[n].kind == NODE_EXCHANGE;
}

void encnet__graph_list(encnet__text *out, const encnet__graph *g)
{
    for (int n = 0; n < g->n_nodes; n++)
        if (is_computed(g, n)) add_node(out, g, n);
}

void encnet__graph_sum_up(encnet__text *out, const encnet__graph *g)
{
    size_t bytes = 0;

    for (int a = 0; a < g->n_arenas; a++) bytes += g->arena_bytes[a];
    encnet__text_add(out, "%d nodes", g->n_nodes);
    if (g->n_commands) encnet__text_add(out, ", %d commands", g->n_commands);
    if (bytes) encnet__text_add(out, ", %zu bytes", bytes);
}

void encnet__graph_list_plan(const encnet__graph *g,
                             void (*row)(void *user, const encnet_plan_row *row), void *user)
{
    for (int n = 0; n < g->n_nodes; n++) {
        encnet__node_shape shape;
        if (g->nodes[n].kind != NODE_OP || !g->nodes[n].op->list_plan) continue;
        shape = encnet__node_shape_of(g, n);
        g->nodes[n].op->list_plan(&shape, row, user);
    }
}
