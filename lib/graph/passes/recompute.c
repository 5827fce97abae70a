/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * recompute.c - training to save memory: which values are stored, if operators whose recomputation is costly
 * may be recomputed, too (Chen et al., arXiv:1604.06174).
 *
 * The values of a segment, such as some blocks of a ResNet, are recomputed from a stored one just before
 * backward of that segment, each of them once.  Long segments store less, but recompute more at once, and what
 * else lives at that moment differs from place to place.  So the commands are planned again and again: with
 * segments of several sizes, and then with a value more or a value less stored, as long as that helps.
 *
 * Values that take the most operations for a byte are stored in any case, so that no more than a share of the
 * operations of forward is repeated.
 */
#include "graph/internal.h"

#include <stdlib.h>

enum {
    SIZES = 5,          /* of segments */
    SMALLEST = 6,       /* of them, as a power of 1/2 of all values; the next is twice as large */
    COMMANDS = 1 << 20, /* that may be planned for each of them */
    LEAST_PART = 100    /* of the memory, that a value must have to be worth a try */
};
static const double repeated_share = 0.7;

/* What the stored values of a choice cost. */
typedef struct cost {
    size_t most; /* bytes that live at one moment */
    int at;      /* that moment */
    double sum;  /* over all moments, of a power of what lives, so that the most counts for most */
} cost;

typedef struct choice {
    encnet__graph *g;
    bool *dear;     /* [g->n_nodes]: takes too many operations */
    int *readers;   /* [g->n_nodes]: gradients that are added up for this node */
    size_t *behind; /* [g->n_nodes]: bytes of values since the last stored one */
    bool *there;    /* [g->n_nodes]: the value lives when most memory is taken */
    bool *best;     /* [g->n_nodes]: stored, where `least` bytes suffice */
    size_t least;
} choice;

/* Whether it is left to this pass if the value is stored. */
static bool may_recompute(const node *v)
{
    return v->kind == NODE_OP && v->wants_grad && v->op->recompute && !v->kept;
}

/* -- values that are too dear ------------------------------------------------------------------- */

typedef struct price {
    encnet__node node;
    double flops, per_byte;
} price;

static int dearer_first(const void *a, const void *b)
{
    const price *x = a, *y = b;

    if (x->per_byte != y->per_byte) return x->per_byte < y->per_byte ? 1 : -1;
    return x->node - y->node;
}

static double flops_of(const encnet__graph *g, encnet__node n)
{
    encnet__node_shape shape;

    if (g->nodes[n].kind != NODE_OP || !g->nodes[n].op->flops) return 0;
    shape = encnet__node_shape_of(g, n);
    return g->nodes[n].op->flops(&shape);
}

static encnet_status find_dear(choice *c)
{
    encnet_status rc = ENCNET_OK;
    const encnet__graph *g = c->g;
    price *prices = encnet__alloc((size_t)g->n_nodes + 1, sizeof *prices);
    double forward = 0, repeated = 0;
    int n_prices = 0;

    if (!prices) FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    for (int n = 0; n < g->n_nodes; n++) {
        double flops = flops_of(g, n);
        forward += flops;
        if (!may_recompute(&g->nodes[n]) || !g->nodes[n].op->costly) continue;
        prices[n_prices++] = (price){n, flops, flops / (double)encnet__node_bytes(g, n)};
        repeated += flops;
    }
    qsort(prices, (size_t)n_prices, sizeof *prices, dearer_first);
    for (int i = 0; i < n_prices && repeated > repeated_share * forward; i++) {
        c->dear[prices[i].node] = true;
        repeated -= prices[i].flops;
    }
done:
    encnet__free(prices);
    return rc;
}

/* -- segments ----------------------------------------------------------------------------------- */

static void count_readers(choice *c)
{
    const encnet__graph *g = c->g;

    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        unsigned wanted = v->kind == NODE_OP && v->wants_grad ? encnet__node_wanted(g, n) : 0;
        for (int i = 0; i < v->n_in; i++)
            if (wanted >> i & 1) c->readers[v->in[i]]++;
    }
}

/* Stores the values where branches meet behind so many bytes of others, and values anywhere behind twice as
 * many. */
static void cut(choice *c, size_t bytes)
{
    encnet__graph *g = c->g;

    for (int n = 0; n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        c->behind[n] = 0;
        if (v->kind != NODE_OP || !v->wants_grad) continue;
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE && c->behind[v->in[i]] > c->behind[n])
                c->behind[n] = c->behind[v->in[i]];
        c->behind[n] += encnet__node_bytes(g, n);
        v->stored =
            !may_recompute(v) || c->dear[n] || c->behind[n] / (c->readers[n] > 1 ? 1 : 2) >= bytes;
        if (v->stored) c->behind[n] = 0;
    }
}

/* -- what they cost ----------------------------------------------------------------------------- */

/* Drops the commands and slots of forward and backward. */
static void forget(encnet__graph *g)
{
    for (int n = 0; n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        v->value = v->recomputed = v->grad = v->saved = -1;
    }
    g->n_slots = g->n_commands = g->n_forward = g->n_exchanged = 0;
}

static bool lives(const encnet__graph *g, slot_index s, int at)
{
    return s >= 0 && g->slots[s].first <= at && at <= g->slots[s].last;
}

static cost cost_of(const size_t *alive, int n)
{
    cost c = {.most = 0};

    for (int t = 0; t < n; t++) {
        double x = (double)alive[t] / 0x1p28;
        for (int i = 0; i < 4; i++) x *= x; /* the power of 16 */
        c.sum += x;
        if (alive[t] <= c.most) continue;
        c.most = alive[t];
        c.at = t;
    }
    return c;
}

/* Plans the values that are stored now.  Unless it is NULL, `there` gets the values that live at the moment
 * when most memory is taken. */
static encnet_status measure(cost *out, encnet__graph *g, bool *there)
{
    encnet_status rc;
    size_t *alive = NULL;
    int n_alive;

    TRY(encnet__pass_forward(g));
    TRY(encnet__pass_backward(g));
    TRY(encnet__pass_updates(g));
    encnet__slots_extend_kept(g);
    TRY(encnet__slots_alive(&alive, &n_alive, g->slots, g->n_slots));
    *out = cost_of(alive, n_alive);
    for (int n = 0; there && n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        there[n] =
            may_recompute(v) && (lives(g, v->value, out->at) || lives(g, v->recomputed, out->at));
    }
done:
    encnet__free(alive);
    forget(g);
    return rc;
}

/* -- the choice --------------------------------------------------------------------------------- */

/* Stores one more or one fewer of the values that live when most memory is taken, as long as that helps. */
static encnet_status improve(size_t *most, choice *c)
{
    encnet_status rc;
    encnet__graph *g = c->g;
    cost now, then;
    int tries = COMMANDS / (g->n_nodes + 1);

    TRY(measure(&now, g, c->there));
    for (int n = 0; n < g->n_nodes && tries > 0; n++) {
        node *v = &g->nodes[n];
        if (!c->there[n] || c->dear[n] || encnet__node_bytes(g, n) < now.most / LEAST_PART)
            continue;
        v->stored = !v->stored;
        tries--;
        TRY(measure(&then, g, NULL));
        if (then.sum >= now.sum) {
            v->stored = !v->stored;
            continue;
        }
        TRY(measure(&now, g, c->there));
        n = -1;
    }
    *most = now.most;
done:
    return rc;
}

static encnet_status choose(choice *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = c->g;
    size_t all = 0, most;

    for (int n = 0; n < g->n_nodes; n++)
        if (may_recompute(&g->nodes[n])) all += encnet__node_bytes(g, n);
    for (int i = 0; i < SIZES; i++) {
        cut(c, all >> (SMALLEST - i));
        TRY(improve(&most, c));
        if (most >= c->least) continue;
        c->least = most;
        for (int n = 0; n < g->n_nodes; n++) c->best[n] = g->nodes[n].stored;
    }
    for (int n = 0; n < g->n_nodes; n++) g->nodes[n].stored = c->best[n];
done:
    return rc;
}

encnet_status encnet__pass_recompute(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t nodes = (size_t)g->n_nodes + 1;
    choice c = {.g = g, .least = SIZE_MAX};

    if (!g->training || !g->saves_memory) return ENCNET_OK;
    c.dear = encnet__alloc(nodes, sizeof *c.dear);
    c.readers = encnet__alloc(nodes, sizeof *c.readers);
    c.behind = encnet__alloc(nodes, sizeof *c.behind);
    c.there = encnet__alloc(nodes, sizeof *c.there);
    c.best = encnet__alloc(nodes, sizeof *c.best);
    if (!c.dear || !c.readers || !c.behind || !c.there || !c.best)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    TRY(find_dear(&c));
    count_readers(&c);
    TRY(choose(&c));
done:
    encnet__free(c.dear);
    encnet__free(c.readers);
    encnet__free(c.behind);
    encnet__free(c.there);
    encnet__free(c.best);
    return rc;
}
