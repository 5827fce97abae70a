/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * recompute.c - training: which values are stored from forward to backward, and which are computed again (Chen et al.,
 * arXiv:1604.06174).
 *
 * The values of a segment, such as some blocks of a ResNet, are recomputed from a stored one just before
 * backward of that segment, each of them once.  Long segments store less, but recompute more at once, and what
 * else lives at that moment differs from place to place.  So the commands are planned again and again: with
 * segments of several sizes, and then with a value more or a value less stored, as long as that helps.
 *
 * Recomputation that is costly has a price: its operations and what it moves.  Values of the highest price for a byte are
 * stored in any case, so that no more than a share of forward's price is paid again: none, a small one, about a thirtieth
 * of a step, as a rule for 1x1 convolutions with few channels of input, or a large one to save memory.
 */
#include "graph/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIZES = 5,       /* of segments */
    SMALLEST = 6,    /* of them, as a power of 1/2 of all values; the next is twice as large */
    LEAST_PART = 100 /* of the memory, that a value must have to be worth a try */
};

/* Operations in the time of moving a byte: between 20 and 60 on CPUs and GPUs in float32. */
static const double per_moved_byte = 30;

/* How much is done to save memory. */
typedef struct effort {
    double repeated_share; /* of the price of forward */
    int commands_each;     /* that may be planned to improve the choice of each size of segments, */
    int commands_best;     /* and then the best of these choices */
} effort;
static const effort efforts[] = {
    [ENCNET__RECOMPUTE_AUTO] = {0.06, 0, 1 << 16},
    [ENCNET__RECOMPUTE_NONE] = {0, 0, 1 << 16},
    [ENCNET__RECOMPUTE_FULL] = {0.6, 1 << 20, 0},
};

/* What the stored values of a choice cost. */
typedef struct cost {
    size_t most; /* bytes that live at one moment */
    int at;      /* that moment */
    double sum;  /* over all moments, of a power of what lives, so that the most counts for most */
} cost;

typedef struct choice {
    encnet__graph *g;
    bool *dear;     /* [g->n_nodes]: costs too much to recompute */
    int *readers;   /* [g->n_nodes]: gradients that are added up for this node */
    size_t *behind; /* [g->n_nodes]: bytes of values since the last stored one */
    bool *there;    /* [g->n_nodes]: the value lives when most memory is taken */
    bool *best;     /* [g->n_nodes]: stored, where `least` bytes suffice */
    size_t least;
    slot *forward; /* [n_forward]: the slots of the forward pass, which no choice changes */
    int n_forward, n_exchanged;
} choice;

/* Whether it is left to this pass if the value is stored. */
static bool may_recompute(const node *v)
{
    return v->kind == NODE_OP && v->wants_grad && v->op->recompute && !v->kept && !v->deferred;
}

/* -- values that are too dear ------------------------------------------------------------------- */

typedef struct price {
    encnet__node node;
    double total, per_byte;
} price;

static int dearer_first(const void *a, const void *b)
{
    const price *x = a, *y = b;

    if (x->per_byte != y->per_byte) return x->per_byte < y->per_byte ? 1 : -1;
    return x->node - y->node;
}

static double price_of(const encnet__graph *g, encnet__node n)
{
    const node *v = &g->nodes[n];
    encnet__node_shape shape;
    size_t moved;

    if (v->kind != NODE_OP) return 0;
    moved = encnet__node_bytes(g, n);
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && g->nodes[v->in[i]].kind != NODE_PARAM)
            moved += encnet__node_bytes(g, v->in[i]);
    shape = encnet__node_shape_of(g, n);
    return (v->op->flops ? v->op->flops(&shape) : 0) + per_moved_byte * (double)moved;
}

static encnet_status find_dear(choice *c, double repeated_share)
{
    encnet_status rc = ENCNET_OK;
    const encnet__graph *g = c->g;
    price *prices = encnet__alloc((size_t)g->n_nodes + 1, sizeof *prices);
    double forward = 0, repeated = 0;
    int n_prices = 0;

    if (!prices) FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    for (int n = 0; n < g->n_nodes; n++) {
        double total = price_of(g, n);
        forward += total;
        if (!may_recompute(&g->nodes[n]) || !g->nodes[n].op->costly) continue;
        prices[n_prices++] = (price){n, total, total / (double)encnet__node_bytes(g, n)};
        repeated += total;
    }
    qsort(prices, (size_t)n_prices, sizeof *prices, dearer_first);
    for (int i = 0; i < n_prices && repeated > repeated_share * forward; i++) {
        c->dear[prices[i].node] = true;
        repeated -= prices[i].total;
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

/* Drops the commands and slots of backward, but for what forward has left in `c`. */
static void begin_again(choice *c)
{
    encnet__graph *g = c->g;

    for (int n = 0; n < g->n_nodes; n++) g->nodes[n].recomputed = g->nodes[n].grad = -1;
    memcpy(g->slots, c->forward, (size_t)c->n_forward * sizeof *g->slots);
    g->n_slots = c->n_forward;
    g->n_commands = g->n_forward;
    g->n_exchanged = c->n_exchanged;
}

static encnet_status plan_forward(choice *c)
{
    encnet_status rc;
    encnet__graph *g = c->g;

    TRY(encnet__pass_forward(g));
    c->n_forward = g->n_slots;
    c->n_exchanged = g->n_exchanged;
    c->forward = encnet__alloc((size_t)c->n_forward + 1, sizeof *c->forward);
    if (!c->forward) FAIL(ENCNET_E_NOMEM, "no host memory to plan %d tensors", c->n_forward);
    memcpy(c->forward, g->slots, (size_t)c->n_forward * sizeof *c->forward);
done:
    return rc;
}

/* Drops all commands and slots. */
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
static encnet_status measure(cost *out, choice *c, bool *there)
{
    encnet_status rc;
    encnet__graph *g = c->g;
    size_t *alive = NULL;
    int n_alive;

    begin_again(c);
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
    return rc;
}

/* -- the choice --------------------------------------------------------------------------------- */

/* Whether it may help to change if node n is stored. */
static bool is_worth_a_try(const choice *c, encnet__node n, const cost *now)
{
    return c->there[n] && !c->dear[n] && encnet__node_bytes(c->g, n) >= now->most / LEAST_PART;
}

/* Stores one more or one fewer of the values that live when most memory is taken, as long as that helps and no more
 * than `commands` have been planned.  What is recomputed early for a short branch is tried first: such values may
 * have many others before them.  Keeps the best choice of all. */
static encnet_status improve(choice *c, int commands)
{
    encnet_status rc;
    encnet__graph *g = c->g;
    cost now, then;
    int tries = commands / (g->n_nodes + 1), turn = 2 * g->n_nodes;

    TRY(measure(&now, c, c->there));
    for (int i = 0, failed = 0; failed < turn && tries > 0; i = (i + 1) % turn, failed++) {
        encnet__node n = i % g->n_nodes;
        node *v = &g->nodes[n];
        if (v->stored != (i >= g->n_nodes) || !is_worth_a_try(c, n, &now)) continue;
        v->stored = !v->stored;
        tries--;
        TRY(measure(&then, c, NULL));
        if (then.sum >= now.sum) {
            v->stored = !v->stored;
            continue;
        }
        TRY(measure(&now, c, c->there));
        failed = 0;
    }
    if (now.most >= c->least) goto done;
    c->least = now.most;
    for (int n = 0; n < g->n_nodes; n++) c->best[n] = g->nodes[n].stored;
done:
    return rc;
}

/* Stores values that are recomputed before most memory is taken, as long as no more is taken then. */
static encnet_status store_what_is_free(choice *c)
{
    encnet_status rc;
    encnet__graph *g = c->g;
    cost now, then;

    TRY(measure(&now, c, NULL));
    for (int n = 0; n < g->n_nodes; n++) {
        slot_index s = g->nodes[n].recomputed;
        c->there[n] =
            s >= 0 && g->slots[s].first <= now.at && g->slots[s].bytes >= now.most / LEAST_PART;
    }
    for (int n = 0; n < g->n_nodes; n++) {
        if (!c->there[n]) continue;
        g->nodes[n].stored = true;
        TRY(measure(&then, c, NULL));
        if (then.most > now.most) g->nodes[n].stored = false;
    }
done:
    return rc;
}

static void take_best(choice *c)
{
    for (int n = 0; n < c->g->n_nodes; n++) c->g->nodes[n].stored = c->best[n];
}

/* Begins with what is stored now, and with segments of each size. */
static encnet_status choose(choice *c, const effort *e)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = c->g;
    size_t all = 0;

    for (int n = 0; n < g->n_nodes; n++)
        if (may_recompute(&g->nodes[n])) all += encnet__node_bytes(g, n);
    TRY(improve(c, e->commands_each));
    for (int i = 0; i < SIZES; i++) {
        cut(c, all >> (SMALLEST - i));
        TRY(improve(c, e->commands_each));
    }
    take_best(c);
    TRY(improve(c, e->commands_best));
    take_best(c);
    TRY(store_what_is_free(c));
done:
    return rc;
}

encnet_status encnet__pass_recompute(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t nodes = (size_t)g->n_nodes + 1;
    const effort *e = &efforts[g->recompute];
    choice c = {.g = g, .least = SIZE_MAX};

    if (!g->training) return ENCNET_OK;
    c.dear = encnet__alloc(nodes, sizeof *c.dear);
    c.readers = encnet__alloc(nodes, sizeof *c.readers);
    c.behind = encnet__alloc(nodes, sizeof *c.behind);
    c.there = encnet__alloc(nodes, sizeof *c.there);
    c.best = encnet__alloc(nodes, sizeof *c.best);
    if (!c.dear || !c.readers || !c.behind || !c.there || !c.best)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    TRY(find_dear(&c, e->repeated_share));
    count_readers(&c);
    TRY(plan_forward(&c));
    TRY(choose(&c, e));
    forget(g);
done:
    encnet__free(c.dear);
    encnet__free(c.readers);
    encnet__free(c.behind);
    encnet__free(c.there);
    encnet__free(c.best);
    encnet__free(c.forward);
    return rc;
}
