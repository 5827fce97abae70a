/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fcnplus.c - the decoder of "FCN+Decoder" (FpnDecodeHead of openseg-group's fork of mmsegmentation),
 * from the coarsest of four feature maps x_0 .. x_3 to the finest.
 *
 *   y = separable 3x3 block on x_3                         to C = model.channels
 *   for i = 2, 1, 0:
 *     p = 1x1 block on x_i                                 to C/4, C/8, C/16
 *     y = separable 5x5 block on concat(y, resized to p, p) to C/2
 *   dropout, 1x1 classifier
 */
#include "models/head.h"

enum { MAPS = 4, PARTS = 16 };

/* The block that projects a map of `in` channels: PREFIX.0.weight and PREFIX.1.*. */
static encnet__conv_norm declare_projection(encnet__graph *g, const char *prefix, int in, int out)
{
    encnet__conv_shape shape = {in, out, 1, 1, 1, 1, .starts_as_pytorch = true};

    return encnet__conv_norm_declare(g, NAME("%s.0", prefix), NAME("%s.1", prefix), shape, 1);
}

/* Joins p, the projection of a finer map, to y. */
static encnet__node fuse(const encnet__head *h, int index, encnet__node y, encnet__node p)
{
    encnet__shape size = encnet__graph_shape(h->g, p);
    encnet__node both[2] = {
        encnet__resize_to(h->g, y, size.h, size.w, h->options->model.align_corners), p};

    return encnet__separable(h->g, NAME("%s.fuse.%d", h->prefix, index),
                             encnet__concat(h->g, both, 2), h->width / 2, 5, 1);
}

static encnet_status build(encnet__head *h)
{
    encnet__affine classifier;
    encnet__conv_norm project[MAPS - 1];
    const encnet__node *finer = h->features->at + h->at - 1; /* backwards from here */
    encnet__node y;

    if (h->at < MAPS - 1)
        return encnet__fail(ENCNET_E_ARG, "%s needs %d feature maps; the backbone %s has %d",
                            h->prefix, MAPS, h->options->model.backbone, h->at + 1);
    if (h->width % PARTS)
        return encnet__fail(ENCNET_E_ARG, "model.channels = %d: must be a multiple of %d", h->width,
                            PARTS);
    classifier = encnet__head_classifier(h, h->width / 2);
    y = encnet__separable(h->g, NAME("%s.bottleneck", h->prefix), h->features->at[h->at], h->width,
                          3, 1);
    for (int i = 0; i < MAPS - 1; i++)
        project[i] =
            declare_projection(h->g, NAME("%s.project.%d", h->prefix, i),
                               encnet__channels(h->g, finer[-i]), h->width / (PARTS / 4 << i));
    for (int i = 0; i < MAPS - 1; i++)
        y = fuse(h, i, y, encnet__module_apply(h->g, &project[i], finer[-i]));
    encnet__head_classify(h, &classifier, y);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_fcnplus = {
    .name = "fcnplus",
    .about = "a decoder from the coarsest map to the finest (FpnDecodeHead of openseg-group)",
    .build = build,
};
