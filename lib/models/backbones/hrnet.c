/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * hrnet.c - HRNetV2p (arXiv:1908.07919); names and order of weights are those of mmsegmentation.
 *
 * After a stem of stride 4 and a stage of bottlenecks, stage s has s branches of basic blocks:
 * branch i has the stride 4 * 2^i and the width w * 2^i.  A stage is a row of modules; at the end of
 * each module every branch gets the sum of all,
 *
 *   y_i = relu(sum over j of f_ij(x_j))
 *   f_ii  nothing
 *   f_ij  j > i: 1x1 convolution, batch norm, resize to 2^(j-i) times the size, resize to that of x_i
 *         j < i: i - j convolutions 3x3 of stride 2 with batch norm, and ReLU between them
 *
 * The two resizes differ where the size is no multiple of the stride, and neither aligns corners,
 * whatever model.align_corners says.
 *
 * The features are the four branches of the last stage; heads stand on all of them together.
 */
#include "models/backbone.h"
#include "models/residual.h"

enum { BRANCHES = 4, STEM_WIDTH = 64 };

typedef struct variant {
    int width;             /* of branch 0 */
    int bottlenecks;       /* blocks of the first stage */
    int blocks;            /* of a branch in a module */
    int modules[BRANCHES]; /* of the stage that has one branch more than the index */
} variant;

static variant variant_of(const encnet__backbone *row)
{
    const int *n = row->numbers;

    return (variant){n[0], n[1], n[2], {0, n[3], n[4], n[5]}};
}

/* A convolution and a batch norm with the weights PREFIX.0.weight and PREFIX.1.*. */
static encnet__node conv_norm(encnet__graph *g, const char *prefix, encnet__node x,
                              encnet__conv_shape shape, encnet__node addend, bool relu)
{
    encnet__conv_norm l =
        encnet__conv_norm_declare(g, NAME("%s.0", prefix), NAME("%s.1", prefix), shape, 1);

    return encnet__conv_norm_apply(g, &l, x, addend, relu);
}

/* A 3x3 convolution of a stride with batch norm and ReLU. */
static encnet__node module(encnet__graph *g, const char *prefix, encnet__node x, int out,
                           int stride)
{
    encnet__conv_shape shape = {encnet__channels(g, x), out, 3, stride, 1, 1};

    return conv_norm(g, prefix, x, shape, ENCNET__NONE, true);
}

static encnet__node blocks(encnet__graph *g, const char *prefix, encnet__node x, int n,
                           bool bottleneck, int width)
{
    const encnet__residual block = {
        .bottleneck = bottleneck, .width = width, .stride = 1, .dilation = 1};

    for (int b = 0; b < n; b++) x = encnet__residual_block(g, NAME("%s.%d", prefix, b), x, &block);
    return x;
}

static encnet__node stem(encnet__graph *g, encnet__node x)
{
    for (int i = 1; i <= 2; i++) {
        encnet__conv_shape shape = {encnet__channels(g, x), STEM_WIDTH, 3, 2, 1, 1};
        encnet__conv_norm l = encnet__conv_norm_declare(g, NAME("backbone.conv%d", i),
                                                        NAME("backbone.bn%d", i), shape, 1);
        x = encnet__module_apply(g, &l, x);
    }
    return x;
}

/* sum + f_ij(x) where x is the finer branch; `sum` has the shape of the result. */
static encnet__node from_finer(encnet__graph *g, const char *prefix, encnet__node x, int steps,
                               encnet__node sum, bool relu)
{
    int in = encnet__channels(g, x), out = encnet__channels(g, sum);

    for (int k = 0; k < steps - 1; k++) x = module(g, NAME("%s.%d", prefix, k), x, in, 2);
    return conv_norm(g, NAME("%s.%d", prefix, steps - 1), x,
                     (encnet__conv_shape){in, out, 3, 2, 1, 1}, sum, relu);
}

/* f_ij(x) where x is the coarser branch; `to` is the shape of the result. */
static encnet__node from_coarser(encnet__graph *g, const char *prefix, encnet__node x, int steps,
                                 encnet__shape to)
{
    encnet__conv_shape shape = {encnet__channels(g, x), to.c, 1, 1, 1, 1};
    encnet__shape size = encnet__graph_shape(g, x);

    x = conv_norm(g, prefix, x, shape, ENCNET__NONE, false);
    x = encnet__resize_to(g, x, size.h << steps, size.w << steps, false);
    return encnet__resize_to(g, x, to.h, to.w, false);
}

/* y_i of n branches. */
static encnet__node fuse(encnet__graph *g, const char *prefix, const encnet__node *x, int n, int i)
{
    encnet__node terms[BRANCHES] = {x[i]};

    for (int j = 0; j < i; j++) /* the coarsest branch ends with its last batch norm */
        terms[0] = from_finer(g, NAME("%s.%d.%d", prefix, i, j), x[j], i - j, terms[0],
                              i == n - 1 && j == i - 1);
    if (i == n - 1) return terms[0];
    for (int j = i + 1; j < n; j++)
        terms[j - i] = from_coarser(g, NAME("%s.%d.%d", prefix, i, j), x[j], j - i,
                                    encnet__graph_shape(g, x[i]));
    return encnet__graph_apply(g, &encnet__op_add_relu, NULL, 0, terms, n - i);
}

/* A module of n branches: PREFIX.branches.I.B.*, PREFIX.fuse_layers.I.J.*. */
static void exchange(encnet__graph *g, const char *prefix, encnet__node *x, int n, const variant *v)
{
    encnet__node y[BRANCHES];

    for (int i = 0; i < n; i++)
        x[i] = blocks(g, NAME("%s.branches.%d", prefix, i), x[i], v->blocks, false, v->width << i);
    for (int i = 0; i < n; i++) y[i] = fuse(g, NAME("%s.fuse_layers", prefix), x, n, i);
    for (int i = 0; i < n; i++) x[i] = y[i];
}

/* The branches of the next stage, x[0] .. x[n], from the n of the last one. */
static void transition(encnet__graph *g, encnet__node *x, int n, const variant *v)
{
    encnet__node last = x[n - 1];

    if (n == 1) x[0] = module(g, "backbone.transition1.0", last, v->width, 1);
    x[n] = module(g, NAME("backbone.transition%d.%d.0", n, n), last, v->width << n, 2);
}

static encnet_status build(encnet__features *out, encnet__graph *g, encnet__node image,
                           const encnet__backbone *row, const encnet_options *options)
{
    const variant v = variant_of(row);
    encnet__node *x = out->at;

    (void)options;
    x[0] = blocks(g, "backbone.layer1", stem(g, image), v.bottlenecks, true, STEM_WIDTH);
    for (int n = 1; n < BRANCHES; n++) {
        transition(g, x, n, &v);
        for (int m = 0; m < v.modules[n]; m++)
            exchange(g, NAME("backbone.stage%d.%d", n + 1, m), x, n + 1, &v);
    }
    out->n = BRANCHES;
    out->joined = true;
    return ENCNET_OK;
}

const encnet__backbone_type encnet__backbone_hrnet = {
    .name = "hrnet",
    .build = build,
};
