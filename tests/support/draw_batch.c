/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* draw_batch.c - draws and writes them. */
#include "support/draw_batch.h"

#include "support/support.h"

void draw_batch(encnet__graph *g, int classes, uint32_t batch)
{
    encnet__tensor image = encnet__graph_tensor(g, "image"),
                   label = encnet__graph_tensor(g, "label");
    size_t n_x = encnet__shape_count(image.shape), n_y = encnet__shape_count(label.shape);
    float *x = malloc(n_x * sizeof *x);
    int32_t *y = malloc(n_y * sizeof *y);
    encnet__rng r = encnet__rng_at(1, batch, 0, 0);

    assert_true(x && y);
    for (size_t i = 0; i < n_x; i++) x[i] = (float)encnet__rng_normal(&r);
    for (size_t i = 0; i < n_y; i++) y[i] = (int32_t)encnet__rng_below(&r, (uint32_t)classes);
    assert_ok(encnet__write(image.buffer, 0, x, n_x * sizeof *x));
    assert_ok(encnet__write(label.buffer, 0, y, n_y * sizeof *y));
    free(x);
    free(y);
}
