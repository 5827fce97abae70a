/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sgd.c - launches cl/sgd.cl; the arithmetic is explained there. */
#include "train/sgd.h"

enum { GROUP = 256 };

encnet_status encnet__sgd_step(encnet_device *dev, encnet__buffer *p, encnet__buffer *v,
                               encnet__buffer *g, size_t count, encnet__sgd_options options)
{
    if (count == 0) return ENCNET_OK;
    if (count > UINT32_MAX)
        return encnet__fail(ENCNET_E_ARG, "sgd: %zu weights in one buffer", count);
    return LAUNCH(dev, "sgd", options.nesterov ? "sgd_nesterov" : "sgd_step", "",
                  GRID1(count, GROUP), BUF(p), BUF(v), BUF(g), UINT(count), FLOAT(options.lr),
                  FLOAT(options.momentum), FLOAT(options.weight_decay), FLOAT(options.grad_scale));
}
