/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resnet.c - dilated ResNets (arXiv:1512.03385, arXiv:1705.09914); names and order of weights are
 * those of mmsegmentation 0.x.
 *
 * The output stride is kept at 8 or 16 by replacing the strides of the last stages with dilation;
 * the first block of a dilated stage takes half its dilation ("contract dilation").  In a basic
 * block only the first 3x3 is dilated.  A multi-grid (arXiv:1706.05587) gives the dilation of each
 * block of the last stage; as in mmsegmentation it replaces the stage's dilation, it does not
 * multiply it.
 *
 * vd is PaddleSeg's ResNet_vd as its EncNet has it: shortcuts are pooled (mmsegmentation's ResNetV1d),
 * there is no contraction, and the dilation of the last stage's blocks is multiplied by 1, 2, 4.
 *
 * The features are the outputs of the four stages.
 */
#include "models/backbone.h"
#include "models/residual.h"

#include "ops/attr.h"

enum { STAGES = 4, MAX_GRID = 7 };

enum { OUTPUT_STRIDE, MULTI_GRID };

static const encnet__option rows[] = {
    [OUTPUT_STRIDE] = {.section = "model",
                       .key = "output_stride",
                       .kind = ENCNET__KIND_INT,
                       .default_text = "8",
                       .least = 8,
                       .most = 32,
                       .choices = "8 16 32",
                       .scope = ENCNET__SCOPE_IDENTITY,
                       .help = "ResNet: image size over feature size; 8 and 16 dilate the last "
                               "stages instead of striding."},
    [MULTI_GRID] = {.section = "model",
                    .key = "multi_grid",
                    .kind = ENCNET__KIND_TEXT,
                    .default_text = "",
                    .most_numbers = MAX_GRID,
                    .least = 1,
                    .most = 1024,
                    .whole = true,
                    .values = "one for each block",
                    .scope = ENCNET__SCOPE_IDENTITY,
                    .help = "ResNet: dilations of the blocks of the last stage, such as 1,2,4, in "
                            "place of those that follow from output_stride."},
};

typedef struct variant {
    int stem; /* width of the first of three 3x3 convolutions; 0: one 7x7 */
    bool vd, bottleneck;
    int blocks[STAGES];
    double grid[MAX_GRID]; /* model.multi_grid; zeros: none */
} variant;

static variant variant_of(const encnet__backbone *row)
{
    const int *n = row->numbers;

    return (variant){
        .stem = n[0], .vd = n[1], .bottleneck = n[2], .blocks = {n[3], n[4], n[5], n[6]}};
}

/* One convolution of the stem, with the weights CONV.weight and NORM.*. */
static encnet__node stem_conv(encnet__graph *g, encnet__node x, const char *conv, const char *norm,
                              int out, int size, int stride)
{
    encnet__conv_shape shape = {encnet__channels(g, x), out, size, stride, 1, 1};
    encnet__conv_norm l = encnet__conv_norm_declare(g, conv, norm, shape, 1);

    return encnet__module_apply(g, &l, x);
}

static encnet__node stem(encnet__graph *g, encnet__node x, const variant *v)
{
    static const encnet__pool_attr pool = {3, 2, 1, false};

    if (!v->stem) x = stem_conv(g, x, "backbone.conv1", "backbone.bn1", 64, 7, 2);
    for (int i = 0; v->stem && i < 3; i++)
        x = stem_conv(g, x, NAME("backbone.stem.%d", 3 * i), NAME("backbone.stem.%d", 3 * i + 1),
                      i == 2 ? 2 * v->stem : v->stem, 3, i == 0 ? 2 : 1);
    return encnet__graph_apply(g, &encnet__op_max_pool, &pool, sizeof pool, &x, 1);
}

/* Of block b of stage s, in a stage of this dilation. */
static int block_dilation(const variant *v, int s, int b, int dilation)
{
    static const int grid[3] = {1, 2, 4};

    if (v->grid[0] && s == STAGES - 1) return (int)v->grid[b];
    if (dilation == 1) return 1;
    if (v->vd) return s == STAGES - 1 ? dilation * grid[b] : dilation;
    return b == 0 ? dilation / 2 : dilation;
}

static encnet_status read_multi_grid(variant *v, const encnet__backbone *row,
                                     const encnet_options *options)
{
    const char *text = encnet__option_value(options, &rows[MULTI_GRID]).text;
    int n = v->blocks[STAGES - 1], given = encnet__numbers(v->grid, &rows[MULTI_GRID], text);

    if (given != 0 && given != n)
        return encnet__fail(ENCNET_E_ARG,
                            "model.multi_grid = %s: the last stage of %s has %d blocks, and each "
                            "takes a dilation",
                            text, row->name, n);
    return ENCNET_OK;
}

static encnet_status build(encnet__features *out, encnet__graph *g, encnet__node image,
                           const encnet__backbone *row, const encnet_options *options)
{
    variant v = variant_of(row);
    encnet__node x = stem(g, image, &v);
    int output_stride = encnet__option_int(options, &rows[OUTPUT_STRIDE]);
    int stride_now = 4, dilation = 1;
    encnet_status rc = ENCNET_OK;

    TRY(read_multi_grid(&v, row, options));
    for (int s = 0; s < STAGES; s++) {
        int stride = s == 0 ? 1 : 2;
        if (stride == 2 && stride_now == output_stride) { /* dilate instead */
            stride = 1;
            dilation *= 2;
        }
        stride_now *= stride;
        for (int b = 0; b < v.blocks[s]; b++)
            x = encnet__residual_block(
                g, NAME("backbone.layer%d.%d", s + 1, b), x,
                &(encnet__residual){.bottleneck = v.bottleneck,
                                    .width = 64 << s,
                                    .stride = b == 0 ? stride : 1,
                                    .dilation = block_dilation(&v, s, b, dilation),
                                    .pooled = v.vd,
                                    .starts_as_identity = true});
        out->at[s] = x;
    }
    out->n = STAGES;
done:
    return rc;
}

const encnet__backbone_type encnet__backbone_resnet = {
    .name = "resnet",
    .options = {rows, COUNT_OF(rows)},
    .build = build,
};
