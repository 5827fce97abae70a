/*
 * encnet.c - the EncNet head (arXiv:1803.08904, as mmsegmentation builds it).
 *
 *   x = 3x3 block on the feature map [; 1x1 blocks on the two maps before it, resized to x;
 *       3x3 block on concat(x, theirs)]
 *   e = mean over the codes of relu(norm(encoding(1x1 block on x)))          [N,1,1,D]
 *   y = relu(x + x * sigmoid(W e + b)), dropout, 1x1 classifier
 *   SE loss: which classes occur in the image, from a linear layer on e
 *
 * The batch norm behind the encoding layer has the codes as its channels, which is why the encoding
 * puts the codes last.
 */
#include "models/head.h"

#include <math.h>

#include "ops/attr.h"

enum { CODEWORDS, LATERAL, SE_LOSS, SE_WEIGHT };

static const encnet__option rows[] = {
    [CODEWORDS] = {.section = "model",
                   .key = "codewords",
                   .kind = ENCNET__KIND_INT,
                   .default_text = "32",
                   .least = 1,
                   .most = 4096,
                   .scope = ENCNET__SCOPE_IDENTITY,
                   .help = "EncNet: codewords of the encoding layer."},
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

/* e. */
static encnet__node encode(const encnet__head *h, encnet__node x)
{
    encnet__weights *table = encnet__graph_weights(h->g);
    int K = encnet__option_int(h->options, &rows[CODEWORDS]), dims[2] = {K, h->width};
    double bound = 1 / sqrt((double)K * h->width);
    encnet__init codes_init = {ENCNET__INIT_UNIFORM, -bound, bound},
                 scale_init = {ENCNET__INIT_UNIFORM, -1, 0};
    encnet__node in[3], codes;
    encnet__norm norm;

    in[0] = encnet__module(h->g, NAME("%s.enc_module.encoding_project", h->prefix), x, h->width, 1);
    in[1] = encnet__graph_param(
        h->g, encnet__weights_declare(table, NAME("%s.enc_module.encoding.0.codewords", h->prefix),
                                      ENCNET__MATRIX, dims, true, codes_init));
    in[2] = encnet__graph_param(
        h->g, encnet__weights_declare(table, NAME("%s.enc_module.encoding.0.scale", h->prefix),
                                      ENCNET__VECTOR, &K, true, scale_init));
    codes = encnet__graph_apply(h->g, &encnet__op_encoding, NULL, 0, in, 3);
    norm = encnet__norm_declare(h->g, NAME("%s.enc_module.encoding.1", h->prefix), K, 1);
    codes = encnet__norm_apply(h->g, &norm, codes, ENCNET__NONE, true);
    return encnet__graph_apply(h->g, &encnet__op_code_mean, NULL, 0, &codes, 1);
}

/* relu(x + x * sigmoid(W e + b)). */
static encnet__node gate(const encnet__head *h, encnet__node x, encnet__node e)
{
    encnet__channel_scale_attr attr = {.offset = 1};
    encnet__affine fc =
        encnet__linear_declare(h->g, NAME("%s.enc_module.fc.0", h->prefix), h->width, h->width);
    encnet__node z = encnet__linear_apply(h->g, &fc, e);
    encnet__node in[] = {x, encnet__graph_apply(h->g, &encnet__op_sigmoid, NULL, 0, &z, 1)};

    return encnet__relu(
        h->g, encnet__graph_apply(h->g, &encnet__op_channel_scale, &attr, sizeof attr, in, 2));
}

static void se_loss(const encnet__head *h, const encnet__affine *layer, encnet__node e)
{
    encnet__classes_attr attr = {h->options->model.classes};
    encnet__node in[] = {
        encnet__linear_apply(h->g, layer, e),
        encnet__graph_apply(h->g, &encnet__op_presence, &attr, sizeof attr, &h->label, 1)};

    encnet__graph_loss(h->g, NAME("%s.loss_se", h->log),
                       encnet__graph_apply(h->g, &encnet__op_binary_cross_entropy, NULL, 0, in, 2),
                       encnet__option_real(h->options, &rows[SE_WEIGHT]));
}

static encnet_status build(encnet__head *h)
{
    bool lateral = encnet__option_bool(h->options, &rows[LATERAL]),
         has_se = encnet__option_bool(h->options, &rows[SE_LOSS]);
    encnet__affine classifier = encnet__head_classifier(h, h->width), se = {-1, -1};
    encnet__node x, e, y;

    if (lateral && h->at < 2)
        return encnet__fail(ENCNET_E_ARG,
                            "model.lateral: the backbone %s has no two feature maps before the "
                            "one that the head stands on",
                            h->options->model.backbone);
    x = bottleneck(h);
    e = encode(h, x);
    y = gate(h, x, e);
    if (has_se)
        se = encnet__linear_declare(h->g, NAME("%s.se_layer", h->prefix), h->width,
                                    h->options->model.classes);
    encnet__head_classify(h, &classifier, y);
    if (has_se && h->label != ENCNET__NONE) se_loss(h, &se, e);
    return ENCNET_OK;
}

const encnet__head_type encnet__head_encnet = {
    .name = "encnet",
    .about = "context encoding and the SE loss (arXiv:1803.08904)",
    .options = {rows, COUNT_OF(rows)},
    .build = build,
};
