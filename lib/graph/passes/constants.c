/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * constants.c - inference: the commands of refresh(), which compute what depends only on weights.
 *
 * These are the values of constant nodes and the prepared weights of other nodes.  Each has a key of
 * what it is computed from and how, by which all graphs of a model share it (derived.h).
 */
#include "graph/internal.h"

#include <string.h>

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    return size ? encnet__hash(hash, bytes, size) : hash;
}

/* The key of a value: of a weight its index; of an operator its name, its attributes and its inputs. */
static uint64_t key_of(const encnet__graph *g, const node *v)
{
    uint64_t key = ENCNET__FNV;
    int type = v->type;

    if (v->kind == NODE_PARAM) {
        key = hash_bytes(key, "weight", sizeof "weight");
        return hash_bytes(key, &v->param, sizeof v->param);
    }
    key = hash_bytes(key, v->op->name, strlen(v->op->name) + 1);
    key = hash_bytes(key, v->attr, v->attr_bytes);
    key = hash_bytes(key, &v->shape, sizeof v->shape);
    key = hash_bytes(key, &type, sizeof type);
    for (int i = 0; i < v->n_in; i++) {
        uint64_t in = v->in[i] == ENCNET__NONE ? 0 : g->nodes[v->in[i]].key;
        key = hash_bytes(key, &in, sizeof in);
    }
    return key ? key : 1;
}

/* The key of what node v prepares. */
static uint64_t prepared_key(const encnet__graph *g, const node *v, const encnet__node_shape *shape)
{
    uint64_t key = v->op->prepared_key(shape);

    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (v->op->prepared_inputs >> i & 1))
            key = hash_bytes(key, &g->nodes[v->in[i]].key, sizeof g->nodes[v->in[i]].key);
    return key ? key : 1;
}

static encnet_status prepare(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    size_t bytes = v->op->prepared_bytes ? v->op->prepared_bytes(&shape) : 0;
    command c = encnet__command_blank(COMMAND_PREPARE, n);

    if (!bytes) goto done;
    TRY(encnet__slot_new(g, &v->prepared, bytes));
    g->slots[v->prepared].key = prepared_key(g, v, &shape);
    TRY(encnet__slot_scratch(g, &c.scratch, v->op, &shape, false));
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
        if (g->nodes[n].constant) g->nodes[n].key = key_of(g, &g->nodes[n]);
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
