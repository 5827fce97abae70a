/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * updates.c - training whose backward pass updates the weights: a command for each weight, behind the last one
 * that writes its gradient or reads its value.  The gradient lives until then, in memory that others use again.
 * Weights that are small wait for one another, so that few launches update them.
 *
 * The gradient of a weight that no loss depends on is zero: weight decay and momentum still change it.
 */
#include "graph/internal.h"

#include <string.h>

enum { MOST_BYTES = 1 << 16 /* of gradients that wait */ };

typedef struct schedule {
    encnet__graph *g;
    command *old; /* [n_old]: the commands before this pass */
    int n_old;
    int *at;           /* [n_old + 1]: where they are after it */
    slot_index *grads; /* [weights]: the gradient; -1: no command has written it yet */
    int *last;         /* [weights]: the last old command that uses the weight; -1 = none */
    int *due,
        *next; /* [n_old], [weights]: lists of the weights whose last command it is; -1 = the end */
    int waiting[ENCNET__UPDATES], n_waiting; /* weights whose updates are due */
    size_t bytes;                            /* of their gradients */
} schedule;

static bool is_trainable(const encnet__graph *g, int param)
{
    return encnet__weights_at(g->weights, param)->trainable;
}

/* -- which command is the last ------------------------------------------------------------------ */

/* Whether the command reads input i of its node. */
static bool reads(const command *c, int i)
{
    switch (c->kind) {
    case COMMAND_RECOMPUTE:
        return true;
    case COMMAND_BACKWARD:
    case COMMAND_BACKWARD_SUMS:
        return c->reads >> i & 1;
    default:
        return false;
    }
}

static void find_last(schedule *s)
{
    encnet__graph *g = s->g;

    for (int k = g->n_forward; k < s->n_old; k++) {
        const command *c = &s->old[k];
        const node *v = &g->nodes[c->node];
        for (int i = 0; i < v->n_in; i++) {
            if (c->din_param[i] >= 0) s->last[c->din_param[i]] = k;
            if (v->in[i] != ENCNET__NONE && g->nodes[v->in[i]].kind == NODE_PARAM && reads(c, i))
                s->last[g->nodes[v->in[i]].param] = k;
        }
        if (c->target_param >= 0) s->last[c->target_param] = k;
    }
    for (int p = encnet__weights_count(g->weights) - 1; p >= 0; p--) {
        if (!is_trainable(g, p) || s->last[p] < 0) continue;
        s->next[p] = s->due[s->last[p]];
        s->due[s->last[p]] = p;
    }
}

/* -- gradients and updates ---------------------------------------------------------------------- */

/* Makes the gradient of a weight, if the next command is the first to write it. */
static encnet_status make_gradient(schedule *s, int param)
{
    const encnet__param *p = encnet__weights_at(s->g->weights, param);

    if (s->grads[param] >= 0) return ENCNET_OK;
    return encnet__slot_new(s->g, &s->grads[param], encnet__shape_bytes(p->shape, ENCNET__F32));
}

/* Appends a command of before, which now writes gradients of weights to their slots. */
static encnet_status copy(schedule *s, const command *from)
{
    encnet_status rc = ENCNET_OK;
    command c = *from;

    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) {
        if (c.din_param[i] < 0) continue;
        TRY(make_gradient(s, c.din_param[i]));
        c.din[i] = s->grads[c.din_param[i]];
        c.din_param[i] = -1;
    }
    if (c.target_param >= 0) {
        c.target = s->grads[c.target_param];
        c.target_param = -1;
    }
    TRY(encnet__command_emit(s->g, &c));
done:
    return rc;
}

/* Appends the updates that are due. */
static encnet_status flush(schedule *s)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < s->n_waiting; i++) {
        command c = encnet__command_blank(COMMAND_UPDATE, ENCNET__NONE);
        c.target_param = s->waiting[i];
        c.source = s->grads[c.target_param];
        encnet__slot_use(s->g, c.source);
        TRY(encnet__command_emit(s->g, &c));
    }
    s->n_waiting = 0;
    s->bytes = 0;
done:
    return rc;
}

static encnet_status update(schedule *s, int param)
{
    s->waiting[s->n_waiting++] = param;
    s->bytes += encnet__shape_bytes(encnet__weights_at(s->g->weights, param)->shape, ENCNET__F32);
    return s->n_waiting == ENCNET__UPDATES || s->bytes >= MOST_BYTES ? flush(s) : ENCNET_OK;
}

/* Appends a gradient of zeros for a weight that no command has used, and its update. */
static encnet_status update_unused(schedule *s, int param)
{
    encnet_status rc = ENCNET_OK;
    command c = encnet__command_blank(COMMAND_CLEAR, ENCNET__NONE);

    TRY(make_gradient(s, param));
    c.target = s->grads[param];
    TRY(encnet__command_emit(s->g, &c));
    TRY(update(s, param));
done:
    return rc;
}

static encnet_status rebuild(schedule *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = s->g;
    int before = g->n_slots;

    g->n_commands = 0;
    for (int k = 0; k < s->n_old; k++) {
        s->at[k] = g->n_commands;
        TRY(copy(s, &s->old[k]));
        for (int p = s->due[k]; p >= 0; p = s->next[p]) TRY(update(s, p));
    }
    s->at[s->n_old] = g->n_commands;
    for (int p = 0; p < encnet__weights_count(g->weights); p++)
        if (is_trainable(g, p) && s->grads[p] < 0) TRY(update_unused(s, p));
    TRY(flush(s));
    for (int i = 0; i < before; i++) {
        g->slots[i].first = s->at[g->slots[i].first];
        g->slots[i].last = s->at[g->slots[i].last];
    }
done:
    return rc;
}

encnet_status encnet__pass_updates(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t commands = (size_t)g->n_commands + 1,
           params = (size_t)encnet__weights_count(g->weights) + 1;
    schedule s = {.g = g, .n_old = g->n_commands};

    if (!g->training || !g->updates) return ENCNET_OK;
    s.old = encnet__alloc(commands, sizeof *s.old);
    s.at = encnet__alloc(commands, sizeof *s.at);
    s.due = encnet__alloc(commands, sizeof *s.due);
    s.grads = encnet__alloc(params, sizeof *s.grads);
    s.last = encnet__alloc(params, sizeof *s.last);
    s.next = encnet__alloc(params, sizeof *s.next);
    if (!s.old || !s.at || !s.due || !s.grads || !s.last || !s.next)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %zu weights", params);
    memcpy(s.old, g->commands, (size_t)g->n_commands * sizeof *s.old);
    for (size_t k = 0; k < commands; k++) s.due[k] = -1;
    for (size_t p = 0; p < params; p++) s.grads[p] = s.last[p] = s.next[p] = -1;
    find_last(&s);
    TRY(rebuild(&s));
done:
    encnet__free(s.old);
    encnet__free(s.at);
    encnet__free(s.due);
    encnet__free(s.grads);
    encnet__free(s.last);
    encnet__free(s.next);
    return rc;
}
