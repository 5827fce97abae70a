/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * aspp.c - the head of DeepLabV3 (arXiv:1706.05587, as mmsegmentation builds it).
 *
 *   p = 1x1 block on the mean of the feature map x, at every pixel
 *   q = blocks on x, one per rate of model.aspp_rates: 1x1 where the rate is 1, else 3x3 with the
 *       rate as dilation
 *   y = 3x3 block on concat(p, q ...), dropout, 1x1 classifier
 *
 * The batch norm of p has one sample per image.
 */
#include "models/heads/aspp.h"

#include "ops/attr.h"

/* p */
static encnet__node pooled(const encnet__head *h, encnet__node x)
{
    static const encnet__pool_attr whole = {.size = 0};
    encnet__shape size = encnet__graph_shape(h->g, x);
    encnet__node mean =
        encnet__graph_apply(h->g, &encnet__op_avg_pool, &whole, sizeof whole, &x, 1);

    return encnet__resize_to(
        h->g, encnet__module(h->g, NAME("%s.image_pool.1", h->prefix), mean, h->width, 1), size.h,
        size.w, h->options->model.align_corners);
}

/* The block of one rate. */
static encnet__node branch(const encnet__head *h, encnet__node x, int index, int rate,
                           bool separable)
{
    encnet__name prefix = encnet__name_of("%s.aspp_modules.%d", h->prefix, index);
    encnet__conv_shape shape = {encnet__channels(h->g, x), h->width, rate == 1 ? 1 : 3, 1, rate, 1};
    encnet__conv_norm l;

    if (separable && rate > 1) return encnet__separable(h->g, prefix.text, x, h->width, 3, rate);
    l = encnet__module_declare(h->g, prefix.text, shape);
    return encnet__module_apply(h->g, &l, x);
}

encnet__node encnet__aspp(const encnet__head *h, bool separable)
{
    encnet__node x = encnet__head_input(h), all[1 + ENCNET_MAX_RATES] = {pooled(h, x)};
    double rates[ENCNET_MAX_RATES];
    int n =
        encnet__numbers(rates, ENCNET__OPTION_ROW(model.aspp_rates), h->options->model.aspp_rates);

    for (int i = 0; i < n; i++) all[1 + i] = branch(h, x, i, (int)rates[i], separable);
    return encnet__module(h->g, NAME("%s.bottleneck", h->prefix), encnet__concat(h->g, all, 1 + n),
                          h->width, 3);
}

static encnet_status build(encnet__head *h)
{
    encnet__affine classifier = encnet__head_classifier(h, h->width);

    encnet__head_classify(h, &classifier, encnet__aspp(h, false));
    return ENCNET_OK;
}

const encnet__head_type encnet__head_aspp = {
    .name = "aspp",
    .about = "atrous spatial pyramid pooling (arXiv:1706.05587)",
    .reads = "aspp_rates",
    .normalises_images = true,
    .build = build,
};
