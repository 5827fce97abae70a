/* layers.c - convolution + batch norm + ReLU, classifier, linear, resize, losses. */
#include "models/layers.h"

#include <math.h>
#include <stdio.h>

#include "ops/attr.h"

enum { MAX_NAME = 160 };

/* Declares PREFIX + suffix. */
static int declare(encnet__graph *g, const char *prefix, const char *suffix,
                   encnet__param_kind kind, const int *dims, bool trainable, encnet__init init)
{
    char name[MAX_NAME];

    if (snprintf(name, sizeof name, "%s.%s", prefix, suffix) >= (int)sizeof name) {
        (void)encnet__fail(ENCNET_E_INTERNAL, "%s.%s: the name is too long", prefix, suffix);
        return -1;
    }
    return encnet__weights_declare(encnet__graph_weights(g), name, kind, dims, trainable, init);
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
    encnet__norm l;

    l.gamma = declare(g, prefix, "weight", ENCNET__VECTOR, &channels, true, constant(gamma));
    l.beta = declare(g, prefix, "bias", ENCNET__VECTOR, &channels, true, constant(0));
    l.mean = declare(g, prefix, "running_mean", ENCNET__VECTOR, &channels, false, constant(0));
    l.var = declare(g, prefix, "running_var", ENCNET__VECTOR, &channels, false, constant(1));
    declare(g, prefix, "num_batches_tracked", ENCNET__COUNTER, &channels, false, constant(0));
    return l;
}

encnet__node encnet__norm_apply(encnet__graph *g, const encnet__norm *l, encnet__node x,
                                encnet__node addend, bool relu)
{
    encnet__batch_norm_attr attr = {.eps = BN_EPS, .momentum = BN_MOMENTUM, .relu = relu};
    encnet__node in[] = {x,      encnet__graph_param(g, l->gamma), encnet__graph_param(g, l->beta),
                         addend, encnet__graph_param(g, l->mean),  encnet__graph_param(g, l->var)};

    return apply(g,
                 encnet__graph_training(g) ? &encnet__op_batch_norm : &encnet__op_batch_norm_infer,
                 &attr, sizeof attr, in, COUNT_OF(in));
}

static int declare_conv(encnet__graph *g, const char *prefix, encnet__conv_shape s)
{
    int dims[4] = {s.out, s.in, s.size, s.size};
    double fan_out = (double)s.out * s.size * s.size;

    return declare(g, prefix, "weight", ENCNET__CONV, dims, true,
                   (encnet__init){ENCNET__INIT_NORMAL, sqrt(2 / fan_out), 0});
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
    char conv[MAX_NAME], norm[MAX_NAME];

    snprintf(conv, sizeof conv, "%s.conv", prefix);
    snprintf(norm, sizeof norm, "%s.bn", prefix);
    return encnet__conv_norm_declare(g, conv, norm, shape, 1);
}

/* Inference: relu?(conv(x, folded weights) + folded bias + addend). */
static encnet__node apply_folded(encnet__graph *g, const encnet__conv_norm *l, encnet__node x,
                                 encnet__node addend, encnet__conv2d_attr attr)
{
    encnet__batch_norm_attr fold = {.eps = BN_EPS};
    encnet__node gamma = encnet__graph_param(g, l->norm.gamma),
                 beta = encnet__graph_param(g, l->norm.beta);
    encnet__node mean = encnet__graph_param(g, l->norm.mean),
                 var = encnet__graph_param(g, l->norm.var);
    encnet__node for_weight[] = {encnet__graph_param(g, l->weight), gamma, var};
    encnet__node for_bias[] = {gamma, beta, mean, var, ENCNET__NONE};
    encnet__node in[4] = {x, ENCNET__NONE, ENCNET__NONE, addend};

    in[1] =
        apply(g, &encnet__op_bn_fold_weight, &fold, sizeof fold, for_weight, COUNT_OF(for_weight));
    in[2] = apply(g, &encnet__op_bn_fold_bias, &fold, sizeof fold, for_bias, COUNT_OF(for_bias));
    return apply(g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
}

encnet__node encnet__conv_norm_apply(encnet__graph *g, const encnet__conv_norm *l, encnet__node x,
                                     encnet__node addend, bool relu)
{
    encnet__conv2d_attr attr = {l->shape.stride, l->shape.pad, l->shape.dilation, 1, false};
    encnet__node in[] = {x, ENCNET__NONE, ENCNET__NONE, ENCNET__NONE};

    if (!encnet__graph_training(g)) {
        attr.relu = relu;
        return apply_folded(g, l, x, addend, attr);
    }
    in[1] = encnet__graph_param(g, l->weight);
    x = apply(g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
    return encnet__norm_apply(g, &l->norm, x, addend, relu);
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
                                      double dropout)
{
    encnet__dropout_attr drop = {.ratio = (float)dropout, .by_channel = true};
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

/* -- losses ------------------------------------------------------------------------------------ */

void encnet__segmentation_loss(const encnet__head *h, const char *prefix, encnet__node logits,
                               double weight)
{
    encnet__cross_entropy_attr attr = {.average_non_ignored =
                                           h->options->train.average_non_ignored};
    encnet__shape size = encnet__graph_shape(h->g, h->label);
    encnet__node full =
        encnet__resize_to(h->g, logits, size.h, size.w, h->options->model.align_corners);
    encnet__node in[] = {full, h->label, h->class_weights};
    char name[MAX_NAME];

    snprintf(name, sizeof name, "%s.loss_seg", prefix);
    encnet__graph_loss(h->g, name,
                       apply(h->g, &encnet__op_cross_entropy, &attr, sizeof attr, in, 3), weight);
    snprintf(name, sizeof name, "%s.acc_seg", prefix);
    encnet__graph_accuracy(h->g, name, apply(h->g, &encnet__op_pixel_accuracy, NULL, 0, in, 2));
}
