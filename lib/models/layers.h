/*
 * layers.h - what networks are written in: convolution + batch norm + ReLU, classifier, ResNet, losses.
 *
 * A layer is declared (its weights get their names, in the order of mmsegmentation's state dict) and applied (its nodes
 * are appended, in the order in which forward runs); the two orders differ, hence two calls.  In inference a batch norm
 * behind a convolution is folded into it.
 */
#ifndef ENCNET__LAYERS_H
#define ENCNET__LAYERS_H

#include "graph/graph.h"
#include <encnet/options.h>

#define BN_EPS 1e-5f
#define BN_MOMENTUM 0.1f

/* A convolution's extents; stride, pad and dilation are the same in both axes. */
typedef struct encnet__conv_shape {
    int in, out, size, stride, pad, dilation;
} encnet__conv_shape;

/* Indices of a batch norm's weights, -1 each after a failure. */
typedef struct encnet__norm {
    int gamma, beta, mean, var;
} encnet__norm;

/* Convolution without bias, then batch norm ("conv block" of mmsegmentation). */
typedef struct encnet__conv_norm {
    encnet__conv_shape shape;
    int weight;
    encnet__norm norm;
} encnet__conv_norm;

/* A weight and a bias. */
typedef struct encnet__affine {
    int weight, bias;
} encnet__affine;

/* Weights PREFIX.weight, .bias, .running_mean, .running_var, .num_batches_tracked; gamma starts at `gamma`. */
encnet__norm encnet__norm_declare(encnet__graph *g, const char *prefix, int channels, double gamma);
/* relu?(batch norm of x + addend); `addend` may be ENCNET__NONE. */
encnet__node encnet__norm_apply(encnet__graph *g, const encnet__norm *l, encnet__node x,
                                encnet__node addend, bool relu);

/* Weights CONV.weight and NORM.*: He's normal by fan-out. */
encnet__conv_norm encnet__conv_norm_declare(encnet__graph *g, const char *conv, const char *norm,
                                            encnet__conv_shape shape, double gamma);
/* relu?(norm(conv(x)) + addend). */
encnet__node encnet__conv_norm_apply(encnet__graph *g, const encnet__conv_norm *l, encnet__node x,
                                     encnet__node addend, bool relu);
/* mmcv's ConvModule: PREFIX.conv.weight, PREFIX.bn.*; apply with relu. */
encnet__conv_norm encnet__module_declare(encnet__graph *g, const char *prefix,
                                         encnet__conv_shape shape);

/* The 1x1 classifier PREFIX.weight [M,C,1,1], PREFIX.bias: normal(0, 0.01) and 0. */
encnet__affine encnet__classifier_declare(encnet__graph *g, const char *prefix, int in,
                                          int classes);
/* Channel dropout (training), then the classifier. */
encnet__node encnet__classifier_apply(encnet__graph *g, const encnet__affine *l, encnet__node x,
                                      double dropout);

/* PREFIX.weight [out,in], PREFIX.bias: uniform within 1 / sqrt(in). */
encnet__affine encnet__linear_declare(encnet__graph *g, const char *prefix, int in, int out);
encnet__node encnet__linear_apply(encnet__graph *g, const encnet__affine *l, encnet__node x);

encnet__node encnet__relu(encnet__graph *g, encnet__node x);
/* Bilinear, to the size of `like`; x itself when it already has it. */
encnet__node encnet__resize_to(encnet__graph *g, encnet__node x, int h, int w, bool align_corners);
encnet__node encnet__concat(encnet__graph *g, const encnet__node *x, int n);

/* -- backbones --------------------------------------------------------------------------------- */

/* The outputs of the four stages. */
typedef struct encnet__features {
    encnet__node stage[4];
} encnet__features;

/* "resnet18|34|50|101" + "" or "_v1b" (7x7 stem, torchvision's names) or "_v1c" (three 3x3); "resnet50|101" + "s"
 * (PyTorch-Encoding's) or "_vd" (Paddle's).  Channels of the four outputs into `channels`; ENCNET_E_ARG lists the
 * names. */
encnet_status encnet__resnet_channels(int channels[4], const char *name) ENCNET_MUST_CHECK;
encnet__features encnet__resnet(encnet__graph *g, encnet__node image, const char *name,
                                int output_stride);

/* -- heads ------------------------------------------------------------------------------------- */

/* Everything a head needs to know. */
typedef struct encnet__head {
    encnet__graph *g;
    const encnet_options *options;
    const int *channels; /* of the four features */
    const encnet__features *features;
    encnet__node label;         /* int32 [N,H,W,1]; training only */
    encnet__node class_weights; /* [M], or ENCNET__NONE */
} encnet__head;

/* Adds the terms PREFIX.loss_seg (times `weight`) and PREFIX.acc_seg of logits at any size. */
void encnet__segmentation_loss(const encnet__head *h, const char *prefix, encnet__node logits,
                               double weight);

/* FCNHead: `convs` 3x3 blocks on one feature, optional concat with the head's input, classifier; logits. */
encnet__node encnet__fcn_head(const encnet__head *h, const char *prefix, int stage, int width,
                              int convs, bool concat);

/* A network: backbone, heads and, in training, losses; its logits at the head's size. */
typedef encnet__node encnet__network(const encnet__head *h);
#define NETWORK(name, about) encnet__network encnet__network_##name;
#include "models/models.def"
#undef NETWORK

#endif
