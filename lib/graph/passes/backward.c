/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * backward.c - training: the commands of the backward pass.
 *
 * Values that backward reads but that are not stored are recomputed just before they are read.
 */
#include "graph/internal.h"

typedef struct sweep {
    encnet__graph *g;
    int *left;             /* [g->n_nodes]: gradients still to come for this node */
    bool *weight_written;  /* [weights]: some command has written this weight's gradient */
    command *firsts;       /* [g->n_nodes]: first commands whose second ones are still to come */
    encnet__node *waiting; /* [n_waiting]: exchanges that wait for the next message */
    int n_waiting;
} sweep;

/* -- what a command reads and writes ------------------------------------------------------------ */

/* Returns where to read the value of node n now: recomputed, or else as forward left it. */
static slot_index current(const encnet__graph *g, encnet__node n)
{
    return g->nodes[n].recomputed >= 0 ? g->nodes[n].recomputed : g->nodes[n].value;
}

/* The next command reads the value of n. */
static void use(encnet__graph *g, encnet__node n)
{
    encnet__slot_use(g, current(g, n));
    if (g->nodes[n].deferred) encnet__slot_use(g, current(g, g->nodes[n].in[0]));
}

/* Whether recompute reads the input; it does not read what ranks exchange, which is in `saved`. */
static bool recompute_reads(const encnet__graph *g, encnet__node in)
{
    return in != ENCNET__NONE && g->nodes[in].kind != NODE_EXCHANGE;
}

/* Ensures that the next command can read the value of n. */
static encnet_status need(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    command c = encnet__command_blank(COMMAND_RECOMPUTE, n);
    encnet__node_shape shape;

    if (v->deferred) TRY(need(g, v->in[0]));
    if (!v->stored && v->recomputed < 0) {
        for (int i = 0; i < v->n_in; i++)
            if (recompute_reads(g, v->in[i])) TRY(need(g, v->in[i]));
        for (int i = 0; i < v->n_in; i++)
            if (recompute_reads(g, v->in[i])) use(g, v->in[i]);
        TRY(encnet__slot_new(g, &v->recomputed, encnet__node_bytes(g, n)));
        shape = encnet__node_shape_of(g, n);
        TRY(encnet__slot_scratch(g, &c.scratch, v->op, &shape, false));
        encnet__slot_use(g, v->saved);
        TRY(encnet__command_emit(g, &c));
    }
done:
    return rc;
}

/* Gradients that must be added to others after the command that computes them. */
typedef struct additions {
    command commands[ENCNET__MAX_INPUTS];
    int n;
} additions;

/* Whether the command can add the gradient of input i of its node to another. */
static bool can_add(const encnet__graph *g, const command *c, int i)
{
    const encnet__op *op = g->nodes[c->node].op;
    encnet__node_shape shape = encnet__node_shape_of(g, c->node);

    return op->adds && (op->adds(&shape) >> i & 1);
}

/* Chooses where the command writes the gradient of input i of its node. */
static encnet_status place_gradient(sweep *s, command *c, int i, additions *adds)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = s->g;
    encnet__node m = g->nodes[c->node].in[i];
    node *input = &g->nodes[m];
    command add = encnet__command_blank(COMMAND_ADD, m);
    bool first;

    if (input->kind == NODE_PARAM) {
        first = !s->weight_written[input->param];
        s->weight_written[input->param] = true;
        if (first && !g->accumulate) {
            c->din_param[i] = input->param;
            goto done;
        }
        if (first) add.kind = COMMAND_ADD_BATCH;
        add.target_param = input->param;
    } else if (input->grad < 0) {
        TRY(encnet__slot_new(g, &input->grad, encnet__node_bytes(g, m)));
        c->din[i] = input->grad;
        goto done;
    } else if (can_add(g, c, i)) {
        c->din[i] = input->grad;
        c->adds |= 1u << i;
        encnet__slot_use(g, input->grad);
        g->slots[input->grad].changed = true;
        goto done;
    } else {
        add.target = input->grad;
    }
    TRY(encnet__slot_new(g, &c->din[i], encnet__node_bytes(g, m)));
    add.source = c->din[i];
    adds->commands[adds->n++] = add;
done:
    return rc;
}

/* Returns the node's shape for a command that computes only these gradients. */
static encnet__node_shape shape_for(const encnet__graph *g, encnet__node n, unsigned gradients)
{
    encnet__node_shape shape = encnet__node_shape_of(g, n);

    shape.wanted = gradients;
    return shape;
}

/* Returns what backward of the node reads for these gradients. */
static unsigned read_for(const encnet__graph *g, encnet__node n, unsigned gradients)
{
    encnet__node_shape shape = shape_for(g, n, gradients);
    const encnet__op *op = g->nodes[n].op;

    return ENCNET__READS_DOUT | (op->backward_reads ? op->backward_reads(&shape) : 0);
}

/* Makes the command read these tensors of its node, after recomputing what was not stored. */
static encnet_status use_for_backward(encnet__graph *g, command *c, unsigned reads)
{
    encnet_status rc = ENCNET_OK;
    const node *v = &g->nodes[c->node];

    c->reads = reads;
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (reads & ENCNET__READS_IN(i))) TRY(need(g, v->in[i]));
    if (reads & ENCNET__READS_OUT) TRY(need(g, c->node));
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (reads & ENCNET__READS_IN(i))) use(g, v->in[i]);
    if (reads & ENCNET__READS_OUT) use(g, c->node);
    if (reads & ENCNET__READS_DOUT) encnet__slot_use(g, v->grad);
    encnet__slot_use(g, v->saved);
done:
    return rc;
}

/* Appends the command for the gradients of the inputs whose bits are set, and the additions after
 * it. */
static encnet_status emit(sweep *s, command *c, unsigned gradients)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = s->g;
    encnet__node_shape shape = shape_for(g, c->node, gradients);
    additions adds = {.n = 0};

    c->gradients = gradients;
    TRY(encnet__slot_scratch(g, &c->scratch, g->nodes[c->node].op, &shape, true));
    for (int i = 0; i < g->nodes[c->node].n_in; i++)
        if (gradients >> i & 1) TRY(place_gradient(s, c, i, &adds));
    TRY(encnet__command_emit(g, c));
    for (int i = 0; i < adds.n; i++) {
        encnet__slot_use(g, adds.commands[i].source);
        encnet__slot_use(g, adds.commands[i].target);
        if (adds.commands[i].target >= 0) g->slots[adds.commands[i].target].changed = true;
        TRY(encnet__command_emit(g, &adds.commands[i]));
    }
done:
    return rc;
}

/* -- the commands of a node --------------------------------------------------------------------- */

/* Appends the command for these gradients, if there are any. */
static encnet_status part(sweep *s, encnet__node n, unsigned gradients)
{
    encnet_status rc = ENCNET_OK;
    command c = encnet__command_blank(COMMAND_BACKWARD, n);

    if (!gradients) goto done;
    TRY(use_for_backward(s->g, &c, read_for(s->g, n, gradients)));
    TRY(emit(s, &c, gradients));
done:
    return rc;
}

/* Whether a later command reads the value of n again, so that it does not go when one of its readers is done:
 * that of n itself, or of another reader.  What a deferred one is computed from is read by its own backward. */
static bool is_read_later(const sweep *s, encnet__node n)
{
    const encnet__graph *g = s->g;
    const node *v = &g->nodes[n];

    if (v->kind != NODE_OP || !v->wants_grad) return v->kind == NODE_INPUT;
    if (v->deferred) return true;
    return s->left[n] > 1 || (read_for(g, n, encnet__node_wanted(g, n)) & ENCNET__READS_OUT);
}

/* Bytes of the inputs whose bits are set; without those that live on anyway if only `read` ones count. */
static size_t input_bytes(const sweep *s, encnet__node n, unsigned inputs, bool read)
{
    const node *v = &s->g->nodes[n];
    size_t bytes = 0;

    for (int i = 0; i < v->n_in; i++)
        if ((inputs >> i & 1) && v->in[i] != ENCNET__NONE &&
            !(read && (s->g->nodes[v->in[i]].kind == NODE_PARAM || is_read_later(s, v->in[i]))))
            bytes += encnet__node_bytes(s->g, v->in[i]);
    return bytes;
}

/* Gradients that are computed apart come first, so that what only they read is gone when the others
 * are written.  But those of weights stay until the others, which read the weights, are there and the weights are
 * updated: if they are larger than what would be gone, they come last. */
static encnet_status whole(sweep *s, encnet__node n)
{
    encnet_status rc;
    unsigned wanted = encnet__node_wanted(s->g, n), apart = wanted & s->g->nodes[n].op->apart;
    bool last = s->g->updates &&
                input_bytes(s, n, apart, false) > input_bytes(s, n, read_for(s->g, n, apart), true);

    TRY(part(s, n, last ? wanted & ~apart : apart));
    TRY(part(s, n, last ? apart : wanted & ~apart));
done:
    return rc;
}

/* Appends the sums over this rank's images, for the exchange. */
static encnet_status first_half(sweep *s, encnet__node n)
{
    encnet_status rc;
    encnet__graph *g = s->g;
    const encnet__sync *sync = g->nodes[n].op->sync;
    encnet__node exchange = g->nodes[n].in[sync->exchanged];
    command c = encnet__command_blank(COMMAND_BACKWARD_SUMS, n);

    TRY(use_for_backward(g, &c, read_for(g, n, encnet__node_wanted(g, n))));
    TRY(encnet__slot_new(g, &g->nodes[exchange].grad, g->nodes[exchange].sums * sizeof(float)));
    c.din[sync->exchanged] = g->nodes[exchange].grad;
    TRY(emit(s, &c, encnet__node_wanted(g, n) & ~sync->reduced));
    s->waiting[s->n_waiting++] = exchange;
    s->firsts[n] = c;
done:
    return rc;
}

/* Appends the gradients that need the sums of all ranks. */
static encnet_status second_half(sweep *s, const command *first)
{
    encnet_status rc;
    encnet__graph *g = s->g;
    const encnet__sync *sync = g->nodes[first->node].op->sync;
    command c = encnet__command_blank(COMMAND_BACKWARD, first->node);
    encnet__node_shape shape;
    unsigned computed = 0; /* gradients that the first command has left */

    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) {
        if (first->din[i] < 0 || g->slots[first->din[i]].changed) continue;
        c.din[i] = first->din[i];
        computed |= 1u << i;
    }
    shape = shape_for(g, c.node, sync->reduced);
    TRY(use_for_backward(g, &c, sync->backward_reads(&shape, computed)));
    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) encnet__slot_use(g, c.din[i]);
    TRY(emit(s, &c, encnet__node_wanted(g, c.node) & sync->reduced));
done:
    return rc;
}

/* -- the sweep ---------------------------------------------------------------------------------- */

/* The gradient of a loss is its weight.  allocate() writes it once, so it lives from the first
 * command to the last. */
static encnet_status seed_losses(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int t = 0; t < g->n_terms; t++) {
        node *v = &g->nodes[g->terms[t].node];
        if (!g->terms[t].is_loss || v->grad >= 0) continue;
        TRY(encnet__slot_new(g, &v->grad, encnet__node_bytes(g, g->terms[t].node)));
        g->slots[v->grad].first = 0;
    }
done:
    return rc;
}

/* Counts the gradients of `inputs` that node n computes: by 1 before the pass, by -1 when they are
 * done. */
static void count(sweep *s, encnet__node n, unsigned inputs, int by)
{
    const node *v = &s->g->nodes[n];

    for (int i = 0; i < v->n_in; i++)
        if (encnet__node_wanted(s->g, n) & inputs & 1u << i) s->left[v->in[i]] += by;
}

/* Appends the commands of a unit.  The first of those that wait for a message comes behind it. */
static encnet_status take(sweep *s, const backward_unit *u)
{
    encnet_status rc = ENCNET_OK;

    if (u->half == SECOND && s->n_waiting) {
        TRY(encnet__command_exchange(s->g, COMMAND_SUM, s->waiting, s->n_waiting));
        s->n_waiting = 0;
    }
    TRY(u->half == WHOLE   ? whole(s, u->node)
        : u->half == FIRST ? first_half(s, u->node)
                           : second_half(s, &s->firsts[u->node]));
    count(s, u->node, encnet__unit_inputs(s->g, u), -1);
done:
    return rc;
}

static encnet_status run(sweep *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = s->g;

    TRY(seed_losses(g));
    for (int i = 0; i < g->n_units; i++)
        if (g->units[i].half != SECOND) count(s, g->units[i].node, ~0u, 1);
    for (int i = 0; i < g->n_units; i++) TRY(take(s, &g->units[i]));
done:
    return rc;
}

encnet_status encnet__pass_backward(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    size_t nodes = (size_t)g->n_nodes + 1, weights = (size_t)encnet__weights_count(g->weights) + 1;
    sweep s = {.g = g};

    if (!g->training) return ENCNET_OK;
    s.left = encnet__alloc(nodes, sizeof *s.left);
    s.weight_written = encnet__alloc(weights, sizeof *s.weight_written);
    s.firsts = encnet__alloc(nodes, sizeof *s.firsts);
    s.waiting = encnet__alloc(nodes, sizeof *s.waiting);
    if (!s.left || !s.weight_written || !s.firsts || !s.waiting)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    TRY(run(&s));
done:
    encnet__free(s.left);
    encnet__free(s.weight_written);
    encnet__free(s.firsts);
    encnet__free(s.waiting);
    return rc;
}
