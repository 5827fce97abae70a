/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* run.c - allocates the memory of a planned graph and runs its commands. */
#include "graph/internal.h"
#include "ops/ranks.h"
#include "ops/storage.h"
#include "ops/tiles.h"

#include <string.h>

enum { ADD_GROUP = 256, RANK_BIT = 16 };

/* Of a graph that may be stopped, so many commands at most are enqueued at a time, and so many that they
 * take about as long as this: up to twice as much is still to be waited for when it stops. */
enum { MOST_AT_A_TIME = 8 };
static const double pace_seconds = 0.02;

/* -- memory ------------------------------------------------------------------------------------ */

static encnet__buffer *slot_buffer(const encnet__graph *g, slot_index s)
{
    return s < 0 ? NULL : g->slots[s].buffer;
}

/* Returns the value of node n; for `backward` the recomputed one, if there is one. */
static encnet__tensor tensor_at(const encnet__graph *g, encnet__node n, bool backward)
{
    const node *v = &g->nodes[n];
    encnet__tensor t = {.shape = v->shape, .type = v->type};

    if (v->kind == NODE_PARAM)
        t.buffer = encnet__weights_at(g->weights, v->param)->value;
    else
        t.buffer = slot_buffer(g, backward && v->recomputed >= 0 ? v->recomputed : v->value);
    return t;
}

/* Returns the gradient of input i of the command's node; for an exchange node, the sums over
 * ranks. */
static encnet__tensor gradient_of(const encnet__graph *g, const command *c, int i)
{
    const node *v = &g->nodes[c->node], *in = &g->nodes[v->in[i]];
    encnet__tensor t = {.shape = in->shape, .type = in->type};

    t.buffer = c->din_param[i] >= 0 ? encnet__weights_at(g->weights, c->din_param[i])->grad
                                    : slot_buffer(g, c->din[i]);
    if (in->kind == NODE_EXCHANGE) t.shape = (encnet__shape){1, 1, 1, (int)in->sums};
    return t;
}

static void fill_call(encnet__graph *g, command *c)
{
    const node *v = &g->nodes[c->node];
    bool gradients = c->kind == COMMAND_BACKWARD || c->kind == COMMAND_BACKWARD_SUMS;
    bool backward = gradients || c->kind == COMMAND_RECOMPUTE;

    c->call = (encnet__call){.dev = g->dev,
                             .attr = v->attr,
                             .plan = v->plan,
                             .n_in = v->n_in,
                             .ranks = encnet__graph_sync_group(g),
                             .node = (uint32_t)v->id};
    if (g->ranks) /* every rank draws its own masks */
        c->call.node |= (uint32_t)g->ranks->comm->rank << RANK_BIT;
    for (int i = 0; i < v->n_in; i++) {
        const node *in = v->in[i] == ENCNET__NONE ? NULL : &g->nodes[v->in[i]];
        if (!in) continue;
        c->call.in[i] = tensor_at(g, in->deferred ? in->in[0] : v->in[i], backward);
        if (in->deferred) c->call.coefficients = slot_buffer(g, in->value);
    }
    c->call.defers = v->deferred;
    c->call.out = tensor_at(g, c->node, backward);
    c->call.saved = slot_buffer(g, v->saved);
    c->call.scratch = slot_buffer(g, c->scratch);
    c->call.prepared = slot_buffer(g, v->prepared);
    if (!gradients) return;
    c->call.adds = c->adds;
    c->call.dout = (encnet__tensor){slot_buffer(g, v->grad), v->shape, v->type};
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE) c->call.din[i] = gradient_of(g, c, i);
}

static encnet__piece piece_of(const encnet__graph *g, command_kind kind, encnet__node exchange)
{
    const node *v = &g->nodes[exchange], *contribution = &g->nodes[v->in[0]];

    if (kind == COMMAND_SUM)
        return (encnet__piece){.own = slot_buffer(g, v->grad), .floats = v->sums};
    return (encnet__piece){.own = slot_buffer(g, contribution->value),
                           .all = slot_buffer(g, v->value),
                           .floats = encnet__shape_count(contribution->shape)};
}

/* Sets up the pieces of all messages, and room for the largest message. */
static encnet_status prepare_exchanges(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    g->pieces = encnet__alloc((size_t)g->n_exchanged + 1, sizeof *g->pieces);
    if (!g->pieces) FAIL(ENCNET_E_NOMEM, "no host memory for %d exchanges", g->n_exchanged);
    for (int k = 0; k < g->n_commands; k++) {
        const command *c = &g->commands[k];
        size_t floats = 0;
        for (int i = c->first; i < c->first + c->count; i++) {
            g->pieces[i] = piece_of(g, c->kind, g->exchanged[i]);
            floats += g->pieces[i].floats;
        }
        if (c->count) TRY(encnet__ranks_room(g->ranks, floats));
    }
done:
    return rc;
}

static void writes(encnet__graph *g, const encnet__bucket *buckets, int param, int at)
{
    for (int b = 0; param >= 0 && b < g->n_buckets; b++)
        if (param >= buckets[b].first && param < buckets[b].end) g->completed_by[b] = at;
}

/* Finds the command that completes each gradient bucket; a bucket that no command writes is
 * complete at the beginning of the backward pass. */
static encnet_status find_completions(encnet__graph *g)
{
    const encnet__bucket *buckets =
        encnet__weights_buckets(g->weights, ENCNET__GRADIENTS, &g->n_buckets);

    g->completed_by = encnet__alloc((size_t)g->n_buckets + 1, sizeof *g->completed_by);
    if (!g->completed_by) return encnet__fail(ENCNET_E_NOMEM, "no host memory for the gradients");
    for (int b = 0; b < g->n_buckets; b++) g->completed_by[b] = g->n_forward;
    for (int i = g->n_forward; i < g->n_commands; i++) {
        const command *c = &g->commands[i];
        for (int k = 0; k < ENCNET__MAX_INPUTS; k++) writes(g, buckets, c->din_param[k], i);
        writes(g, buckets, c->target_param, i);
    }
    return ENCNET_OK;
}

/* Takes what is derived from the weights; it stays for as long as the graph does. */
static encnet_status share_derived(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int s = 0; s < g->n_slots; s++) {
        slot *t = &g->slots[s];
        if (!t->key || t->derived) continue;
        TRY(encnet__derived_share(&t->derived, encnet__weights_derived(g->weights), t->key,
                                  t->bytes));
        t->buffer = encnet__derived_buffer(t->derived);
    }
done:
    return rc;
}

/* Places in the arenas what is not derived from the weights, and tells the commands. */
static encnet_status place_in_arenas(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int s = 0; s < g->n_slots; s++) {
        slot *t = &g->slots[s];
        if (!t->key) TRY(encnet__buffer_view(&t->buffer, g->arenas[t->arena], t->offset, t->bytes));
    }
    for (int i = 0; i < g->n_commands; i++)
        if (g->commands[i].node != ENCNET__NONE) fill_call(g, &g->commands[i]);
    g->placed = true;
done:
    return rc;
}

void encnet__graph_leave(encnet__graph *g)
{
    for (int s = 0; s < g->n_slots; s++) {
        slot *t = &g->slots[s];
        if (t->key) continue;
        encnet__buffer_free(t->buffer);
        t->buffer = NULL;
    }
    g->placed = false;
}

encnet_status encnet__graph_scale_loss(encnet__graph *g, double scale)
{
    encnet_status rc = ENCNET_OK;
    double share = g->ranks ? encnet__ranks_share(g->ranks) : 1;

    if (g->loss_scale == scale) return ENCNET_OK;
    for (int t = 0; t < g->n_terms; t++)
        if (g->terms[t].is_loss)
            TRY(encnet__fill(slot_buffer(g, g->nodes[g->terms[t].node].grad),
                             (float)(g->terms[t].weight * share * scale)));
    g->loss_scale = scale;
done:
    return rc;
}

static encnet_status new_arenas(encnet__graph *g)
{
    g->arenas = encnet__alloc((size_t)g->n_arenas + 1, sizeof(encnet__buffer *));
    if (g->arenas) return ENCNET_OK;
    return encnet__fail(ENCNET_E_NOMEM, "no host memory for %d arenas", g->n_arenas);
}

encnet_status encnet__graph_allocate(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    TRY(new_arenas(g));
    for (int a = 0; a < g->n_arenas; a++)
        TRY(encnet__buffer_new(&g->arenas[a], g->dev, g->arena_bytes[a]));
    TRY(share_derived(g));
    TRY(place_in_arenas(g));
    TRY(prepare_exchanges(g));
    if (g->training) TRY(find_completions(g));
    if (g->training) TRY(encnet__graph_scale_loss(g, 1));
done:
    return rc;
}

encnet_status encnet__graph_allocate_in(encnet__graph *g, const encnet__arenas *a)
{
    encnet_status rc = ENCNET_OK;

    if (g->placed) return ENCNET_OK;
    g->borrows_arenas = true;
    if (!g->arenas) TRY(new_arenas(g));
    for (int i = 0; i < g->n_arenas; i++) g->arenas[i] = a->at[i];
    TRY(share_derived(g));
    TRY(place_in_arenas(g));
done:
    if (rc != ENCNET_OK) encnet__graph_leave(g);
    return rc;
}

size_t encnet__arenas_bytes(const encnet__arenas *a)
{
    size_t bytes = 0;

    for (int i = 0; i < a->n; i++)
        if (a->at[i]) bytes += encnet__buffer_bytes(a->at[i]);
    return bytes;
}

/* What arena i has. */
static size_t arena_has(const encnet__arenas *a, int i)
{
    return i < a->n && a->at[i] ? encnet__buffer_bytes(a->at[i]) : 0;
}

size_t encnet__arenas_lack(const encnet__arenas *a, const encnet__graph *g)
{
    size_t bytes = 0;

    for (int i = 0; i < g->n_arenas; i++)
        if (g->arena_bytes[i] > arena_has(a, i)) bytes += g->arena_bytes[i] - arena_has(a, i);
    return bytes;
}

encnet_status encnet__arenas_grow(encnet__arenas *a, const encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    if (g->n_arenas > a->n) {
        encnet__buffer **grown = encnet__realloc(a->at, (size_t)g->n_arenas, sizeof *grown);
        if (!grown) FAIL(ENCNET_E_NOMEM, "no host memory for %d arenas", g->n_arenas);
        a->at = grown;
        while (a->n < g->n_arenas) a->at[a->n++] = NULL;
    }
    for (int i = 0; i < g->n_arenas; i++) /* first, so that old and new are never held at once */
        if (g->arena_bytes[i] > arena_has(a, i)) {
            encnet__buffer_free(a->at[i]);
            a->at[i] = NULL;
        }
    for (int i = 0; i < g->n_arenas; i++)
        if (!a->at[i]) TRY(encnet__buffer_new(&a->at[i], g->dev, g->arena_bytes[i]));
done:
    return rc;
}

/* What the graphs need of arena i. */
static size_t arena_needed(encnet__graph *const *graphs, int n, int i)
{
    size_t bytes = 0;

    for (int k = 0; k < n; k++)
        if (i < graphs[k]->n_arenas && graphs[k]->arena_bytes[i] > bytes)
            bytes = graphs[k]->arena_bytes[i];
    return bytes;
}

size_t encnet__arenas_needed(encnet__graph *const *graphs, int n)
{
    size_t bytes = 0, more;

    for (int i = 0; (more = arena_needed(graphs, n, i)) > 0; i++) bytes += more;
    return bytes;
}

encnet_status encnet__arenas_shrink(encnet__arenas *a, encnet__graph *const *graphs, int n)
{
    encnet_status rc = ENCNET_OK;

    if (encnet__arenas_bytes(a) <= encnet__arenas_needed(graphs, n)) goto done;
    for (int k = 0; k < n; k++) encnet__graph_leave(graphs[k]);
    for (int i = 0; i < a->n; i++) /* first, so that old and new are never held at once */
        if (arena_has(a, i) > arena_needed(graphs, n, i)) {
            encnet__buffer_free(a->at[i]);
            a->at[i] = NULL;
        }
    for (int i = 0; i < a->n; i++) {
        size_t needed = arena_needed(graphs, n, i);
        if (!a->at[i] && needed) TRY(encnet__buffer_new(&a->at[i], graphs[0]->dev, needed));
    }
done:
    return rc;
}

void encnet__arenas_free(encnet__arenas *a)
{
    for (int i = 0; i < a->n; i++) encnet__buffer_free(a->at[i]);
    encnet__free(a->at);
    *a = (encnet__arenas){NULL, 0};
}

encnet__tensor encnet__graph_tensor(const encnet__graph *g, const char *name)
{
    for (int i = 0; i < g->n_outputs; i++)
        if (!strcmp(g->outputs[i].name, name)) return tensor_at(g, g->outputs[i].node, false);
    for (int n = 0; n < g->n_nodes; n++)
        if (g->nodes[n].kind == NODE_INPUT && !strcmp(g->nodes[n].name, name))
            return tensor_at(g, n, false);
    return (encnet__tensor){0};
}

/* -- commands ---------------------------------------------------------------------------------- */

static encnet_status add(encnet__graph *g, const command *c, bool overwrite)
{
    const node *v = &g->nodes[c->node];
    size_t count = encnet__shape_count(v->shape);
    encnet__width width = encnet__width_within(g->dev, count);
    encnet__buffer *source = slot_buffer(g, c->source);
    encnet__buffer *target = c->target >= 0 ? slot_buffer(g, c->target)
                                            : encnet__weights_at(g->weights, c->target_param)->grad;

    if (overwrite)
        return encnet__copy(target, 0, source, 0, encnet__shape_bytes(v->shape, v->type));
    return LAUNCH(g->dev, "accumulate", "accumulate", encnet__storage(v->type, width.options).text,
                  GRID1(encnet__width_vectors(width, count), ADD_GROUP), BUF(target), BUF(source),
                  UINT(count));
}

static encnet_status run(encnet__graph *g, command *c, bool add_batch)
{
    const encnet__op *op = c->node != ENCNET__NONE ? g->nodes[c->node].op : NULL;

    switch (c->kind) {
    case COMMAND_GATHER:
        return encnet__ranks_gather(g->ranks, g->pieces + c->first, c->count);
    case COMMAND_SUM:
        return encnet__ranks_sum(g->ranks, g->pieces + c->first, c->count);
    case COMMAND_CONSTANT:
        return op->forward(&c->call);
    case COMMAND_FORWARD:
        return (g->training && op->update ? op->update : op->forward)(&c->call);
    case COMMAND_PREPARE:
        return op->prepare(&c->call);
    case COMMAND_RECOMPUTE:
        return op->recompute(&c->call);
    case COMMAND_BACKWARD_SUMS:
        return op->sync->backward_sums(&c->call);
    case COMMAND_BACKWARD:
        return op->backward(&c->call);
    case COMMAND_ADD:
        return add(g, c, false);
    case COMMAND_ADD_BATCH:
        return add(g, c, !add_batch);
    case COMMAND_CLEAR:
        return encnet__fill(slot_buffer(g, c->target), 0);
    case COMMAND_UPDATE: /* update() */
        break;
    }
    return ENCNET_OK;
}

/* The slot that a command of refresh() writes. */
static slot *written_by(const encnet__graph *g, const command *c)
{
    const node *v = &g->nodes[c->node];

    return &g->slots[c->kind == COMMAND_PREPARE ? v->prepared : v->value];
}

/* Marks in `needed` the commands of refresh() that something computes which is not valid yet, and
 * those whose results they read. */
static void find_needed(bool *needed, const encnet__graph *g)
{
    for (int i = g->n_refresh - 1; i >= 0; i--) {
        const slot *t = written_by(g, &g->commands[i]);
        const node *v = &g->nodes[g->commands[i].node];
        needed[i] = needed[i] || (t->key && !encnet__derived_is_valid(t->derived));
        for (int k = 0; needed[i] && k < v->n_in; k++)
            for (int j = 0; j < i && v->in[k] != ENCNET__NONE; j++)
                if (g->commands[j].node == v->in[k] && g->commands[j].kind == COMMAND_CONSTANT) {
                    const slot *s = written_by(g, &g->commands[j]);
                    needed[j] |= !s->key || !encnet__derived_is_valid(s->derived);
                }
    }
}

encnet_status encnet__graph_refresh(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    encnet__derived *derived = encnet__weights_derived(g->weights);
    bool *needed = NULL, any = false;
    uint64_t age = encnet__derived_age(derived);

    if (g->age == age + 1) return ENCNET_OK;
    encnet__derived_lock(derived);
    needed = encnet__alloc((size_t)g->n_refresh + 1, sizeof *needed);
    if (!needed) FAIL(ENCNET_E_NOMEM, "no host memory for %d commands", g->n_refresh);
    find_needed(needed, g);
    for (int i = 0; i < g->n_refresh; i++) {
        if (needed[i]) TRY(run(g, &g->commands[i], false));
        any |= needed[i];
    }
    if (any) TRY(encnet__finish(g->dev)); /* other threads read it from now on */
    for (int i = 0; i < g->n_refresh; i++) {
        const slot *t = written_by(g, &g->commands[i]);
        if (needed[i] && t->key) encnet__derived_set_valid(t->derived);
    }
    g->age = age + 1;
done:
    encnet__free(needed);
    encnet__derived_unlock(derived);
    return rc;
}

static void count_forward(encnet__graph *g)
{
    for (int i = 0; i < encnet__weights_count(g->weights); i++) {
        encnet__param *p = encnet__weights_at(g->weights, i);
        if (p->kind == ENCNET__COUNTER) p->counter += p->per_pass;
    }
}

/* Changes how many commands are enqueued at a time after some took `seconds`. */
static void change_pace(encnet__graph *g, double seconds)
{
    int n = g->at_a_time;

    n = seconds > 2 * pace_seconds ? n / 2 : seconds < pace_seconds / 2 ? 2 * n : n;
    g->at_a_time = n < 1 ? 1 : n > MOST_AT_A_TIME ? MOST_AT_A_TIME : n;
}

encnet_status encnet__graph_forward(encnet__graph *g, uint64_t seed, uint32_t step)
{
    encnet_status rc = ENCNET_OK;
    double since = encnet__now();
    int next = g->n_refresh;

    for (int i = g->n_refresh; i < g->n_commands; i++) {
        g->commands[i].call.seed = seed;
        g->commands[i].call.step = step;
    }
    for (int i = g->n_refresh; i < g->n_forward; i++) {
        command *c = &g->commands[i];
        if (g->stop && i >= next) {
            TRY(encnet__pace(g->dev, g->stop));
            change_pace(g, encnet__now() - since);
            since = encnet__now();
            next = i + g->at_a_time;
        }
        TRY(run(g, c, false));
    }
    if (g->training) count_forward(g);
done:
    return rc;
}

static encnet_status tell(const encnet__graph *g, const encnet__graph_callback *callback, int at)
{
    encnet_status rc = ENCNET_OK;

    for (int b = 0; callback && callback->complete && b < g->n_buckets; b++)
        if (g->completed_by[b] == at) TRY(callback->complete(callback->user, b));
done:
    return rc;
}

/* Has the weights of the commands from `at` on updated, if they are updates; the last one's index. */
static encnet_status update(int *last, const encnet__graph *g, int at,
                            const encnet__graph_callback *callback)
{
    encnet__update updates[ENCNET__UPDATES];
    int n = 0;

    for (; n < ENCNET__UPDATES && at + n < g->n_commands; n++) {
        const command *c = &g->commands[at + n];
        if (c->kind != COMMAND_UPDATE) break;
        updates[n] = (encnet__update){c->target_param, slot_buffer(g, c->source)};
    }
    *last = n > 0 ? at + n - 1 : at;
    return n > 0 ? callback->update(callback->user, updates, n) : ENCNET_OK;
}

encnet_status encnet__graph_backward(encnet__graph *g, bool add_batch,
                                     const encnet__graph_callback *callback)
{
    encnet_status rc = ENCNET_OK;

    if (add_batch && !g->accumulate)
        FAIL(ENCNET_E_INTERNAL, "the graph was not planned to accumulate");
    if (g->updates && !(callback && callback->update))
        FAIL(ENCNET_E_INTERNAL, "the graph was planned to update weights");
    for (int i = g->n_forward; i < g->n_commands; i++) {
        TRY(run(g, &g->commands[i], add_batch));
        TRY(update(&i, g, i, callback));
        TRY(tell(g, callback, i));
    }
done:
    return rc;
}

encnet_status encnet__graph_terms(encnet__graph *g, encnet__term *terms, int *n_terms,
                                  double *total)
{
    encnet_status rc = ENCNET_OK;

    *total = 0;
    for (int t = 0; t < g->n_terms; t++) {
        const term *from = &g->terms[t];
        encnet__buffer *buffer = slot_buffer(g, g->nodes[from->node].value);
        float loss;
        int32_t pair[2];
        terms[t] = (encnet__term){.name = from->name, .is_loss = from->is_loss};
        if (from->is_loss) {
            TRY(encnet__read(&loss, buffer, 0, sizeof loss));
            terms[t].value = from->weight * (double)loss;
            *total += terms[t].value;
        } else {
            TRY(encnet__read(pair, buffer, 0, sizeof pair));
            terms[t].value = pair[1] ? 100.0 * pair[0] / pair[1] : 0;
        }
    }
    *n_terms = g->n_terms;
done:
    return rc;
}
