/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * commands.c - shared by the passes that schedule: commands in order, and the slots that they use.
 *
 * A slot lives from the command that writes it to the last command that reads it.
 */
#include "graph/internal.h"

encnet_status encnet__slot_new(encnet__graph *g, slot_index *out, size_t bytes)
{
    slot *grown = encnet__grow(g->slots, &g->cap_slots, g->n_slots + 1, sizeof *grown);

    if (!grown)
        return encnet__fail(ENCNET_E_NOMEM, "no host memory to plan %d tensors", g->n_slots + 1);
    g->slots = grown;
    g->slots[g->n_slots] =
        (slot){.bytes = bytes ? bytes : 4, .first = g->n_commands, .last = g->n_commands};
    *out = g->n_slots++;
    return ENCNET_OK;
}

void encnet__slot_use(encnet__graph *g, slot_index s)
{
    if (s >= 0 && g->slots[s].last < g->n_commands) g->slots[s].last = g->n_commands;
}

encnet_status encnet__command_emit(encnet__graph *g, const command *c)
{
    command *grown = encnet__grow(g->commands, &g->cap_commands, g->n_commands + 1, sizeof *grown);

    if (!grown)
        return encnet__fail(ENCNET_E_NOMEM, "no host memory for %d commands", g->n_commands + 1);
    g->commands = grown;
    g->commands[g->n_commands++] = *c;
    return ENCNET_OK;
}

command encnet__command_blank(command_kind kind, encnet__node n)
{
    command c = {
        .kind = kind, .node = n, .scratch = -1, .source = -1, .target = -1, .target_param = -1};

    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) c.din[i] = c.din_param[i] = -1;
    return c;
}

size_t encnet__node_bytes(const encnet__graph *g, encnet__node n)
{
    return encnet__shape_bytes(g->nodes[n].shape, g->nodes[n].type);
}

/* Of the value: the tensor, or its coefficients. */
static size_t value_bytes(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];

    return v->deferred ? 3 * sizeof(float) * encnet__coefficient_row(v->shape.c)
                       : encnet__node_bytes(g, n);
}

encnet_status encnet__slot_scratch(encnet__graph *g, slot_index *out, const encnet__op *op,
                                   const encnet__node_shape *shape, bool backward)
{
    size_t bytes = op->scratch_bytes ? op->scratch_bytes(shape, backward) : 0;

    *out = -1;
    return bytes ? encnet__slot_new(g, out, bytes) : ENCNET_OK;
}

void encnet__slot_use_inputs(encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    unsigned replaced = v->prepared >= 0 ? v->op->prepared_inputs : 0;

    for (int i = 0; i < v->n_in; i++) {
        const node *in = v->in[i] == ENCNET__NONE ? NULL : &g->nodes[v->in[i]];
        if (!in || (replaced >> i & 1)) continue;
        encnet__slot_use(g, in->value);
        if (in->deferred) encnet__slot_use(g, g->nodes[in->in[0]].value);
    }
}

encnet_status encnet__command_forward(encnet__graph *g, encnet__node n, command_kind kind)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    /* in inference an op still writes its state, to memory that is released at once */
    size_t saved = v->op->saved_bytes ? v->op->saved_bytes(&shape) : 0;
    command c = encnet__command_blank(kind, n);

    TRY(encnet__slot_new(g, &v->value, value_bytes(g, n)));
    if (saved) TRY(encnet__slot_new(g, &v->saved, saved));
    TRY(encnet__slot_scratch(g, &c.scratch, v->op, &shape, false));
    encnet__slot_use_inputs(g, n);
    encnet__slot_use(g, v->prepared);
    TRY(encnet__command_emit(g, &c));
done:
    return rc;
}

encnet_status encnet__command_exchange(encnet__graph *g, command_kind kind,
                                       const encnet__node *nodes, int n)
{
    command c = encnet__command_blank(kind, nodes[0]);
    encnet__node *grown;

    if (!encnet__graph_sync_group(g)) return ENCNET_OK;
    grown = encnet__realloc(g->exchanged, (size_t)(g->n_exchanged + n), sizeof *grown);
    if (!grown) return encnet__fail(ENCNET_E_NOMEM, "no host memory for a message of %d parts", n);
    g->exchanged = grown;
    c.first = g->n_exchanged;
    c.count = n;
    for (int i = 0; i < n; i++) {
        const node *v = &g->nodes[nodes[i]];
        grown[g->n_exchanged++] = nodes[i];
        encnet__slot_use(g, kind == COMMAND_GATHER ? g->nodes[v->in[0]].value : -1);
        encnet__slot_use(g, kind == COMMAND_GATHER ? v->value : v->grad);
    }
    return encnet__command_emit(g, &c);
}
