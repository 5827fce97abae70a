/*
 * resnet.c - dilated ResNet 18, 34, 50, 101 (arXiv:1512.03385, arXiv:1705.09914), style "pytorch":
 * a bottleneck strides in its 3x3; names and order of weights as in mmsegmentation 0.x.
 *
 * The output stride is kept at 8 or 16 by replacing the strides of the last stages with dilation;
 * the first block of a dilated stage takes half its dilation ("contract dilation").  In a basic
 * block only the first 3x3 is dilated.
 *
 * "s" is PyTorch-Encoding's stem, twice as wide.  "vd" is PaddleSeg's ResNet_vd as its EncNet has
 * it: shortcuts that stride do so by a 2x2 mean before their convolution (arXiv:1812.01187;
 * mmsegmentation's ResNetV1d), no contraction, and the dilation of the last stage's blocks times 1,
 * 2, 4.
 */
#include "models/layers.h"

#include <stdio.h>
#include <string.h>

#include "ops/attr.h"

enum { MAX_NAME = 120 };

typedef enum form { PLAIN, DEEP_STEM, WIDE_STEM, VD } form; /* VD has a deep stem */

typedef struct variant {
    const char *name;
    form form;
    bool bottleneck;
    int blocks[4];
} variant;

static const variant variants[] = {
    {"resnet18", PLAIN, false, {2, 2, 2, 2}},
    {"resnet34", PLAIN, false, {3, 4, 6, 3}},
    {"resnet50", PLAIN, true, {3, 4, 6, 3}},
    {"resnet101", PLAIN, true, {3, 4, 23, 3}},
    {"resnet18_v1b", PLAIN, false, {2, 2, 2, 2}},
    {"resnet34_v1b", PLAIN, false, {3, 4, 6, 3}},
    {"resnet50_v1b", PLAIN, true, {3, 4, 6, 3}},
    {"resnet101_v1b", PLAIN, true, {3, 4, 23, 3}},
    {"resnet18_v1c", DEEP_STEM, false, {2, 2, 2, 2}},
    {"resnet34_v1c", DEEP_STEM, false, {3, 4, 6, 3}},
    {"resnet50_v1c", DEEP_STEM, true, {3, 4, 6, 3}},
    {"resnet101_v1c", DEEP_STEM, true, {3, 4, 23, 3}},
    {"resnet50s", WIDE_STEM, true, {3, 4, 6, 3}},
    {"resnet101s", WIDE_STEM, true, {3, 4, 23, 3}},
    {"resnet50_vd", VD, true, {3, 4, 6, 3}},
    {"resnet101_vd", VD, true, {3, 4, 23, 3}},
};

static const variant *find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(variants); i++)
        if (!strcmp(variants[i].name, name)) return &variants[i];
    return NULL;
}

encnet_status encnet__resnet_channels(int channels[4], const char *name)
{
    const variant *v = find(name);

    if (!v)
        return encnet__fail(ENCNET_E_ARG,
                            "unknown backbone \"%s\"; there are resnet18, resnet34, resnet50, "
                            "resnet101, each plain (or _v1b) and _v1c, and resnet50s, resnet101s, "
                            "resnet50_vd, resnet101_vd",
                            name);
    for (int i = 0; i < 4; i++) channels[i] = (64 << i) * (v->bottleneck ? 4 : 1);
    return ENCNET_OK;
}

/* One convolution of a block: PREFIX.convI.weight, PREFIX.bnI.*. */
static encnet__conv_norm declare(encnet__graph *g, const char *prefix, int index,
                                 encnet__conv_shape shape, double gamma)
{
    char conv[MAX_NAME], norm[MAX_NAME];

    snprintf(conv, sizeof conv, "%s.conv%d", prefix, index);
    snprintf(norm, sizeof norm, "%s.bn%d", prefix, index);
    return encnet__conv_norm_declare(g, conv, norm, shape, gamma);
}

/* The convolution of a block whose output is not of its input's shape, and what strides there. */
static encnet__node shortcut(encnet__graph *g, encnet__node x, const char *prefix, const variant *v,
                             int in, int out, int stride)
{
    static const encnet__pool_attr halve = {2, 2, 0, true};
    bool pools = v->form == VD;
    encnet__conv_shape shape = {in, out, 1, pools ? 1 : stride, 0, 1};
    char conv[MAX_NAME], norm[MAX_NAME];
    encnet__conv_norm l;

    snprintf(conv, sizeof conv, "%s.downsample.%d", prefix, pools);
    snprintf(norm, sizeof norm, "%s.downsample.%d", prefix, pools + 1);
    l = encnet__conv_norm_declare(g, conv, norm, shape, 1);
    if (pools && stride == 2)
        x = encnet__graph_apply(g, &encnet__op_avg_pool, &halve, sizeof halve, &x, 1);
    return encnet__conv_norm_apply(g, &l, x, ENCNET__NONE, false);
}

static encnet__node block(encnet__graph *g, encnet__node x, const char *prefix, const variant *v,
                          int in, int width, int stride, int dilation)
{
    bool bottleneck = v->bottleneck;
    int out = bottleneck ? 4 * width : width;
    encnet__conv_shape reduce = {in, width, 1, 1, 0, 1}, expand = {width, out, 1, 1, 0, 1};
    encnet__conv_shape first = {in, width, 3, stride, dilation, dilation},
                       second = {width, width, 3, 1, 1, 1};
    encnet__conv_shape middle = {width, width, 3, stride, dilation, dilation};
    encnet__conv_norm conv[3];
    encnet__node y = x, added = x;
    int n = bottleneck ? 3 : 2;

    /* the last gamma starts at 0: a fresh block is the identity */
    conv[0] = declare(g, prefix, 1, bottleneck ? reduce : first, 1);
    conv[1] = declare(g, prefix, 2, bottleneck ? middle : second, bottleneck ? 1 : 0);
    if (bottleneck) conv[2] = declare(g, prefix, 3, expand, 0);
    if (stride != 1 || in != out) added = shortcut(g, x, prefix, v, in, out, stride);
    for (int i = 0; i < n - 1; i++) y = encnet__conv_norm_apply(g, &conv[i], y, ENCNET__NONE, true);
    return encnet__conv_norm_apply(g, &conv[n - 1], y, added, true);
}

static encnet__node stem(encnet__graph *g, encnet__node x, const variant *v)
{
    static const encnet__pool_attr pool = {3, 2, 1, false};

    if (v->form != PLAIN) {
        int width = v->form == WIDE_STEM ? 64 : 32;
        encnet__conv_shape shapes[3] = {
            {3, width, 3, 2, 1, 1}, {width, width, 3, 1, 1, 1}, {width, 2 * width, 3, 1, 1, 1}};
        for (int i = 0; i < 3; i++) {
            char conv[MAX_NAME], norm[MAX_NAME];
            encnet__conv_norm l;
            snprintf(conv, sizeof conv, "backbone.stem.%d", 3 * i);
            snprintf(norm, sizeof norm, "backbone.stem.%d", 3 * i + 1);
            l = encnet__conv_norm_declare(g, conv, norm, shapes[i], 1);
            x = encnet__conv_norm_apply(g, &l, x, ENCNET__NONE, true);
        }
    } else {
        encnet__conv_norm l = encnet__conv_norm_declare(g, "backbone.conv1", "backbone.bn1",
                                                        (encnet__conv_shape){3, 64, 7, 2, 3, 1}, 1);
        x = encnet__conv_norm_apply(g, &l, x, ENCNET__NONE, true);
    }
    return encnet__graph_apply(g, &encnet__op_max_pool, &pool, sizeof pool, &x, 1);
}

/* Of block b of stage s, in a stage of this dilation. */
static int block_dilation(const variant *v, int s, int b, int dilation)
{
    static const int grid[3] = {1, 2, 4};

    if (dilation == 1) return 1;
    if (v->form == VD) return s == 3 ? dilation * grid[b] : dilation;
    return b == 0 ? dilation / 2 : dilation;
}

encnet__features encnet__resnet(encnet__graph *g, encnet__node image, const char *name,
                                int output_stride)
{
    const variant *v = find(name);
    encnet__features f;
    encnet__node x = stem(g, image, v);
    int in = v->form == WIDE_STEM ? 128 : 64, stride_now = 4, dilation = 1;

    for (int s = 0; s < 4; s++) {
        int width = 64 << s, stride = s == 0 ? 1 : 2;
        if (stride == 2 && stride_now == output_stride) { /* dilate instead */
            stride = 1;
            dilation *= 2;
        }
        stride_now *= stride;
        for (int b = 0; b < v->blocks[s]; b++) {
            char prefix[MAX_NAME / 2];
            snprintf(prefix, sizeof prefix, "backbone.layer%d.%d", s + 1, b);
            x = block(g, x, prefix, v, in, width, b == 0 ? stride : 1,
                      block_dilation(v, s, b, dilation));
            in = v->bottleneck ? 4 * width : width;
        }
        f.stage[s] = x;
    }
    return f;
}
