/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sgd.h - one step of gradient descent with momentum and weight decay on the device. */
#ifndef ENCNET__SGD_H
#define ENCNET__SGD_H

#include "base/base.h"
#include "device/device.h"

typedef struct encnet__sgd_rule {
    float momentum;
    float grad_scale; /* 1, or 1 / batches whose gradients were added up */
    bool nesterov;
} encnet__sgd_rule;

/* A tensor of weights: `count` floats of each buffer. */
typedef struct encnet__sgd_weights {
    encnet__buffer *p, *v; /* changed in place; v starts as zeros */
    encnet__buffer *g;     /* read only */
    size_t count;
    float lr, weight_decay;
} encnet__sgd_weights;

enum { ENCNET__SGD_MOST = 8 };

/*
 * g = grad_scale g + weight_decay p;  v = momentum v + g;  p = p - lr v, by Nesterov's momentum
 *                                                          p = p - lr (g + momentum v)
 *
 * of at most ENCNET__SGD_MOST tensors, which do not overlap, in one launch.
 *
 * Rounded where PyTorch rounds, so that the two stay together bit for bit as long as their
 * gradients do.
 */
encnet_status encnet__sgd_step(encnet_device *dev, const encnet__sgd_weights *weights, int n,
                               encnet__sgd_rule rule) ENCNET_MUST_CHECK;

#endif
