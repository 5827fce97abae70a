/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* residual.c - the residual block of ResNet and HRNet. */
#include "models/residual.h"

#include "ops/attr.h"

/* One convolution of the block: PREFIX.convI.weight, PREFIX.bnI.*. */
static encnet__conv_norm declare(encnet__graph *g, const char *prefix, int index,
                                 encnet__conv_shape shape, double gamma)
{
    return encnet__conv_norm_declare(g, NAME("%s.conv%d", prefix, index),
                                     NAME("%s.bn%d", prefix, index), shape, gamma);
}

/* The convolution of a shortcut. */
static encnet__node shortcut(encnet__graph *g, const char *prefix, encnet__node x,
                             const encnet__residual *block, int out)
{
    static const encnet__pool_attr halve = {2, 2, 0, true};
    int stride = block->pooled ? 1 : block->stride;
    encnet__conv_norm l = encnet__conv_norm_declare(
        g, NAME("%s.downsample.%d", prefix, block->pooled),
        NAME("%s.downsample.%d", prefix, block->pooled + 1),
        (encnet__conv_shape){encnet__channels(g, x), out, 1, stride, 1, 1}, 1);

    if (block->pooled && block->stride == 2)
        x = encnet__graph_apply(g, &encnet__op_avg_pool, &halve, sizeof halve, &x, 1);
    return encnet__conv_norm_apply(g, &l, x, ENCNET__NONE, false);
}

encnet__node encnet__residual_block(encnet__graph *g, const char *prefix, encnet__node x,
                                    const encnet__residual *block)
{
    int in = encnet__channels(g, x), width = block->width, n = block->bottleneck ? 3 : 2;
    int out = block->bottleneck ? 4 * width : width;
    int stride = block->stride, dilation = block->dilation;
    double last = block->starts_as_identity ? 0 : 1;
    encnet__conv_norm conv[3];
    encnet__node y = x, added = x;

    if (block->bottleneck) {
        conv[0] = declare(g, prefix, 1, (encnet__conv_shape){in, width, 1, 1, 1, 1}, 1);
        conv[1] =
            declare(g, prefix, 2, (encnet__conv_shape){width, width, 3, stride, dilation, 1}, 1);
        conv[2] = declare(g, prefix, 3, (encnet__conv_shape){width, out, 1, 1, 1, 1}, last);
    } else {
        conv[0] = declare(g, prefix, 1, (encnet__conv_shape){in, width, 3, stride, dilation, 1}, 1);
        conv[1] = declare(g, prefix, 2, (encnet__conv_shape){width, out, 3, 1, 1, 1}, last);
    }
    if (stride != 1 || in != out) added = shortcut(g, prefix, x, block, out);
    for (int i = 0; i < n - 1; i++) y = encnet__module_apply(g, &conv[i], y);
    return encnet__conv_norm_apply(g, &conv[n - 1], y, added, true);
}
