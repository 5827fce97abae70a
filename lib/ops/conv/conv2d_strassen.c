/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_strassen - 1x1 convolutions of stride 1 on CPUs through Strassen's algorithm, applied once: 7
 * products of halves in the place of 8.
 *
 * Forward and the gradient of the input share a kernel, which works block by block of pixels, so that
 * their sums of halves stay in the cache.  lib/ops/conv2d.md has the figures.
 */
#include "ops/conv/planes.h"

enum {
    PRODUCTS = 7,
    LINE = ENCNET__PLANE_LINE,
    HALVES = 64, /* channels are a multiple of it: half of it fills lines and panels */

    BLOCK_BYTES = 768 << 10, /* of the factors of a block, roughly */
    MOST_PAIRS = 96,         /* of a block */
    K_BLOCK = 64,            /* output channels of a half whose products wait for their sums */
    ITEMS_PER_UNIT = 2       /* work-items per compute unit that even out the load */
};

/* The kernels count pixels, and floats of the weights and their factors, in 32 bits. */
static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    if (!encnet__conv_is_gemm(conv) || direction == ENCNET__CONV_FILTER)
        return "takes 1x1 kernels of stride 1, forward and the gradient of the input";
    if (conv->c % HALVES || conv->k % HALVES) return "takes multiples of 64 channels";
    if (!facts->is_cpu) return "takes CPUs";
    if ((int64_t)conv->n * conv->h * conv->w > INT32_MAX / 2) return "takes at most 2^30 pixels";
    return (int64_t)conv->c * conv->k <= INT32_MAX / 2 ? NULL : "takes at most 2^30 weights";
}

/* One direction, and how its work is divided, with the names of cl/conv2d_strassen.cl. */
typedef struct division {
    const encnet__plane_registers *r;
    int in, out; /* channels */
    int pixels, image_tiles, tiles;
    int block, items, k_span, k_block, k_items;
    size_t u, floats; /* of the weights, and of all work-items' pairs */
} division;

/* Blocks are of about equal size.  Where there are fewer tiles than units, the output channels are
 * divided too, and each share computes the factors anew. */
static division divide(const encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    const encnet__conv *conv = &pass->conv;
    bool data = pass->direction == ENCNET__CONV_DATA;
    division v = {.r = encnet__plane_registers_of(facts),
                  .in = data ? conv->k : conv->c,
                  .out = data ? conv->c : conv->k,
                  .pixels = conv->h * conv->w};
    int lines = v.in / 2 / LINE, most, span;

    v.image_tiles = encnet__ceil_div(v.pixels, 2 * v.r->tile_p);
    v.tiles = v.image_tiles * conv->n;
    v.k_block = encnet__least(K_BLOCK, v.out / 2);
    v.items = encnet__least(facts->units * ITEMS_PER_UNIT, v.tiles);
    most = BLOCK_BYTES / (int)sizeof(float) / PRODUCTS / (lines * LINE + v.k_block);
    most = encnet__least(most, MOST_PAIRS) / v.r->tile_p;
    if (most < 1) most = 1;
    span = encnet__ceil_div(v.tiles, v.items);
    v.block = encnet__ceil_div(span, encnet__ceil_div(span, most)) * v.r->tile_p;
    v.k_items = encnet__least(encnet__ceil_div(facts->units, v.items),
                              encnet__ceil_div(v.out / 2, v.k_block));
    v.k_span = encnet__round_up(encnet__ceil_div(v.out / 2, v.k_items), v.k_block);
    v.k_items = encnet__ceil_div(v.out / 2, v.k_span);
    v.u = PRODUCTS * encnet__plane_floats((int64_t)(v.in / 2) * (v.out / 2 / LINE));
    v.floats =
        PRODUCTS *
        (encnet__plane_floats(lines * v.block) + encnet__plane_floats(v.k_block / LINE * v.block)) *
        (size_t)v.items * (size_t)v.k_items;
    return v;
}

/* Scratch: the factors of the weights, unless they are prepared, then the pairs. */
static encnet_status plan(encnet__conv_pass *pass)
{
    bool data = pass->direction == ENCNET__CONV_DATA;
    division v = divide(pass);
    encnet__conv_operand u;
    encnet__conv_steps *steps = encnet__conv_weights(pass, &u, sizeof(float) * v.u);
    size_t at = pass->scratch_bytes / sizeof(float);
    encnet__grid weights = {{(size_t)(v.out / 2 / v.r->tile_k), (size_t)(v.in / 2 / LINE)}, {1, 1}};
    encnet__grid grid = {{(size_t)v.items, (size_t)v.k_items}, {1, 1}};
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes += sizeof(float) * v.floats;
    TRY(STEP(steps, "conv2d_strassen",
             data ? "conv2d_strassen_weights_turned" : "conv2d_strassen_weights", v.r->options,
             weights, OPERAND(u), OPERAND(CONV_W), INT(v.in / 2)));
    TRY(STEP(&pass->run, "conv2d_strassen", "conv2d_strassen", v.r->options, grid,
             OPERAND(CONV_OUT), OPERAND(CONV_SCRATCH), UINT(at), OPERAND(data ? CONV_DY : CONV_X),
             OPERAND(data ? CONV_NULL : CONV_COEFFICIENTS), OPERAND(u), OPERAND(CONV_B),
             OPERAND(CONV_A), INT(pass->conv.relu && !data), INT(v.tiles), INT(v.image_tiles),
             INT(v.pixels), INT(v.block), INT(v.k_span), INT(v.k_block), INT(v.in), INT(v.out)));
done:
    return rc;
}

/* Counts multiplications: 7/8 of direct's, and for the factors and the sums of a pixel and of a weight as
 * much as some of them.  A tile more is counted, because the last one may have few pixels.  One image is
 * counted, so that an image has the same result in every batch. */
static bool pays(const encnet__conv_pass *pass)
{
    enum { PIXEL_COST = 10, WEIGHT_COST = 40 };
    division v = divide(pass);
    double products = (double)v.in * v.out;
    double pixel = 7.0 / 8 * products + PIXEL_COST * ((double)v.in + v.out);
    double once = pass->prepares ? 0 : WEIGHT_COST * products;

    return (v.pixels + 2.0 * v.r->tile_p) * pixel + once < v.pixels * products;
}

const encnet__conv_algorithm encnet__conv_strassen = {
    .refuses = refuses,
    .pays = pays,
    .plan = plan,
    .rounding = 3,
    .adds = true,
    .normalises = 1u << ENCNET__CONV_FORWARD,
};
