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
    encnet__option_table options; /* those that only this head has; see options/options.h */
    /* Declares the head's weights, in the order of the state dict, appends its nodes, and fills
     * `logits` in, at the size of its feature map; where there is a label, adds its losses too. */
    encnet_status (*build)(encnet__head *h);
} encnet__head_type;

/* One head of a network while it is built: everything that it may ask, and what it hands on. */
struct encnet__head {
    encnet__graph *g;
    const encnet_options *options;

    const encnet__head_type *type;
    const char *prefix; /* of its weights: "decode_head" */
    const char *log;    /* of its terms: "decode" */
    bool auxiliary;     /* it is there for its loss alone, or for the head after it */
    int width;          /* model.channels, or model.aux_channels of an auxiliary head */
    double weight;      /* of its segmentation loss */
    const encnet__features *features;
    int at;                       /* which of the features it stands on */
    const encnet__head *previous; /* the head before this one in the network; NULL = none */

    /* int32 [N,H,W,1]; ENCNET__NONE: no losses.  A head whose `label` is taken away can be built
     * once more for its logits. */
    encnet__node label;
    encnet__node class_weights; /* [M], or ENCNET__NONE */

    encnet__node logits;
};

/* The feature map that the head stands on. */
encnet__node encnet__head_input(const encnet__head *h);
/* The classifier PREFIX.conv_seg, on `channels` channels.  It comes first in the state dict of every
 * head. */
encnet__affine encnet__head_classifier(const encnet__head *h, int channels);
/* Fills `logits` in, model.dropout and the classifier on x, and adds the terms LOG.loss_seg and
 * LOG.acc_seg if there is a label. */
void encnet__head_classify(encnet__head *h, const encnet__affine *classifier, encnet__node x);

#define HEAD(name) extern const encnet__head_type encnet__head_##name;
#include "models/heads.def"
#undef HEAD

#endif
