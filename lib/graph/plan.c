/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* plan.c - runs the passes that turn a graph into commands with placed tensors, and sums up the
 * plan. */
#include "graph/internal.h"

#include <string.h>

typedef struct pass {
    const char *name, *about;
    encnet_status (*run)(encnet__graph *g);
} pass;

static const pass passes[] = {
#define PASS(name, about) {#name, about, encnet__pass_##name},
#include "graph/passes/passes.def"
#undef PASS
};

/* Lists the graph after a pass, and its nodes if the pass has changed them from `last`. */
static void list(const encnet__graph *g, const char *name, const char *about, encnet__text *last)
{
    encnet__text nodes = {0};

    if (!g->listing) return;
    encnet__text_add(g->listing, "%s: %s; ", name, about);
    encnet__graph_sum_up(g->listing, g);
    encnet__graph_list(&nodes, g);
    encnet__text_add(g->listing, "\n");
    if (nodes.data && (!last->data || strcmp(nodes.data, last->data)))
        encnet__text_add(g->listing, "%s", nodes.data);
    g->listing->failed |= nodes.failed;
    encnet__text_free(last);
    *last = nodes;
}

encnet_status encnet__graph_make_plan(encnet__graph *g, bool accumulate)
{
    encnet_status rc = ENCNET_OK;
    encnet__text last = {0};

    TRY(encnet__graph_built(g));
    if (accumulate && g->updates)
        FAIL(ENCNET_E_INTERNAL, "a graph that updates weights does not accumulate their gradients");
    g->accumulate = accumulate;
    list(g, "built", "the graph as the model lays it out", &last);
    for (size_t i = 0; i < COUNT_OF(passes); i++) {
        TRY(passes[i].run(g));
        list(g, passes[i].name, passes[i].about, &last);
    }
done:
    encnet__text_free(&last);
    return rc;
}

/* Whether the slot lives from the forward sweep into the backward one. */
static bool is_stored(const encnet__graph *g, const slot *s)
{
    return g->training && s->first < g->n_forward && s->last >= g->n_forward;
}

encnet__graph_plan encnet__graph_plan_of(const encnet__graph *g)
{
    encnet__graph_plan p = {.nodes = g->n_nodes};

    for (int a = 0; a < g->n_arenas; a++) p.activations += g->arena_bytes[a];
    for (int s = 0; s < g->n_slots; s++) {
        const slot *t = &g->slots[s];
        if (t->key) p.derived += t->bytes;
        if (t->key && !encnet__derived_has(encnet__weights_derived(g->weights), t->key, t->bytes))
            p.derived_missing += t->bytes;
        if (is_stored(g, t)) p.activations_stored += t->bytes;
    }
    for (int a = 0; a < g->n_arenas; a++)
        if (g->arena_bytes[a] > p.largest) p.largest = g->arena_bytes[a];
    encnet__graph_count_traffic(&p, g);
    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        encnet__node_shape shape;
        if (v->kind != NODE_OP || !v->op->flops) continue;
        shape = encnet__node_shape_of(g, n);
        p.flops += v->op->flops(&shape);
    }
    return p;
}
