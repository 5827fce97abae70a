/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_lanes - 3x3 convolutions of stride 1 and few channels on CPUs through Winograd's
 * F(4x4,3x3), with tiles in the lanes of a vector: no lane is left to a channel that is not there.
 *
 * Forward and the gradient of the input.  lib/ops/conv2d.md has the derivation and the figures.
 */
#include "ops/conv/winograd.h"

enum {
    OUTPUTS = ENCNET__WINOGRAD_OUTPUTS,
    PLACES = ENCNET__WINOGRAD_PLACES,
    INPUTS = OUTPUTS + 2, /* of a tile along each axis */
    LINE = 16,            /* floats of a cache line */
    TILE = PLACES + 2,    /* floats of a channel of a transformed tile, at most */

    MOST_CHANNELS = 128, /* terms of one chain */
    TILE_K = 6,          /* output channels of a tile of sums, as in the kernel */
    ITEMS_PER_UNIT = 2   /* work-items per compute unit that even out the load */
};

static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    const char *reason = encnet__winograd_refuses(conv);

    if (reason) return reason;
    if (direction == ENCNET__CONV_FILTER) return "takes forward and the gradient of the input";
    if (!facts->is_cpu) return "takes CPUs";
    if (conv->c > MOST_CHANNELS || conv->k > MOST_CHANNELS) return "takes at most 128 channels";
    return NULL;
}

/* How the work is divided, with the names of cl/conv2d_winograd_lanes.cl. */
typedef struct division {
    encnet__winograd_tiling t; /* with the tile behind each row */
    const char *options;
    int vec, tile_t; /* lanes; tiles of a tile of sums */
    int k_row;       /* floats of a row of weights */
    int items;       /* work-items for all tiles */
    size_t item;     /* floats of a work-item */
} division;

static size_t item_floats(const division *v)
{
    size_t c = (size_t)v->t.c, k = (size_t)v->t.k, vec = (size_t)v->vec,
           rows = (size_t)encnet__round_up(v->t.k, TILE_K);
    size_t pixels = 2 * INPUTS * OUTPUTS * c * vec, outputs = (OUTPUTS * OUTPUTS * k + vec) * vec;

    return 3 * (size_t)encnet__round_up(OUTPUTS * v->t.c + LINE, LINE) + pixels + outputs +
           (c + rows) * (size_t)v->tile_t * TILE;
}

static division divide(const encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    bool wide = facts->vector_floats >= 16;
    division v = {.t = encnet__winograd_tiling_of(&pass->conv, pass->direction, OUTPUTS),
                  .options = wide ? "" : "-DREGISTER=8",
                  .vec = wide ? 16 : 8,
                  .tile_t = wide ? 64 : 16};
    int groups;

    v.t.tiles = v.t.tiles / v.t.cols * (v.t.cols + 1);
    v.t.cols++;
    v.k_row = encnet__round_up(encnet__round_up(v.t.k, TILE_K), v.vec);
    groups = encnet__ceil_div(v.t.tiles, v.tile_t);
    v.items = encnet__least(facts->units * ITEMS_PER_UNIT, groups);
    v.item = (item_floats(&v) + LINE - 1) / LINE * LINE;
    return v;
}

/* Scratch: the transformed weights, unless they are prepared, then the work-items' tiles. */
static encnet_status plan(encnet__conv_pass *pass)
{
    division v = divide(pass);
    bool turned = pass->direction == ENCNET__CONV_DATA;
    encnet__conv_operand u = CONV_SCRATCH;
    encnet__conv_steps *steps =
        encnet__conv_weights(pass, &u, sizeof(float) * PLACES * (size_t)v.t.c * (size_t)v.k_row);
    size_t items_at = pass->scratch_bytes / sizeof(float);
    encnet__grid weights = {{(size_t)encnet__ceil_div(v.k_row, v.vec),
                             (size_t)encnet__ceil_div(v.t.c, v.vec)},
                            {1, 1}},
                 items = {{(size_t)v.items}, {1}};
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes += sizeof(float) * v.item * (size_t)v.items;
    TRY(STEP(steps, "conv2d_winograd_lanes",
             turned ? "conv2d_winograd_lanes_weights_turned" : "conv2d_winograd_lanes_weights",
             v.options, weights, OPERAND(u), OPERAND(CONV_W), INT(v.k_row), INT(v.t.c),
             INT(v.t.k)));
    TRY(STEP(&pass->run, "conv2d_winograd_lanes", "conv2d_winograd_lanes", v.options, items,
             OPERAND(CONV_OUT), OPERAND(CONV_SCRATCH), UINT(items_at), UINT(v.item),
             OPERAND(turned ? CONV_DY : CONV_X), OPERAND(turned ? CONV_NULL : CONV_COEFFICIENTS),
             OPERAND(u), OPERAND(CONV_B), OPERAND(CONV_A), INT(pass->conv.relu && !turned),
             INT(v.k_row), TILING_ARGS(&v.t)));
done:
    return rc;
}

/* Counts multiplications, as `winograd` does, which pads channels to whole lines and registers.  Here the tile behind each
 * row and those that fill the last tile of sums cost as much as others, and one tile of sums more stands for what units
 * wait for each other.  A tenth has to be saved.  One image is counted, so that an image has the same result in every
 * batch. */
static bool pays(const encnet__conv_pass *pass)
{
    enum { TILE_COST = 8, LINE_COST = 10, WEIGHT_COST = 40 };
    division v = divide(pass);
    double c = v.t.c, k = v.t.k, products = c * encnet__round_up(v.t.k, TILE_K),
           padded = c * encnet__round_up(v.t.k, v.vec);
    int cells = v.t.tiles / pass->conv.n;
    double tiles = cells / v.t.cols * (v.t.cols - 1.0),
           all = encnet__round_up(cells, v.tile_t) + (double)v.tile_t;
    double cost = all * (products + TILE_COST * (c + k)),
           once = pass->prepares ? 0 : WEIGHT_COST * products;
    double lines = encnet__round_up(v.t.c, LINE) + encnet__round_up(v.t.k, LINE);
    double winograd = tiles * (padded + LINE_COST * lines),
           direct = 9.0 * v.t.out_h * v.t.out_w * padded / PLACES;

    return cost < 0.9 * winograd && cost + once < 0.8 * direct;
}

const encnet__conv_algorithm encnet__conv_winograd_lanes = {
    .refuses = refuses,
    .pays = pays,
    .plan = plan,
    .rounding = 4,
    .adds = true,
    .normalises = 1u << ENCNET__CONV_FORWARD,
};
