/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* draw.c - random inputs for check.c. */
#include "selftest/draw.h"

#include <math.h>
#include <encnet/options.h>

/* ENCNET__FILL_KINKED: the least distance from 0 and from a neighbour, and how many pixels away one
 * may be. */
#define DISTANCE 0.05
enum { RADIUS = 3 };

/* Whether x[at] keeps its distance from 0 and from its neighbours in the same channel that are
 * already drawn. */
static bool is_apart(const double *x, encnet__shape s, size_t at)
{
    size_t pixel = at / (size_t)s.c;
    int w = (int)(pixel % (size_t)s.w), h = (int)(pixel / (size_t)s.w % (size_t)s.h);

    if (fabs(x[at]) < DISTANCE) return false;
    for (int i = 0; i <= RADIUS && i <= h; i++)
        for (int j = -RADIUS; j <= RADIUS; j++) {
            size_t other = at - (size_t)s.c * (size_t)(i * s.w) + (size_t)((ptrdiff_t)j * s.c);
            if ((i == 0 && j >= 0) || w + j < 0 || w + j >= s.w) continue;
            if (fabs(x[at] - x[other]) < DISTANCE) return false;
        }
    return true;
}

static double one(const encnet__random_input *draw, encnet__rng *r)
{
    switch (draw->kind) {
    case ENCNET__FILL_NORMAL:
    case ENCNET__FILL_KINKED:
        return encnet__rng_normal(r);
    case ENCNET__FILL_POSITIVE:
        return 0.5 + encnet__rng_uniform(r);
    case ENCNET__FILL_NEGATIVE:
        return -1 + 0.95 * encnet__rng_uniform(r);
    case ENCNET__FILL_LABELS:
        return encnet__rng_below(r, 8) == 0 ? ENCNET_IGNORE
                                            : encnet__rng_below(r, (uint32_t)draw->classes);
    case ENCNET__FILL_BINARY:
        return encnet__rng_below(r, 2);
    case ENCNET__FILL_SMALL:
        return 0.1 * encnet__rng_normal(r);
    }
    return 0;
}

/* The number of the type that is nearest to a float. */
static double rounded(float f, encnet__type type)
{
    unsigned char bytes[8];

    encnet__number_write(bytes, (double)f, type);
    return encnet__number_read(bytes, type);
}

void encnet__draw_tensor(double *x, const encnet__random_input *draw, encnet__rng r)
{
    for (size_t at = 0; at < encnet__shape_count(draw->shape); at++) {
        double spread = 1; /* grows while a crowded neighbourhood leaves no gap */
        do {
            x[at] = rounded((float)(spread * one(draw, &r)), draw->type);
            spread *= 1.05;
        } while (draw->kind == ENCNET__FILL_KINKED && !is_apart(x, draw->shape, at));
    }
}
