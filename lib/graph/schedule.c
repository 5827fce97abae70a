/*
 * schedule.c - from nodes to commands in order, and when each piece of memory lives.
 *
 *   refresh    inference: nodes that depend on weights alone, and packed weights; their results
 * live for ever forward    every other node in order backward   from the last node to the first:
 * what backward reads and was not stored is made again just before
 *
 * A slot is born at the command that writes it and dies with the last that reads it.  A cheap node
 * (one whose op can recompute) is not stored; a chain of cheap nodes, such as the sums along a
 * ResNet stage, is stored at every RECOMPUTE_DEPTH-th, so that no chain costs more than that many
 * extra passes.
 */
#include "graph/internal.h"

#include <string.h>

enum { RECOMPUTE_DEPTH = 3 };

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
    command c = {
        .kind = kind, .node = n, .scratch = -1, .source = -1, .target = -1, .target_param = -1};

    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) c.din[i] = c.din_param[i] = -1;
    return c;
}

static size_t tensor_bytes(const encnet__graph *g, encnet__node n)
{
    return encnet__shape_count(g->nodes[n].shape) * 4;
}

static encnet_status take_scratch(encnet__graph *g, slot_index *out, encnet__node n, bool backward)
{
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    size_t bytes =
        g->nodes[n].op->scratch_bytes ? g->nodes[n].op->scratch_bytes(&shape, backward) : 0;

    *out = -1;
    return bytes ? new_slot(g, out, bytes) : ENCNET_OK;
}

/* -- refresh and forward ----------------------------------------------------------------------- */

/* Where the value of node n is to be read now: made again if that has happened, else as forward
 * left it. */
static slot_index current(const encnet__graph *g, encnet__node n)
{
    return g->nodes[n].again >= 0 ? g->nodes[n].again : g->nodes[n].value;
}

static encnet_status schedule_forward(encnet__graph *g, encnet__node n, command_kind kind)
{
    encnet_status rc = ENCNET_OK;
    node *v = &g->nodes[n];
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    /* in inference an op writes its state all the same, into memory that dies at once */
    size_t saved = v->op->saved_bytes ? v->op->saved_bytes(&shape) : 0;
    command c = blank(kind, n);

    TRY(new_slot(g, &v->value, tensor_bytes(g, n)));
    if (saved) TRY(new_slot(g, &v->saved, saved));
    TRY(take_scratch(g, &c.scratch, n, false));
    for (int i = 0; i < v->n_in; i++) {
        if (v->in[i] == ENCNET__NONE) continue;
        if (i == 1 && v->prepared >= 0) continue; /* the prepared state stands for the weights */
        use(g, g->nodes[v->in[i]].value);
    }
    use(g, v->prepared);
    TRY(emit(g, &c));
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

    if (!bytes || v->in[1] == ENCNET__NONE || !g->nodes[v->in[1]].constant) goto done;
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
            TRY(schedule_forward(g, n, COMMAND_CONSTANT));
        else
            TRY(schedule_prepare(g, n));
    }
    g->n_refresh = g->n_commands;
done:
    return rc;
}

/* -- what serves backward ---------------------------------------------------------------------- */

static void mark_gradients(encnet__graph *g)
{
    for (int n = 0; n < g->n_nodes; n++) { /* a weight before it ... */
        node *v = &g->nodes[n];
        v->wants_grad =
            v->kind == NODE_PARAM && encnet__weights_at(g->weights, v->param)->trainable;
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE && (v->op->gradients & (1u << i)))
                v->wants_grad |= g->nodes[v->in[i]].wants_grad;
    }
    for (int n = g->n_nodes - 1; n >= 0; n--) { /* ... and a loss behind it */
        node *v = &g->nodes[n];
        bool reaches = false;
        for (int t = 0; t < g->n_terms; t++)
            reaches |= g->terms[t].is_loss && g->terms[t].node == n;
        for (int m = n + 1; m < g->n_nodes && !reaches; m++)
            for (int i = 0; i < g->nodes[m].n_in; i++)
                reaches |= g->nodes[m].in[i] == n && g->nodes[m].wants_grad &&
                           (g->nodes[m].op->gradients & (1u << i));
        v->wants_grad &= reaches;
    }
}

/* Chains of cheap nodes are stored at every RECOMPUTE_DEPTH-th. */
static encnet_status choose_stored(encnet__graph *g)
{
    int *depth = encnet__alloc((size_t)g->n_nodes + 1, sizeof *depth);

    if (!depth) return encnet__fail(ENCNET_E_NOMEM, "no host memory to plan %d nodes", g->n_nodes);
    for (int n = 0; n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        v->stored = v->kind != NODE_OP || !v->op->recompute || v->kept;
        if (v->stored) continue;
        for (int i = 0; i < v->n_in; i++)
            if (v->in[i] != ENCNET__NONE && depth[v->in[i]] + 1 > depth[n])
                depth[n] = depth[v->in[i]] + 1;
        v->stored = depth[n] > RECOMPUTE_DEPTH;
        if (v->stored) depth[n] = 0;
    }
    encnet__free(depth);
    return ENCNET_OK;
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

/* Where backward of `n` writes the gradient of input i; what must be added afterwards is appended
 * to `adds`. */
static encnet_status place_gradient(encnet__graph *g, command *c, int i, command *adds, int *n_adds)
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
    adds[(*n_adds)++] = add;
done:
    return rc;
}

static encnet_status schedule_backward(encnet__graph *g, encnet__node n)
{
    encnet_status rc = ENCNET_OK;
    encnet__node_shape shape = encnet__node_shape_of(g, n);
    node *v = &g->nodes[n];
    unsigned reads = v->op->backward_reads ? v->op->backward_reads(&shape) : 0;
    command c = blank(COMMAND_BACKWARD, n), adds[ENCNET__MAX_INPUTS];
    int n_adds = 0;

    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (reads & ENCNET__READS_IN(i))) TRY(need(g, v->in[i]));
    if (reads & ENCNET__READS_OUT) TRY(need(g, n));
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (reads & ENCNET__READS_IN(i))) use(g, current(g, v->in[i]));
    if (reads & ENCNET__READS_OUT) use(g, current(g, n));
    use(g, v->grad);
    use(g, v->saved);
    TRY(take_scratch(g, &c.scratch, n, true));
    for (int i = 0; i < v->n_in; i++)
        if (v->in[i] != ENCNET__NONE && (v->op->gradients & (1u << i)) &&
            g->nodes[v->in[i]].wants_grad)
            TRY(place_gradient(g, &c, i, adds, &n_adds));
    TRY(emit(g, &c));
    for (int i = 0; i < n_adds; i++) {
        use(g, adds[i].source);
        use(g, adds[i].target);
        TRY(emit(g, &adds[i]));
    }
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

encnet_status encnet__graph_schedule(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int n = 0; n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        v->value = v->again = v->grad = v->saved = v->prepared = -1;
        v->stored = true;
    }
    for (int n = 0; n < g->n_nodes; n++)
        if (g->nodes[n].kind == NODE_INPUT)
            TRY(new_slot(g, &g->nodes[n].value, tensor_bytes(g, n)));
    TRY(schedule_refresh(g));
    if (g->training) {
        mark_gradients(g);
        TRY(choose_stored(g));
        TRY(seed_losses(g));
    }
    for (int n = 0; n < g->n_nodes; n++)
        if (g->nodes[n].kind == NODE_OP && !g->nodes[n].constant)
            TRY(schedule_forward(g, n, COMMAND_FORWARD));
    g->n_forward = g->n_commands;
    for (int n = g->n_nodes - 1; n >= 0 && g->training; n--)
        if (g->nodes[n].kind == NODE_OP && g->nodes[n].wants_grad) TRY(schedule_backward(g, n));
    extend_kept(g);
done:
    return rc;
}
