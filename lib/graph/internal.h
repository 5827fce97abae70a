/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * internal.h - the representation of a graph, shared by the files of this room.
 *
 * graph.c appends nodes, the passes (passes/passes.def) turn them into commands and place their
 * memory, and run.c takes the memory and runs the commands.  rewrite.c is for passes that add or
 * drop nodes.
 */
#ifndef ENCNET__GRAPH_INTERNAL_H
#define ENCNET__GRAPH_INTERNAL_H

#include "graph/graph.h"

typedef enum node_kind {
    NODE_INPUT,
    NODE_PARAM,
    NODE_OP,
    NODE_EXCHANGE /* gathers its input, the contribution of a rank, from all ranks: [ranks,...] */
} node_kind;

/* A piece of device memory and the commands during which it lives; an index into graph.slots, -1 =
 * none. */
typedef int slot_index;

typedef struct slot {
    size_t bytes;
    int first, last; /* commands, inclusive */
    bool changed;    /* another gradient has been added to this one */
    uint64_t
        key; /* of what is computed from the weights once and kept (derived.h); 0: in an arena */
    encnet__derived_entry *derived; /* then with its memory */
    int arena;
    size_t offset;
    encnet__buffer *buffer; /* a view of its arena, or that of `derived` */
} slot;

typedef struct node {
    node_kind kind;
    int id;     /* stays the same in all passes; dropout uses it to draw */
    char *name; /* inputs */
    int param;  /* weights: index in the table */
    const encnet__op *op;
    void *attr;
    size_t attr_bytes;
    uint64_t key; /* of a constant: says how its value is computed */
    void *plan;   /* of op->plan */
    size_t sums;  /* exchange: floats of its gradient, which backward adds up over the ranks */
    int n_in;
    encnet__node in[ENCNET__MAX_INPUTS];
    encnet__shape shape;
    encnet__type type;

    bool constant;   /* inference: depends only on weights */
    bool kept;       /* an output or a term: can be read after the pass */
    bool stored;     /* the value lives until backward has read it; else it is recomputed */
    bool deferred;   /* the value is coefficients, which its readers apply to that of in[0] */
    bool wants_grad; /* it lies between a weight and a loss */
    slot_index value, recomputed, grad, saved, prepared;
} node;

typedef enum command_kind {
    COMMAND_CONSTANT, /* refresh: forward of a constant node */
    COMMAND_PREPARE,  /* refresh: op->prepare */
    COMMAND_FORWARD,
    COMMAND_GATHER, /* the values of exchange nodes, from the contributions of all ranks */
    COMMAND_RECOMPUTE,
    COMMAND_BACKWARD_SUMS, /* op->sync->backward_sums */
    COMMAND_SUM,           /* the gradients of exchange nodes, added up over the ranks */
    COMMAND_BACKWARD,
    COMMAND_ADD,       /* target += source: adds up the gradients of a tensor */
    COMMAND_ADD_BATCH, /* target = source, or target += source if backward adds to the last batch */
    COMMAND_CLEAR,     /* target = 0; no node */
    COMMAND_UPDATE     /* of the weight target_param by its gradient, the source; no node */
} command_kind;

typedef struct command {
    command_kind kind;
    encnet__node node; /* ENCNET__NONE: it is of no node */
    slot_index scratch;
    slot_index din[ENCNET__MAX_INPUTS]; /* backward: gradients; -1 = not wanted, or written
                                           to the weight directly */
    int din_param[ENCNET__MAX_INPUTS];  /* backward: weight whose grad is written, -1 = none */
    unsigned reads, gradients;          /* backward: of the operator's tensors, as bits */
    unsigned adds;                      /* backward: gradients that it adds to others */
    slot_index source, target; /* add, clear, update; add: target -1 = grad of target_param */
    int target_param;
    int first, count;  /* gather and sum: of graph.exchanged, the nodes that share the message */
    encnet__call call; /* filled by allocate() */
} command;

typedef struct term {
    char *name;
    encnet__node node;
    double weight;
    bool is_loss;
} term;

typedef struct named {
    char *name;
    encnet__node node;
} named;

/* What the backward pass runs at once: a node, or a half of one whose operator exchanges sums (encnet__sync). */
typedef enum unit_half { WHOLE, FIRST, SECOND } unit_half;
typedef struct backward_unit {
    encnet__node node;
    unit_half half;
} backward_unit;

struct encnet__graph {
    encnet_device *dev;
    encnet__weights *weights;
    struct encnet__ranks *ranks; /* NULL = a single rank */
    encnet__text *listing;       /* NULL = not wanted */
    bool training, accumulate;
    bool updates; /* training: backward updates the weights */
    encnet__recompute recompute;
    encnet__type storage; /* of activations */
    encnet_status failed; /* the first failure while building; its message is below */
    char *failure;

    node *nodes;
    int n_nodes, cap_nodes, next_id;
    backward_unit *units; /* [n_units]: the backward pass, in order */
    int n_units;
    slot *slots;
    int n_slots, cap_slots;
    command *commands;
    int n_commands, cap_commands;
    encnet__node
        *exchanged; /* [n_exchanged], of command.first: exchange nodes, once for each direction */
    struct encnet__piece *pieces; /* [n_exchanged], of the same, filled by allocate() */
    int n_exchanged;
    int n_refresh,
        n_forward; /* commands [0,n_refresh), [n_refresh,n_forward), the rest is backward */
    term terms[ENCNET__MAX_TERMS];
    int n_terms;
    double loss_scale; /* of the gradients of the losses in memory; 0 = not allocated */
    named *outputs;
    int n_outputs;
    int *completed_by; /* per bucket of gradients: the last command that writes to it */
    int n_buckets;

    size_t *arena_bytes;
    encnet__buffer **arenas;
    int n_arenas;
    bool borrows_arenas;
    bool placed;             /* the slots have their places in the arenas */
    const atomic_bool *stop; /* NULL = nobody stops it */
    int at_a_time;           /* commands that are then enqueued at a time; 0: as for 1 */
    uint64_t age; /* 1 + that of the derived weights when they were last known to be valid */
};

/* -- graph.c ----------------------------------------------------------------------------------- */

/* Records a failure, whose message is the last error, unless there is one already; returns
 * ENCNET__NONE. */
encnet__node encnet__graph_refuse(encnet__graph *g, encnet_status rc);
/* Appends a node; the graph then owns its name and attributes. */
encnet__node encnet__graph_append(encnet__graph *g, const node *n);
void encnet__node_free(node *n); /* what it owns */
/* Returns the inputs of an operator's node that get a gradient, as bits. */
unsigned encnet__node_wanted(const encnet__graph *g, encnet__node n);
/* Returns those whose gradient the unit writes. */
unsigned encnet__unit_inputs(const encnet__graph *g, const backward_unit *u);
/* Returns the shapes of an operator's node, and its plan if it has one already. */
encnet__node_shape encnet__node_shape_of(const encnet__graph *g, encnet__node n);
/* Returns the ranks that share batch statistics (synchronised batch norm); NULL = a single rank. */
struct encnet__ranks *encnet__graph_sync_group(const encnet__graph *g);

/* Appends the exchange that gathers `contribution` from all ranks; with a single rank it is the
 * same. */
encnet__node encnet__graph_exchange(encnet__graph *g, encnet__node contribution);

/* -- rewrite.c: how a pass adds and drops nodes -------------------------------------------------
 *
 * The pass goes through the old nodes in order and copies those that stay; it may append others in
 * between, for example with encnet__graph_apply().  Failures are recorded and returned by end().
 */
typedef struct rewrite {
    encnet__graph *g;
    node *old; /* [n_old] */
    int n_old;
    encnet__node *moved; /* [n_old]: the new index; ENCNET__NONE = not copied (yet) */
} rewrite;

encnet_status encnet__rewrite_begin(rewrite *r, encnet__graph *g) ENCNET_MUST_CHECK;
encnet__node encnet__rewrite_copy(rewrite *r, encnet__node n); /* a node of the old list */
/* Returns the new index of input i of the old node n. */
encnet__node encnet__rewrite_input(const rewrite *r, encnet__node n, int i);
/* Replaces the old node n by the new node `by`. */
void encnet__rewrite_replace(rewrite *r, encnet__node n, encnet__node by);
/* Ends the rewrite: moves outputs and terms to the new nodes, and frees nodes that were not
 * copied. */
encnet_status encnet__rewrite_end(rewrite *r) ENCNET_MUST_CHECK;

/* -- passes: encnet__pass_NAME() for every row of passes.def ------------------------------------ */

#define PASS(name, about) encnet_status encnet__pass_##name(encnet__graph *g) ENCNET_MUST_CHECK;
#include "graph/passes/passes.def"
#undef PASS

/* passes/place.c: assigns an arena and an offset to every slot without a key, so that slots that live at
 * the same time do not overlap.  No arena exceeds `limit` bytes, except for a single slot that is larger.
 * Unless views may overlap, slots that share an arena begin with it and never live at the same time.
 * *bytes is owned by the caller. */
encnet_status encnet__arena_assign(slot *slots, int n_slots, size_t align, size_t limit,
                                   bool may_overlap, size_t **bytes,
                                   int *n_arenas) ENCNET_MUST_CHECK;

/* passes/place.c, when all commands are there: extends the life of slots that the caller writes or reads.
 * What refresh() computes for the forward pass gets its key: it is kept with the weights. */
void encnet__slots_extend_kept(encnet__graph *g);
/* passes/place.c: the bytes that live in arenas at each of the n commands; `out` is owned by the caller. */
encnet_status encnet__slots_alive(size_t **out, int *n, const slot *slots,
                                  int n_slots) ENCNET_MUST_CHECK;

/* -- commands.c --------------------------------------------------------------------------------- */

/* Makes a slot that the next command writes. */
encnet_status encnet__slot_new(encnet__graph *g, slot_index *out, size_t bytes) ENCNET_MUST_CHECK;
/* Makes the scratch of the next command, which runs `op`; *out is -1 if it needs none. */
encnet_status encnet__slot_scratch(encnet__graph *g, slot_index *out, const encnet__op *op,
                                   const encnet__node_shape *shape,
                                   bool backward) ENCNET_MUST_CHECK;
void encnet__slot_use(encnet__graph *g, slot_index s); /* the next command reads or writes it */
void encnet__slot_use_inputs(encnet__graph *g,
                             encnet__node n); /* everything that forward of n reads */
size_t encnet__node_bytes(const encnet__graph *g, encnet__node n); /* of its tensor */

command encnet__command_blank(command_kind kind, encnet__node n);
encnet_status encnet__command_emit(encnet__graph *g, const command *c) ENCNET_MUST_CHECK;
/* Appends the forward command of an operator's node, with its slots. */
encnet_status encnet__command_forward(encnet__graph *g, encnet__node n,
                                      command_kind kind) ENCNET_MUST_CHECK;
/* Appends one message for n exchange nodes; nothing for a single rank. */
encnet_status encnet__command_exchange(encnet__graph *g, command_kind kind,
                                       const encnet__node *nodes, int n) ENCNET_MUST_CHECK;

/* -- traffic.c ---------------------------------------------------------------------------------- */

/* Fills in activations_read and activations_written. */
void encnet__graph_count_traffic(encnet__graph_plan *p, const encnet__graph *g);

/* -- listing.c ---------------------------------------------------------------------------------- */

/* Appends one line per computed node. */
void encnet__graph_list(encnet__text *out, const encnet__graph *g);
/* "443 nodes, 1021 commands, 35887104 bytes", of what there is. */
void encnet__graph_sum_up(encnet__text *out, const encnet__graph *g);

#endif
