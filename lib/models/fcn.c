/*
 * fcn.c - the FCN head (arXiv:1411.4038 as mmsegmentation builds it) and the network made of it.
 *
 *   3x3 blocks on one feature, optionally a 3x3 block on concat(feature, their result), dropout,
 * 1x1 classifier
 */
#include "models/layers.h"

#include <stdio.h>

enum { MAX_CONVS = 4, STAGE_DECODE = 3, STAGE_AUX = 2 };

encnet__node encnet__fcn_head(const encnet__head *h, const char *prefix, int stage, int width,
                              int convs, bool concat)
{
    int in = h->channels[stage];
    encnet__node x = h->features->stage[stage], y = x;
    encnet__affine classifier;
    encnet__conv_norm conv[MAX_CONVS], cat;
    char name[64];

    snprintf(name, sizeof name, "%s.conv_seg", prefix);
    classifier = encnet__classifier_declare(h->g, name, width, h->options->model.classes);
    for (int i = 0; i < convs; i++) {
        snprintf(name, sizeof name, "%s.convs.%d", prefix, i);
        conv[i] = encnet__module_declare(h->g, name,
                                         (encnet__conv_shape){i ? width : in, width, 3, 1, 1, 1});
    }
    if (concat) {
        snprintf(name, sizeof name, "%s.conv_cat", prefix);
        cat =
            encnet__module_declare(h->g, name, (encnet__conv_shape){in + width, width, 3, 1, 1, 1});
    }
    for (int i = 0; i < convs; i++)
        y = encnet__conv_norm_apply(h->g, &conv[i], y, ENCNET__NONE, true);
    if (concat) {
        encnet__node both[] = {x, y};
        y = encnet__conv_norm_apply(h->g, &cat, encnet__concat(h->g, both, 2), ENCNET__NONE, true);
    }
    return encnet__classifier_apply(h->g, &classifier, y, h->options->model.dropout);
}

encnet__node encnet__network_fcn(const encnet__head *h)
{
    const encnet_model_options *o = &h->options->model;
    encnet__node logits = encnet__fcn_head(h, "decode_head", STAGE_DECODE, o->channels,
                                           o->head_convs, o->head_concat);

    if (encnet__graph_training(h->g)) encnet__segmentation_loss(h, "decode", logits, 1);
    return logits;
}
