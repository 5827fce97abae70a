/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* layers.c - convolution + batch norm + ReLU, depthwise-separable, classifier, linear, resize. */
#include "models/layers.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "ops/attr.h"

encnet__name encnet__name_of(const char *format, ...)
{
    encnet__name name;
    va_list args;
    int size;

    va_start(args, format);
    size = encnet__vprint(name.text, sizeof name.text, format, args);
    va_end(args);
    assert(size >= 0 && size < (int)sizeof name.text);
    (void)size;
    return name;
}

int encnet__channels(const encnet__graph *g, encnet__node x)
{
    return encnet__graph_shape(g, x).c;
}

/* Declares PREFIX.suffix. */
static int declare(encnet__graph *g, const char *prefix, const char *suffix,
                   encnet__param_kind kind, const int *dims, bool trainable, encnet__init init)
{
    return encnet__weights_declare(encnet__graph_weights(g), NAME("%s.%s", prefix, suffix), kind,
                                   dims, trainable, init);
}

static encnet__init constant(double value)
{
    return (encnet__init){ENCNET__INIT_CONSTANT, value, 0};
}

static encnet__node apply(encnet__graph *g, const encnet__op *op, const void *attr,
                          size_t attr_bytes, const encnet__node *in, int n_in)
{
    return encnet__graph_apply(g, op, attr, attr_bytes, in, n_in);
}

/* -- batch norm and convolution ---------------------------------------------------------------- */

encnet__norm encnet__norm_declare(encnet__graph *g, const char *prefix, int channels, double gamma)
{
    encnet__norm l = {.passes = 1};

    l.gamma = declare(g, prefix, "weight", ENCNET__VECTOR, &channels, true, constant(gamma));
    l.beta = declare(g, prefix, "bias", ENCNET__VECTOR, &channels, true, constant(0));
    l.mean = declare(g, prefix, "running_mean", ENCNET__VECTOR, &channels, false, constant(0));
    l.var = declare(g, prefix, "running_var", ENCNET__VECTOR, &channels, false, constant(1));
    l.batches =
        declare(g, prefix, "num_batches_tracked", ENCNET__COUNTER, &channels, false, constant(0));
    return l;
}

void encnet__norm_repeat(encnet__graph *g, encnet__norm *l, int passes)
{
    l->passes = passes;
    if (l->batches >= 0)
        encnet__weights_at(encnet__graph_weights(g), l->batches)->per_pass = passes;
}

encnet__node encnet__norm_apply(encnet__graph *g, const encnet__norm *l, encnet__node x,
                                encnet__node addend, bool relu)
{
    /* The weight of the batch after all updates: 1 - (1 - momentum)^passes. */
    double momentum = 1 - pow(1 - (double)BN_MOMENTUM, l->passes);
    encnet__batch_norm_attr attr = {.eps = BN_EPS, .momentum = (float)momentum, .relu = relu};
    encnet__node in[] = {x,      encnet__graph_param(g, l->gamma), encnet__graph_param(g, l->beta),
                         addend, encnet__graph_param(g, l->mean),  encnet__graph_param(g, l->var)};

    return apply(g,
                 encnet__graph_training(g) ? &encnet__op_batch_norm : &encnet__op_batch_norm_infer,
                 &attr, sizeof attr, in, COUNT_OF(in));
}

static encnet__init init_of(encnet__conv_shape s)
{
    /* PyTorch does not divide fan-out by the groups */
    double fan_out = (double)s.out * s.size * s.size,
           bound = 1 / sqrt((double)(s.in / s.groups) * s.size * s.size);

    return s.starts_as_pytorch ? (encnet__init){ENCNET__INIT_UNIFORM, -bound, bound}
                               : (encnet__init){ENCNET__INIT_NORMAL, sqrt(2 / fan_out), 0};
}

static int declare_conv(encnet__graph *g, const char *prefix, encnet__conv_shape s)
{
    int dims[4] = {s.out, s.in / s.groups, s.size, s.size};

    return declare(g, prefix, "weight", ENCNET__CONV, dims, true, init_of(s));
}

/* conv(x) + b; b is an index or -1. */
static encnet__node apply_conv(encnet__graph *g, encnet__conv_shape s, encnet__affine l,
                               encnet__node x)
{
    encnet__conv2d_attr attr = {s.stride, s.dilation * (s.size / 2), s.dilation, s.groups, false};
    encnet__node in[] = {x, ENCNET__NONE, ENCNET__NONE, ENCNET__NONE};

    in[1] = encnet__graph_param(g, l.weight);
    if (l.bias >= 0) in[2] = encnet__graph_param(g, l.bias);
    return apply(g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
}

encnet__conv encnet__conv_declare(encnet__graph *g, const char *prefix, encnet__conv_shape shape,
                                  bool biased)
{
    encnet__conv l = {.shape = shape, .l = {-1, -1}};

    l.l.weight = declare_conv(g, prefix, shape);
    if (biased)
        l.l.bias = declare(g, prefix, "bias", ENCNET__VECTOR, &shape.out, true, init_of(shape));
    return l;
}

encnet__node encnet__conv_apply(encnet__graph *g, const encnet__conv *l, encnet__node x)
{
    return apply_conv(g, l->shape, l->l, x);
}

encnet__conv_norm encnet__conv_norm_declare(encnet__graph *g, const char *conv, const char *norm,
                                            encnet__conv_shape shape, double gamma)
{
    encnet__conv_norm l = {.shape = shape};

    l.weight = declare_conv(g, conv, shape);
    l.norm = encnet__norm_declare(g, norm, shape.out, gamma);
    return l;
}

encnet__conv_norm encnet__module_declare(encnet__graph *g, const char *prefix,
                                         encnet__conv_shape shape)
{
    return encnet__conv_norm_declare(g, NAME("%s.conv", prefix), NAME("%s.bn", prefix), shape, 1);
}

encnet__node encnet__conv_norm_apply(encnet__graph *g, const encnet__conv_norm *l, encnet__node x,
                                     encnet__node addend, bool relu)
{
    x = apply_conv(g, l->shape, (encnet__affine){l->weight, -1}, x);
    return encnet__norm_apply(g, &l->norm, x, addend, relu);
}

encnet__node encnet__module_apply(encnet__graph *g, const encnet__conv_norm *l, encnet__node x)
{
    return encnet__conv_norm_apply(g, l, x, ENCNET__NONE, true);
}

encnet__node encnet__module(encnet__graph *g, const char *prefix, encnet__node x, int out, int size)
{
    encnet__conv_shape shape = {encnet__channels(g, x), out, size, 1, 1, 1};
    encnet__conv_norm l = encnet__module_declare(g, prefix, shape);

    return encnet__module_apply(g, &l, x);
}

encnet__separable_conv encnet__separable_declare(encnet__graph *g, const char *prefix, int in,
                                                 int out, int size, int dilation)
{
    encnet__separable_conv l;

    l.depthwise = encnet__module_declare(g, NAME("%s.depthwise_conv", prefix),
                                         (encnet__conv_shape){in, in, size, 1, dilation, in});
    l.pointwise = encnet__module_declare(g, NAME("%s.pointwise_conv", prefix),
                                         (encnet__conv_shape){in, out, 1, 1, 1, 1});
    return l;
}

encnet__node encnet__separable_apply(encnet__graph *g, const encnet__separable_conv *l,
                                     encnet__node x)
{
    x = encnet__module_apply(g, &l->depthwise, x);
    return encnet__module_apply(g, &l->pointwise, x);
}

encnet__node encnet__separable(encnet__graph *g, const char *prefix, encnet__node x, int out,
                               int size, int dilation)
{
    encnet__separable_conv l =
        encnet__separable_declare(g, prefix, encnet__channels(g, x), out, size, dilation);

    return encnet__separable_apply(g, &l, x);
}

/* -- classifier and linear --------------------------------------------------------------------- */

encnet__affine encnet__classifier_declare(encnet__graph *g, const char *prefix, int in, int classes)
{
    int dims[4] = {classes, in, 1, 1};
    encnet__affine l;

    l.weight = declare(g, prefix, "weight", ENCNET__CONV, dims, true,
                       (encnet__init){ENCNET__INIT_NORMAL, 0.01, 0});
    l.bias = declare(g, prefix, "bias", ENCNET__VECTOR, &classes, true, constant(0));
    return l;
}

encnet__node encnet__classifier_apply(encnet__graph *g, const encnet__affine *l, encnet__node x,
                                      double dropout, bool elements)
{
    encnet__dropout_attr drop = {.ratio = (float)dropout, .by_channel = !elements};
    encnet__conv2d_attr attr = {1, 0, 1, 1, false};
    encnet__node in[] = {x, ENCNET__NONE, ENCNET__NONE, ENCNET__NONE};

    if (encnet__graph_training(g) && dropout > 0)
        in[0] = apply(g, &encnet__op_dropout, &drop, sizeof drop, in, 1);
    in[1] = encnet__graph_param(g, l->weight);
    in[2] = encnet__graph_param(g, l->bias);
    return apply(g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
}

encnet__affine encnet__linear_declare(encnet__graph *g, const char *prefix, int in, int out)
{
    int dims[2] = {out, in};
    double bound = 1 / sqrt((double)in);
    encnet__init init = {ENCNET__INIT_UNIFORM, -bound, bound};
    encnet__affine l;

    l.weight = declare(g, prefix, "weight", ENCNET__LINEAR, dims, true, init);
    l.bias = declare(g, prefix, "bias", ENCNET__VECTOR, &out, true, init);
    return l;
}

encnet__node encnet__linear_apply(encnet__graph *g, const encnet__affine *l, encnet__node x)
{
    encnet__node in[] = {x, encnet__graph_param(g, l->weight), encnet__graph_param(g, l->bias)};

    return apply(g, &encnet__op_linear, NULL, 0, in, COUNT_OF(in));
}

/* -- small ones -------------------------------------------------------------------------------- */

encnet__node encnet__relu(encnet__graph *g, encnet__node x)
{
    return apply(g, &encnet__op_relu, NULL, 0, &x, 1);
}

encnet__node encnet__resize_to(encnet__graph *g, encnet__node x, int h, int w, bool align_corners)
{
    encnet__resize_attr attr = {h, w, align_corners};
    encnet__shape s = encnet__graph_shape(g, x);

    if (s.h == h && s.w == w) return x;
    return apply(g, &encnet__op_resize, &attr, sizeof attr, &x, 1);
}

encnet__node encnet__concat(encnet__graph *g, const encnet__node *x, int n)
{
    return apply(g, &encnet__op_concat, NULL, 0, x, n);
}
