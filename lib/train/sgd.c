/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sgd.c - launches cl/sgd.cl; the arithmetic is explained there. */
#include "train/sgd.h"

#include "ops/tiles.h"

enum { GROUP = 256, RULE = 3, TENSOR = 6 /* arguments */ };

encnet_status encnet__sgd_step(encnet_device *dev, const encnet__sgd_weights *weights, int n,
                               encnet__sgd_rule rule)
{
    encnet__arg args[RULE + ENCNET__SGD_MOST * TENSOR] = {
        FLOAT(rule.momentum), FLOAT(rule.grad_scale), INT(rule.nesterov)};
    encnet__width width = encnet__width_within(dev, GROUP);
    encnet__grid grid = {{0}, {GROUP / (size_t)width.width}};

    for (int i = 0; i < ENCNET__SGD_MOST; i++) {
        encnet__sgd_weights w = i < n ? weights[i] : (encnet__sgd_weights){.count = 0};
        const encnet__arg tensor[TENSOR] = {BUF(w.p),      BUF(w.v),    BUF(w.g),
                                            UINT(w.count), FLOAT(w.lr), FLOAT(w.weight_decay)};

        if (w.count > UINT32_MAX - GROUP)
            return encnet__fail(ENCNET_E_ARG, "sgd: %zu weights in one buffer", w.count);
        for (int k = 0; k < TENSOR; k++) args[RULE + i * TENSOR + k] = tensor[k];
        grid.groups[0] += (w.count + GROUP - 1) / GROUP;
    }
    if (grid.groups[0] == 0) return ENCNET_OK;
    return encnet__launch(dev, "sgd", "sgd_step", width.options, grid, args, COUNT_OF(args));
}
