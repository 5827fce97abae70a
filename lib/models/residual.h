/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * residual.h - the residual block (arXiv:1512.03385) of ResNet and HRNet, in mmsegmentation's style
 * "pytorch", in which a bottleneck strides in its 3x3.
 *
 *   y = relu(convolutions(x) + shortcut(x))
 *
 * The weights are PREFIX.conv1.weight, PREFIX.bn1.*, PREFIX.conv2.weight, ..., and PREFIX.downsample.*
 * of a shortcut that has a convolution because y has another shape than x.
 */
#ifndef ENCNET__RESIDUAL_H
#define ENCNET__RESIDUAL_H

#include "models/layers.h"

typedef struct encnet__residual {
    bool bottleneck; /* 1x1, 3x3 and 1x1 to four times the width; else two 3x3 */
    int width;
    int stride, dilation;    /* of the only 3x3 of a bottleneck, of the first of two */
    bool pooled;             /* a shortcut that strides does so by a 2x2 mean (arXiv:1812.01187) */
    bool starts_as_identity; /* the last gamma starts at 0 */
} encnet__residual;

encnet__node encnet__residual_block(encnet__graph *g, const char *prefix, encnet__node x,
                                    const encnet__residual *block);

#endif
