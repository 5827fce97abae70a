/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * onnx.c - a graph becomes an ONNX model of images of any size.
 *
 * The nodes of a graph know sizes, not where they come from.  So there are two graphs, of the same
 * network for images of two sizes: a result that is as large as an earlier value in both takes its
 * size from that value, and one that is the same multiple of its input in both is that multiple.
 */
#include "graph/internal.h"

static bool same_size(encnet__shape a, encnet__shape b)
{
    return a.h == b.h && a.w == b.w;
}

/* The first value as large as the result of node n, in both graphs. */
static encnet__onnx_value like(const encnet__graph *g, const encnet__graph *other, encnet__node n,
                               const encnet__onnx_value *values)
{
    for (int i = 0; i < n; i++)
        if (g->nodes[i].kind != NODE_PARAM && same_size(g->nodes[i].shape, g->nodes[n].shape) &&
            same_size(other->nodes[i].shape, other->nodes[n].shape))
            return values[i];
    return ENCNET__ONNX_ABSENT;
}

/* How many times as high and as wide as its first input the result of node n is, in both graphs; 0 =
 * it is no multiple. */
static int factor(const encnet__graph *g, const encnet__graph *other, encnet__node n)
{
    encnet__node in = g->nodes[n].in[0];
    int k = g->nodes[n].shape.h / g->nodes[in].shape.h;
    const encnet__graph *both[] = {g, other};

    for (int i = 0; i < 2; i++) {
        encnet__shape x = both[i]->nodes[in].shape, y = both[i]->nodes[n].shape;
        if (y.h != k * x.h || y.w != k * x.w) return 0;
    }
    return k;
}

static encnet__onnx_value add_op(encnet__onnx *out, const encnet__graph *g,
                                 const encnet__graph *other, encnet__node index,
                                 const encnet__onnx_value *values)
{
    const node *n = &g->nodes[index];
    encnet__onnx_node to = {.shape = encnet__node_shape_of(g, index),
                            .like = like(g, other, index, values),
                            .factor = factor(g, other, index)};

    if (!n->op->to_onnx)
        return encnet__onnx_refuse(
            out,
            encnet__fail(ENCNET_E_INTERNAL, "the operator %s has no form in ONNX", n->op->name));
    for (int i = 0; i < ENCNET__MAX_INPUTS; i++)
        to.in[i] = i < n->n_in && n->in[i] != ENCNET__NONE ? values[n->in[i]] : ENCNET__ONNX_ABSENT;
    return n->op->to_onnx(out, &to);
}

static encnet__onnx_value add_node(encnet__onnx *out, const encnet__graph *g,
                                   const encnet__graph *other, encnet__node index,
                                   const encnet__onnx_value *values)
{
    const node *n = &g->nodes[index];

    if (n->kind == NODE_INPUT) return encnet__onnx_input(out, n->name, n->shape.c);
    if (n->kind == NODE_PARAM)
        return encnet__onnx_weight(out, encnet__weights_at(g->weights, n->param)->name);
    return add_op(out, g, other, index, values);
}

/* Whether both graphs have the same nodes. */
static bool agree(const encnet__graph *g, const encnet__graph *other)
{
    if (g->n_nodes != other->n_nodes) return false;
    for (int n = 0; n < g->n_nodes; n++)
        if (g->nodes[n].kind != other->nodes[n].kind || g->nodes[n].op != other->nodes[n].op)
            return false;
    return true;
}

encnet_status encnet__graph_to_onnx(encnet__onnx *out, encnet__graph *g, encnet__graph *other)
{
    encnet_status rc = ENCNET_OK;
    encnet__onnx_value *values = NULL;

    TRY(encnet__graph_built(g));
    TRY(encnet__graph_built(other));
    TRY(encnet__pass_prune(g));
    TRY(encnet__pass_prune(other));
    if (!agree(g, other))
        FAIL(ENCNET_E_INTERNAL, "graphs of two sizes have %d and %d nodes, or others", g->n_nodes,
             other->n_nodes);
    values = encnet__alloc((size_t)g->n_nodes, sizeof *values);
    if (!values) FAIL(ENCNET_E_NOMEM, "no host memory for the values of %d nodes", g->n_nodes);
    for (int n = 0; n < g->n_nodes; n++) values[n] = add_node(out, g, other, n, values);
    for (int i = 0; i < g->n_outputs; i++) {
        encnet__node n = g->outputs[i].node;
        encnet__shape y = g->nodes[n].shape;
        encnet__onnx_output(out, g->outputs[i].name, values[n], y.c, y.h == 1 && y.w == 1);
    }
    TRY(encnet__onnx_built(out));
done:
    encnet__free(values);
    return rc;
}
