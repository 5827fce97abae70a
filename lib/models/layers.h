/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * layers.h - what backbones and heads are written in: convolution + batch norm + ReLU, the
 * depthwise-separable pair of them, classifier, linear layer, resize.
 *
 * A layer is declared, which names its weights in the order of mmsegmentation's state dict, and
 * applied, which appends its nodes in the order in which forward runs.  Where the two orders agree,
 * one call does both and reads the width of its input from the node.
 */
#ifndef ENCNET__LAYERS_H
#define ENCNET__LAYERS_H

#include "graph/graph.h"
#include <encnet/options.h>

#define BN_EPS 1e-5f
#define BN_MOMENTUM 0.1f

/* The name of a weight or a layer, made as printf would: NAME("%s.bn%d", prefix, i) is a text that
 * lasts until the end of the full expression. */
typedef struct encnet__name {
    char text[128];
} encnet__name;
encnet__name encnet__name_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define NAME(...) (encnet__name_of(__VA_ARGS__).text)

/* A square convolution whose padding keeps the size, but for the stride. */
typedef struct encnet__conv_shape {
    int in, out, size, stride, dilation, groups;
    bool starts_as_pytorch; /* uniform within 1 / sqrt(fan-in), not as He's normal by fan-out */
} encnet__conv_shape;

/* Indices of a batch norm's weights, -1 each after a failure. */
typedef struct encnet__norm {
    int gamma, beta, mean, var, batches;
    int passes; /* how often a step updates the running statistics */
} encnet__norm;

/* A convolution without bias, then batch norm. */
typedef struct encnet__conv_norm {
    encnet__conv_shape shape;
    int weight;
    encnet__norm norm;
} encnet__conv_norm;

/* A weight and a bias. */
typedef struct encnet__affine {
    int weight, bias;
} encnet__affine;

/* C of the node. */
int encnet__channels(const encnet__graph *g, encnet__node x);

/* Weights PREFIX.weight, .bias, .running_mean, .running_var, .num_batches_tracked; gamma starts at
 * `gamma`. */
encnet__norm encnet__norm_declare(encnet__graph *g, const char *prefix, int channels, double gamma);
/* The original runs the layer `passes` times a step on the same batch: running statistics and
 * num_batches_tracked change as if this one did. */
void encnet__norm_repeat(encnet__graph *g, encnet__norm *l, int passes);
/* Batch norm of x, plus `addend` unless that is ENCNET__NONE, then a ReLU if `relu` is set. */
encnet__node encnet__norm_apply(encnet__graph *g, const encnet__norm *l, encnet__node x,
                                encnet__node addend, bool relu);

/* A convolution by itself. */
typedef struct encnet__conv {
    encnet__conv_shape shape;
    encnet__affine l; /* bias -1: none */
} encnet__conv;
/* Weights PREFIX.weight and, if it is `biased`, PREFIX.bias. */
encnet__conv encnet__conv_declare(encnet__graph *g, const char *prefix, encnet__conv_shape shape,
                                  bool biased);
encnet__node encnet__conv_apply(encnet__graph *g, const encnet__conv *l, encnet__node x);

/* Weights CONV.weight and NORM.*. */
encnet__conv_norm encnet__conv_norm_declare(encnet__graph *g, const char *conv, const char *norm,
                                            encnet__conv_shape shape, double gamma);
/* As encnet__norm_apply() on the convolution of x. */
encnet__node encnet__conv_norm_apply(encnet__graph *g, const encnet__conv_norm *l, encnet__node x,
                                     encnet__node addend, bool relu);

/* mmcv's ConvModule has the weights PREFIX.conv.weight and PREFIX.bn.*, and ends with a ReLU. */
encnet__conv_norm encnet__module_declare(encnet__graph *g, const char *prefix,
                                         encnet__conv_shape shape);
encnet__node encnet__module_apply(encnet__graph *g, const encnet__conv_norm *l, encnet__node x);
/* Both at once, with stride 1, no dilation and one group. */
encnet__node encnet__module(encnet__graph *g, const char *prefix, encnet__node x, int out,
                            int size);

/* mmcv's DepthwiseSeparableConvModule is two modules: PREFIX.depthwise_conv, of size x size with a
 * group per channel, and PREFIX.pointwise_conv, 1x1. */
typedef struct encnet__separable_conv {
    encnet__conv_norm depthwise, pointwise;
} encnet__separable_conv;
encnet__separable_conv encnet__separable_declare(encnet__graph *g, const char *prefix, int in,
                                                 int out, int size, int dilation);
encnet__node encnet__separable_apply(encnet__graph *g, const encnet__separable_conv *l,
                                     encnet__node x);
/* Both at once. */
encnet__node encnet__separable(encnet__graph *g, const char *prefix, encnet__node x, int out,
                               int size, int dilation);

/* The 1x1 classifier PREFIX.weight [M,C,1,1], PREFIX.bias: normal(0, 0.01) and 0. */
encnet__affine encnet__classifier_declare(encnet__graph *g, const char *prefix, int in,
                                          int classes);
/* Drops this share of the channels or, with `elements`, of the values, in training, then classifies. */
encnet__node encnet__classifier_apply(encnet__graph *g, const encnet__affine *l, encnet__node x,
                                      double dropout, bool elements);

/* The linear layer PREFIX.weight [out,in], PREFIX.bias: uniform within 1 / sqrt(in). */
encnet__affine encnet__linear_declare(encnet__graph *g, const char *prefix, int in, int out);
encnet__node encnet__linear_apply(encnet__graph *g, const encnet__affine *l, encnet__node x);

encnet__node encnet__relu(encnet__graph *g, encnet__node x);
/* Bilinear, to h x w; x itself when it already has that size. */
encnet__node encnet__resize_to(encnet__graph *g, encnet__node x, int h, int w, bool align_corners);
encnet__node encnet__concat(encnet__graph *g, const encnet__node *x, int n);

#endif
