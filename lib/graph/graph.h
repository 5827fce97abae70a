/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * graph.h - a graph of operators: nodes, a memory plan, the forward and the backward pass.
 *
 * A graph is built for one input size.  Its builder appends nodes in the order of the forward pass.
 * make_plan() rewrites them, turns them into commands and finds a place for every tensor (see
 * lib/graph/passes/); allocate() takes the memory; after that no pass allocates anything.
 * Activations, gradients and scratch share the same arenas.
 */
#ifndef ENCNET__GRAPH_H
#define ENCNET__GRAPH_H

#include <stdatomic.h>

#include "base/base.h"
#include "device/device.h"
#include "graph/weights.h"
#include "ops/ops.h"

typedef struct encnet__graph encnet__graph;
typedef int encnet__node; /* index of a node */
#define ENCNET__NONE (-1) /* an absent input, or a failure that make_plan() returns */

/* With `training` the graph has gradients and running statistics.  Otherwise it is for inference,
 * and refresh() computes nodes that depend only on weights.  `weights` is borrowed until the graph
 * is freed. */
encnet_status encnet__graph_new(encnet__graph **out, encnet_device *dev, encnet__weights *weights,
                                bool training) ENCNET_MUST_CHECK;
void encnet__graph_free(encnet__graph *g); /* takes NULL */

/* -- building: a failure is kept and returned by make_plan() ----------------------------------- */

encnet__node encnet__graph_input(encnet__graph *g, const char *name, encnet__shape shape,
                                 encnet__type type);
encnet__node encnet__graph_param(encnet__graph *g,
                                 int param); /* an index from encnet__weights_declare */
/* Appends an operator.  `attr` is copied.  An input ENCNET__NONE is absent. */
encnet__node encnet__graph_apply(encnet__graph *g, const encnet__op *op, const void *attr,
                                 size_t attr_bytes, const encnet__node *inputs, int n_in);
encnet__shape encnet__graph_shape(const encnet__graph *g, encnet__node n);
bool encnet__graph_training(const encnet__graph *g);
encnet__weights *encnet__graph_weights(const encnet__graph *g);

/* Names a node whose value can be read after the forward pass. */
void encnet__graph_output(encnet__graph *g, const char *name, encnet__node n);
/* Adds a node to the loss with a weight.  It is reported as `name`, such as "decode.loss_seg". */
void encnet__graph_loss(encnet__graph *g, const char *name, encnet__node n, double weight);
/* Reports an accuracy in percent, of a node with an int32 pair (correct, counted). */
void encnet__graph_accuracy(encnet__graph *g, const char *name, encnet__node n);

/* -- planning ---------------------------------------------------------------------------------- */

typedef struct encnet__graph_plan {
    size_t activations;        /* bytes of the arenas */
    size_t derived;            /* what is computed from the weights once */
    size_t derived_missing;    /* the part of it that no graph has computed yet */
    size_t largest;            /* buffer of the arenas */
    size_t activations_stored; /* values stored from forward to backward */
    size_t activations_read, activations_written; /* bytes in a step, see traffic.c */
    int nodes;
    double flops; /* of forward */
} encnet__graph_plan;

/* Returns the first failure while nodes were appended. */
encnet_status encnet__graph_built(const encnet__graph *g) ENCNET_MUST_CHECK;
/* Plans the graph without taking device memory.  With `accumulate`, backward can add to the
 * gradients of the previous batch. */
encnet_status encnet__graph_make_plan(encnet__graph *g, bool accumulate) ENCNET_MUST_CHECK;
encnet__graph_plan encnet__graph_plan_of(const encnet__graph *g);
/* Before make_plan(): the graph processes one rank's part of every batch.  Batch norms exchange
 * their statistics, and losses are scaled by the rank's fraction of the images, so that the sum of
 * the gradients of all ranks is the gradient of the whole batch.  `ranks` is borrowed until the
 * graph is freed. */
void encnet__graph_set_ranks(encnet__graph *g, struct encnet__ranks *ranks);
/* Before make_plan(): stores activations and their gradients as F16 or BF16 if their operators
 * support that; the default is F32.  Inputs, outputs, losses, weights and all sums stay float32. */
void encnet__graph_set_storage(encnet__graph *g, encnet__type type);
/* Before make_plan(): backward updates every weight as soon as neither it nor its gradient is used any more
 * (encnet__graph_callback), and gradients have no memory of their own.  It cannot accumulate. */
void encnet__graph_set_updates(encnet__graph *g);
/* Before make_plan(): what training recomputes for backward in the place of storing it. */
typedef enum encnet__recompute {
    ENCNET__RECOMPUTE_AUTO, /* values that cost little for their size: a small part of forward's time */
    ENCNET__RECOMPUTE_NONE, /* those that are not costly (encnet__op) */
    ENCNET__RECOMPUTE_FULL  /* most */
} encnet__recompute;
void encnet__graph_set_recompute(encnet__graph *g, encnet__recompute what);
/* Before make_plan(): makes it append the graph after each pass to `listing`, which is borrowed
 * until then. */
void encnet__graph_set_listing(encnet__graph *g, encnet__text *listing);
/* After make_plan(): calls `row` for every direction of every node whose operator reports its
 * plan. */
void encnet__graph_list_plan(const encnet__graph *g,
                             void (*row)(void *user, const encnet_plan_row *row), void *user);
/* Takes the device memory of the plan.  ENCNET_E_DEVICE if there is not enough; names both
 * sizes. */
encnet_status encnet__graph_allocate(encnet__graph *g) ENCNET_MUST_CHECK;

/* Memory for graphs of which one runs at a time. */
typedef struct encnet__arenas {
    encnet__buffer **at; /* [n] */
    int n;
} encnet__arenas;
/* The bytes of `a` and those that it lacks for the plan of `g`. */
size_t encnet__arenas_bytes(const encnet__arenas *a);
size_t encnet__arenas_lack(const encnet__arenas *a, const encnet__graph *g);
/* Makes room for the plan of `g`; all graphs that use `a` have left it. */
encnet_status encnet__arenas_grow(encnet__arenas *a, const encnet__graph *g) ENCNET_MUST_CHECK;
/* The bytes with room for any of the graphs. */
size_t encnet__arenas_needed(encnet__graph *const *graphs, int n);
/* Gives back what none of the graphs needs, which are all that use `a`; they leave it.  After a
 * failure `a` has too little for them. */
encnet_status encnet__arenas_shrink(encnet__arenas *a, encnet__graph *const *graphs,
                                    int n) ENCNET_MUST_CHECK;
void encnet__arenas_free(encnet__arenas *a); /* what it owns, not itself */
/* As encnet__graph_allocate(), but takes the memory for activations from `a`, which has room for them
 * and is borrowed until the graph leaves it or is freed.  Does nothing if the graph has memory. */
encnet_status encnet__graph_allocate_in(encnet__graph *g,
                                        const encnet__arenas *a) ENCNET_MUST_CHECK;
/* Gives up the places in the arenas, which may then be replaced; the plan stays, and
 * encnet__graph_allocate_in() takes places for it again. */
void encnet__graph_leave(encnet__graph *g);

/* Inference: a forward pass ends early with ENCNET_E_STOPPED after `stop`, which is borrowed until the
 * graph is freed, was set. */
void encnet__graph_set_stop(encnet__graph *g, const atomic_bool *stop);

/* -- export ------------------------------------------------------------------------------------ */

/* Appends what the outputs need to an ONNX model that has the weights declared.  Both graphs are of
 * the same network, for inference and not planned, and lose the nodes that are not needed.  Sizes of
 * values that differ within one graph must differ by design and not by chance: 2^k + 1 stays odd
 * whenever it is halved. */
encnet_status encnet__graph_to_onnx(encnet__onnx *out, encnet__graph *g,
                                    encnet__graph *other) ENCNET_MUST_CHECK;

/* -- running ----------------------------------------------------------------------------------- */

/* Returns the tensor of an input or an output by name; its buffer is NULL if there is none. */
encnet__tensor encnet__graph_tensor(const encnet__graph *g, const char *name);

/* Inference: computes the nodes that depend only on weights.  To be called when weights have
 * changed. */
encnet_status encnet__graph_refresh(encnet__graph *g) ENCNET_MUST_CHECK;
/* Enqueues the forward pass, and in training the update of running statistics and counters.  `seed`
 * and `step` select the dropout masks. */
encnet_status encnet__graph_forward(encnet__graph *g, uint64_t seed,
                                    uint32_t step) ENCNET_MUST_CHECK;
/* A weight whose gradient is complete.  The gradient is borrowed until other commands are enqueued. */
typedef struct encnet__update {
    int param;
    encnet__buffer *gradient;
} encnet__update;
enum { ENCNET__UPDATES = 8 };
/* What the backward pass calls; a function that is not needed may be NULL. */
typedef struct encnet__graph_callback {
    /* For each gradient bucket (encnet__weights_buckets), when the command that completes it has been
     * enqueued. */
    encnet_status (*complete)(void *user, int bucket);
    /* With encnet__graph_set_updates(), for all weights that train, up to ENCNET__UPDATES at a time: enqueues
     * their updates. */
    encnet_status (*update)(void *user, const encnet__update *updates, int n);
    void *user;
} encnet__graph_callback;

/* Enqueues the backward pass for the last forward pass.  The gradients of the weighted sum of the
 * losses are written to `grad` of the weights or, with `add` (which needs accumulate), added to it; or they
 * are given to callback->update.  Without updates, `callback` may be NULL. */
encnet_status encnet__graph_backward(encnet__graph *g, bool add,
                                     const encnet__graph_callback *callback) ENCNET_MUST_CHECK;

/* A number that a training step reports. */
#define ENCNET__MAX_TERMS 16
typedef struct encnet__term {
    const char *name; /* "decode.loss_seg", "aux.acc_seg" */
    bool is_loss;     /* else an accuracy in percent */
    double value;     /* a loss times its weight */
} encnet__term;
/* Multiplies all gradients of the next backward passes by `scale`, 1 at first: they are those of
 * scale * loss. */
encnet_status encnet__graph_scale_loss(encnet__graph *g, double scale) ENCNET_MUST_CHECK;
/* Waits for the device and reads all terms, at most ENCNET__MAX_TERMS; `total` is the sum of the
 * losses. */
encnet_status encnet__graph_terms(encnet__graph *g, encnet__term *terms, int *n_terms,
                                  double *total) ENCNET_MUST_CHECK;

#endif
