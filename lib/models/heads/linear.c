/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * linear.c - the classifier of whole images: a linear layer on the mean of the feature map.
 *
 *   z = W mean over h, w of x[n,h,w,:] + b                 [N,1,1,M]
 */
#include "models/head.h"

#include <string.h>

#include "ops/attr.h"

enum { SMOOTHING };

static const encnet__option rows[] = {
    [SMOOTHING] = {.section = "train",
                   .key = "label_smoothing",
                   .kind = ENCNET__KIND_REAL,
                   .default_text = "0",
                   .least = 0,
                   .most = 0.99,
                   .help =
                       "Classifier: the part of a label that is spread evenly over all classes."},
};

static void accuracy(const encnet__head *h, const char *name, int k)
{
    encnet__top_accuracy_attr attr = {k};

    encnet__graph_accuracy(h->g, name,
                           encnet__graph_apply(h->g, &encnet__op_top_accuracy, &attr, sizeof attr,
                                               (encnet__node[]){h->logits, h->label}, 2));
}

static void loss(const encnet__head *h)
{
    encnet__class_cross_entropy_attr attr = {
        (float)encnet__option_real(h->options, &rows[SMOOTHING])};

    encnet__graph_loss(h->g, NAME("%s.loss_ce", h->log),
                       encnet__graph_apply(h->g, &encnet__op_class_cross_entropy, &attr,
                                           sizeof attr, (encnet__node[]){h->logits, h->label}, 2),
                       h->weight);
    accuracy(h, NAME("%s.acc_top1", h->log), 1);
    accuracy(h, NAME("%s.acc_top5", h->log), 5);
}

static encnet_status build(encnet__head *h)
{
    static const encnet__pool_attr whole = {0};
    const encnet_train_options *o = &h->options->train;
    encnet__node x = encnet__head_input(h);
    const char *name = h->features->classifier ? h->features->classifier : h->prefix;
    encnet__affine fc =
        encnet__linear_declare(h->g, name, encnet__channels(h->g, x), h->options->model.classes);

    if (h->label != ENCNET__NONE && (strcmp(o->loss, "cross_entropy") != 0 || o->class_weights[0]))
        return encnet__fail(ENCNET_E_ARG,
                            "train.loss = %s, train.class_weights = %s: the loss of a classifier "
                            "is cross_entropy without weights",
                            o->loss, o->class_weights);
    x = encnet__graph_apply(h->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
    h->logits = h->passed = encnet__linear_apply(h->g, &fc, x);
    if (h->label != ENCNET__NONE) loss(h);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_linear = {
    .name = "linear",
    .about = "a linear classifier of whole images",
    .options = {rows, COUNT_OF(rows)},
    .labels_images = true,
    .build = build,
};
