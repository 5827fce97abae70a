/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet.c - the EncNet head (arXiv:1803.08904, as mmsegmentation builds it).
 *
 *   x = 3x3 block on the feature map [; 1x1 blocks on the two maps before it, resized to x;
 *       3x3 block on concat(x, theirs)]
 *   e = mean over the codes of relu(norm(encoding(1x1 block on x)))          [N,1,1,D]
 *   y = relu(x + x * sigmoid(W e + b)), dropout, 1x1 classifier
 *   SE loss: which classes occur in the image, from a linear layer on e
 *
 * As the paper has it, by options: the sum over the codes; y = relu(x * sigmoid(W e + b)); and the
 * SE loss of a second e, of a module on the map before the head's, auxiliary_head.  With no codewords
 * e is the mean of the 1x1 block over the pixels.
 *
 * The batch norm behind the encoding layer has the codes as its channels, which is why the encoding
 * puts the codes last.
 */
#include "models/head.h"

#include <math.h>

#include "ops/attr.h"

enum { CODEWORDS, CODE_SUM, PLAIN_GATE, LATERAL, SE_LOSS, SE_STAGE3, SE_WEIGHT };

static const encnet__option rows[] = {
    [CODEWORDS] = {.section = "model",
                   .key = "codewords",
                   .kind = ENCNET__KIND_INT,
                   .default_text = "32",
                   .least = 0,
                   .most = 4096,
                   .scope = ENCNET__SCOPE_IDENTITY,
                   .help = "EncNet: codewords of the encoding layer; 0 = the mean over the pixels "
                           "in its place."},
    [CODE_SUM] = {.section = "model",
                  .key = "code_sum",
                  .kind = ENCNET__KIND_BOOL,
                  .default_text = "no",
                  .scope = ENCNET__SCOPE_IDENTITY,
                  .help = "EncNet: the sum over the codes, as in the paper, not their mean."},
    [PLAIN_GATE] = {.section = "model",
                    .key = "plain_gate",
                    .kind = ENCNET__KIND_BOOL,
                    .default_text = "no",
                    .scope = ENCNET__SCOPE_IDENTITY,
                    .help = "EncNet: features times their scaling factors, as in the paper, not "
                            "added to themselves besides."},
    [LATERAL] = {.section = "model",
                 .key = "lateral",
                 .kind = ENCNET__KIND_BOOL,
                 .default_text = "no",
                 .scope = ENCNET__SCOPE_IDENTITY,
                 .help = "EncNet: add the lateral connections from stages 2 and 3."},
    [SE_LOSS] = {.section = "model",
                 .key = "se_loss",
                 .kind = ENCNET__KIND_BOOL,
                 .default_text = "yes",
                 .scope = ENCNET__SCOPE_IDENTITY,
                 .help = "EncNet: the branch that predicts which classes an image holds."},
    [SE_STAGE3] = {.section = "model",
                   .key = "se_stage3",
                   .kind = ENCNET__KIND_BOOL,
                   .default_text = "no",
                   .scope = ENCNET__SCOPE_IDENTITY,
                   .help = "EncNet: the class-presence loss also of stage 3, by a second context "
                           "encoding module, as in the paper; model.aux_channels = 0 leaves out "
                           "the auxiliary head that is usual in its place."},
    [SE_WEIGHT] = {.section = "train",
                   .key = "se_weight",
                   .kind = ENCNET__KIND_REAL,
                   .default_text = "0.2",
                   .least = 0,
                   .most = 1000,
                   .help = "EncNet: weight of the class-presence loss."},
};

/* The bottleneck on the feature map, fused with the lateral connections. */
static encnet__node bottleneck(const encnet__head *h)
{
    encnet__node x =
        encnet__module(h->g, NAME("%s.bottleneck", h->prefix), encnet__head_input(h), h->width, 3);
    encnet__shape size = encnet__graph_shape(h->g, x);
    encnet__node all[3] = {x};

    if (!encnet__option_bool(h->options, &rows[LATERAL])) return x;
    for (int i = 0; i < 2; i++) {
        encnet__node y = encnet__module(h->g, NAME("%s.lateral_convs.%d", h->prefix, i),
                                        h->features->at[h->at - 2 + i], h->width, 1);
        all[i + 1] = encnet__resize_to(h->g, y, size.h, size.w, h->options->model.align_corners);
    }
    return encnet__module(h->g, NAME("%s.fusion", h->prefix), encnet__concat(h->g, all, 3),
                          h->width, 3);
}

/* The mean over the pixels of x. */
static encnet__node pixel_mean(encnet__graph *g, encnet__node x)
{
    static const encnet__pool_attr whole = {0};

    return encnet__graph_apply(g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);
}

/* e of x by the module PREFIX.enc_module; sets h->assignment. */
static encnet__node encode(encnet__head *h, const char *prefix, encnet__node x)
{
    encnet__weights *table = encnet__graph_weights(h->g);
    int D = encnet__channels(h->g, x), K = encnet__option_int(h->options, &rows[CODEWORDS]),
        dims[2] = {K, D};
    double bound = 1 / sqrt((double)K * D);
    encnet__init codes_init = {ENCNET__INIT_UNIFORM, -bound, bound},
                 scale_init = {ENCNET__INIT_UNIFORM, -1, 0};
    encnet__code_mean_attr attr = {encnet__option_bool(h->options, &rows[CODE_SUM])};
    encnet__node in[3], codes;
    encnet__norm norm;

    in[0] = encnet__module(h->g, NAME("%s.enc_module.encoding_project", prefix), x, D, 1);
    if (K == 0) return pixel_mean(h->g, in[0]);
    in[1] = encnet__graph_param(
        h->g, encnet__weights_declare(table, NAME("%s.enc_module.encoding.0.codewords", prefix),
                                      ENCNET__MATRIX, dims, true, codes_init));
    in[2] = encnet__graph_param(
        h->g, encnet__weights_declare(table, NAME("%s.enc_module.encoding.0.scale", prefix),
                                      ENCNET__VECTOR, &K, true, scale_init));
    codes = encnet__graph_apply(h->g, &encnet__op_encoding, NULL, 0, in, 3);
    if (!encnet__graph_training(h->g))
        h->assignment = encnet__graph_apply(h->g, &encnet__op_assignment, NULL, 0, in, 3);
    norm = encnet__norm_declare(h->g, NAME("%s.enc_module.encoding.1", prefix), K, 1);
    codes = encnet__norm_apply(h->g, &norm, codes, ENCNET__NONE, true);
    return encnet__graph_apply(h->g, &encnet__op_code_mean, &attr, sizeof attr, &codes, 1);
}

/* relu(x + x * sigmoid(W e + b)), or without the sum. */
static encnet__node gate(encnet__head *h, encnet__node x, encnet__node e)
{
    bool plain = encnet__option_bool(h->options, &rows[PLAIN_GATE]);
    encnet__channel_scale_attr attr = {.offset = plain ? 0 : 1};
    encnet__affine fc =
        encnet__linear_declare(h->g, NAME("%s.enc_module.fc.0", h->prefix), h->width, h->width);
    encnet__node z = encnet__linear_apply(h->g, &fc, e);
    encnet__node in[] = {x, encnet__graph_apply(h->g, &encnet__op_sigmoid, NULL, 0, &z, 1)};

    h->factors = in[1];
    return encnet__relu(
        h->g, encnet__graph_apply(h->g, &encnet__op_channel_scale, &attr, sizeof attr, in, 2));
}

/* Adds the term LOG.loss_se. */
static void se_loss(const encnet__head *h, const char *log, const encnet__affine *layer,
                    encnet__node e)
{
    encnet__classes_attr attr = {h->options->model.classes};
    encnet__node in[] = {
        encnet__linear_apply(h->g, layer, e),
        encnet__graph_apply(h->g, &encnet__op_presence, &attr, sizeof attr, &h->label, 1)};

    encnet__graph_loss(h->g, NAME("%s.loss_se", log),
                       encnet__graph_apply(h->g, &encnet__op_binary_cross_entropy, NULL, 0, in, 2),
                       encnet__option_real(h->options, &rows[SE_WEIGHT]));
}

/* The module of the map before the head's.  Only its loss is of use. */
static void second_module(const encnet__head *main)
{
    static const char prefix[] = "auxiliary_head";
    encnet__head other = *main, *h = &other;
    encnet__node x = h->features->at[h->at - 1], e = encode(h, prefix, x);
    encnet__affine se = encnet__linear_declare(
        h->g, NAME("%s.se_layer", prefix), encnet__channels(h->g, x), h->options->model.classes);

    if (h->label != ENCNET__NONE) se_loss(h, "aux", &se, e);
}

static encnet_status build(encnet__head *h)
{
    bool lateral = encnet__option_bool(h->options, &rows[LATERAL]),
         has_se = encnet__option_bool(h->options, &rows[SE_LOSS]),
         stage3 = encnet__option_bool(h->options, &rows[SE_STAGE3]);
    encnet__affine classifier = encnet__head_classifier(h, h->width), se = {-1, -1};
    encnet__node x, e, y;

    if (lateral && h->at < 2)
        return encnet__fail(ENCNET_E_ARG,
                            "model.lateral: the backbone %s has no two feature maps before the "
                            "one that the head stands on",
                            h->options->model.backbone);
    if (stage3 && h->at < 1)
        return encnet__fail(
            ENCNET_E_ARG,
            "model.se_stage3: the backbone %s has no feature map before the one that "
            "the head stands on",
            h->options->model.backbone);
    x = bottleneck(h);
    e = encode(h, h->prefix, x);
    y = gate(h, x, e);
    if (has_se)
        se = encnet__linear_declare(h->g, NAME("%s.se_layer", h->prefix), h->width,
                                    h->options->model.classes);
    encnet__head_classify(h, &classifier, y);
    if (has_se && h->label != ENCNET__NONE) se_loss(h, h->log, &se, e);
    if (has_se && !encnet__graph_training(h->g)) {
        encnet__node z = encnet__linear_apply(h->g, &se, e);
        h->presence = encnet__graph_apply(h->g, &encnet__op_sigmoid, NULL, 0, &z, 1);
    }
    if (stage3) second_module(h);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_encnet = {
    .name = "encnet",
    .about = "context encoding and the SE loss (arXiv:1803.08904)",
    .options = {rows, COUNT_OF(rows)},
    .build = build,
};
