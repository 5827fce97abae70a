/*
 * fcn.c - the FCN head (arXiv:1411.4038, as mmsegmentation builds it).
 *
 *   y = 3x3 blocks on the feature map x [; a 3x3 block on concat(x, y)], dropout, 1x1 classifier
 *
 * As an auxiliary head it is one block and no concatenation.
 */
#include "models/head.h"

enum { HEAD_CONVS, HEAD_CONCAT };

static const encnet__option rows[] = {
    [HEAD_CONVS] = {.section = "model",
                    .key = "head_convs",
                    .kind = ENCNET__KIND_INT,
                    .default_text = "2",
                    .least = 1,
                    .most = 4,
                    .scope = ENCNET__SCOPE_IDENTITY,
                    .help = "FCN: convolutions in the decode head."},
    [HEAD_CONCAT] = {.section = "model",
                     .key = "head_concat",
                     .kind = ENCNET__KIND_BOOL,
                     .default_text = "yes",
                     .scope = ENCNET__SCOPE_IDENTITY,
                     .help = "FCN: join the head's input to its output before the classifier."},
};

static encnet_status build(encnet__head *h)
{
    int convs = h->auxiliary ? 1 : encnet__option_int(h->options, &rows[HEAD_CONVS]);
    bool concat = !h->auxiliary && encnet__option_bool(h->options, &rows[HEAD_CONCAT]);
    encnet__affine classifier = encnet__head_classifier(h, h->width);
    encnet__node both[2] = {encnet__head_input(h)}, y = both[0];

    for (int i = 0; i < convs; i++)
        y = encnet__module(h->g, NAME("%s.convs.%d", h->prefix, i), y, h->width, 3);
    if (concat) {
        both[1] = y;
        y = encnet__module(h->g, NAME("%s.conv_cat", h->prefix), encnet__concat(h->g, both, 2),
                           h->width, 3);
    }
    encnet__head_classify(h, &classifier, y);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_fcn = {
    .name = "fcn",
    .about = "convolutions and a classifier (arXiv:1411.4038)",
    .options = {rows, COUNT_OF(rows)},
    .build = build,
};
