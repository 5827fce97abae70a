/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cifar.c - the networks of the EncNet paper for pictures of 32 x 32 (arXiv:1803.08904, section 4.3);
 * names and order of weights are those of PyTorch-Encoding's experiments of 2018.
 *
 *   stem     3x3 convolution with bias to w channels, batch norm, ReLU
 *   stages   three of two blocks, to w, 2 w and 4 w channels; the second and the third halve the size
 *   end      batch norm, ReLU
 *
 * A block is y = f(x) + shortcut(x), with a gate on f:
 *
 *   pre      f: batch norm, ReLU, 3x3, batch norm, ReLU, 3x3; nothing behind the sum
 *   post     f: 3x3, batch norm, ReLU, 3x3, batch norm; ReLU behind the sum
 *   SE       f * sigmoid(linear(relu(linear(mean of f))))                  C to C/16 to C channels
 *   Enc      f * sigmoid(linear(unit codes of relu(norm(1x1 on f))))       D = C/4
 *
 * A shortcut that changes the shape is a 1x1 convolution with bias on x itself.  Weights start as
 * PyTorch's do.  The only feature is the map at the end; files call its classifier model.10.
 */
#include "models/backbone.h"

#include <math.h>
#include <string.h>

#include "ops/attr.h"

enum { STAGES = 3, BLOCKS = 2, SHRINK = 16, REDUCE = 4 };
enum { NO_GATE, SE_GATE, ENC_GATE };
enum { WIDTH, CODEWORDS, SCALE };

static const encnet__option rows[] = {
    [WIDTH] = {.section = "model",
               .key = "width",
               .kind = ENCNET__KIND_INT,
               .default_text = "64",
               .least = 16,
               .most = 4096,
               .scope = ENCNET__SCOPE_IDENTITY,
               .help = "CIFAR networks: channels of the first stage, a multiple of 16; the second "
                       "has twice and the third four times as many."},
    [CODEWORDS] = {.section = "model",
                   .key = "block_codewords",
                   .kind = ENCNET__KIND_INT,
                   .default_text = "16",
                   .least = 1,
                   .most = 4096,
                   .scope = ENCNET__SCOPE_IDENTITY,
                   .help = "CIFAR networks: codewords of the encoding layer in each block."},
    [SCALE] = {.section = "model",
               .key = "block_scale",
               .kind = ENCNET__KIND_TEXT,
               .default_text = "drawn",
               .choices = "drawn redrawn learned",
               .scope = ENCNET__SCOPE_IDENTITY,
               .help = "CIFAR networks: smoothing factors of the encoding layers. Drawn from -1..0 "
                       "in every training step, and -0.5 otherwise; the same, but drawn once more "
                       "for the backward pass, as the released code does; or learned."},
};

typedef struct variant {
    bool pre;
    int gate;
    const encnet_options *options;
} variant;

/* A convolution that starts as PyTorch's do. */
static encnet__conv_shape conv_of(int in, int out, int size, int stride)
{
    return (encnet__conv_shape){in, out, size, stride, 1, 1, .starts_as_pytorch = true};
}

static encnet__norm norm_of(encnet__graph *g, const char *prefix, int channels)
{
    return encnet__norm_declare(g, prefix, channels, 1);
}

static encnet__node apply(encnet__graph *g, const encnet__op *op, encnet__node x)
{
    return encnet__graph_apply(g, op, NULL, 0, &x, 1);
}

/* -- gates ------------------------------------------------------------------------------------- */

/* f * sigmoid(z) */
static encnet__node gate(encnet__graph *g, encnet__node f, encnet__node z)
{
    static const encnet__channel_scale_attr plain = {0};

    return encnet__graph_apply(g, &encnet__op_channel_scale, &plain, sizeof plain,
                               (encnet__node[]){f, apply(g, &encnet__op_sigmoid, z)}, 2);
}

static encnet__node squeeze(encnet__graph *g, const char *prefix, encnet__node f)
{
    static const encnet__pool_attr whole = {0};
    int C = encnet__channels(g, f), narrow = C / SHRINK;
    encnet__affine reduce = encnet__linear_declare(g, NAME("%s.fc.0", prefix), C, narrow),
                   expand = encnet__linear_declare(g, NAME("%s.fc.2", prefix), narrow, C);
    encnet__node z = encnet__graph_apply(g, &encnet__op_avg_pool, &whole, sizeof whole, &f, 1);

    z = encnet__relu(g, encnet__linear_apply(g, &reduce, z));
    return gate(g, f, encnet__linear_apply(g, &expand, z));
}

static encnet__node drawn(encnet__graph *g, int scale, uint32_t stream)
{
    encnet__drawn_scale_attr attr = {.stream = stream, .fixed = !encnet__graph_training(g)};
    encnet__node s = encnet__graph_param(g, scale);

    return encnet__graph_apply(g, &encnet__op_drawn_scale, &attr, sizeof attr, &s, 1);
}

/* The codes of x, [N,1,D,K]: weights PREFIX.codewords and PREFIX.scale. */
static encnet__node encode(encnet__graph *g, const char *prefix, encnet__node x, const variant *v)
{
    encnet__weights *table = encnet__graph_weights(g);
    const char *how = encnet__option_value(v->options, &rows[SCALE]).text;
    int K = encnet__option_int(v->options, &rows[CODEWORDS]), dims[2] = {K, encnet__channels(g, x)};
    double bound = 1 / sqrt((double)K * dims[1]);
    encnet__init codes_init = {ENCNET__INIT_UNIFORM, -bound, bound},
                 scale_init = {ENCNET__INIT_UNIFORM, -1, 0};
    int codewords = encnet__weights_declare(table, NAME("%s.codewords", prefix), ENCNET__MATRIX,
                                            dims, true, codes_init);
    int scale = encnet__weights_declare(table, NAME("%s.scale", prefix), ENCNET__VECTOR, &K, true,
                                        scale_init);
    encnet__node in[4] = {x, encnet__graph_param(g, codewords), encnet__graph_param(g, scale),
                          ENCNET__NONE};

    if (strcmp(how, "learned") != 0) in[2] = drawn(g, scale, (uint32_t)scale);
    if (strcmp(how, "redrawn") == 0 && encnet__graph_training(g))
        in[3] = drawn(g, scale, (uint32_t)scale | ENCNET__SECOND_DRAW);
    return encnet__graph_apply(g, &encnet__op_encoding, NULL, 0, in, COUNT_OF(in));
}

static encnet__node enc(encnet__graph *g, const char *prefix, encnet__node f, const variant *v)
{
    int C = encnet__channels(g, f), D = C / REDUCE,
        K = encnet__option_int(v->options, &rows[CODEWORDS]);
    encnet__conv project =
        encnet__conv_declare(g, NAME("%s.fc.0", prefix), conv_of(C, D, 1, 1), true);
    encnet__norm norm = norm_of(g, NAME("%s.fc.1", prefix), D);
    encnet__node x =
        encnet__norm_apply(g, &norm, encnet__conv_apply(g, &project, f), ENCNET__NONE, true);
    encnet__node codes = encode(g, NAME("%s.fc.3", prefix), x, v);
    encnet__affine fc = encnet__linear_declare(g, NAME("%s.fc.6", prefix), K * D, C);

    return gate(g, f, encnet__linear_apply(g, &fc, apply(g, &encnet__op_unit_codes, codes)));
}

static encnet__node gated(encnet__graph *g, const char *prefix, encnet__node f, const variant *v)
{
    if (v->gate == SE_GATE) return squeeze(g, NAME("%s.se", prefix), f);
    if (v->gate == ENC_GATE) return enc(g, NAME("%s.se", prefix), f, v);
    return f;
}

/* -- blocks ------------------------------------------------------------------------------------ */

/* x, or where its shape changes a 1x1 convolution of it. */
static encnet__node shortcut(encnet__graph *g, const char *prefix, encnet__node x, int out,
                             int stride)
{
    int in = encnet__channels(g, x);
    encnet__conv l;

    if (stride == 1 && in == out) return x;
    l = encnet__conv_declare(g, NAME("%s.residual_layer", prefix), conv_of(in, out, 1, stride),
                             true);
    return encnet__conv_apply(g, &l, x);
}

static encnet__node pre_block(encnet__graph *g, const char *prefix, encnet__node x, int out,
                              int stride, const variant *v)
{
    int in = encnet__channels(g, x);
    encnet__node side = shortcut(g, prefix, x, out, stride), f;
    encnet__norm before = norm_of(g, NAME("%s.conv_block.0", prefix), in);
    encnet__conv_norm first =
        encnet__conv_norm_declare(g, NAME("%s.conv_block.2", prefix),
                                  NAME("%s.conv_block.3", prefix), conv_of(in, out, 3, stride), 1);
    encnet__conv second =
        encnet__conv_declare(g, NAME("%s.conv_block.5", prefix), conv_of(out, out, 3, 1), false);

    f = encnet__norm_apply(g, &before, x, ENCNET__NONE, true);
    f = encnet__conv_norm_apply(g, &first, f, ENCNET__NONE, true);
    f = gated(g, prefix, encnet__conv_apply(g, &second, f), v);
    return encnet__graph_apply(g, &encnet__op_add, NULL, 0, (encnet__node[]){side, f}, 2);
}

static encnet__node post_block(encnet__graph *g, const char *prefix, encnet__node x, int out,
                               int stride, const variant *v)
{
    int in = encnet__channels(g, x);
    encnet__conv_norm first = encnet__conv_norm_declare(
        g, NAME("%s.conv1", prefix), NAME("%s.bn1", prefix), conv_of(in, out, 3, stride), 1);
    encnet__conv_norm second = encnet__conv_norm_declare(
        g, NAME("%s.conv2", prefix), NAME("%s.bn2", prefix), conv_of(out, out, 3, 1), 1);
    encnet__node f = encnet__conv_norm_apply(g, &first, x, ENCNET__NONE, true), both[2];

    if (v->gate == NO_GATE)
        return encnet__conv_norm_apply(g, &second, f, shortcut(g, prefix, x, out, stride), true);
    f = encnet__conv_norm_apply(g, &second, f, ENCNET__NONE, false);
    both[0] = gated(g, prefix, f, v);
    both[1] = shortcut(g, prefix, x, out, stride);
    return encnet__graph_apply(g, &encnet__op_add_relu, NULL, 0, both, 2);
}

static encnet_status build(encnet__features *out, encnet__graph *g, encnet__node image,
                           const encnet__backbone *row, const encnet_options *options)
{
    const variant v = {.pre = row->numbers[0], .gate = row->numbers[1], .options = options};
    int w = encnet__option_int(options, &rows[WIDTH]);
    encnet__conv stem;
    encnet__norm norm;
    encnet__node x;

    if (w % SHRINK)
        return encnet__fail(ENCNET_E_ARG, "model.width = %d: must be a multiple of %d", w, SHRINK);
    stem = encnet__conv_declare(g, "model.0", conv_of(encnet__channels(g, image), w, 3, 1), true);
    norm = norm_of(g, "model.1", w);
    x = encnet__norm_apply(g, &norm, encnet__conv_apply(g, &stem, image), ENCNET__NONE, true);
    for (int s = 0; s < STAGES; s++)
        for (int b = 0; b < BLOCKS; b++) {
            encnet__name prefix = encnet__name_of("model.%d.%d", STAGES + s, b);
            int stride = s > 0 && b == 0 ? 2 : 1;
            x = (v.pre ? pre_block : post_block)(g, prefix.text, x, w << s, stride, &v);
        }
    norm = norm_of(g, "model.6", w << (STAGES - 1));
    out->at[0] = encnet__norm_apply(g, &norm, x, ENCNET__NONE, true);
    out->n = 1;
    out->classifier = "model.10";
    return ENCNET_OK;
}

const encnet__backbone_type encnet__backbone_cifar = {
    .name = "cifar",
    .options = {rows, COUNT_OF(rows)},
    .build = build,
};
