/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fcn.c - the FCN head (arXiv:1411.4038, as mmsegmentation builds it).
 *
 *   y = blocks on the feature map x [; a block on concat(x, y)], dropout, 1x1 classifier
 *
 * A block is a convolution of 3x3 or another size.  As an auxiliary head it is one block and no
 * concatenation.
 */
#include "models/head.h"

enum { HEAD_CONVS, HEAD_CONCAT, HEAD_KERNEL, AUX_KERNEL };

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
    [HEAD_KERNEL] = {.section = "model",
                     .key = "head_kernel",
                     .kind = ENCNET__KIND_INT,
                     .default_text = "3",
                     .least = 1,
                     .most = 7,
                     .choices = "1 3 5 7",
                     .scope = ENCNET__SCOPE_IDENTITY,
                     .help = "FCN: size of the convolutions in the decode head."},
    [AUX_KERNEL] = {.section = "model",
                    .key = "aux_kernel",
                    .kind = ENCNET__KIND_INT,
                    .default_text = "3",
                    .least = 1,
                    .most = 7,
                    .choices = "1 3 5 7",
                    .scope = ENCNET__SCOPE_IDENTITY,
                    .help = "FCN: size of the convolution in the auxiliary head."},
};

/* One convolution of the head. */
static encnet__node block(const encnet__head *h, const char *prefix, encnet__node x, int size)
{
    encnet__conv_shape shape = {encnet__channels(h->g, x), h->width, size, 1, 1, 1};
    encnet__conv_norm l = encnet__module_declare(h->g, prefix, shape);

    if (h->repeated) encnet__norm_repeat(h->g, &l.norm, 2);
    return encnet__module_apply(h->g, &l, x);
}

static encnet_status build(encnet__head *h)
{
    int convs = h->auxiliary ? 1 : encnet__option_int(h->options, &rows[HEAD_CONVS]);
    int size = encnet__option_int(h->options, &rows[h->auxiliary ? AUX_KERNEL : HEAD_KERNEL]);
    bool concat = !h->auxiliary && encnet__option_bool(h->options, &rows[HEAD_CONCAT]);
    encnet__affine classifier = encnet__head_classifier(h, h->width);
    encnet__node both[2] = {encnet__head_input(h)}, y = both[0];

    for (int i = 0; i < convs; i++) y = block(h, NAME("%s.convs.%d", h->prefix, i), y, size);
    if (concat) {
        both[1] = y;
        y = block(h, NAME("%s.conv_cat", h->prefix), encnet__concat(h->g, both, 2), size);
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
