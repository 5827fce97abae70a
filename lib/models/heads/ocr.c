/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ocr.c - the OCR head (arXiv:1909.11065, as mmsegmentation builds it), the second one of a cascade.
 *
 *   x = 3x3 block on the feature map
 *   f = mean of x over each object region: the softmax of a class map of the head before, over all
 *       positions                                                              [N,1,M,C]
 *   q = two 1x1 blocks on x;  k, v = two and one 1x1 blocks on f
 *   c = 1x1 block on the attention of q to k and v
 *   y = 1x1 block on concat(c, x), dropout, 1x1 classifier
 *
 * model.separable_bottleneck makes the block of x depthwise-separable; model.separable_fusion makes
 * that of y so, and 3x3 (openseg's variants of 2020).
 */
#include "models/heads/ocr.h"

#include "ops/attr.h"

encnet__ocr_block encnet__ocr_block_declare(const encnet__head *h, const char *name, int in,
                                            int size, bool is_separable)
{
    encnet__ocr_block l = {.is_separable = is_separable};
    encnet__name prefix = encnet__name_of("%s.%s", h->prefix, name);

    if (is_separable)
        l.separable = encnet__separable_declare(h->g, prefix.text, in, h->width, size, 1);
    else
        l.dense = encnet__module_declare(h->g, prefix.text,
                                         (encnet__conv_shape){in, h->width, size, 1, 1, 1});
    return l;
}

encnet__node encnet__ocr_block_apply(const encnet__head *h, const encnet__ocr_block *l,
                                     encnet__node x)
{
    return l->is_separable ? encnet__separable_apply(h->g, &l->separable, x)
                           : encnet__module_apply(h->g, &l->dense, x);
}

typedef struct layers {
    encnet__conv_norm key[2], query[2], value, out;
    encnet__ocr_block fusion, bottleneck;
} layers;

/* A 1x1 block. */
static encnet__conv_norm project(const encnet__head *h, const char *name, int in, int out)
{
    return encnet__module_declare(h->g, NAME("%s.object_context_block.%s", h->prefix, name),
                                  (encnet__conv_shape){in, out, 1, 1, 1, 1});
}

static layers declare(const encnet__head *h, int in)
{
    const encnet_options *o = h->options;
    int D = o->model.ocr_channels;
    layers l;

    l.key[0] = project(h, "key_project.0", h->width, D);
    l.key[1] = project(h, "key_project.1", D, D);
    l.query[0] = project(h, "query_project.0", h->width, D);
    l.query[1] = project(h, "query_project.1", D, D);
    l.value = project(h, "value_project", h->width, D);
    l.out = project(h, "out_project", D, h->width);
    l.fusion =
        encnet__ocr_block_declare(h, "object_context_block.bottleneck", 2 * h->width,
                                  o->model.separable_fusion ? 3 : 1, o->model.separable_fusion);
    l.bottleneck = encnet__ocr_block_declare(h, "bottleneck", in, 3, o->model.separable_bottleneck);
    return l;
}

static encnet__node twice(const encnet__head *h, const encnet__conv_norm l[2], encnet__node x)
{
    return encnet__module_apply(h->g, &l[1], encnet__module_apply(h->g, &l[0], x));
}

encnet_status encnet__ocr(encnet__node *out, const encnet__head *h)
{
    encnet_status rc = ENCNET_OK;
    encnet__node input = encnet__head_input(h), x, regions[2], attention[3], both[2];
    layers l;

    if (!h->previous)
        FAIL(ENCNET_E_ARG,
             "model.aux_channels = 0: the network %s needs the class maps of its first head",
             h->options->model.network);
    l = declare(h, encnet__channels(h->g, input));
    x = encnet__ocr_block_apply(h, &l.bottleneck, input);
    regions[0] = h->previous->passed;
    regions[1] = x;
    regions[0] = encnet__graph_apply(h->g, &encnet__op_spatial_gather, NULL, 0, regions, 2);
    attention[0] = twice(h, l.query, x);
    attention[1] = twice(h, l.key, regions[0]);
    attention[2] = encnet__module_apply(h->g, &l.value, regions[0]);
    both[0] = encnet__graph_apply(h->g, &encnet__op_object_attention, NULL, 0, attention, 3);
    both[0] = encnet__module_apply(h->g, &l.out, both[0]);
    both[1] = x;
    *out = encnet__ocr_block_apply(h, &l.fusion, encnet__concat(h->g, both, 2));
done:
    return rc;
}

static encnet_status build(encnet__head *h)
{
    encnet_status rc;
    encnet__affine classifier = encnet__head_classifier(h, h->width);
    encnet__node y;

    TRY(encnet__ocr(&y, h));
    encnet__head_classify(h, &classifier, y);
done:
    return rc;
}

const encnet__head_type encnet__head_ocr = {
    .name = "ocr",
    .about = "object-contextual features of a cascade (arXiv:1909.11065)",
    .reads = "ocr_channels separable_bottleneck separable_fusion",
    .build = build,
};
