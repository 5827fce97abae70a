/*
 * internal.h - the inside of a graph, shared by the files of this room.
 *
 * graph.c appends nodes, the passes (passes/passes.def) plan what they do and where their memory lies, run.c takes that
 * memory and runs the commands.  rewrite.c is for passes that add or drop nodes.
 */
#ifndef ENCNET__GRAPH_INTERNAL_H
#define ENCNET__GRAPH_INTERNAL_H

#include "graph/graph.h"

typedef enum node_kind { NODE_INPUT, NODE_PARAM, NODE_OP } node_kind;

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
    void *plan; /* of op->plan */
    int n_in;
    encnet__node in[ENCNET__MAX_INPUTS];
    encnet__shape shape;
    encnet__type type;

    bool constant;   /* inference: depends on weights alone */
    bool kept;       /* an output or a term: readable after the sweep */
    bool stored;     /* forward's value serves backward; else it is made again */
    bool wants_grad; /* some weight lies before it and a loss behind it */
    slot_index value, again, grad, saved, prepared;
} node;

typedef enum command_kind {
    COMMAND_CONSTANT, /* refresh: forward of a constant node */
    COMMAND_PREPARE,  /* refresh: op->prepare */
    COMMAND_REDUCE,   /* the first half of forward, where an op has halves */
    COMMAND_GATHER,   /* messages of all ranks meet */
    COMMAND_FORWARD,
    COMMAND_RECOMPUTE,
    COMMAND_REDUCE_BACKWARD,
    COMMAND_SUM, /* messages of all ranks are added up */
    COMMAND_BACKWARD,
    COMMAND_ADD,      /* target += source: where gradients meet */
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
    int collective;    /* whose message it reads or writes; -1 = none */
    size_t at;         /* of its node in that message */
    encnet__call call; /* filled by allocate() */
} command;

/* A message that ranks exchange: what one or several nodes tell. */
typedef struct collective {
    slot_index message; /* [parts][floats] */
    size_t floats;
    int parts;
} collective;

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
    collective *collectives;
    int n_collectives, cap_collectives;
    int n_refresh,
        n_forward; /* commands [0,n_refresh), [n_refresh,n_forward), the rest is backward */
    term terms[ENCNET__MAX_TERMS];
    int n_terms;
    named *outputs;
    int n_outputs;
    bool *weight_written; /* per weight, while scheduling: its gradient has been written */
    int *completed_by;    /* per block of gradients: the last command that writes to it */
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

/* -- listing.c ---------------------------------------------------------------------------------- */

/* One line for each node that is computed. */
void encnet__graph_list(encnet__text *out, const encnet__graph *g);

#endif
