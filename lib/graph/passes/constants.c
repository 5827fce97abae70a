/*
 * constants.c - inference: the commands of refresh(), which compute what depends only on weights.
 *
 * These are the values of constant nodes and the prepared weights of other nodes.  Their memory
 * lives as long as the graph.
 */
#include "graph/internal.h"

static encnet_status prepare(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    size_t bytes = v->op->prepared_bytes ? v->op->prepared_bytes(&shape) : 0;
    command c = encnet__command_blank(COMMAND_PREPARE, n);

    if (!bytes) goto done;
    TRY(encnet__slot_new(g, &v->prepared, bytes));
    TRY(encnet__slot_scratch(g, &c.scratch, n, false));
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (v->op->prepared_inputs >> i & 1))
            encnet__slot_use(g, g->nodes[v->in[i]].value);
    TRY(encnet__command_emit(g, &c));
done:
    return rc;
}

encnet_status encnet__pass_constants(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int n = 0; n < g->n_nodes; n++) {
        if (g->nodes[n].kind != NODE_OP) continue;
        if (g->nodes[n].constant)
            TRY(encnet__command_forward(g, n, COMMAND_CONSTANT));
        else
            TRY(prepare(g, n));
    }
    g->n_refresh = g->n_commands;
done:
    return rc;
}
