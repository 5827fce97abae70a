/* graph.c - nodes are appended here; the first failure is kept for make_plan(). */
#include "graph/internal.h"

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

void encnet__graph_free(encnet__graph *g)
{
    if (!g) return;
    for (int i = 0; i < g->n_nodes; i++) {
        encnet__op_plan_free(g->nodes[i].op, g->nodes[i].plan);
        encnet__free(g->nodes[i].name);
        encnet__free(g->nodes[i].attr);
    }
    for (int i = 0; i < g->n_slots; i++) encnet__buffer_free(g->slots[i].buffer);
    for (int i = 0; g->arenas && i < g->n_arenas; i++) encnet__buffer_free(g->arenas[i]);
    for (int i = 0; i < g->n_terms; i++) encnet__free(g->terms[i].name);
    for (int i = 0; i < g->n_outputs; i++) encnet__free(g->outputs[i].name);
    encnet__free(g->failure);
    encnet__free(g->nodes);
    encnet__free(g->slots);
    encnet__free(g->commands);
    encnet__free(g->outputs);
    encnet__free(g->weight_written);
    encnet__free(g->completed_by);
    encnet__free(g->collectives);
    encnet__free(g->arena_bytes);
    encnet__free(g->arenas);
    encnet__free(g);
}

/* Keeps the first failure; the node that stands for it is ENCNET__NONE. */
static encnet__node refuse(encnet__graph *g, encnet_status rc)
{
    if (g->failed == ENCNET_OK) {
        g->failed = rc;
        g->failure = encnet__strdup(encnet_last_error());
    }
    return ENCNET__NONE;
}

static encnet__node append(encnet__graph *g, const node *n)
{
    if (g->n_nodes == g->cap_nodes) {
        int capacity = g->cap_nodes ? 2 * g->cap_nodes : 256;
        node *grown = encnet__realloc(g->nodes, (size_t)capacity, sizeof *grown);
        if (!grown)
            return refuse(g, encnet__fail(ENCNET_E_NOMEM, "no host memory for %d nodes", capacity));
        g->nodes = grown;
        g->cap_nodes = capacity;
    }
    g->nodes[g->n_nodes] = *n;
    return g->n_nodes++;
}

encnet__node encnet__graph_input(encnet__graph *g, const char *name, encnet__shape shape,
                                 encnet__type type)
{
    node n = {.kind = NODE_INPUT, .shape = shape, .type = type};

    if (!encnet__shape_valid(shape))
        return refuse(g, encnet__fail(ENCNET_E_SHAPE, "%s: impossible shape " SHAPE_FMT, name,
                                      SHAPE_ARG(shape)));
    n.name = encnet__strdup(name);
    if (!n.name)
        return refuse(g, encnet__fail(ENCNET_E_NOMEM, "no host memory for the input %s", name));
    return append(g, &n);
}

encnet__node encnet__graph_param(encnet__graph *g, int param)
{
    node n = {.kind = NODE_PARAM, .param = param};

    if (param < 0) return refuse(g, ENCNET_E_SHAPE); /* weights_declare has said why */
    n.shape = encnet__weights_at(g->weights, param)->shape;
    n.constant = !g->training;
    return append(g, &n);
}

/* The first weight among the inputs of a node, or behind what depends on weights alone (folding). */
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
    }
    return s;
}

encnet__node encnet__graph_apply(encnet__graph *g, const encnet__op *op, const void *attr,
                                 size_t attr_bytes, const encnet__node *inputs, int n_in)
{
    node n = {.kind = NODE_OP, .op = op, .n_in = n_in, .constant = !g->training};
    encnet__node_shape shape = {.attr = attr, .n_in = n_in};
    encnet_status rc;
    encnet__node index;

    if (g->failed != ENCNET_OK) return ENCNET__NONE;
    for (int i = 0; i < n_in; i++) {
        n.in[i] = inputs[i];
        if (inputs[i] == ENCNET__NONE && !(op->optional & (1u << i)))
            return refuse(g, encnet__fail(ENCNET_E_SHAPE, "%s: input %d is missing", op->name, i));
        if (inputs[i] == ENCNET__NONE) continue;
        shape.in[i] = g->nodes[inputs[i]].shape;
        n.constant &= g->nodes[inputs[i]].constant;
    }
    rc = op->infer(&shape);
    if (rc != ENCNET_OK) return refuse(g, rc);
    if (!encnet__shape_valid(shape.out))
        return refuse(g, encnet__fail(ENCNET_E_SHAPE, "%s: impossible result " SHAPE_FMT, op->name,
                                      SHAPE_ARG(shape.out)));
    n.shape = shape.out;
    n.type = op->out_is_integer ? ENCNET__I32 : ENCNET__F32;
    if (attr_bytes) {
        n.attr = encnet__alloc(1, attr_bytes);
        if (!n.attr) return refuse(g, encnet__fail(ENCNET_E_NOMEM, "no host memory for a node"));
        memcpy(n.attr, attr, attr_bytes);
    }
    index = append(g, &n);
    if (index == ENCNET__NONE) encnet__free(n.attr);
    return index;
}

encnet__shape encnet__graph_shape(const encnet__graph *g, encnet__node n)
{
    return n == ENCNET__NONE ? (encnet__shape){1, 1, 1, 1} : g->nodes[n].shape;
}

bool encnet__graph_training(const encnet__graph *g)
{
    return g->training;
}

encnet__weights *encnet__graph_weights(const encnet__graph *g)
{
    return g->weights;
}

void encnet__graph_output(encnet__graph *g, const char *name, encnet__node n)
{
    named *grown;

    if (n == ENCNET__NONE) return; /* its failure is already kept */
    grown = encnet__realloc(g->outputs, (size_t)g->n_outputs + 1, sizeof *grown);
    if (grown) g->outputs = grown;
    if (grown) grown[g->n_outputs] = (named){encnet__strdup(name), n};
    if (!grown || !grown[g->n_outputs].name) {
        refuse(g, encnet__fail(ENCNET_E_NOMEM, "no host memory for the output %s", name));
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
        refuse(g,
               encnet__fail(ENCNET_E_INTERNAL, "%s: more than %d terms", name, ENCNET__MAX_TERMS));
        return;
    }
    t.name = encnet__strdup(name);
    if (!t.name) {
        refuse(g, encnet__fail(ENCNET_E_NOMEM, "no host memory for the term %s", name));
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
