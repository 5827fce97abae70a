/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * split.c - how GPUs share products.
 *
 * In dw there are few weights and many pixels, so the pixels are divided into runs.  More runs occupy more compute
 * units, but each has to be started, and its sums are written and read once more.  The time of a division is
 * estimated in multiply-adds, those of a group that waits while others finish included.  The sums of all runs
 * take no more memory than x and dy.
 */
#include "ops/conv/engine.h"

#include <math.h>

enum {
    SMALL_PER_UNIT =
        4, /* groups of small tiles that a compute unit holds at once, by their registers */
    LARGE_PER_UNIT = 2,
    LEAST_RUN = 128, /* pixels */
    START = 128,     /* pixels in whose time a group starts and ends */
    SUM_LATENCY = 2, /* pixels in whose time a sum waits for one part */
    FLOAT_COST = 40, /* multiply-adds in whose time a float is moved */
    SUBSLICE = 8     /* units of an Intel GPU, which counts them singly, that share a group */
};

/* With g groups a unit works at g / (g + 1) of its rate, and the unit with the most groups is waited for.
 * What more than fills the card counts as full: a batch makes such rounds even. */
double encnet__conv_idle(int64_t groups, bool large_tile, const encnet__device_facts *facts)
{
    double units = facts->few_registers ? fmax(1, facts->units / SUBSLICE) : facts->units,
           most = large_tile ? LARGE_PER_UNIT : SMALL_PER_UNIT,
           busiest = ceil((double)groups / units);

    if ((double)groups >= most * units) return 1;
    return busiest * units / (double)groups * (1 + 1 / busiest) / (1 + 1 / most);
}

static double time_of(const encnet__conv_split *p, int pixels, int parts, int64_t slots)
{
    int64_t groups = (int64_t)p->row_tiles * p->k_tiles * parts,
            rounds = (groups + slots - 1) / slots;
    double tile = (double)p->tile * p->tile * (double)slots,
           products = (double)rounds * tile * (encnet__ceil_div(pixels, parts) + START);

    if (parts == 1) return products;
    return products + tile * SUM_LATENCY * parts + 2.0 * FLOAT_COST * (double)p->weights * parts;
}

/* Whether the large tile computes at most a quarter more, to fill tiles. */
static bool large_fills(int rows, int cols, int small)
{
    double with_small = (double)encnet__round_up(rows, small) * encnet__round_up(cols, small);

    return (double)encnet__round_up(rows, 2 * small) * encnet__round_up(cols, 2 * small) <=
           1.25 * with_small;
}

/* The most runs: none is too short, and their sums do not take too much memory. */
static int most_parts(const encnet__conv *conv, int pixels, size_t weights)
{
    size_t element = encnet__type_bytes(conv->storage),
           operands =
               element * ((size_t)conv->n * (size_t)conv->h * (size_t)conv->w * (size_t)conv->c +
                          (size_t)pixels * (size_t)conv->k),
           fit = operands / (weights * sizeof(float));

    return fit < (size_t)(pixels / LEAST_RUN) ? (int)fit : pixels / LEAST_RUN;
}

encnet__conv_split encnet__conv_split_filter(const encnet__conv *conv, int small, bool takes_large,
                                             const encnet__device_facts *facts)
{
    int pixels = conv->n * conv->out_h * conv->out_w, rows = conv->r * conv->s * conv->c;
    bool large = takes_large && large_fills(rows, conv->k, small);
    int64_t slots = (int64_t)facts->units * (large ? LARGE_PER_UNIT : SMALL_PER_UNIT);
    encnet__conv_split p = {.tile = large ? 2 * small : small, .parts = 1};
    int most;
    double least;

    p.weights = (size_t)rows * (size_t)conv->k;
    most = most_parts(conv, pixels, p.weights);
    p.row_tiles = encnet__ceil_div(rows, p.tile);
    p.k_tiles = encnet__ceil_div(conv->k, p.tile);
    least = time_of(&p, pixels, 1, slots);
    for (int parts = 2; parts <= most && parts <= 2 * slots; parts++) {
        double time = time_of(&p, pixels, parts, slots);
        if (time < least) least = time, p.parts = parts;
    }
    p.run = encnet__ceil_div(pixels, p.parts);
    p.parts = encnet__ceil_div(pixels, p.run); /* none is empty */
    return p;
}
