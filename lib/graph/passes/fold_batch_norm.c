/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fold_batch_norm.c - inference: folds a batch norm into the convolution before it.
 *
 *   relu?(norm(conv(x, w) + b?) + a?)  ->  relu?(conv(x, folded w) + folded b + a?)
 *
 * The folded weight and bias depend only on weights, so refresh() computes them once.  The
 * convolution must have no addend and no ReLU of its own, and no other reader.
 */
#include "graph/internal.h"
#include "ops/attr.h"

enum { X, W, B, A, CONV_INPUTS };           /* of conv2d */
enum { Z, GAMMA, BETA, ADDEND, MEAN, VAR }; /* of batch_norm_infer */

/* Whether node n is a convolution into which a batch norm can be folded. */
static bool is_plain_conv(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    const encnet__conv2d_attr *attr = v->attr;

    if (v->kind != NODE_OP || v->op != &encnet__op_conv2d || v->kept || attr->relu) return false;
    return v->n_in <= A || v->in[A] == ENCNET__NONE;
}

/* Sets norm_of[n] to the batch norm to fold into the convolution n; ENCNET__NONE if there is
 * none. */
static void find_pairs(encnet__node *norm_of, int *readers, const encnet__graph *g)
{
    for (int n = 0; n < g->n_nodes; n++)
        for (int i = 0; i < g->nodes[n].n_in; i++)
            if (g->nodes[n].in[i] != ENCNET__NONE) readers[g->nodes[n].in[i]]++;
    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        norm_of[n] = ENCNET__NONE;
        if (v->kind == NODE_OP && v->op == &encnet__op_batch_norm_infer && readers[v->in[Z]] == 1 &&
            is_plain_conv(g, v->in[Z]))
            norm_of[v->in[Z]] = n;
    }
}

static encnet__node input_of(const rewrite *r, encnet__node n, int i)
{
    return i < r->old[n].n_in ? encnet__rewrite_input(r, n, i) : ENCNET__NONE;
}

/* Appends the node that replaces the convolution `conv` and the batch norm `norm`. */
static encnet__node fold(rewrite *r, encnet__node conv, encnet__node norm)
{
    encnet__conv2d_attr attr = *(const encnet__conv2d_attr *)r->old[conv].attr;
    const encnet__batch_norm_attr *of_norm = r->old[norm].attr;
    encnet__bn_fold_attr fold = {.eps = of_norm->eps};
    encnet__node gamma = input_of(r, norm, GAMMA), var = input_of(r, norm, VAR);
    encnet__node for_weight[] = {input_of(r, conv, W), gamma, var};
    encnet__node for_bias[] = {gamma, input_of(r, norm, BETA), input_of(r, norm, MEAN), var,
                               input_of(r, conv, B)};
    encnet__node in[CONV_INPUTS] = {[X] = input_of(r, conv, X), [A] = input_of(r, norm, ADDEND)};

    attr.relu = of_norm->relu;
    in[W] = encnet__graph_apply(r->g, &encnet__op_bn_fold_weight, &fold, sizeof fold, for_weight,
                                COUNT_OF(for_weight));
    in[B] = encnet__graph_apply(r->g, &encnet__op_bn_fold_bias, &fold, sizeof fold, for_bias,
                                COUNT_OF(for_bias));
    return encnet__graph_apply(r->g, &encnet__op_conv2d, &attr, sizeof attr, in, CONV_INPUTS);
}

static encnet_status rewrite_pairs(encnet__graph *g, const encnet__node *norm_of)
{
    encnet_status rc = ENCNET_OK;
    rewrite r;

    TRY(encnet__rewrite_begin(&r, g));
    for (int n = 0; n < r.n_old; n++) {
        const node *v = &r.old[n];
        if (norm_of[n] != ENCNET__NONE) continue; /* appended with its batch norm */
        if (v->kind == NODE_OP && v->op == &encnet__op_batch_norm_infer && norm_of[v->in[Z]] == n)
            encnet__rewrite_replace(&r, n, fold(&r, v->in[Z], n));
        else
            encnet__rewrite_copy(&r, n);
    }
    TRY(encnet__rewrite_end(&r));
done:
    return rc;
}

encnet_status encnet__pass_fold_batch_norm(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t count = (size_t)g->n_nodes + 1;
    encnet__node *norm_of = encnet__alloc(count, sizeof *norm_of);
    int *readers = encnet__alloc(count, sizeof *readers);

    if (!norm_of || !readers) FAIL(ENCNET_E_NOMEM, "no host memory for %d nodes", g->n_nodes);
    find_pairs(norm_of, readers, g);
    TRY(rewrite_pairs(g, norm_of));
done:
    encnet__free(norm_of);
    encnet__free(readers);
    return rc;
}
