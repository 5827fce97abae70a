/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* toy_backbone.c - two convolutions that stride; the row's numbers are their widths. */
#include "models/backbone.h"

static encnet_status build(encnet__features *out, encnet__graph *g, encnet__node image,
                           const encnet__backbone *row, const encnet_options *options)
{
    encnet__node x = image;
    (void)options;

    for (int i = 0; i < 2; i++) {
        encnet__conv_shape shape = {encnet__channels(g, x), row->numbers[i], 3, 2, 1, 1};
        encnet__conv_norm l = encnet__module_declare(g, NAME("backbone.%d", i), shape);
        x = out->at[i] = encnet__module_apply(g, &l, x);
    }
    out->n = 2;
    return ENCNET_OK;
}

const encnet__backbone_type encnet__backbone_toy = {.name = "toy", .build = build};
