/*
 * schedule.c - from nodes to commands in order, and when each piece of memory lives.
 *
 *   refresh   inference: nodes that depend on weights alone, and packed weights; their results live
 *             for ever
 *   forward   every other node in order
 *   backward  from the last node to the first: what backward reads and was not stored is made again
 *             just before
 *
 * A slot is born at the command that writes it and dies with the last that reads it.
 *
 * A node whose op works in two halves (batch norm) waits between them for the other ranks.  It
 * does not wait alone: whatever can run without it runs first, and all nodes that have come to
 * their second half by then share one message.
 */
#include "graph/internal.h"
#include "ops/ranks.h"

#include <string.h>

static encnet_status new_slot(encnet__graph *g, slot_index *out, size_t bytes)
{
    if (g->n_slots == g->cap_slots) {
        int capacity = g->cap_slots ? 2 * g->cap_slots : 512;
        slot *grown = encnet__realloc(g->slots, (size_t)capacity, sizeof *grown);
        if (!grown)
            return encnet__fail(ENCNET_E_NOMEM, "no host memory to plan %d tensors", capacity);
        g->slots = grown;
        g->cap_slots = capacity;
    }
    g->slots[g->n_slots] =
        (slot){.bytes = bytes ? bytes : 4, .first = g->n_commands, .last = g->n_commands};
    *out = g->n_slots++;
    return ENCNET_OK;
}

/* The slot is read or written by the command that comes next. */
static void use(encnet__graph *g, slot_index s)
{
    if (s >= 0 && g->slots[s].last < g->n_commands) g->slots[s].last = g->n_commands;
}

static encnet_status emit(encnet__graph *g, const command *c)
{
    if (g->n_commands == g->cap_commands) {
        int capacity = g->cap_commands ? 2 * g->cap_commands : 512;
        command *grown = encnet__realloc(g->commands, (size_t)capacity, sizeof *grown);
        if (!grown) return encnet__fail(ENCNET_E_NOMEM, "no host memory for %d commands", capacity);
        g->commands = grown;
        g->cap_commands = capacity;
    }
    g->commands[g->n_commands++] = *c;
    return ENCNET_OK;
}

static command blank(command_kind kind, encnet__node n)
{
    command c = {.kind = kind,
                 .node = n,
                 .scratch = -1,
                 .source = -1,
                 .target = -1,
                 .target_param = -1,
                 .collective = -1};

    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) c.din[i] = c.din_param[i] = -1;
    return c;
}

static size_t tensor_bytes(const encnet__graph *g, encnet__node n)
{
    return encnet__shape_bytes(g->nodes[n].shape, g->nodes[n].type);
}

static encnet_status take_scratch(encnet__graph *g, slot_index *out, encnet__node n, bool backward)
{
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    size_t bytes =
        g->nodes[n].op->scratch_bytes ? g->nodes[n].op->scratch_bytes(&shape, backward) : 0;

    *out = -1;
    return bytes ? new_slot(g, out, bytes) : ENCNET_OK;
}

/* -- nodes that wait for other ranks ----------------------------------------------------------- */

/* First halves whose second halves are still to come, in order; what they tell is one collective's
 * message. */
typedef struct waiting {
    command *firsts; /* [g->n_nodes] */
    int n;
} waiting;

static encnet_status open_collective(encnet__graph *g, bool backward)
{
    encnet_status rc = ENCNET_OK;
    const encnet__ranks *sync_group = encnet__graph_sync_group(g);
    collective m = {.parts = sync_group && !backward ? sync_group->comm->size : 1};

    if (g->n_collectives == g->cap_collectives) {
        int capacity = g->cap_collectives ? 2 * g->cap_collectives : 64;
        collective *grown = encnet__realloc(g->collectives, (size_t)capacity, sizeof *grown);
        if (!grown) FAIL(ENCNET_E_NOMEM, "no host memory for %d messages", capacity);
        g->collectives = grown;
        g->cap_collectives = capacity;
    }
    TRY(new_slot(g, &m.message, 0)); /* it grows as nodes join */
    g->collectives[g->n_collectives++] = m;
done:
    return rc;
}

/* The command is a first half: its node has a part in the message of the next collective. */
static encnet_status join(encnet__graph *g, command *c, const waiting *w, bool backward)
{
    encnet_status rc = ENCNET_OK;
    encnet__node_shape shape = encnet__node_shape_of(g, c->node);
    collective *m;

    if (w->n == 0) TRY(open_collective(g, backward));
    c->collective = g->n_collectives - 1;
    m = &g->collectives[c->collective];
    c->at = m->floats;
    m->floats += g->nodes[c->node].op->message_floats(&shape, backward);
    g->slots[m->message].bytes = (size_t)m->parts * m->floats * sizeof(float);
    use(g, m->message);
done:
    return rc;
}

/* The command is the second half of `first`. */
static void attend(encnet__graph *g, command *c, const command *first)
{
    c->collective = first->collective;
    c->at = first->at;
    use(g, g->collectives[c->collective].message);
}

/* All ranks meet. */
static encnet_status meet(encnet__graph *g, const waiting *w, command_kind kind)
{
    command c = blank(kind, w->firsts[0].node);

    attend(g, &c, &w->firsts[0]);
    return emit(g, &c);
}

static bool waits(const waiting *w, encnet__node n)
{
    for (int i = 0; i < w->n; i++)
        if (w->firsts[i].node == n) return true;
    return false;
}

/* -- refresh and forward ----------------------------------------------------------------------- */

/* Where the value of node n is to be read now: made again if that has happened, else as forward
 * left it. */
static slot_index current(const encnet__graph *g, encnet__node n)
{
    return g->nodes[n].again >= 0 ? g->nodes[n].again : g->nodes[n].value;
}

/* The command reads the inputs of its node whose bits are set. */
static void use_inputs(encnet__graph *g, encnet__node n, unsigned bits)
{
    const node *v = &g->nodes[n];

    for (int i = 0; i < v->n_in; i++) {
        if (v->in[i] == ENCNET__NONE || !(bits >> i & 1)) continue;
        if (i == 1 && v->prepared >= 0) continue; /* the prepared state stands for the weights */
        use(g, g->nodes[v->in[i]].value);
    }
}

/* `first`: its first half, where its op has two, else NULL. */
static encnet_status schedule_forward(encnet__graph *g, encnet__node n, command_kind kind,
                                      const command *first)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    /* in inference an op writes its state all the same, into memory that dies at once */
    size_t saved = v->op->saved_bytes ? v->op->saved_bytes(&shape) : 0;
    command c = blank(kind, n);

    if (first) attend(g, &c, first);
    TRY(new_slot(g, &v->value, tensor_bytes(g, n)));
    if (saved) TRY(new_slot(g, &v->saved, saved));
    TRY(take_scratch(g, &c.scratch, n, false));
    use_inputs(g, n, ~0u);
    use(g, v->prepared);
    TRY(emit(g, &c));
done:
    return rc;
}

static encnet_status schedule_reduce(encnet__graph *g, encnet__node n, waiting *w)
{
    encnet_status rc = ENCNET_OK;
    command c = blank(COMMAND_REDUCE, n);

    TRY(join(g, &c, w, false));
    TRY(take_scratch(g, &c.scratch, n, false));
    use_inputs(g, n, g->nodes[n].op->reduced);
    TRY(emit(g, &c));
    w->firsts[w->n++] = c;
done:
    return rc;
}

static encnet_status schedule_prepare(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    size_t bytes = v->op->prepared_bytes ? v->op->prepared_bytes(&shape) : 0;
    command c = blank(COMMAND_PREPARE, n);

    if (!bytes) goto done;
    TRY(new_slot(g, &v->prepared, bytes));
    TRY(take_scratch(g, &c.scratch, n, false));
    use(g, g->nodes[v->in[1]].value);
    TRY(emit(g, &c));
done:
    return rc;
}

static encnet_status schedule_refresh(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int n = 0; n < g->n_nodes; n++) {
        if (g->training || g->nodes[n].kind != NODE_OP) continue;
        if (g->nodes[n].constant)
            TRY(schedule_forward(g, n, COMMAND_CONSTANT, NULL));
        else
            TRY(schedule_prepare(g, n));
    }
    g->n_refresh = g->n_commands;
done:
    return rc;
}

/* -- backward ---------------------------------------------------------------------------------- */

/* Makes sure that the value of n can be read by the next command. */
static encnet_status need(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    command c = blank(COMMAND_RECOMPUTE, n);

    if (!v->stored && v->again < 0) {
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE) TRY(need(g, v->in[i]));
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE) use(g, current(g, v->in[i]));
        TRY(new_slot(g, &v->again, tensor_bytes(g, n)));
        TRY(take_scratch(g, &c.scratch, n, false));
        use(g, v->saved);
        TRY(emit(g, &c));
    }
done:
    return rc;
}

/* Gradients that must be added to others after the command that makes them. */
typedef struct additions {
    command commands[ENCNET__MAX_INPUTS];
    int n;
} additions;

/* Where the command writes the gradient of input i of its node. */
static encnet_status place_gradient(encnet__graph *g, command *c, int i, additions *adds)
{
    encnet_status rc = ENCNET_OK;
    encnet__node m = g->nodes[c->node].in[i];
    node *input = &g->nodes[m];
    command add = blank(COMMAND_ADD, m);
    bool first;

    if (input->kind == NODE_PARAM) {
        first = !g->weight_written[input->param];
        g->weight_written[input->param] = true;
        if (first && !g->accumulate) {
            c->din_param[i] = input->param;
            goto done;
        }
        if (first) add.kind = COMMAND_ADD_BATCH;
        add.target_param = input->param;
    } else if (input->grad < 0) {
        TRY(new_slot(g, &input->grad, tensor_bytes(g, m)));
        c->din[i] = input->grad;
        goto done;
    } else {
        add.target = input->grad;
    }
    TRY(new_slot(g, &c->din[i], tensor_bytes(g, m)));
    add.source = c->din[i];
    adds->commands[adds->n++] = add;
done:
    return rc;
}

/* The command reads what backward of its node reads; what is not there is made again first. */
static encnet_status use_for_backward(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    const node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    unsigned reads = v->op->backward_reads ? v->op->backward_reads(&shape) : 0;

    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (reads & ENCNET__READS_IN(i))) TRY(need(g, v->in[i]));
    if (reads & ENCNET__READS_OUT) TRY(need(g, n));
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (reads & ENCNET__READS_IN(i))) use(g, current(g, v->in[i]));
    if (reads & ENCNET__READS_OUT) use(g, current(g, n));
    use(g, v->grad);
    use(g, v->saved);
done:
    return rc;
}

/* The command, for the gradients of the inputs whose bits are set, and what is added then. */
static encnet_status emit_backward(encnet__graph *g, command *c, unsigned gradients)
{
    encnet_status rc = ENCNET_OK;
    additions adds = {.n = 0};

    TRY(take_scratch(g, &c->scratch, c->node, true));
    for (int i = 0; i < g->nodes[c->node].n_in; i++)
        if (gradients >> i & 1) TRY(place_gradient(g, c, i, &adds));
    TRY(emit(g, c));
    for (int i = 0; i < adds.n; i++) {
        use(g, adds.commands[i].source);
        use(g, adds.commands[i].target);
        if (adds.commands[i].target >= 0) g->slots[adds.commands[i].target].changed = true;
        TRY(emit(g, &adds.commands[i]));
    }
done:
    return rc;
}

static encnet_status schedule_backward(encnet__graph *g, encnet__node n)
{
    encnet_status rc;
    command c = blank(COMMAND_BACKWARD, n);

    TRY(use_for_backward(g, n));
    TRY(emit_backward(g, &c, encnet__node_wanted(g, n)));
done:
    return rc;
}

static encnet_status schedule_reduce_backward(encnet__graph *g, encnet__node n, waiting *w)
{
    encnet_status rc;
    command c = blank(COMMAND_REDUCE_BACKWARD, n);

    TRY(use_for_backward(g, n));
    TRY(join(g, &c, w, true));
    TRY(emit_backward(g, &c, encnet__node_wanted(g, n) & ~g->nodes[n].op->reduced));
    w->firsts[w->n++] = c;
done:
    return rc;
}

/* The second half of `first`. */
static encnet_status schedule_rest(encnet__graph *g, const command *first)
{
    encnet_status rc;
    encnet__node n = first->node;
    command c = blank(COMMAND_BACKWARD, n);

    TRY(use_for_backward(g, n));
    attend(g, &c, first);
    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) {
        if (first->din[i] < 0 || g->slots[first->din[i]].changed) continue;
        c.din[i] = first->din[i];
        use(g, c.din[i]);
    }
    TRY(emit_backward(g, &c, encnet__node_wanted(g, n) & g->nodes[n].op->reduced));
done:
    return rc;
}

/* The gradient of a loss is its weight: written once by allocate(), so it lives from the first
 * command to the last. */
static encnet_status seed_losses(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int t = 0; t < g->n_terms; t++) {
        node *v = &g->nodes[g->terms[t].node];
        if (!g->terms[t].is_loss || v->grad >= 0) continue;
        TRY(new_slot(g, &v->grad, tensor_bytes(g, g->terms[t].node)));
        g->slots[v->grad].first = 0;
    }
done:
    return rc;
}

/* -- the sweeps -------------------------------------------------------------------------------- */

/* Whether node n can run, or begin to, after the nodes that are done and those that wait. */
static bool can_run(const encnet__graph *g, const bool *done, const waiting *w, encnet__node n)
{
    const node *v = &g->nodes[n];

    for (int i = 0; i < v->n_in; i++) {
        if (v->in[i] == ENCNET__NONE || done[v->in[i]]) continue;
        if (!v->op->reduce || (v->op->reduced >> i & 1) || !waits(w, v->in[i])) return false;
    }
    return true;
}

static encnet_status step_forward(encnet__graph *g, bool *done, waiting *w, encnet__node n)
{
    encnet_status rc = ENCNET_OK;

    if (done[n] || waits(w, n) || !can_run(g, done, w, n)) goto done;
    if (g->nodes[n].op->reduce) {
        TRY(schedule_reduce(g, n, w));
    } else {
        TRY(schedule_forward(g, n, COMMAND_FORWARD, NULL));
        done[n] = true;
    }
done:
    return rc;
}

static encnet_status sweep_forward(encnet__graph *g, bool *done, waiting *w)
{
    encnet_status rc = ENCNET_OK;

    for (int n = 0; n < g->n_nodes; n++)
        done[n] = g->nodes[n].kind != NODE_OP || g->nodes[n].constant;
    do {
        w->n = 0;
        for (int n = 0; n < g->n_nodes; n++) TRY(step_forward(g, done, w, n));
        if (w->n) TRY(meet(g, w, COMMAND_GATHER));
        for (int i = 0; i < w->n; i++) {
            TRY(schedule_forward(g, w->firsts[i].node, COMMAND_FORWARD, &w->firsts[i]));
            done[w->firsts[i].node] = true;
        }
    } while (w->n);
done:
    return rc;
}

/* Node n makes gradients for its inputs. */
static void expect(const encnet__graph *g, int *left, encnet__node n)
{
    for (int i = 0; i < g->nodes[n].n_in; i++)
        if (encnet__node_wanted(g, n) >> i & 1) left[g->nodes[n].in[i]]++;
}

/* It has made those of these. */
static void release(const encnet__graph *g, int *left, encnet__node n, unsigned inputs)
{
    for (int i = 0; i < g->nodes[n].n_in; i++)
        if (inputs >> i & 1) left[g->nodes[n].in[i]]--;
}

static encnet_status step_backward(encnet__graph *g, int *left, waiting *w, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    const encnet__op *op = g->nodes[n].op;

    if (g->nodes[n].kind != NODE_OP || !g->nodes[n].wants_grad || left[n]) goto done;
    left[n] = -1; /* never again */
    if (op->reduce)
        TRY(schedule_reduce_backward(g, n, w));
    else
        TRY(schedule_backward(g, n));
    release(g, left, n, encnet__node_wanted(g, n) & ~op->reduced);
done:
    return rc;
}

/* left[n]: nodes whose gradients for n are still to come. */
static encnet_status sweep_backward(encnet__graph *g, int *left, waiting *w)
{
    encnet_status rc = ENCNET_OK;

    for (int n = 0; n < g->n_nodes; n++)
        if (g->nodes[n].kind == NODE_OP && g->nodes[n].wants_grad) expect(g, left, n);
    do {
        w->n = 0;
        for (int n = g->n_nodes - 1; n >= 0; n--) TRY(step_backward(g, left, w, n));
        if (w->n) TRY(meet(g, w, COMMAND_SUM));
        for (int i = 0; i < w->n; i++) {
            encnet__node n = w->firsts[i].node;
            TRY(schedule_rest(g, &w->firsts[i]));
            release(g, left, n, encnet__node_wanted(g, n) & g->nodes[n].op->reduced);
        }
    } while (w->n);
done:
    return rc;
}

/* Slots whose contents outlive the sweep. */
static void extend_kept(encnet__graph *g)
{
    int end = g->n_commands;

    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        if (v->kind == NODE_INPUT && v->value >= 0) {
            g->slots[v->value].first = 0;
            g->slots[v->value].last = end;
        }
        if (v->kept && v->value >= 0) g->slots[v->value].last = end;
        if (v->prepared >= 0) g->slots[v->prepared].last = end;
        if (v->constant && v->value >= 0 && g->slots[v->value].last >= g->n_refresh)
            g->slots[v->value].last = end;
    }
    for (int t = 0; g->training && t < g->n_terms; t++)
        if (g->terms[t].is_loss) g->slots[g->nodes[g->terms[t].node].grad].last = end;
}

encnet_status encnet__pass_schedule(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t nodes = (size_t)g->n_nodes + 1;
    bool *done = encnet__alloc(nodes, sizeof *done);
    int *left = encnet__alloc(nodes, sizeof *left);
    waiting w = {.firsts = encnet__alloc(nodes, sizeof *w.firsts)};

    g->weight_written = encnet__alloc((size_t)encnet__weights_count(g->weights) + 1, sizeof(bool));
    if (!done || !left || !w.firsts || !g->weight_written)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    for (int n = 0; n < g->n_nodes; n++)
        if (g->nodes[n].kind == NODE_INPUT)
            TRY(new_slot(g, &g->nodes[n].value, tensor_bytes(g, n)));
    TRY(schedule_refresh(g));
    if (g->training) TRY(seed_losses(g));
    TRY(sweep_forward(g, done, &w));
    g->n_forward = g->n_commands;
    if (g->training) TRY(sweep_backward(g, left, &w));
    extend_kept(g);
done:
    encnet__free(done);
    encnet__free(left);
    encnet__free(w.firsts);
    return rc;
}
