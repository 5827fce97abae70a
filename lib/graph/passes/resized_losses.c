/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resized_losses.c - training: losses and accuracies interpolate enlarged logits themselves.
 *
 *   cross_entropy(resize(z), label, w?)   ->  resized_cross_entropy(z, label, w?)
 *   pixel_accuracy(resize(z), label)      ->  resized_accuracy(z, label)
 *
 * Then neither the enlarged logits nor their gradients are in memory, which are the largest tensors of
 * a network of many classes.  Every reader of the enlarged logits must be of these kinds; where one
 * needs them as they are (ohem, rmi, an output), all of them read them.
 */
#include "graph/internal.h"
#include "ops/attr.h"
#include "ops/bilinear.h"

enum { Z, LABEL, WEIGHT, PIXELS }; /* of cross_entropy */

/* Whether node n, which reads enlarged logits, can do without them. */
static bool interpolates(const node *v)
{
    if (v->op == &encnet__op_pixel_accuracy) return true;
    return v->op == &encnet__op_cross_entropy &&
           (v->n_in <= PIXELS || v->in[PIXELS] == ENCNET__NONE);
}

static bool enlarges(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    encnet__shape x;

    if (v->kind != NODE_OP || v->op != &encnet__op_resize || v->kept) return false;
    x = g->nodes[v->in[Z]].shape;
    return x.h <= v->shape.h && x.w <= v->shape.w && x.c <= ENCNET__CELL_CLASSES;
}

/* Marks the resizes that are no longer needed. */
static void find(bool *fused, const encnet__graph *g)
{
    for (int n = 0; n < g->n_nodes; n++) fused[n] = enlarges(g, n);
    for (int n = 0; n < g->n_nodes; n++)
        for (int i = 0; i < g->nodes[n].n_in; i++)
            if (g->nodes[n].in[i] != ENCNET__NONE && (i != Z || !interpolates(&g->nodes[n])))
                fused[g->nodes[n].in[i]] = false;
}

/* Appends the node that replaces the old node n. */
static encnet__node replace(rewrite *r, encnet__node n)
{
    const node *v = &r->old[n];
    encnet__node resize = v->in[Z];
    const encnet__resize_attr *of_resize = r->old[resize].attr;
    encnet__node in[] = {encnet__rewrite_input(r, resize, Z), encnet__rewrite_input(r, n, LABEL),
                         ENCNET__NONE};

    if (v->op == &encnet__op_pixel_accuracy) {
        encnet__resized_accuracy_attr attr = {of_resize->align_corners};
        return encnet__graph_apply(r->g, &encnet__op_resized_accuracy, &attr, sizeof attr, in, 2);
    }
    const encnet__cross_entropy_attr *of_loss = v->attr;
    encnet__resized_cross_entropy_attr attr = {of_loss && of_loss->average_non_ignored,
                                               of_resize->align_corners};
    if (v->n_in > WEIGHT) in[WEIGHT] = encnet__rewrite_input(r, n, WEIGHT);
    return encnet__graph_apply(r->g, &encnet__op_resized_cross_entropy, &attr, sizeof attr, in, 3);
}

encnet_status encnet__pass_resized_losses(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    bool *fused = encnet__alloc((size_t)g->n_nodes + 1, sizeof *fused);
    rewrite r;

    if (!fused) FAIL(ENCNET_E_NOMEM, "no host memory for %d nodes", g->n_nodes);
    find(fused, g);
    TRY(encnet__rewrite_begin(&r, g));
    for (int n = 0; n < r.n_old; n++) {
        const node *v = &r.old[n];
        if (fused[n]) continue;
        if (v->kind == NODE_OP && v->in[Z] != ENCNET__NONE && fused[v->in[Z]])
            encnet__rewrite_replace(&r, n, replace(&r, n));
        else
            encnet__rewrite_copy(&r, n);
    }
    TRY(encnet__rewrite_end(&r));
done:
    encnet__free(fused);
    return rc;
}
