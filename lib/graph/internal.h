/*
 * internal.h - the inside of a graph, shared by the files of this room.
 *
 * graph.c appends nodes, the passes (passes/passes.def) plan what they do and where their memory lies, run.c takes that
 * memory and runs the commands.  rewrite.c is for passes that add or drop nodes.
 */
#ifndef ENCNET__GRAPH_INTERNAL_H
#define ENCNET__GRAPH_INTERNAL_H

#include "graph/graph.h"

typedef enum node_kind {
    NODE_INPUT,
    NODE_PARAM,
    NODE_OP,
    NODE_EXCHANGE /* of its input, a contribution of this rank: those of all ranks, [ranks,...] */
} node_kind;

/* A piece of device memory and the commands during which it lives; an index into graph.slots, -1 =
 * none. */
typedef int slot_index;

typedef struct slot {
    size_t bytes;
    int first, last; /* commands, both included */
    bool changed;    /* a gradient that another was added to */
    int arena;
    size_t offset;
    encnet__buffer *buffer; /* a view of its arena */
} slot;

typedef struct node {
    node_kind kind;
    int id;     /* given when the node is appended and kept by every pass; dropout draws by it */
    char *name; /* inputs */
    int param;  /* weights: index in the table */
    const encnet__op *op;
    void *attr;
    void *plan;  /* of op->plan */
    size_t sums; /* exchange: floats of its gradient, which backward adds up over the ranks */
    int n_in;
    encnet__node in[ENCNET__MAX_INPUTS];
    encnet__shape shape;
    encnet__type type;

    bool constant; /* inference: depends on weights alone */
    bool kept;     /* an output or a term: readable after the sweep */
    bool stored; /* the value of forward lives until backward has read it; else it is recomputed */
    bool wants_grad; /* some weight lies before it and a loss behind it */
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
    COMMAND_ADD,      /* target += source: where a tensor gets several gradients */
    COMMAND_ADD_BATCH /* target = source, or target += source when backward adds to the batch before
                       */
} command_kind;

typedef struct command {
    command_kind kind;
    encnet__node node;
    slot_index scratch;
    slot_index din[ENCNET__MAX_INPUTS]; /* backward: where gradients go; -1 = not wanted or straight
                                           to the weight */
    int din_param[ENCNET__MAX_INPUTS];  /* backward: weight whose grad is written, -1 = none */
    slot_index source, target;          /* add; target -1 = grad of target_param */
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

struct encnet__graph {
    encnet_device *dev;
    encnet__weights *weights;
    struct encnet__ranks *ranks; /* NULL: one rank alone */
    encnet__text *listing;       /* NULL: none is wanted */
    bool training, accumulate;
    encnet__type storage; /* of activations */
    encnet_status failed; /* first failure while building; its message is kept below */
    char *failure;

    node *nodes;
    int n_nodes, cap_nodes, next_id;
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
    named *outputs;
    int n_outputs;
    int *completed_by; /* per bucket of gradients: the last command that writes to it */
    int n_buckets;

    size_t *arena_bytes;
    encnet__buffer **arenas;
    int n_arenas;
};

/* -- graph.c ----------------------------------------------------------------------------------- */

/* Keeps the first failure, which is the last error; returns the node that stands for it, ENCNET__NONE. */
encnet__node encnet__graph_refuse(encnet__graph *g, encnet_status rc);
/* Appends a node as it is; its name and attributes then belong to the graph. */
encnet__node encnet__graph_append(encnet__graph *g, const node *n);
void encnet__node_free(node *n); /* what it owns */
/* Which inputs of an operator's node get a gradient, as bits. */
unsigned encnet__node_wanted(const encnet__graph *g, encnet__node n);
/* What is known of an operator's node, its plan included once there is one. */
encnet__node_shape encnet__node_shape_of(const encnet__graph *g, encnet__node n);
/* The ranks whose batches count as one with this one's in synchronised batch norm; NULL: this rank is alone. */
struct encnet__ranks *encnet__graph_sync_group(const encnet__graph *g);

/* `contribution` of every rank in order; of one rank alone it is that itself. */
encnet__node encnet__graph_exchange(encnet__graph *g, encnet__node contribution);

/* -- rewrite.c: how a pass adds and drops nodes -------------------------------------------------
 *
 * The pass goes through the old nodes in order and copies each that stays; whatever it appends in between (with
 * encnet__graph_apply, say) comes to lie there.  Failures are kept as in building, and returned by end().
 */
typedef struct rewrite {
    encnet__graph *g;
    node *old; /* [n_old] */
    int n_old;
    encnet__node *moved; /* [n_old]: the new index; ENCNET__NONE: not copied, or not yet */
} rewrite;

encnet_status encnet__rewrite_begin(rewrite *r, encnet__graph *g) ENCNET_MUST_CHECK;
encnet__node encnet__rewrite_copy(rewrite *r, encnet__node n); /* a node of the old list */
/* The new index of input i of the old node n. */
encnet__node encnet__rewrite_input(const rewrite *r, encnet__node n, int i);
/* `by`, a new node, takes the place of the old node n. */
void encnet__rewrite_replace(rewrite *r, encnet__node n, encnet__node by);
/* Outputs and terms follow their nodes; nodes that were not copied are gone. */
encnet_status encnet__rewrite_end(rewrite *r) ENCNET_MUST_CHECK;

/* -- passes: encnet__pass_NAME() for every row of passes.def ------------------------------------ */

#define PASS(name, about) encnet_status encnet__pass_##name(encnet__graph *g) ENCNET_MUST_CHECK;
#include "graph/passes/passes.def"
#undef PASS

/* passes/place.c: arena and offset of every slot, so that slots that live at the same time do not overlap, no arena
 * above `limit` bytes (a slot that is larger gets an arena of its own).  *bytes: owned by the caller. */
encnet_status encnet__arena_assign(slot *slots, int n_slots, size_t align, size_t limit,
                                   size_t **bytes, int *n_arenas) ENCNET_MUST_CHECK;

/* -- commands.c --------------------------------------------------------------------------------- */

/* A slot that the next command writes. */
encnet_status encnet__slot_new(encnet__graph *g, slot_index *out, size_t bytes) ENCNET_MUST_CHECK;
/* The scratch of the next command, one of node n; *out = -1: it needs none. */
encnet_status encnet__slot_scratch(encnet__graph *g, slot_index *out, encnet__node n,
                                   bool backward) ENCNET_MUST_CHECK;
void encnet__slot_use(encnet__graph *g, slot_index s); /* the next command reads or writes it */
void encnet__slot_use_inputs(encnet__graph *g, encnet__node n);    /* all that forward of n reads */
size_t encnet__node_bytes(const encnet__graph *g, encnet__node n); /* of its value */

command encnet__command_blank(command_kind kind, encnet__node n);
encnet_status encnet__command_emit(encnet__graph *g, const command *c) ENCNET_MUST_CHECK;
/* Forward of an op's node, and its slots. */
encnet_status encnet__command_forward(encnet__graph *g, encnet__node n,
                                      command_kind kind) ENCNET_MUST_CHECK;
/* One message for n exchange nodes; nothing on one rank alone. */
encnet_status encnet__command_exchange(encnet__graph *g, command_kind kind,
                                       const encnet__node *nodes, int n) ENCNET_MUST_CHECK;

/* -- listing.c ---------------------------------------------------------------------------------- */

/* One line for each node that is computed. */
void encnet__graph_list(encnet__text *out, const encnet__graph *g);
/* "443 nodes, 1021 commands, 35887104 bytes", of what there is. */
void encnet__graph_sum_up(encnet__text *out, const encnet__graph *g);

#endif
