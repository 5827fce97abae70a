/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * separable_aspp.c - the head of DeepLabV3+ (arXiv:1802.02611, as mmsegmentation builds it).
 *
 *   y = the pyramid of aspp.c with depthwise-separable blocks
 *   c = 1x1 block on the backbone's first feature map
 *   z = concat(y at the size of c, c); y itself when model.c1_channels = 0
 *   two separable 3x3 blocks on z, dropout, 1x1 classifier
 */
#include "models/heads/aspp.h"

/* z */
static encnet__node join_first_feature(const encnet__head *h, encnet__node y)
{
    int width = h->options->model.c1_channels;
    encnet__node first = h->features->at[0], both[2];
    encnet__shape size = encnet__graph_shape(h->g, first);

    if (!width) return y;
    both[0] = encnet__resize_to(h->g, y, size.h, size.w, h->options->model.align_corners);
    both[1] = encnet__module(h->g, NAME("%s.c1_bottleneck", h->prefix), first, width, 1);
    return encnet__concat(h->g, both, 2);
}

static encnet_status build(encnet__head *h)
{
    encnet__affine classifier = encnet__head_classifier(h, h->width);
    encnet__node x = join_first_feature(h, encnet__aspp(h, true));

    for (int i = 0; i < 2; i++)
        x = encnet__separable(h->g, NAME("%s.sep_bottleneck.%d", h->prefix, i), x, h->width, 3, 1);
    encnet__head_classify(h, &classifier, x);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_separable_aspp = {
    .name = "separable_aspp",
    .about = "a depthwise-separable pyramid and a decoder (arXiv:1802.02611)",
    .reads = "aspp_rates c1_channels",
    .normalises_images = true,
    .build = build,
};
