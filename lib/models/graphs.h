/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * graphs.h - the graphs that run the weights of one model on one queue: its training graph and inference
 * graphs of several sizes, each laid out when it is first asked for.  Inference graphs share their
 * memory for activations, which grows to what the largest needs.
 */
#ifndef ENCNET__GRAPHS_H
#define ENCNET__GRAPHS_H

#include "models/network.h"

enum { ENCNET__CACHED_GRAPHS = 16 };

typedef struct encnet__cached_graph {
    encnet__graph_key key;
    encnet__graph *graph;
} encnet__cached_graph;

typedef struct encnet__graphs {
    /* borrowed; the owner sets them before the first graph is asked for */
    encnet_device *device;
    encnet__weights *weights;
    const encnet_options *options;
    encnet__purpose purpose;     /* of the weights */
    struct encnet__ranks *ranks; /* of training graphs; NULL: one rank alone */
    const atomic_bool *stop;     /* of inference graphs (encnet__graph_set_stop); may be NULL */

    encnet__graph *training;
    encnet__graph_key training_key;
    encnet__cached_graph inference[ENCNET__CACHED_GRAPHS]; /* the last used first */
    int n_inference;
    encnet__arenas arenas; /* of all inference graphs: they run one at a time */
} encnet__graphs;

/* The graph for this key, as encnet__network_lay_out() makes it, ready to run.  It stays owned by
 * `s`: a training graph until another size is asked for, an inference graph while it is one of the
 * last used.  The constants of an inference graph are up to date. */
encnet_status encnet__graphs_training(encnet__graph **out, encnet__graphs *s,
                                      const encnet__graph_key *key) ENCNET_MUST_CHECK;
encnet_status encnet__graphs_inference(encnet__graph **out, encnet__graphs *s,
                                       const encnet__graph_key *key) ENCNET_MUST_CHECK;
/* Takes the memory that an inference graph of this key would need. */
encnet_status encnet__graphs_reserve(encnet__graphs *s,
                                     const encnet__graph_key *key) ENCNET_MUST_CHECK;
/* The bytes of device memory that inference graphs share, and what that used last needs of them. */
size_t encnet__graphs_held(const encnet__graphs *s);
size_t encnet__graphs_last(const encnet__graphs *s);
/* Gives memory of inference graphs back until no more than `most` bytes are held: of the sizes that do
 * not fit the least recently used first. */
void encnet__graphs_trim(encnet__graphs *s, size_t most);
void encnet__graphs_drop_inference(encnet__graphs *s);
void encnet__graphs_free(encnet__graphs *s); /* what it owns, not itself */

#endif
