/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * storage.c - chooses the element types of activations, float16 or bfloat16 on request, and adds
 * casts.
 *
 * An operator that can read narrow activations (op->narrow) does so, and writes narrow ones if it
 * can (op->out_is_narrow).  Other operators read and write float32.  Inputs, weights, outputs and
 * terms of the loss stay float32; a gradient has the type of its tensor.
 *
 * Where the values of an operator are read as float32 only, and what it reads is smaller than what
 * it writes, the cast comes before it: logits are enlarged in float32.
 */
#include "graph/internal.h"

typedef struct caster {
    rewrite r;
    encnet__node *casts; /* the cast of each new node, or ENCNET__NONE */
    bool *wide;          /* old nodes that run in float32 although they need not */
} caster;

static void caster_free(caster *c)
{
    encnet__free(c->casts);
    encnet__free(c->wide);
}

/* The numbers in the activations that node n reads. */
static size_t count_read(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    size_t count = 0;

    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (v->op->narrow >> i & 1))
            count += encnet__shape_count(g->nodes[v->in[i]].shape);
    return count;
}

/* Finds the operators that run in float32 because all their readers do, from the last to the
 * first. */
static encnet_status find_wide(bool *wide, const encnet__graph *g)
{
    bool *read = encnet__alloc((size_t)g->n_nodes + 1, sizeof *read); /* as narrow activations */

    if (!read) return encnet__fail(ENCNET_E_NOMEM, "no host memory to cast %d nodes", g->n_nodes);
    for (int n = g->n_nodes - 1; n >= 0; n--) {
        const node *v = &g->nodes[n];
        if (v->kind != NODE_OP) continue;
        wide[n] =
            v->op->out_is_narrow && !read[n] && count_read(g, n) < encnet__shape_count(v->shape);
        for (int i = 0; i < v->n_in && !wide[n]; i++)
            if (v->in[i] != ENCNET__NONE && (v->op->narrow >> i & 1)) read[v->in[i]] = true;
    }
    encnet__free(read);
    return ENCNET_OK;
}

static encnet_status begin(caster *c, encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t most = 2 * (size_t)g->n_nodes + 1; /* a node has at most one cast */

    *c = (caster){.casts = encnet__alloc(most, sizeof *c->casts),
                  .wide = encnet__alloc((size_t)g->n_nodes + 1, sizeof *c->wide)};
    if (!c->casts || !c->wide) FAIL(ENCNET_E_NOMEM, "no host memory to cast %d nodes", g->n_nodes);
    for (size_t n = 0; n < most; n++) c->casts[n] = ENCNET__NONE;
    TRY(find_wide(c->wide, g));
    TRY(encnet__rewrite_begin(&c->r, g));
done:
    return rc;
}

/* Returns the new node n in a type, cast if necessary; integers are unchanged. */
static encnet__node cast(caster *c, encnet__node n, encnet__type type)
{
    encnet__graph *g = c->r.g;

    if (n == ENCNET__NONE || g->nodes[n].type == type || g->nodes[n].type == ENCNET__I32) return n;
    if (c->casts[n] != ENCNET__NONE) return c->casts[n];
    c->casts[n] = encnet__graph_apply(g, &encnet__op_cast, NULL, 0, &n, 1);
    if (c->casts[n] != ENCNET__NONE) g->nodes[c->casts[n]].type = type;
    return c->casts[n];
}

/* The type of the activations of the old node n. */
static encnet__type type_of(const caster *c, encnet__node n)
{
    const node *v = &c->r.old[n];

    for (int i = 0; i < v->n_in && !c->wide[n]; i++) {
        encnet__node in = encnet__rewrite_input(&c->r, n, i);
        if (in == ENCNET__NONE || !(v->op->narrow >> i & 1)) continue;
        if (c->r.g->nodes[in].kind == NODE_INPUT || c->r.g->nodes[in].type == c->r.g->storage)
            return c->r.g->storage;
    }
    return ENCNET__F32;
}

static void copy_op(caster *c, encnet__node n)
{
    const node *v = &c->r.old[n];
    encnet__type type = type_of(c, n);
    encnet__node in[ENCNET__MAX_INPUTS], copy;

    for (int i = 0; i < v->n_in; i++)
        in[i] = cast(c, encnet__rewrite_input(&c->r, n, i),
                     v->op->narrow >> i & 1 ? type : ENCNET__F32);
    copy = encnet__rewrite_copy(&c->r, n);
    if (copy == ENCNET__NONE) return;
    for (int i = 0; i < v->n_in; i++) c->r.g->nodes[copy].in[i] = in[i];
    if (v->op->out_is_narrow) c->r.g->nodes[copy].type = type;
}

/* Casts values that can be read by name to float32. */
static void widen_outputs(caster *c)
{
    encnet__graph *g = c->r.g;

    for (int i = 0; i < g->n_outputs; i++) {
        encnet__node n = c->r.moved[g->outputs[i].node], wide = cast(c, n, ENCNET__F32);
        if (wide == n || wide == ENCNET__NONE) continue;
        encnet__rewrite_replace(&c->r, g->outputs[i].node, wide);
        g->nodes[n].kept = false;
    }
}

encnet_status encnet__pass_storage(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    caster c = {.casts = NULL, .wide = NULL};

    if (g->storage == ENCNET__F32) goto done;
    if (g->storage != ENCNET__F16 && g->storage != ENCNET__BF16)
        FAIL(ENCNET_E_ARG, "activations are stored as F32, F16 or BF16, not as %s",
             encnet__type_name(g->storage));
    TRY(begin(&c, g));
    for (int n = 0; n < c.r.n_old; n++)
        if (c.r.old[n].kind == NODE_OP)
            copy_op(&c, n);
        else
            encnet__rewrite_copy(&c.r, n);
    widen_outputs(&c);
    TRY(encnet__rewrite_end(&c.r));
done:
    caster_free(&c);
    return rc;
}
