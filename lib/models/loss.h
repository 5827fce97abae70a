/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* loss.h - the losses on logits that train.loss and train.aux_loss name, and the weights of classes. */
#ifndef ENCNET__LOSS_H
#define ENCNET__LOSS_H

#include "graph/graph.h"
#include <encnet/options.h>

/* What a loss is made from. */
typedef struct encnet__loss_input {
    encnet__graph *g;
    const encnet_options *options;
    encnet__node logits;        /* [N,H,W,M], at the size of the label */
    encnet__node label;         /* int32 [N,H,W,1] */
    encnet__node class_weights; /* [M], or ENCNET__NONE */
} encnet__loss_input;

/* Appends the loss `name`, one of the choices of train.loss, and returns its node. */
encnet__node encnet__loss_apply(const encnet__loss_input *in, const char *name);

/* The weights that train.class_weights gives, up to ENCNET_MAX_CLASSES of them; *count is 0 when it is
 * empty.  ENCNET_E_ARG when it is neither numbers nor a word of its row. */
encnet_status encnet__class_weights(double *out, int *count,
                                    const encnet_options *o) ENCNET_MUST_CHECK;

#endif
