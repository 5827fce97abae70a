/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* graph_test.h - a small graph to run passes on: weights, inputs and layers in a few calls. */
#ifndef GRAPH_TEST_H
#define GRAPH_TEST_H

#include "support/support.h"

#include "graph/internal.h"
#include "ops/attr.h"

typedef struct graph_test {
    encnet__weights *weights;
    encnet__graph *g;
    int declared;
} graph_test;

static inline void graph_test_begin(graph_test *t, encnet_device *dev, bool training)
{
    *t = (graph_test){0};
    assert_ok(encnet__weights_new(&t->weights, dev));
    assert_ok(encnet__graph_new(&t->g, dev, t->weights, training));
}

static inline void graph_test_end(graph_test *t)
{
    encnet__graph_free(t->g);
    encnet__weights_free(t->weights);
}

static inline encnet__node graph_test_input(graph_test *t, const char *name, int size, int c)
{
    return encnet__graph_input(t->g, name, (encnet__shape){1, size, size, c}, ENCNET__F32);
}

/* A new weight of its own; a vector where `dims` has one extent. */
static inline encnet__node graph_test_weight(graph_test *t, encnet__param_kind kind,
                                             const int *dims, bool trainable)
{
    char name[16];

    snprintf(name, sizeof name, "w%d", t->declared++);
    return encnet__graph_param(
        t->g, encnet__weights_declare(t->weights, name, kind, dims, trainable,
                                      (encnet__init){ENCNET__INIT_CONSTANT, 1, 0}));
}

static inline encnet__node graph_test_relu(graph_test *t, encnet__node x)
{
    return encnet__graph_apply(t->g, &encnet__op_relu, NULL, 0, &x, 1);
}

/* A convolution of 1x1 that keeps the number of channels, with a bias if wanted. */
static inline encnet__node graph_test_conv(graph_test *t, encnet__node x, bool bias)
{
    int c = encnet__graph_shape(t->g, x).c, dims[4] = {c, c, 1, 1};
    encnet__conv2d_attr attr = {1, 0, 1, 1, false};
    encnet__node in[] = {x, graph_test_weight(t, ENCNET__CONV, dims, true), ENCNET__NONE,
                         ENCNET__NONE};

    if (bias) in[2] = graph_test_weight(t, ENCNET__VECTOR, &c, true);
    return encnet__graph_apply(t->g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
}

/* relu(norm(x) + a?) */
static inline encnet__node graph_test_norm(graph_test *t, encnet__node x, encnet__node a)
{
    int c = encnet__graph_shape(t->g, x).c;
    encnet__batch_norm_attr attr = {1e-5f, 0.1f, true};
    encnet__node in[] = {x,
                         graph_test_weight(t, ENCNET__VECTOR, &c, true),
                         graph_test_weight(t, ENCNET__VECTOR, &c, true),
                         a,
                         graph_test_weight(t, ENCNET__VECTOR, &c, false),
                         graph_test_weight(t, ENCNET__VECTOR, &c, false)};

    return encnet__graph_apply(
        t->g, encnet__graph_training(t->g) ? &encnet__op_batch_norm : &encnet__op_batch_norm_infer,
        &attr, sizeof attr, in, COUNT_OF(in));
}

/* A loss of [1,1,1,c] logits against the input "label". */
static inline encnet__node graph_test_loss(graph_test *t, encnet__node logits, encnet__node label)
{
    encnet__node in[] = {logits, label};

    return encnet__graph_apply(t->g, &encnet__op_binary_cross_entropy, NULL, 0, in, 2);
}

/* How many nodes compute `op`. */
static inline int graph_test_count(const graph_test *t, const encnet__op *op)
{
    int n = 0;

    for (int i = 0; i < t->g->n_nodes; i++) n += t->g->nodes[i].op == op;
    return n;
}

#endif
