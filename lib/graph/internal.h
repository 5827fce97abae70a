/*
 * internal.h - the inside of a graph, shared by the files of this room that work on it: graph.c
 * appends nodes, keep.c says what serves backward, schedule.c puts every command in order and says
 * what each reads and writes, arena.c finds places, run.c takes memory and runs the commands.
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
    bool training, accumulate;
    encnet_status failed; /* first failure while building; its message is kept below */
    char *failure;

    node *nodes;
    int n_nodes, cap_nodes;
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
    size_t constant_bytes;
};

/* What is known of an operator's node, its plan included once there is one. */
encnet__node_shape encnet__node_shape_of(const encnet__graph *g, encnet__node n);

/* run.c: whose batches count as one with this one's in ops of two halves; NULL: none. */
struct encnet__ranks *encnet__graph_sync_group(const encnet__graph *g);

/* keep.c: fills in wants_grad; then stored. */
void encnet__graph_mark_gradients(encnet__graph *g);
encnet_status encnet__graph_choose_stored(encnet__graph *g) ENCNET_MUST_CHECK;
/* Which inputs of an operator's node get a gradient, as bits. */
unsigned encnet__node_wanted(const encnet__graph *g, encnet__node n);

/* schedule.c: commands and slots from nodes. */
encnet_status encnet__graph_schedule(encnet__graph *g) ENCNET_MUST_CHECK;

/* arena.c: arena and offset of every slot, so that slots that live at the same time do not overlap,
 * no arena above `limit` bytes (a slot that is larger gets an arena of its own).  *bytes: owned by
 * the caller. */
encnet_status encnet__arena_assign(slot *slots, int n_slots, size_t align, size_t limit,
                                   size_t **bytes, int *n_arenas) ENCNET_MUST_CHECK;

#endif
