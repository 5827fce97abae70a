/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * network.c - whether the gradient of a whole network is the slope of its loss.
 *
 * Operators that all agree with their references are not enough: between them lies the driver's memory.
 * Moving the weights w by e g along their gradient g changes the loss L by e |g|^2, so
 *
 *   (L(w + e g) - L(w - e g)) / (2 e |g|^2) = 1
 *
 * but for the curvature of L, its kinks and float32.
 */
#include "selftest/network.h"

#include "models/models.h"

#include <math.h>

enum { H = 40, W = 48, N = 2, CLASSES = 5 };
static const double MOVE = 5e-4;    /* change of the loss on either side */
static const double ALLOWED = 0.05; /* of the slope; PoCL is within 0.003 */

/* Draws the images and their labels. */
static encnet_status write_batch(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    encnet__rng r = encnet__rng_at(1, 0, 0, 0);
    const size_t pixels = N * H * W;
    float *x = encnet__alloc(pixels * 3, sizeof *x);
    int32_t *y = encnet__alloc(pixels, sizeof *y);

    if (!x || !y) FAIL(ENCNET_E_NOMEM, "no host memory for a batch of %dx%d", H, W);
    for (size_t i = 0; i < pixels * 3; i++) x[i] = (float)encnet__rng_normal(&r);
    for (size_t i = 0; i < pixels; i++) y[i] = (int32_t)encnet__rng_below(&r, CLASSES);
    TRY(encnet__write(encnet__graph_tensor(g, "image").buffer, 0, x, pixels * 3 * sizeof *x));
    TRY(encnet__write(encnet__graph_tensor(g, "label").buffer, 0, y, pixels * sizeof *y));
done:
    encnet__free(x);
    encnet__free(y);
    return rc;
}

static encnet_status loss_of(double *loss, encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    encnet__term terms[ENCNET__MAX_TERMS];
    int n;

    TRY(encnet__graph_forward(g, 1, 0));
    TRY(encnet__graph_terms(g, terms, &n, loss));
done:
    return rc;
}

/* Adds `factor` times its gradient to a weight; the gradient's squares to *square. */
static encnet_status move(double *square, const encnet__param *p, double factor)
{
    encnet_status rc = ENCNET_OK;
    size_t count = encnet__shape_count(p->shape);
    float *value = encnet__alloc(count, sizeof *value), *grad = encnet__alloc(count, sizeof *grad);

    if (!value || !grad) FAIL(ENCNET_E_NOMEM, "no host memory for %zu weights", count);
    TRY(encnet__read(value, p->value, 0, count * sizeof *value));
    TRY(encnet__read(grad, p->grad, 0, count * sizeof *grad));
    for (size_t i = 0; i < count; i++) {
        *square += (double)grad[i] * (double)grad[i];
        value[i] = (float)((double)value[i] + factor * (double)grad[i]);
    }
    TRY(encnet__write(p->value, 0, value, count * sizeof *value));
done:
    encnet__free(value);
    encnet__free(grad);
    return rc;
}

static encnet_status move_all(double *square, encnet__weights *w, double factor)
{
    encnet_status rc = ENCNET_OK;

    *square = 0;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (p->trainable) TRY(move(square, p, factor));
    }
done:
    return rc;
}

encnet_status encnet__check_network(double *error, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    encnet_options o;
    encnet_model *m = NULL;
    encnet__weights *w;
    encnet__graph *g;
    double square, loss[2], step, slope;

    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.classes = CLASSES;
    o.model.channels = 16;
    o.model.aux_channels = 8;
    o.model.dropout = 0;
    *error = INFINITY;
    TRY(encnet__model_new_training(&m, dev, &o));
    w = encnet__model_weights(m);
    TRY(encnet__model_training_graph(&g, m, N, H, W));
    TRY(write_batch(g));
    TRY(loss_of(&loss[0], g));
    TRY(encnet__graph_backward(g, false, NULL));
    TRY(move_all(&square, w, 0));
    step = MOVE / square;
    TRY(move_all(&square, w, step));
    TRY(loss_of(&loss[1], g));
    TRY(move_all(&square, w, -2 * step));
    TRY(loss_of(&loss[0], g));
    slope = (loss[1] - loss[0]) / (2 * MOVE);
    *error = fabs(slope - 1) / ALLOWED;
    if (!(*error <= 1)) {
        *error = isnan(*error) ? INFINITY : *error;
        FAIL(ENCNET_E_DEVICE,
             "along its gradient the loss of a small network changes by %.4g, not by %.4g: do not "
             "train "
             "on this device",
             loss[1] - loss[0], 2 * MOVE);
    }
done:
    encnet_model_free(m);
    return rc;
}
