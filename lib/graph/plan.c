/* plan.c - the passes that turn a graph into commands with a place for every tensor, and what they come to. */
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

/* The graph after a pass, where the listing would say something new. */
static void list(const encnet__graph *g, const char *name, const char *about, encnet__text *last)
{
    encnet__text now = {0};

    if (!g->listing) return;
    encnet__graph_list(&now, g);
    encnet__text_add(g->listing, "%s: %s\n", name, about);
    if (!last->data || strcmp(now.data ? now.data : "", last->data))
        encnet__text_add(g->listing, "%s", now.data ? now.data : "");
    encnet__text_free(last);
    *last = now;
}

encnet_status encnet__graph_make_plan(encnet__graph *g, bool accumulate)
{
    encnet_status rc = ENCNET_OK;
    encnet__text last = {0};

    TRY(encnet__graph_built(g));
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

encnet__graph_plan encnet__graph_plan_of(const encnet__graph *g)
{
    encnet__graph_plan p = {.nodes = g->n_nodes, .arenas = g->n_arenas};

    for (int a = 0; a < g->n_arenas; a++) p.activations += g->arena_bytes[a];
    for (int s = 0; s < g->n_slots; s++) {
        if (g->slots[s].bytes > p.largest) p.largest = g->slots[s].bytes;
        if (g->slots[s].first < g->n_forward && g->slots[s].last >= g->n_forward && g->training)
            p.activations_stored += g->slots[s].bytes;
    }
    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        encnet__node_shape shape;
        if (v->prepared >= 0) p.constants += g->slots[v->prepared].bytes;
        if (v->kind != NODE_OP) continue;
        shape = encnet__node_shape_of(g, n);
        if (v->op->flops) p.flops += v->op->flops(&shape);
    }
    return p;
}
