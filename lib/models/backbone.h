/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * backbone.h - what a backbone is: the network below the heads, which turns images into feature maps.
 *
 * A backbone is a row of backbones.def.  Its type is a file in lib/models/backbones/, which ends with
 * one exported encnet__backbone_type.
 */
#ifndef ENCNET__BACKBONE_H
#define ENCNET__BACKBONE_H

#include "models/layers.h"
#include "options/options.h"

enum { ENCNET__MAX_FEATURES = 4, ENCNET__MAX_NUMBERS = 12 };

/* Feature maps in the order in which the backbone computes them.  Heads read the channels and the
 * size of a map from its node. */
typedef struct encnet__features {
    int n;
    encnet__node at[ENCNET__MAX_FEATURES];
    bool joined;      /* heads stand on all maps together, not on one of them */
    encnet__node all; /* set by the network: all maps, resized to the first and concatenated */
    const char
        *classifier; /* the name of the linear layer of a classifier on them; NULL: head.fc */
} encnet__features;

typedef struct encnet__backbone encnet__backbone;

typedef struct encnet__backbone_type {
    const char *name;
    encnet__option_table options; /* those that only backbones of this type have */
    /* Declares the weights, all of them below "backbone." unless files of the network have other
     * names, appends the nodes and fills `out` in. */
    encnet_status (*build)(encnet__features *out, encnet__graph *g, encnet__node image,
                           const encnet__backbone *row, const encnet_options *options);
} encnet__backbone_type;

/* A row of backbones.def. */
struct encnet__backbone {
    const char *name, *about;
    const encnet__backbone_type *type;
    int numbers[ENCNET__MAX_NUMBERS]; /* their meaning is the type's */
};

#endif
