/*
 * graph.h - nodes in order, one memory plan, both sweeps.
 *
 * A graph is built once for one input size.  Its builder appends nodes in the order in which forward runs.  make_plan()
 * rewrites them, turns them into commands and finds a place for every tensor (lib/graph/passes/); allocate() takes the
 * memory; from then on a sweep allocates nothing.  Activations, gradients and scratch share the same arenas.
 */
#ifndef ENCNET__GRAPH_H
#define ENCNET__GRAPH_H

#include "base/base.h"
#include "device/device.h"
#include "graph/weights.h"
#include "ops/ops.h"

typedef struct encnet__graph encnet__graph;
typedef int encnet__node; /* index of a node */
#define ENCNET__NONE (-1) /* absent input, or a failure that the graph remembers */

/* `training`: gradients and running statistics; else inference, where nodes that depend on weights alone are computed
 * once, by refresh().  `weights` is borrowed until the graph is freed. */
encnet_status encnet__graph_new(encnet__graph **out, encnet_device *dev, encnet__weights *weights,
                                bool training) ENCNET_MUST_CHECK;
void encnet__graph_free(encnet__graph *g); /* takes NULL */

/* -- building: a failure is kept and returned by make_plan() ----------------------------------- */

encnet__node encnet__graph_input(encnet__graph *g, const char *name, encnet__shape shape,
                                 encnet__type type);
encnet__node encnet__graph_param(encnet__graph *g,
                                 int param); /* an index from encnet__weights_declare */
/* `attr` is copied.  An input ENCNET__NONE is absent. */
encnet__node encnet__graph_apply(encnet__graph *g, const encnet__op *op, const void *attr,
                                 size_t attr_bytes, const encnet__node *inputs, int n_in);
encnet__shape encnet__graph_shape(const encnet__graph *g, encnet__node n);
bool encnet__graph_training(const encnet__graph *g);
encnet__weights *encnet__graph_weights(const encnet__graph *g);

/* The node's value can be read after forward, under this name. */
void encnet__graph_output(encnet__graph *g, const char *name, encnet__node n);
/* A term of the loss, times `weight`, reported under `name` ("decode.loss_seg"). */
void encnet__graph_loss(encnet__graph *g, const char *name, encnet__node n, double weight);
/* A reported accuracy, of an int32 pair (correct, counted), in percent. */
void encnet__graph_accuracy(encnet__graph *g, const char *name, encnet__node n);

/* -- planning ---------------------------------------------------------------------------------- */

typedef struct encnet__graph_plan {
    size_t activations;        /* bytes of the arenas */
    size_t activations_stored; /* sum of what lives from forward to backward */
    int nodes;
    double flops; /* of forward */
} encnet__graph_plan;

/* The first failure while nodes were appended. */
encnet_status encnet__graph_built(const encnet__graph *g) ENCNET_MUST_CHECK;
/* Lays out the memory; takes none of it.  With `accumulate`, backward can add to the gradients of the batch before. */
encnet_status encnet__graph_make_plan(encnet__graph *g, bool accumulate) ENCNET_MUST_CHECK;
encnet__graph_plan encnet__graph_plan_of(const encnet__graph *g);
/* Before make_plan(): this graph sees one rank's part of every batch.  Batch norms exchange their statistics, and the
 * losses are scaled by the rank's share of the images, so that the sum of all ranks' gradients is the gradient of the whole
 * batch.  `ranks` is borrowed until the graph is freed. */
void encnet__graph_set_ranks(encnet__graph *g, struct encnet__ranks *ranks);
/* Before make_plan(): activations and their gradients are stored as F16 or BF16 where their operators can do that; the
 * default is F32.  Inputs, outputs, losses, weights and every sum stay float32. */
void encnet__graph_set_storage(encnet__graph *g, encnet__type type);
/* Before make_plan(), which appends to `listing` what every pass makes of the graph; borrowed until then. */
void encnet__graph_set_listing(encnet__graph *g, encnet__text *listing);
/* After make_plan(): calls `row` for every pass of the nodes that tell of their plan. */
void encnet__graph_list_plan(const encnet__graph *g,
                             void (*row)(void *user, const encnet_plan_row *row), void *user);
/* ENCNET_E_DEVICE: not enough memory; both sizes. */
encnet_status encnet__graph_allocate(encnet__graph *g) ENCNET_MUST_CHECK;

/* -- running ----------------------------------------------------------------------------------- */

/* The tensor of an input or output, by name; buffer NULL = no such. */
encnet__tensor encnet__graph_tensor(const encnet__graph *g, const char *name);

/* Inference: computes again what depends on weights alone.  Call after the weights changed. */
encnet_status encnet__graph_refresh(encnet__graph *g) ENCNET_MUST_CHECK;
/* Enqueues the forward sweep, and in training the update of running statistics (and counters).  `seed` and `step` key
 * the dropout masks. */
encnet_status encnet__graph_forward(encnet__graph *g, uint64_t seed,
                                    uint32_t step) ENCNET_MUST_CHECK;
/* Told of every bucket of gradients (encnet__weights_buckets) once the command that completes it is enqueued. */
typedef struct encnet__graph_callback {
    encnet_status (*complete)(void *user, int bucket);
    void *user;
} encnet__graph_callback;

/* Enqueues the backward sweep of the forward sweep just made: the gradients of the weighted sum of the losses are
 * written to the weights' `grad`, or with `add` added to it (needs accumulate).  `callback` may be NULL. */
encnet_status encnet__graph_backward(encnet__graph *g, bool add,
                                     const encnet__graph_callback *callback) ENCNET_MUST_CHECK;

/* One reported number of a training step. */
#define ENCNET__MAX_TERMS 16
typedef struct encnet__term {
    const char *name; /* "decode.loss_seg", "aux.acc_seg" */
    bool is_loss;     /* else an accuracy in percent */
    double value;     /* a loss times its weight */
} encnet__term;
/* Waits for the device and reads all terms (room for ENCNET__MAX_TERMS); `total` is the sum of the losses. */
encnet_status encnet__graph_terms(encnet__graph *g, encnet__term *terms, int *n_terms,
                                  double *total) ENCNET_MUST_CHECK;

#endif
