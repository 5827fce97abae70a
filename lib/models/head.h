/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * head.h - what a head is: layers on a feature map that end in logits, and the losses on them.
 *
 * A head's type is a row of heads.def and a file in lib/models/heads/, which ends with one exported
 * encnet__head_type.  networks.def says which heads a network has.
 */
#ifndef ENCNET__HEAD_H
#define ENCNET__HEAD_H

#include "models/backbone.h"

typedef struct encnet__head encnet__head;

typedef struct encnet__head_type {
    const char *name, *about;
    encnet__option_table options; /* those that only this head has (options/options.h) */
    const char *reads; /* keys of [model] that only this head and some others read, a blank between
                          them; NULL: none */
    /* One of its batch norms has one value per image and channel: to train it takes a batch of two
     * images or more. */
    bool normalises_images;
    bool labels_images; /* its logits are [N,1,1,M] and its label [N,1,1,1]: a class for an image */
    /* Declares the weights of the head in the order of the state dict, appends its nodes, and sets
     * `logits`, whose size is that of the head's feature map or of a finer one.  Adds its losses if
     * there is a label. */
    encnet_status (*build)(encnet__head *h);
} encnet__head_type;

/* A head of a network while it is built: what it may read, and the logits that it sets. */
struct encnet__head {
    encnet__graph *g;
    const encnet_options *options;

    const encnet__head_type *type;
    const char *prefix; /* the names of its weights begin with it: "decode_head" */
    const char *log;    /* the names of its terms begin with it: "decode" */
    bool auxiliary;     /* the network needs only its loss, or the next head its logits */
    bool repeated;      /* in training it runs a second time, for the next head: see `passed` */
    int width;          /* model.channels, or model.aux_channels of an auxiliary head */
    double weight;      /* of its segmentation loss */
    const encnet__features *features;
    int at;                       /* which of the features it stands on */
    const encnet__head *previous; /* the head before this one in the network; NULL = none */

    encnet__node label; /* int32 [N,H,W,1], or [N,1,1,1]; ENCNET__NONE: no losses are added */
    encnet__node class_weights; /* [M], or ENCNET__NONE */

    /* In inference, to look at: see ENCNET__WANT_ENCODING.  ENCNET__NONE: the head has none. */
    encnet__node presence, factors, assignment;

    encnet__node logits;
    /* What the next head reads.  In training mmsegmentation runs a repeated head again for it: the
     * result differs from `logits` where the head drops channels, and its batch norms are updated
     * twice (encnet__norm_repeat, which is the head's duty). */
    encnet__node passed;
};

/* The feature map that the head stands on; of a backbone whose maps are `joined`, all of them. */
encnet__node encnet__head_input(const encnet__head *h);
/* Declares the classifier PREFIX.conv_seg of `channels` channels, which comes first in the state dict
 * of every head. */
encnet__affine encnet__head_classifier(const encnet__head *h, int channels);
/* Sets `logits` and `passed` to the classifier of x, behind model.dropout, and adds the terms
 * LOG.loss_seg and LOG.acc_seg if there is a label. */
void encnet__head_classify(encnet__head *h, const encnet__affine *classifier, encnet__node x);

#define HEAD(name) extern const encnet__head_type encnet__head_##name;
#include "models/heads.def"
#undef HEAD

#endif
