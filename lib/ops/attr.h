/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * attr.h - the inputs and the attributes of every operator.
 *
 * An operator without a struct here has no attributes.  Inputs in parentheses may be absent.
 *
 *   conv2d            x[N,H,W,C] w[R,S,C/groups,K] (b[K]) (a[N,H',W',K]) -> y[N,H',W',K] =
 *                     relu?(conv(x,w) + b + a)
 *   batch_norm        z[N,H,W,C] gamma[C] beta[C] (a[N,H,W,C]) (mean[C]) (var[C]) -> y =
 *                     relu?(gamma xhat + beta + a); statistics of the batch; mean and var are the
 *                     running ones, changed by update() only
 *   batch_norm_infer  z gamma beta (a) mean var -> y with the running statistics
 *   bn_fold_weight    w[R,S,C,K] gamma[K] var[K] -> w * gamma / sqrt(var + eps)
 *   bn_fold_bias      gamma[K] beta[K] mean[K] var[K] (b[K]) -> beta + (b - mean) * gamma /
 *                     sqrt(var + eps)
 *   relu, sigmoid     x -> y
 *   add_relu          2 to 4 x [N,H,W,C] -> y = relu(x_0 + x_1 + ...)
 *   add               a, b [N,H,W,C] -> y = a + b
 *   cast              x -> y, in another element type
 *   concat            up to 8 x [N,H,W,C_i] -> [N,H,W,sum C_i]
 *   max_pool          x[N,H,W,C] -> y[N,H',W',C], padding behaves as -infinity, first maximum in
 *                     scan order
 *   avg_pool          x[N,H,W,C] -> y[N,H',W',C], pixels outside x do not count
 *   resize            x[N,H,W,C] -> y[N,h,w,C], bilinear
 *   dropout           x -> y, mask from (seed, step, node), scaled by 1 / (1 - ratio)
 *   linear            x[N,1,1,C] w[1,1,C,K] (b[K]) -> y[N,1,1,K]
 *   channel_scale     x[N,H,W,C] g[N,1,1,C] -> x * (offset + g)
 *   drawn_scale       s[1,1,1,K] -> y[1,1,1,K], drawn from (seed, step, stream); s gets what was drawn
 *   encoding          x[N,H,W,D] c[1,1,K,D] s[1,1,1,K] (r[1,1,1,K]) -> e[N,1,D,K], codes last, so
 *                     that batch norm over codes is batch norm; backward reads r in place of s
 *   assignment        x[N,H,W,D] c[1,1,K,D] s[1,1,1,K] -> a[N,H,W,K], how much of a pixel goes to a
 *                     codeword
 *   spatial_gather    z[N,H,W,K] x[N,H,W,D] -> y[N,1,K,D], means of x weighted by softmax of z over
 *                     positions
 *   object_attention  q[N,H,W,D] k[N,1,K,D] v[N,1,K,D] -> y[N,H,W,D], values of regions weighted by
 *                     softmax of scaled q k over regions
 *   code_mean         e[N,1,D,K] -> y[N,1,1,D], mean or sum over K
 *   unit_codes        e[N,1,D,K] -> y[N,1,1,K D], code after code, of length 1
 *   softmax           x[N,H,W,C] -> y over C
 *   cross_entropy     z[N,H,W,M] label int32 [N,H,W,1] (weight[M]) (u[N,H,W,1]) -> loss[1,1,1,1]
 *   resized_cross_entropy  z[N,h,w,M] label int32 [N,H,W,1] (weight[M]) -> loss[1,1,1,1], z resized
 *                     to the size of the labels
 *   class_cross_entropy  z[N,1,1,M] label int32 [N,1,1,1] -> loss[1,1,1,1], labels smoothed
 *   ohem              z[N,H,W,M] label int32 [N,H,W,1] (weight[M]) -> u[N,H,W,1]: 1 where a pixel is
 *                     among the hardest, else 0
 *   rmi               z[N,H,W,M] label int32 [N,H,W,1] -> loss[1,1,1,1]
 *   binary_cross_entropy  z[N,1,1,M] t[N,1,1,M] -> loss[1,1,1,1], mean over N*M, t has no gradient
 *   presence          label int32 [N,H,W,1] -> t[N,1,1,M]: 1 where class m occurs in image n, else
 *                     0
 *   argmax            z[N,H,W,M] -> int32 [N,H,W,1], the lowest index of the maximum; -1: not finite
 *   pixel_accuracy    z[N,H,W,M] label int32 [N,H,W,1] -> int32 [1,1,1,2] = correct, labelled
 *   resized_accuracy  z[N,h,w,M] label int32 [N,H,W,1] -> int32 [1,1,1,2] = correct, labelled, z
 *                     resized to the size of the labels
 *   top_accuracy      z[N,1,1,M] label int32 [N,1,1,1] -> int32 [1,1,1,2] = label among the k largest,
 *                     labelled
 *
 * What depends on weights alone is computed once for all graphs, which recognise it by the bytes of its
 * attributes: bn_fold_attr and drawn_scale_attr have no padding.
 */
#ifndef ENCNET__ATTR_H
#define ENCNET__ATTR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct encnet__conv2d_attr {
    int stride, pad, dilation, groups; /* the same in both axes */
    bool relu;                         /* inference only, like the input a: backward refuses them */
} encnet__conv2d_attr;

/* bn_fold_weight, bn_fold_bias */
typedef struct encnet__bn_fold_attr {
    float eps;
} encnet__bn_fold_attr;

/* batch_norm, batch_norm_infer */
typedef struct encnet__batch_norm_attr {
    float eps;
    float momentum; /* weight of the new value in the running statistics: 0.1 */
    bool relu;
} encnet__batch_norm_attr;

typedef struct encnet__pool_attr {
    int size, stride, pad; /* avg_pool: size 0 = the whole map */
    bool ceil;             /* the last window may exceed the edge (PyTorch's ceil_mode) */
} encnet__pool_attr;

typedef struct encnet__resize_attr {
    int h, w;
    bool align_corners;
} encnet__resize_attr;

typedef struct encnet__dropout_attr {
    float ratio;     /* fraction that is set to 0; 0 <= ratio < 1 */
    bool by_channel; /* one draw per (n,c) instead of per element */
} encnet__dropout_attr;

typedef struct encnet__code_mean_attr {
    bool sum; /* not divided by K */
} encnet__code_mean_attr;

typedef struct encnet__channel_scale_attr {
    float offset; /* 0: x * g; 1: x + x * g */
} encnet__channel_scale_attr;

typedef struct encnet__cross_entropy_attr {
    bool average_non_ignored; /* divide by the labelled pixels (+ 2^-23) instead of N*H*W */
} encnet__cross_entropy_attr;

typedef struct encnet__resized_cross_entropy_attr {
    bool average_non_ignored; /* as in cross_entropy */
    bool align_corners;       /* as in resize */
} encnet__resized_cross_entropy_attr;

typedef struct encnet__resized_accuracy_attr {
    bool align_corners; /* as in resize */
} encnet__resized_accuracy_attr;

typedef struct encnet__class_cross_entropy_attr {
    float smoothing; /* the part of a label that is spread over all classes; 0 <= smoothing < 1 */
} encnet__class_cross_entropy_attr;

typedef struct encnet__top_accuracy_attr {
    int k; /* >= 1 */
} encnet__top_accuracy_attr;

/* Of the streams of drawn_scale: the second draw of a weight in a step. */
#define ENCNET__SECOND_DRAW (UINT32_C(1) << 31)

typedef struct encnet__drawn_scale_attr {
    uint32_t stream; /* of random numbers: the index of the weight, perhaps with SECOND_DRAW */
    uint32_t fixed;  /* 1 in inference: -1/2 everywhere */
} encnet__drawn_scale_attr;

typedef struct encnet__ohem_attr {
    float thresh; /* keeps the pixels whose label has a probability below; 0 = the largest losses */
    int min_kept; /* pixels to keep of an image, on average over the batch; >= 1 */
} encnet__ohem_attr;

typedef struct encnet__rmi_attr {
    float alpha;   /* added to the diagonal of covariances; > 0 */
    float balance; /* share of the cross-entropy in the loss, 0..1; the rest is of the regions */
} encnet__rmi_attr;

typedef struct encnet__classes_attr { /* presence */
    int classes;
} encnet__classes_attr;

#endif
