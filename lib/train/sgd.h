/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sgd.h - one step of gradient descent with momentum and weight decay on the device. */
#ifndef ENCNET__SGD_H
#define ENCNET__SGD_H

#include "base/base.h"
#include "device/device.h"

typedef struct encnet__sgd_options {
    float lr, momentum, weight_decay;
    float grad_scale; /* 1, or 1 / batches whose gradients were added up */
    bool nesterov;
} encnet__sgd_options;

/*
 * g = grad_scale g + weight_decay p;  v = momentum v + g;  p = p - lr v, by Nesterov's momentum
 *                                                          p = p - lr (g + momentum v)
 *
 *   p, v   `count` floats each, changed in place; v starts as zeros
 *   g      `count` floats, read only
 *
 * Rounded where PyTorch rounds, so that the two stay together bit for bit as long as their
 * gradients do.
 */
encnet_status encnet__sgd_step(encnet_device *dev, encnet__buffer *p, encnet__buffer *v,
                               encnet__buffer *g, size_t count,
                               encnet__sgd_options options) ENCNET_MUST_CHECK;

#endif
