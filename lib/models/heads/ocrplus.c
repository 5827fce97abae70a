/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ocrplus.c - the OCR head with a decoder (OCRNetPlus of openseg, July 2020).
 *
 *   y = the object-contextual features of ocr.c
 *   c = 1x1 block on the backbone's first feature map
 *   two 3x3 blocks on concat(y at the size of c, c), dropout, 1x1 classifier
 */
#include "models/heads/ocr.h"

enum { SEPARABLE_DECODER };

static const encnet__option rows[] = {
    [SEPARABLE_DECODER] = {.section = "model",
                           .key = "separable_decoder",
                           .kind = ENCNET__KIND_BOOL,
                           .default_text = "no",
                           .scope = ENCNET__SCOPE_IDENTITY,
                           .help = "OCRNetPlus: the 3x3 convolutions of the decoder are "
                                   "depthwise-separable."},
};

static encnet_status build(encnet__head *h)
{
    encnet_status rc = ENCNET_OK;
    const encnet_options *o = h->options;
    bool separable = encnet__option_bool(o, &rows[SEPARABLE_DECODER]);
    encnet__affine classifier = encnet__head_classifier(h, h->width);
    encnet__node first = h->features->at[0], y, both[2];
    encnet__shape size = encnet__graph_shape(h->g, first);
    encnet__ocr_block fuse[2];

    if (!o->model.c1_channels)
        FAIL(ENCNET_E_ARG, "model.c1_channels = 0: the network %s needs its decoder",
             o->model.network);
    TRY(encnet__ocr(&y, h));
    fuse[0] = encnet__ocr_block_declare(h, "fuse_bottleneck.0", h->width + o->model.c1_channels, 3,
                                        separable);
    fuse[1] = encnet__ocr_block_declare(h, "fuse_bottleneck.1", h->width, 3, separable);
    both[0] = encnet__resize_to(h->g, y, size.h, size.w, o->model.align_corners);
    both[1] =
        encnet__module(h->g, NAME("%s.c1_bottleneck", h->prefix), first, o->model.c1_channels, 1);
    y = encnet__concat(h->g, both, 2);
    for (int i = 0; i < 2; i++) y = encnet__ocr_block_apply(h, &fuse[i], y);
    encnet__head_classify(h, &classifier, y);
done:
    return rc;
}

const encnet__head_type encnet__head_ocrplus = {
    .name = "ocrplus",
    .about = "object-contextual features and a decoder (openseg's OCRNetPlus)",
    .options = {rows, COUNT_OF(rows)},
    .reads = "c1_channels ocr_channels separable_bottleneck separable_fusion",
    .build = build,
};
