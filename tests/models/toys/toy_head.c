/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* toy_head.c - a convolution beside the logits of the head before it; a loss of its own on which
 * classes occur. */
#include "models/head.h"

#include "ops/attr.h"

enum { TOY_WIDTH };

static const encnet__option rows[] = {
    [TOY_WIDTH] = {.section = "model",
                   .key = "toy_width",
                   .kind = ENCNET__KIND_INT,
                   .default_text = "6",
                   .least = 1,
                   .most = 12,
                   .scope = ENCNET__SCOPE_IDENTITY,
                   .help = "Toy: width of its convolution."},
};

/* Which classes occur, from the mean of the logits over the image. */
static void presence_loss(const encnet__head *h)
{
    encnet__shape s = encnet__graph_shape(h->g, h->logits);
    encnet__pool_attr pool = {.size = 0}; /* the whole map */
    encnet__classes_attr classes = {s.c};
    encnet__node in[] = {
        encnet__graph_apply(h->g, &encnet__op_avg_pool, &pool, sizeof pool, &h->logits, 1),
        encnet__graph_apply(h->g, &encnet__op_presence, &classes, sizeof classes, &h->label, 1)};

    encnet__graph_loss(h->g, NAME("%s.loss_presence", h->log),
                       encnet__graph_apply(h->g, &encnet__op_binary_cross_entropy, NULL, 0, in, 2),
                       0.5);
}

static encnet_status build(encnet__head *h)
{
    int width = encnet__option_int(h->options, &rows[TOY_WIDTH]);
    encnet__shape size;
    encnet__node both[2];
    encnet__affine classifier;

    if (!h->previous)
        return encnet__fail(ENCNET_E_ARG, "%s takes the logits of a head before it", h->prefix);
    classifier = encnet__head_classifier(h, width + encnet__channels(h->g, h->previous->logits));
    both[0] = encnet__module(h->g, NAME("%s.conv", h->prefix), encnet__head_input(h), width, 1);
    size = encnet__graph_shape(h->g, both[0]);
    both[1] = encnet__resize_to(h->g, h->previous->logits, size.h, size.w,
                                h->options->model.align_corners);
    encnet__head_classify(h, &classifier, encnet__concat(h->g, both, 2));
    if (h->label != ENCNET__NONE) presence_loss(h);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_toy = {
    .name = "toy",
    .about = "a toy",
    .options = {rows, COUNT_OF(rows)},
    .build = build,
};
