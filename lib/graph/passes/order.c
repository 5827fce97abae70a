/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * order.c - training: in which order the backward pass runs the nodes.
 *
 * An operator that needs the sums of all ranks (encnet__sync) runs in two halves with an exchange in between.  An
 * exchange waits until nothing else can run without it, and all exchanges that wait by then share one message: this is
 * the order of several ranks.
 *
 * A single rank has no exchange to wait for.  It finishes one of several branches before it begins the next, so that
 * fewer gradients and recomputed values are there at once; a short branch waits until a long one has come to where they
 * meet, and has made room.  But the gradients of a tensor are added up in the order in which several ranks do it, so that
 * the bits are the same.
 */
#include "graph/internal.h"

/* A short branch is less than this fraction of a long one. */
static const double short_part = 0.5;

typedef struct step {
    backward_unit unit;
    bool done;
    /* what adds to the gradient of this input just before it; -1 = nothing */
    int before[ENCNET__MAX_INPUTS];
} step;

typedef struct sweep {
    encnet__graph *g;
    step *steps; /* [n_steps], in the order of several ranks */
    int n_steps;
    int *left; /* [g->n_nodes]: gradients still to come for this node; -1: it has a step */
    /* [g->n_nodes + weights]: the last step that adds to the gradient of this node or weight; -1 = none */
    int *last;
    int *first_of; /* [g->n_nodes]: the step that is the first half of this node */
    double *path;  /* [g->n_nodes]: bytes of values from the loss, by the longest path */
} sweep;

/* -- the order of several ranks ----------------------------------------------------------------- */

static bool takes_part(const node *v)
{
    return v->kind == NODE_OP && v->wants_grad;
}

/* Counts the gradients that each node waits for. */
static void count(sweep *s)
{
    const encnet__graph *g = s->g;

    for (int n = 0; n < g->n_nodes; n++) {
        unsigned wanted = takes_part(&g->nodes[n]) ? encnet__node_wanted(g, n) : 0;
        for (int i = 0; i < g->nodes[n].n_in; i++)
            if (wanted >> i & 1) s->left[g->nodes[n].in[i]]++;
    }
}

/* Where to note who adds to the gradient of a node last; several nodes may be one weight. */
static int *last_of(const sweep *s, encnet__node n)
{
    const node *v = &s->g->nodes[n];

    return &s->last[v->kind == NODE_PARAM ? s->g->n_nodes + v->param : n];
}

static void add_step(sweep *s, backward_unit u)
{
    const encnet__graph *g = s->g;
    encnet__node n = u.node;
    unsigned inputs = encnet__unit_inputs(g, &u);
    step *t = &s->steps[s->n_steps];

    t->unit = u;
    if (u.half == FIRST) s->first_of[n] = s->n_steps;
    if (u.half != SECOND) {
        s->left[n] = -1;
        s->path[n] += (double)encnet__node_bytes(g, n);
    }
    for (int i = 0; i < g->nodes[n].n_in; i++) {
        encnet__node in = g->nodes[n].in[i];
        t->before[i] = -1;
        if (!(inputs >> i & 1)) continue;
        t->before[i] = *last_of(s, in);
        *last_of(s, in) = s->n_steps;
        s->left[in]--;
        if (s->path[n] > s->path[in]) s->path[in] = s->path[n];
    }
    s->n_steps++;
}

static void find_steps(sweep *s)
{
    const encnet__graph *g = s->g;
    int from, to;

    count(s);
    do {
        from = s->n_steps;
        for (int n = g->n_nodes - 1; n >= 0; n--)
            if (takes_part(&g->nodes[n]) && s->left[n] == 0)
                add_step(s, (backward_unit){n, g->nodes[n].op->sync ? FIRST : WHOLE});
        to = s->n_steps;
        for (int k = from; k < to; k++)
            if (s->steps[k].unit.half == FIRST)
                add_step(s, (backward_unit){s->steps[k].unit.node, SECOND});
    } while (s->n_steps > to);
}

/* -- the order of a single rank ----------------------------------------------------------------- */

static void append(sweep *s, step *t)
{
    t->done = true;
    s->g->units[s->g->n_units++] = t->unit;
}

/* Whether the branch of a step is short beside that of another. */
static bool is_short(const sweep *s, int branch, const step *beside)
{
    return s->path[s->steps[branch].unit.node] < short_part * s->path[beside->unit.node];
}

/* Appends a step behind all that it needs: what adds before it to the gradients that it adds to, and all that adds to
 * the gradient that it reads.  These have smaller numbers, so that this ends. */
static void append_branch(sweep *s, int number)
{
    step *t = number < 0 ? NULL : &s->steps[number];
    const node *v;

    if (!t || t->done) return;
    v = &s->g->nodes[t->unit.node];
    for (int i = 0; i < v->n_in; i++)
        if (t->before[i] >= 0 && !is_short(s, t->before[i], t)) append_branch(s, t->before[i]);
    append_branch(s,
                  t->unit.half == SECOND ? s->first_of[t->unit.node] : *last_of(s, t->unit.node));
    for (int i = 0; i < v->n_in; i++) append_branch(s, t->before[i]);
    append(s, t);
}

encnet_status encnet__pass_order(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t nodes = (size_t)g->n_nodes + 1, all = nodes + (size_t)encnet__weights_count(g->weights);
    sweep s = {.g = g};

    if (!g->training) return ENCNET_OK;
    s.steps = encnet__alloc(2 * nodes, sizeof *s.steps);
    s.left = encnet__alloc(nodes, sizeof *s.left);
    s.last = encnet__alloc(all, sizeof *s.last);
    s.first_of = encnet__alloc(nodes, sizeof *s.first_of);
    s.path = encnet__alloc(nodes, sizeof *s.path);
    g->units = encnet__alloc(2 * nodes, sizeof *g->units);
    if (!s.steps || !s.left || !s.last || !s.first_of || !s.path || !g->units)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    for (size_t i = 0; i < all; i++) s.last[i] = -1;
    find_steps(&s);
    for (int k = 0; g->ranks && k < s.n_steps; k++) append(&s, &s.steps[k]);
    for (int k = s.n_steps - 1; k >= 0; k--) append_branch(&s, k);
done:
    encnet__free(s.steps);
    encnet__free(s.left);
    encnet__free(s.last);
    encnet__free(s.first_of);
    encnet__free(s.path);
    return rc;
}
