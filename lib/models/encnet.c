/*
 * encnet.c - the EncNet head (arXiv:1803.08904 as mmsegmentation builds it).
 *
 *   x = 3x3 block on stage 4 [; lateral 1x1 blocks on stages 2 and 3, resized, concatenated, 3x3
 * block] e = mean over codes of relu(norm(encoding(1x1 block(x))))          [N,1,1,D] y = relu(x +
 * x * sigmoid(W e + b)), dropout, 1x1 classifier SE loss: which classes occur in the image, from a
 * linear layer on e
 *
 * Batch norm behind the encoding layer has the codes as its channels; so the encoding puts the
 * codes last.
 */
#include "models/layers.h"

#include <math.h>

#include "ops/attr.h"

/* Weights of the head, in the order of the state dict. */
typedef struct head_weights {
    encnet__affine classifier, gate, se;
    encnet__conv_norm bottleneck, lateral[2], fusion, project;
    encnet__norm code_norm;
    int codewords, scale;
} head_weights;

static head_weights declare(const encnet__head *h)
{
    const encnet_model_options *o = &h->options->model;
    encnet__weights *table = encnet__graph_weights(h->g);
    int width = o->channels, codes[2] = {o->codewords, width};
    double bound = 1 / sqrt((double)o->codewords * width);
    head_weights w = {0};

    w.classifier = encnet__classifier_declare(h->g, "decode_head.conv_seg", width, o->classes);
    w.bottleneck = encnet__module_declare(h->g, "decode_head.bottleneck",
                                          (encnet__conv_shape){h->channels[3], width, 3, 1, 1, 1});
    if (o->lateral) {
        w.lateral[0] =
            encnet__module_declare(h->g, "decode_head.lateral_convs.0",
                                   (encnet__conv_shape){h->channels[1], width, 1, 1, 0, 1});
        w.lateral[1] =
            encnet__module_declare(h->g, "decode_head.lateral_convs.1",
                                   (encnet__conv_shape){h->channels[2], width, 1, 1, 0, 1});
        w.fusion = encnet__module_declare(h->g, "decode_head.fusion",
                                          (encnet__conv_shape){3 * width, width, 3, 1, 1, 1});
    }
    w.project = encnet__module_declare(h->g, "decode_head.enc_module.encoding_project",
                                       (encnet__conv_shape){width, width, 1, 1, 0, 1});
    w.codewords = encnet__weights_declare(table, "decode_head.enc_module.encoding.0.codewords",
                                          ENCNET__MATRIX, codes, true,
                                          (encnet__init){ENCNET__INIT_UNIFORM, -bound, bound});
    w.scale =
        encnet__weights_declare(table, "decode_head.enc_module.encoding.0.scale", ENCNET__VECTOR,
                                codes, true, (encnet__init){ENCNET__INIT_UNIFORM, -1, 0});
    w.code_norm = encnet__norm_declare(h->g, "decode_head.enc_module.encoding.1", o->codewords, 1);
    w.gate = encnet__linear_declare(h->g, "decode_head.enc_module.fc.0", width, width);
    if (o->se_loss) w.se = encnet__linear_declare(h->g, "decode_head.se_layer", width, o->classes);
    return w;
}

/* The bottleneck on stage 4, fused with the lateral connections. */
static encnet__node features(const encnet__head *h, const head_weights *w)
{
    encnet__node x =
        encnet__conv_norm_apply(h->g, &w->bottleneck, h->features->stage[3], ENCNET__NONE, true);
    encnet__shape size = encnet__graph_shape(h->g, x);
    encnet__node all[3] = {x};

    if (!h->options->model.lateral) return x;
    for (int i = 0; i < 2; i++) {
        encnet__node y = encnet__conv_norm_apply(h->g, &w->lateral[i], h->features->stage[i + 1],
                                                 ENCNET__NONE, true);
        all[i + 1] = encnet__resize_to(h->g, y, size.h, size.w, h->options->model.align_corners);
    }
    return encnet__conv_norm_apply(h->g, &w->fusion, encnet__concat(h->g, all, 3), ENCNET__NONE,
                                   true);
}

/* e [N,1,1,D]. */
static encnet__node encode(const encnet__head *h, const head_weights *w, encnet__node x)
{
    encnet__node in[] = {encnet__conv_norm_apply(h->g, &w->project, x, ENCNET__NONE, true),
                         encnet__graph_param(h->g, w->codewords),
                         encnet__graph_param(h->g, w->scale)};
    encnet__node codes = encnet__graph_apply(h->g, &encnet__op_encoding, NULL, 0, in, COUNT_OF(in));

    codes = encnet__norm_apply(h->g, &w->code_norm, codes, ENCNET__NONE, true);
    return encnet__graph_apply(h->g, &encnet__op_code_mean, NULL, 0, &codes, 1);
}

/* relu(x + x * sigmoid(W e + b)). */
static encnet__node gate(const encnet__head *h, const head_weights *w, encnet__node x,
                         encnet__node e)
{
    encnet__channel_scale_attr attr = {.offset = 1};
    encnet__node z = encnet__linear_apply(h->g, &w->gate, e);
    encnet__node in[] = {x, encnet__graph_apply(h->g, &encnet__op_sigmoid, NULL, 0, &z, 1)};

    return encnet__relu(
        h->g, encnet__graph_apply(h->g, &encnet__op_channel_scale, &attr, sizeof attr, in, 2));
}

static void se_loss(const encnet__head *h, const head_weights *w, encnet__node e)
{
    encnet__classes_attr attr = {h->options->model.classes};
    encnet__node in[] = {
        encnet__linear_apply(h->g, &w->se, e),
        encnet__graph_apply(h->g, &encnet__op_presence, &attr, sizeof attr, &h->label, 1)};

    encnet__graph_loss(h->g, "decode.loss_se",
                       encnet__graph_apply(h->g, &encnet__op_binary_cross_entropy, NULL, 0, in, 2),
                       h->options->train.se_weight);
}

encnet__node encnet__network_encnet(const encnet__head *h)
{
    head_weights w = declare(h);
    encnet__node x = features(h, &w), e = encode(h, &w, x);
    encnet__node logits =
        encnet__classifier_apply(h->g, &w.classifier, gate(h, &w, x, e), h->options->model.dropout);

    if (encnet__graph_training(h->g)) {
        encnet__segmentation_loss(h, "decode", logits, 1);
        if (h->options->model.se_loss) se_loss(h, &w, e);
    }
    return logits;
}
