/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* winograd.c - the tiles of Winograd's F(4x4,3x3) and F(2x2,3x3). */
#include "ops/conv/winograd.h"

encnet__winograd_tiling encnet__winograd_tiling_of(const encnet__conv *conv,
                                                   encnet__conv_direction direction, int outputs)
{
    bool data = direction == ENCNET__CONV_DATA;
    int d = conv->dilation;
    encnet__winograd_tiling t = {.outputs = outputs,
                                 .places = (outputs + 2) * (outputs + 2),
                                 .dilation = d,
                                 .pad = data ? 2 * d - conv->pad : conv->pad,
                                 .h = data ? conv->out_h : conv->h,
                                 .w = data ? conv->out_w : conv->w,
                                 .c = data ? conv->k : conv->c,
                                 .out_h = data ? conv->h : conv->out_h,
                                 .out_w = data ? conv->w : conv->out_w,
                                 .k = data ? conv->c : conv->k};

    t.rows = encnet__ceil_div(encnet__ceil_div(t.out_h, d), outputs);
    t.cols = encnet__ceil_div(encnet__ceil_div(t.out_w, d), outputs);
    t.tiles = conv->n * d * d * t.rows * t.cols;
    return t;
}

const char *encnet__winograd_refuses(const encnet__conv *conv)
{
    int64_t d = conv->dilation,
            rows = (int64_t)conv->h + conv->out_h + ENCNET__WINOGRAD_OUTPUTS * d,
            cols = (int64_t)conv->w + conv->out_w + ENCNET__WINOGRAD_OUTPUTS * d;
    int most = conv->c > conv->k ? conv->c : conv->k;

    if (conv->r != 3 || conv->s != 3 || conv->stride != 1) return "takes 3x3 kernels of stride 1";
    if (conv->groups != 1) return "takes groups 1";
    if (rows * cols * most > INT32_MAX) return "takes images of at most 2^31 elements";
    if (rows * cols * conv->n > INT32_MAX) return "takes at most 2^31 pixels";
    return NULL;
}
