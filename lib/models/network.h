/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * network.h - a network is a backbone and heads; here are the lists of them, and what puts them
 * together into a graph.
 */
#ifndef ENCNET__NETWORK_H
#define ENCNET__NETWORK_H

#include "models/head.h"

enum { ENCNET__MAX_HEADS = 4 };

/* Where a head stands in a network, and what its weights and terms are called. */
typedef struct encnet__place {
    const encnet__head_type *type;
    const char *prefix, *log;
    int before;               /* how many feature maps of the backbone come after the head's own */
    bool auxiliary, repeated; /* see encnet__head */
} encnet__place;

/* A row of networks.def. */
typedef struct encnet__network {
    const char *name, *about;
    encnet__place heads[ENCNET__MAX_HEADS]; /* up to the first without a type */
} encnet__network;

/* -- tables.c: the lists; NULL behind the last, and for a name that is not there ---------------- */

const encnet__network *encnet__network_at(int i);
const encnet__head_type *encnet__head_at(int i);
const encnet__backbone *encnet__backbone_at(int i);
const encnet__network *encnet__network_find(const char *name);
const encnet__backbone *encnet__backbone_find(const char *name);
/* Whether a head of the network normalises_images. */
bool encnet__network_normalises_images(const encnet__network *network);
/* Whether the network of the options labels whole images, which its last head says. */
bool encnet__labels_images(const encnet_options *options);
/* Whether pixels are labelled with more classes than a label map has room for. */
bool encnet__too_many_classes(const encnet_options *options);

/* -- network.c --------------------------------------------------------------------------------- */

/* What inference graphs can give besides the scores. */
enum {
    ENCNET__WANT_LOGITS = 1,
    ENCNET__WANT_ENCODING = 2 /* what a context encoding module says of an image, for the report */
};

/* Which graph; training wants nothing. */
typedef struct encnet__graph_key {
    int n, h, w;
    unsigned wants;
} encnet__graph_key;

/* Declares the weights that the network of these options has, in the order of mmsegmentation's state
 * dict; `weights` may be of no device. */
encnet_status encnet__network_declare(encnet__weights *weights,
                                      const encnet_options *options) ENCNET_MUST_CHECK;

/* Whether every entry of model.fresh, or of optimizer.lr_mult, begins the name of some weight: ENCNET_E_CONFIG names one
 * that does not. */
encnet_status encnet__network_check_fresh(const encnet__weights *w,
                                          const encnet_options *options) ENCNET_MUST_CHECK;
encnet_status encnet__network_check_lr_mult(const encnet__weights *w,
                                            const encnet_options *options) ENCNET_MUST_CHECK;

/* Whether the network of these options can train on batches of n images of h x w: ENCNET_E_CONFIG if not.
 * With n 0, whether there is such a network at all.  `check`, unless NULL, looks at its weights. */
encnet_status encnet__network_check(const encnet_options *options, int n, int h, int w,
                                    encnet_status (*check)(void *user,
                                                           const encnet__weights *weights),
                                    void *user) ENCNET_MUST_CHECK;

/* The graph of the network, not planned yet.  Inputs: "image" [N,H,W,3] and, in training, "label" [N,H,W,1]
 * int32 and perhaps "class_weights" [M].  Outputs, in inference: "scores" [N,h,w,M], the logits at the
 * size at which the main head yields them (results.h makes class ids of them); with ENCNET__WANT_LOGITS
 * "logits" [N,H,W,M] instead.  Of a network that labels whole images, label and outputs are of 1 x 1.
 * ENCNET__WANT_ENCODING gives what the main head has of these: "presence" [N,1,1,M], the probability that
 * a class occurs, "factors" [N,1,1,D] of the channels, and "assignment" [N,h,w,K] of pixels to
 * codewords. */
encnet_status encnet__network_compose(encnet__graph **out, encnet_device *device,
                                      encnet__weights *weights, const encnet_options *options,
                                      bool training,
                                      const encnet__graph_key *key) ENCNET_MUST_CHECK;
/* The same, planned for `ranks` (encnet__graph_set_ranks(); NULL = one alone) but without memory, for what its weights
 * were allocated for. */
encnet_status encnet__network_lay_out(encnet__graph **out, encnet_device *device,
                                      encnet__weights *weights, const encnet_options *options,
                                      struct encnet__ranks *ranks, encnet__purpose purpose,
                                      const encnet__graph_key *key) ENCNET_MUST_CHECK;

#endif
