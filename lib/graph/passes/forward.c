/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * forward.c - the commands of the forward pass: every node that is not constant, in order.
 *
 * An exchange waits until nothing else can run without it, and all exchanges that wait by then
 * share one message.  A single rank uses the same order.
 */
#include "graph/internal.h"

typedef struct sweep {
    encnet__graph *g;
    bool *done;            /* [g->n_nodes]: the value can be read */
    encnet__node *waiting; /* [n_waiting], exchanges */
    int n_waiting;
} sweep;

static bool can_run(const sweep *s, encnet__node n)
{
    const node *v = &s->g->nodes[n];

    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && !s->done[v->in[i]]) return false;
    return true;
}

static bool waits(const sweep *s, encnet__node n)
{
    for (int i = 0; i < s->n_waiting; i++)
        if (s->waiting[i] == n) return true;
    return false;
}

static encnet_status step(sweep *s, encnet__node n)
{
    encnet_status rc = ENCNET_OK;

    if (s->done[n] || waits(s, n) || !can_run(s, n)) goto done;
    if (s->g->nodes[n].kind == NODE_EXCHANGE) {
        s->waiting[s->n_waiting++] = n;
        goto done;
    }
    TRY(encnet__command_forward(s->g, n, COMMAND_FORWARD));
    s->done[n] = true;
done:
    return rc;
}

/* Gathers the contributions of all ranks; a single rank has its own already. */
static encnet_status exchange(sweep *s)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < s->n_waiting; i++) {
        node *v = &s->g->nodes[s->waiting[i]];
        if (encnet__graph_sync_group(s->g))
            TRY(encnet__slot_new(s->g, &v->value, encnet__node_bytes(s->g, s->waiting[i])));
        else
            v->value = s->g->nodes[v->in[0]].value;
        s->done[s->waiting[i]] = true;
    }
    TRY(encnet__command_exchange(s->g, COMMAND_GATHER, s->waiting, s->n_waiting));
done:
    return rc;
}

static encnet_status run(sweep *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = s->g;

    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        s->done[n] = v->kind == NODE_INPUT || v->kind == NODE_PARAM || v->constant;
        if (v->kind == NODE_INPUT)
            TRY(encnet__slot_new(g, &g->nodes[n].value, encnet__node_bytes(g, n)));
    }
    do {
        s->n_waiting = 0;
        for (int n = 0; n < g->n_nodes; n++) TRY(step(s, n));
        if (s->n_waiting) TRY(exchange(s));
    } while (s->n_waiting);
    g->n_forward = g->n_commands;
done:
    return rc;
}

encnet_status encnet__pass_forward(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t nodes = (size_t)g->n_nodes + 1;
    sweep s = {.g = g,
               .done = encnet__alloc(nodes, sizeof *s.done),
               .waiting = encnet__alloc(nodes, sizeof *s.waiting)};

    if (!s.done || !s.waiting) FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    TRY(run(&s));
done:
    encnet__free(s.done);
    encnet__free(s.waiting);
    return rc;
}
