/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* graph.c - appends nodes; make_plan() returns the first failure. */
#include "graph/internal.h"
#include "ops/ranks.h"

#include <string.h>

encnet_status encnet__graph_new(encnet__graph **out, encnet_device *dev, encnet__weights *weights,
                                bool training)
{
    encnet__graph *g = encnet__alloc(1, sizeof *g);

    if (!g) return encnet__fail(ENCNET_E_NOMEM, "no host memory for a graph");
    g->dev = dev;
    g->weights = weights;
    g->training = training;
    *out = g;
    return ENCNET_OK;
}

void encnet__node_free(node *n)
{
    encnet__op_plan_free(n->op, n->plan);
    encnet__free(n->name);
    encnet__free(n->attr);
}

void encnet__graph_free(encnet__graph *g)
{
    if (!g) return;
    for (int i = 0; i < g->n_nodes; i++) encnet__node_free(&g->nodes[i]);
    for (int i = 0; i < g->n_slots; i++)
        if (g->slots[i].key)
            encnet__derived_release(encnet__weights_derived(g->weights), g->slots[i].derived);
        else
            encnet__buffer_free(g->slots[i].buffer);
    for (int i = 0; g->arenas && !g->borrows_arenas && i < g->n_arenas; i++)
        encnet__buffer_free(g->arenas[i]);
    for (int i = 0; i < g->n_terms; i++) encnet__free(g->terms[i].name);
    for (int i = 0; i < g->n_outputs; i++) encnet__free(g->outputs[i].name);
    encnet__free(g->failure);
    encnet__free(g->nodes);
    encnet__free(g->units);
    encnet__free(g->slots);
    encnet__free(g->commands);
    encnet__free(g->outputs);
    encnet__free(g->completed_by);
    encnet__free(g->exchanged);
    encnet__free(g->pieces);
    encnet__free(g->arena_bytes);
    encnet__free(g->arenas);
    encnet__free(g);
}

encnet__node encnet__graph_refuse(encnet__graph *g, encnet_status rc)
{
    if (g->failed == ENCNET_OK) {
        g->failed = rc;
        g->failure = encnet__strdup(encnet_last_error());
    }
    return ENCNET__NONE;
}

encnet__node encnet__graph_append(encnet__graph *g, const node *n)
{
    node *grown = encnet__grow(g->nodes, &g->cap_nodes, g->n_nodes + 1, sizeof *grown);

    if (!grown)
        return encnet__graph_refuse(
            g, encnet__fail(ENCNET_E_NOMEM, "no host memory for %d nodes", g->n_nodes + 1));
    g->nodes = grown;
    g->nodes[g->n_nodes] = *n;
    return g->n_nodes++;
}

static node new_node(encnet__graph *g, node_kind kind)
{
    return (node){.kind = kind,
                  .id = g->next_id++,
                  .stored = true,
                  .value = -1,
                  .recomputed = -1,
                  .grad = -1,
                  .saved = -1,
                  .prepared = -1};
}

encnet__node encnet__graph_input(encnet__graph *g, const char *name, encnet__shape shape,
                                 encnet__type type)
{
    node n = new_node(g, NODE_INPUT);
    encnet__node index;

    if (!encnet__shape_valid(shape))
        return encnet__graph_refuse(g,
                                    encnet__fail(ENCNET_E_SHAPE, "%s: impossible shape " SHAPE_FMT,
                                                 name, SHAPE_ARG(shape)));
    n.shape = shape;
    n.type = type;
    n.name = encnet__strdup(name);
    if (!n.name)
        return encnet__graph_refuse(
            g, encnet__fail(ENCNET_E_NOMEM, "no host memory for the input %s", name));
    index = encnet__graph_append(g, &n);
    if (index == ENCNET__NONE) encnet__free(n.name);
    return index;
}

encnet__node encnet__graph_param(encnet__graph *g, int param)
{
    node n = new_node(g, NODE_PARAM);

    if (param < 0) {
        encnet_status rc = encnet__weights_failed(g->weights);
        return encnet__graph_refuse(g, rc != ENCNET_OK ? rc : ENCNET_E_SHAPE);
    }
    n.param = param;
    n.shape = encnet__weights_at(g->weights, param)->shape;
    n.constant = !g->training;
    return encnet__graph_append(g, &n);
}

/* Finds the first weight among the inputs of a node, also through nodes that depend only on
 * weights. */
static const char *weight_name(const encnet__graph *g, const node *n)
{
    for (int i = 0; i < n->n_in; i++) {
        const node *in;
        if (n->in[i] == ENCNET__NONE) continue;
        in = &g->nodes[n->in[i]];
        if (in->kind == NODE_PARAM) return encnet__weights_at(g->weights, in->param)->name;
        if (in->constant) return weight_name(g, in);
    }
    return NULL;
}

unsigned encnet__node_wanted(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    unsigned bits = 0;

    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (v->op->gradients >> i & 1) &&
            g->nodes[v->in[i]].wants_grad)
            bits |= 1u << i;
    return bits;
}

unsigned encnet__unit_inputs(const encnet__graph *g, const backward_unit *u)
{
    const encnet__sync *sync = g->nodes[u->node].op->sync;
    unsigned wanted = encnet__node_wanted(g, u->node);

    if (u->half == WHOLE) return wanted;
    return wanted & (u->half == FIRST ? ~sync->reduced : sync->reduced);
}

encnet__node_shape encnet__node_shape_of(const encnet__graph *g, encnet__node index)
{
    const node *n = &g->nodes[index];
    encnet__node_shape s = {.dev = g->dev,
                            .name = weight_name(g, n),
                            .attr = n->attr,
                            .n_in = n->n_in,
                            .out = n->shape,
                            .wanted = encnet__node_wanted(g, index),
                            .plan = n->plan};

    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] == ENCNET__NONE) continue;
        s.in[i] = g->nodes[n->in[i]].shape;
        s.constant |= (unsigned)g->nodes[n->in[i]].constant << i;
        if (i == 0 && (n->op->narrow & 1)) s.type = g->nodes[n->in[i]].type;
    }
    return s;
}

encnet__node encnet__graph_apply(encnet__graph *g, const encnet__op *op, const void *attr,
                                 size_t attr_bytes, const encnet__node *inputs, int n_in)
{
    node n = new_node(g, NODE_OP);
    encnet__node_shape shape = {.attr = attr, .n_in = n_in};
    encnet_status rc;
    encnet__node index;

    if (g->failed != ENCNET_OK) return ENCNET__NONE;
    n.op = op;
    n.n_in = n_in;
    n.constant = !g->training;
    for (int i = 0; i < n_in; i++) {
        n.in[i] = inputs[i];
        if (inputs[i] == ENCNET__NONE && !(op->optional & (1u << i)))
            return encnet__graph_refuse(
                g, encnet__fail(ENCNET_E_SHAPE, "%s: input %d is missing", op->name, i));
        if (inputs[i] == ENCNET__NONE) continue;
        shape.in[i] = g->nodes[inputs[i]].shape;
        n.constant &= g->nodes[inputs[i]].constant;
    }
    rc = op->infer(&shape);
    if (rc != ENCNET_OK) return encnet__graph_refuse(g, rc);
    if (!encnet__shape_valid(shape.out))
        return encnet__graph_refuse(g,
                                    encnet__fail(ENCNET_E_SHAPE, "%s: impossible result " SHAPE_FMT,
                                                 op->name, SHAPE_ARG(shape.out)));
    n.shape = shape.out;
    n.type = op->out_is_integer ? ENCNET__I32 : ENCNET__F32;
    if (attr_bytes) {
        n.attr = encnet__alloc(1, attr_bytes);
        if (!n.attr)
            return encnet__graph_refuse(g,
                                        encnet__fail(ENCNET_E_NOMEM, "no host memory for a node"));
        memcpy(n.attr, attr, attr_bytes);
        n.attr_bytes = attr_bytes;
    }
    index = encnet__graph_append(g, &n);
    if (index == ENCNET__NONE) encnet__free(n.attr);
    return index;
}

void encnet__graph_set_ranks(encnet__graph *g, encnet__ranks *ranks)
{
    g->ranks = ranks;
}

encnet__ranks *encnet__graph_sync_group(const encnet__graph *g)
{
    return g->ranks && !g->ranks->local ? g->ranks : NULL;
}

encnet__node encnet__graph_exchange(encnet__graph *g, encnet__node contribution)
{
    node n = new_node(g, NODE_EXCHANGE);
    const encnet__ranks *sync_group = encnet__graph_sync_group(g);

    if (contribution == ENCNET__NONE) return ENCNET__NONE;
    n.n_in = 1;
    n.in[0] = contribution;
    n.shape = g->nodes[contribution].shape;
    n.shape.n = sync_group ? sync_group->comm->size : 1;
    return encnet__graph_append(g, &n);
}

encnet__shape encnet__graph_shape(const encnet__graph *g, encnet__node n)
{
    return n == ENCNET__NONE ? (encnet__shape){1, 1, 1, 1} : g->nodes[n].shape;
}

bool encnet__graph_training(const encnet__graph *g)
{
    return g->training;
}

void encnet__graph_set_storage(encnet__graph *g, encnet__type type)
{
    g->storage = type;
}

void encnet__graph_set_updates(encnet__graph *g)
{
    g->updates = true;
}

void encnet__graph_set_recompute(encnet__graph *g, encnet__recompute what)
{
    g->recompute = what;
}

void encnet__graph_set_stop(encnet__graph *g, const atomic_bool *stop)
{
    g->stop = stop;
}

void encnet__graph_set_listing(encnet__graph *g, encnet__text *listing)
{
    g->listing = listing;
}

encnet_status encnet__graph_built(const encnet__graph *g)
{
    encnet_status rc = g->failed != ENCNET_OK ? g->failed : encnet__weights_failed(g->weights);

    if (rc == ENCNET_OK) return ENCNET_OK;
    if (g->failure) return encnet__fail(rc, "%s", g->failure);
    return encnet__fail(rc, "the graph could not be built: %s", encnet_status_text(rc));
}

encnet__weights *encnet__graph_weights(const encnet__graph *g)
{
    return g->weights;
}

void encnet__graph_output(encnet__graph *g, const char *name, encnet__node n)
{
    named *grown;

    if (n == ENCNET__NONE) return; /* its failure is recorded already */
    grown = encnet__realloc(g->outputs, (size_t)g->n_outputs + 1, sizeof *grown);
    if (grown) g->outputs = grown;
    if (grown) grown[g->n_outputs] = (named){encnet__strdup(name), n};
    if (!grown || !grown[g->n_outputs].name) {
        encnet__graph_refuse(
            g, encnet__fail(ENCNET_E_NOMEM, "no host memory for the output %s", name));
        return;
    }
    g->n_outputs++;
    g->nodes[n].kept = true;
}

static void add_term(encnet__graph *g, const char *name, encnet__node n, double weight,
                     bool is_loss)
{
    term t = {NULL, n, weight, is_loss};

    if (n == ENCNET__NONE) return;
    if (g->n_terms == ENCNET__MAX_TERMS) {
        encnet__graph_refuse(
            g, encnet__fail(ENCNET_E_INTERNAL, "%s: more than %d terms", name, ENCNET__MAX_TERMS));
        return;
    }
    t.name = encnet__strdup(name);
    if (!t.name) {
        encnet__graph_refuse(g,
                             encnet__fail(ENCNET_E_NOMEM, "no host memory for the term %s", name));
        return;
    }
    g->terms[g->n_terms++] = t;
    g->nodes[n].kept = true;
}

void encnet__graph_loss(encnet__graph *g, const char *name, encnet__node n, double weight)
{
    add_term(g, name, n, weight, true);
}

void encnet__graph_accuracy(encnet__graph *g, const char *name, encnet__node n)
{
    add_term(g, name, n, 1, false);
}
