/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* head.c - what every head does: it begins with its feature map, and ends with a classifier and a
 * loss. */
#include "models/head.h"

#include "models/loss.h"
#include "ops/ops.h"

encnet__node encnet__head_input(const encnet__head *h)
{
    return h->features->joined ? h->features->all : h->features->at[h->at];
}

encnet__affine encnet__head_classifier(const encnet__head *h, int channels)
{
    return encnet__classifier_declare(h->g, NAME("%s.conv_seg", h->prefix), channels,
                                      h->options->model.classes);
}

/* The loss at the size of the label, and the share of pixels that are right. */
static void segmentation_loss(const encnet__head *h)
{
    const encnet_options *o = h->options;
    encnet__shape size = encnet__graph_shape(h->g, h->label);
    encnet__loss_input in = {h->g, o, ENCNET__NONE, h->label, h->class_weights};

    in.logits = encnet__resize_to(h->g, h->logits, size.h, size.w, o->model.align_corners);
    encnet__graph_loss(h->g, NAME("%s.loss_seg", h->log),
                       encnet__loss_apply(&in, h->auxiliary ? o->train.aux_loss : o->train.loss),
                       h->weight);
    encnet__graph_accuracy(h->g, NAME("%s.acc_seg", h->log),
                           encnet__graph_apply(h->g, &encnet__op_pixel_accuracy, NULL, 0,
                                               (encnet__node[]){in.logits, h->label}, 2));
}

void encnet__head_classify(encnet__head *h, const encnet__affine *classifier, encnet__node x)
{
    const encnet_options *o = h->options;
    double dropout = h->auxiliary && !o->model.aux_dropout ? 0 : o->model.dropout;
    bool elements = o->model.dropout_elements;

    h->logits = h->passed = encnet__classifier_apply(h->g, classifier, x, dropout, elements);
    if (h->repeated && encnet__graph_training(h->g) && dropout > 0) /* with a mask of its own */
        h->passed = encnet__classifier_apply(h->g, classifier, x, dropout, elements);
    if (h->label != ENCNET__NONE) segmentation_loss(h);
}
