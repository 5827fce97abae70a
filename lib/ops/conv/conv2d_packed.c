/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_packed - convolution for CPUs: packed weights, tiles in registers, one work-item per tile.
 *
 * Forward and the gradient of the input share one kernel, which follows an index map (map.h); the
 * gradient of the weights has another.  lib/ops/conv2d.md explains the numbers below.
 */
#include "ops/conv/engine.h"
#include "ops/conv/map.h"

enum {
    VEC = 16,       /* floats of a vector in the kernels, on any device */
    PACK_GROUP = 8, /* rows of weights packed by a group */
    STRIP = 16,     /* pixels packed by a work-item, as in cl/conv2d_packed_filter.cl */

    /* Parts that stay in the second-level cache of 1 to 2 MiB: */
    CHUNK_BYTES = 768 << 10,   /* the input while the weights pass */
    PANEL_BYTES = 1 << 20,     /* one tile's weights while the pixels pass */
    WEIGHTS_BYTES = 256 << 10, /* the weights of a work-item's tiles, if they are several */
    ROUND_BYTES = 1 << 20,     /* the panels of the blocks that a launch adds to the same sums */

    C_BLOCK = 480,             /* channels of x for the weights' gradient, */
    C_BYTES = 4 << 20,         /* of at most so many bytes: the third-level cache, fetched ahead */
    BLOCK_PIXELS = 2048,       /* of a block, roughly: the length of a chain of additions */
    ITEM_PIXELS = 1024,        /* of all tiles of a work-item, at least */
    FILTER_SCRATCH = 64 << 20, /* bytes for sums of parts, roughly */
    ITEMS_PER_UNIT = 16        /* work-items per compute unit that even out the load */
};

/* The register tile, the outputs that a work-item sums at once, and its kernel options. */
typedef struct register_tile {
    int p, k;     /* output pixels and channels, of cl/conv2d_packed.cl */
    int c, few_c; /* input channels of the gradient of the weights; if there are at most few_c */
    const char *options, *filter_options, *few_options;
} register_tile;

/* 24 sums of 16 floats and their factors fill 32 registers of 16 floats. */
static const register_tile wide = {.p = 12,
                                   .k = 32,
                                   .c = 12,
                                   .few_c = 4,
                                   .options = "",
                                   .filter_options = "",
                                   .few_options = "-DTILE_C=4"};

/* Elsewhere a vector of 16 takes two registers of 8, so that 6 sums take 12 of 16, or four of 4, 24
 * of 32. */
static const register_tile narrow = {.p = 6,
                                     .k = 16,
                                     .c = 6,
                                     .few_c = 3,
                                     .options = "-DTILE_P=6 -DVECTORS=1",
                                     .filter_options = "-DVEC=8 -DTILE_C=6",
                                     .few_options = "-DVEC=8 -DTILE_C=3"};

static const register_tile *tile_for(const encnet__device_facts *facts)
{
    return facts->vector_floats >= VEC ? &wide : &narrow;
}

/* The kernels count pixels, and floats within one image, in 32 bits. */
static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int64_t image = (int64_t)conv->h * conv->w * conv->c,
            out = (int64_t)conv->out_h * conv->out_w * conv->k;
    int64_t pixels = (int64_t)conv->h * conv->w + (int64_t)conv->out_h * conv->out_w;

    (void)direction;
    (void)facts;
    if (conv->groups != 1) return "takes groups 1";
    if (image > INT32_MAX || out > INT32_MAX) return "takes images of at most 2^31 elements";
    return pixels * conv->n <= INT32_MAX / 2 ? NULL : "takes at most 2^30 pixels";
}

static size_t round_up(int count, int multiple)
{
    return (size_t)encnet__ceil_div(count, multiple) * (size_t)multiple;
}

/* The packed weights: a row of zeros, then a panel per tile of output channels. */
static size_t packed_bytes(const encnet__conv *conv, int in, int out, const register_tile *tile)
{
    size_t taps = (size_t)conv->r * (size_t)conv->s;

    return sizeof(float) * (round_up(in, VEC) + round_up(out, tile->k) * taps * (size_t)in);
}

/* 1x1 of stride 1: the whole batch is one row of pixels without edges. */
static encnet__conv flatten(const encnet__conv *conv)
{
    encnet__conv flat = *conv;

    if (encnet__conv_is_gemm(conv)) {
        flat.w = flat.out_w = conv->n * conv->h * conv->w;
        flat.n = flat.h = flat.out_h = 1;
    }
    return flat;
}

/* -- forward, and the gradient of the input ---------------------------------------------------- */

static encnet_status pack(encnet__conv_steps *steps, const encnet__conv *conv,
                          const register_tile *tile, encnet__conv_operand packed)
{
    int taps = conv->r * conv->s;
    encnet__grid grid = {{(size_t)encnet__ceil_div(taps * conv->c, PACK_GROUP),
                          (size_t)encnet__ceil_div(conv->k, tile->k)},
                         {PACK_GROUP, 1}};

    return STEP(steps, "conv2d_packed", "conv2d_pack", tile->options, grid, OPERAND(packed),
                OPERAND(CONV_W), INT(taps), INT(conv->c), INT(conv->k));
}

static encnet_status pack_transposed(encnet__conv_steps *steps, const encnet__conv *conv,
                                     const register_tile *tile)
{
    int taps = conv->r * conv->s;
    encnet__grid grid = {{(size_t)encnet__ceil_div(conv->k, VEC), (size_t)taps,
                          (size_t)encnet__ceil_div(conv->c, tile->k)},
                         {1, 1, 1}};

    return STEP(steps, "conv2d_packed", "conv2d_pack_transposed", tile->options, grid,
                OPERAND(CONV_SCRATCH), OPERAND(CONV_W), INT(taps), INT(conv->c), INT(conv->k));
}

/* A sum over one index map: `x` has `in` channels, the result `out`. */
typedef struct product {
    encnet__conv_operand x, packed;
    int taps, in, out;
    bool relu;
} product;

/* How many tiles of outputs a work-item sums one after another: their weights of `terms` channels stay
 * in the cache, and there are enough work-items for all units. */
static int tiles_of_item(const product *t, int terms, int tiles, const encnet__device_facts *facts)
{
    int k = tile_for(facts)->k, all = encnet__ceil_div(t->out, k);
    int64_t panel = (int64_t)t->taps * terms * k * (int64_t)sizeof(float);
    int64_t fit = WEIGHTS_BYTES / panel, items = (int64_t)ITEMS_PER_UNIT * facts->units;
    int64_t even = (int64_t)all * tiles / items;
    int most = (int)(fit < even ? fit : even);

    if (most > all) most = all;
    return most < 2 ? 1 : encnet__ceil_div(all, encnet__ceil_div(all, most));
}

/* Panels of weights that do not fit in the cache are processed in parts: the first part adds bias
 * and addend, the next ones add to y, and the last one applies ReLU. */
static encnet_status follow(encnet__conv_steps *steps, const encnet__device_facts *facts,
                            const encnet__conv_map *map, const product *t)
{
    const register_tile *tile = tile_for(facts);
    int tiles = encnet__ceil_div(encnet__conv_map_pixels(map), tile->p);
    int64_t tile_bytes = (int64_t)tile->p * map->step * map->step * t->in * (int64_t)sizeof(float);
    int chunk = tile_bytes > CHUNK_BYTES / 8 ? 8 : (int)(CHUNK_BYTES / tile_bytes);
    int64_t panel = (int64_t)t->taps * t->in * tile->k * (int64_t)sizeof(float);
    bool in_parts = steps->storage == ENCNET__F32; /* y would be rounded after each part */
    int part = in_parts ? encnet__ceil_div(t->in, (int)(panel / PANEL_BYTES + 1)) : t->in;
    int k_tiles = tiles_of_item(t, part, tiles, facts);
    encnet_status rc = ENCNET_OK;

    if (tiles == 0) return ENCNET_OK;
    if (chunk > tiles) chunk = tiles;
    encnet__grid grid = {{(size_t)chunk, (size_t)encnet__ceil_div(t->out, tile->k * k_tiles),
                          (size_t)encnet__ceil_div(tiles, chunk)},
                         {1, 1, 1}};
    for (int c = 0; rc == ENCNET_OK && c < t->in; c += part) {
        int end = t->in - c < part ? t->in : c + part;
        rc = STEP(steps, "conv2d_packed", "conv2d_packed", tile->options, grid, OPERAND(CONV_OUT),
                  OPERAND(t->x), OPERAND(t->packed), OPERAND(c ? CONV_NULL : CONV_B),
                  OPERAND(c ? CONV_OUT : CONV_A), INT(t->relu && end == t->in), INT(t->in),
                  INT(t->out), INT(t->taps), INT(c), INT(end), INT(chunk), INT(k_tiles),
                  INDEX_MAP_ARGS(map));
    }
    return rc;
}

static encnet_status plan_forward(encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    const register_tile *tile = tile_for(facts);
    encnet__conv flat = flatten(&pass->conv);
    encnet__conv_map map = encnet__conv_forward_map(&flat);
    encnet__conv_operand packed;
    encnet__conv_steps *steps =
        encnet__conv_weights(pass, &packed, packed_bytes(&flat, flat.c, flat.k, tile));
    product t = {CONV_X, packed, flat.r * flat.s, flat.c, flat.k, flat.relu};
    encnet_status rc = ENCNET_OK;

    TRY(pack(steps, &flat, tile, packed));
    TRY(follow(&pass->run, facts, &map, &t));
done:
    return rc;
}

static encnet_status plan_data(encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__conv flat = flatten(&pass->conv);
    product t = {CONV_DY, CONV_SCRATCH, flat.r * flat.s, flat.k, flat.c, false};
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes = packed_bytes(&flat, flat.k, flat.c, tile_for(facts));
    TRY(pack_transposed(&pass->run, &flat, tile_for(facts)));
    for (int phase = 0; phase < flat.stride * flat.stride; phase++) {
        encnet__conv_map map =
            encnet__conv_data_map(&flat, phase / flat.stride, phase % flat.stride);
        TRY(follow(&pass->run, facts, &map, &t));
    }
done:
    return rc;
}

/* -- the gradient of the weights --------------------------------------------------------------- */

/* How dw is divided, with the names of cl/conv2d_packed_filter.cl. */
typedef struct filter_split {
    const char *options;
    int tile_c, c_tiles;   /* channels of a tile; tiles of a work-item */
    int c_block, c_blocks; /* channels that stay in the cache; number of such blocks */
    int c_items, k_items;  /* work-items for the positions and channels of a c_block, and for k */
    int rows, group;       /* output rows and images of a block */
    int blocks;            /* in all; a launch processes rounds * parts of them */
    int parts, rounds;
    int in_pixels, pixels;  /* largest number in a block */
    size_t panels, weights; /* floats of a block's panels, and of dw */
} filter_split;

/* Blocks have about BLOCK_PIXELS output pixels, fewer if their panels do not fit in the cache. */
static void choose_block(filter_split *p, const encnet__conv *t)
{
    int64_t row = (int64_t)sizeof(float) * t->stride * t->w * (t->c < C_BLOCK ? t->c : C_BLOCK);
    int fit = (int)(C_BYTES / row < t->out_h ? C_BYTES / row : t->out_h);
    int full = encnet__ceil_div(BLOCK_PIXELS, t->out_w), image = t->out_h * t->out_w, in_rows;

    p->rows = fit < full ? fit : full;
    if (p->rows < 1) p->rows = 1;
    p->rows = encnet__ceil_div(t->out_h, encnet__ceil_div(t->out_h, p->rows));
    p->group = p->rows < t->out_h || BLOCK_PIXELS / image < 1 ? 1 : BLOCK_PIXELS / image;
    if (p->group > t->n) p->group = t->n;
    in_rows = (p->rows - 1) * t->stride + (t->r - 1) * t->dilation + 1;
    if (in_rows > t->h) in_rows = t->h;
    if (p->group > 1) in_rows = p->group * t->h;
    p->in_pixels = in_rows * t->w;
    p->pixels = p->group * p->rows * t->out_w;
    p->blocks = encnet__ceil_div(t->n, p->group) * encnet__ceil_div(t->out_h, p->rows);
}

static filter_split split_filter(const encnet__conv *t, const encnet__device_facts *facts)
{
    int taps = t->r * t->s, limit;
    int64_t items, wanted = (int64_t)ITEMS_PER_UNIT * facts->units;
    const register_tile *tile = tile_for(facts);
    bool few = t->c <= tile->few_c;
    filter_split p = {.options = few ? tile->few_options : tile->filter_options,
                      .tile_c = few ? tile->few_c : tile->c,
                      .k_items = encnet__ceil_div(t->k, tile->k)};

    choose_block(&p, t);
    p.c_tiles = encnet__ceil_div(ITEM_PIXELS, p.pixels);
    p.c_block = encnet__ceil_div(t->c, encnet__ceil_div(t->c, C_BLOCK));
    p.c_block = (int)round_up(p.c_block, p.tile_c * p.c_tiles);
    p.c_blocks = encnet__ceil_div(t->c, p.c_block);
    p.c_items = taps * p.c_block / (p.tile_c * p.c_tiles);
    items = (int64_t)p.c_items * p.c_blocks * p.k_items;
    p.weights = (size_t)taps * (size_t)t->c * (size_t)t->k;
    p.panels =
        (size_t)p.in_pixels * round_up(t->c, p.tile_c) + (size_t)p.pixels * round_up(t->k, tile->k);
    limit = (int)(FILTER_SCRATCH / (sizeof(float) * (p.weights + p.panels))) + 1;
    p.parts = items < wanted ? (int)((wanted + items - 1) / items) : 1;
    if (p.parts > limit) p.parts = limit;
    if (p.parts > p.blocks) p.parts = p.blocks;
    p.rounds = encnet__least((int)(ROUND_BYTES / (sizeof(float) * p.panels)) + 1,
                             encnet__ceil_div(p.blocks, p.parts));
    return p;
}

/* The arguments of the macro BLOCKS of cl/conv2d_packed_filter.cl, in its order. */
#define BLOCK_ARGS(launch, p, t)                                                                   \
    INT(launch), INT((p)->parts), INT((p)->rounds), INT((p)->rows), INT((p)->group),               \
        INT((p)->in_pixels), INT((p)->pixels), INT((t)->n), INT((t)->h), INT((t)->w), INT((t)->c), \
        INT((t)->out_h), INT((t)->out_w), INT((t)->k), INT((t)->r), INT((t)->s), INT((t)->stride), \
        INT((t)->pad), INT((t)->dilation)

/* The scratch: the sums of the parts, if there are several, then a launch's panels. */
static encnet_status plan_filter(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    filter_split p = split_filter(t, encnet__device_facts_of(pass->dev));
    size_t parts = (size_t)p.parts, sums = p.parts > 1 ? parts * p.weights : 0;
    size_t blocks = parts * (size_t)p.rounds;
    int most = p.in_pixels > p.pixels ? p.in_pixels : p.pixels;
    encnet__conv_operand dw = p.parts > 1 ? CONV_SCRATCH : CONV_OUT;
    encnet__grid pack_grid = {{(size_t)encnet__ceil_div(most, STRIP), 2, blocks}, {1, 1, 1}};
    encnet__grid grid = {{(size_t)p.c_items, (size_t)p.k_items, parts * (size_t)p.c_blocks},
                         {1, 1, 1}};
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes = sizeof(float) * (sums + blocks * p.panels);
    for (int i = 0; (size_t)i * blocks < (size_t)p.blocks; i++) {
        TRY(STEP(&pass->run, "conv2d_packed_filter", "conv2d_pack_block", p.options, pack_grid,
                 OPERAND(CONV_SCRATCH), UINT(sums), OPERAND(CONV_X), OPERAND(CONV_COEFFICIENTS),
                 OPERAND(CONV_DY), BLOCK_ARGS(i, &p, t)));
        TRY(STEP(&pass->run, "conv2d_packed_filter", "conv2d_packed_filter", p.options, grid,
                 OPERAND(dw), OPERAND(CONV_SCRATCH), UINT(sums), INT(i > 0), INT(p.c_tiles),
                 INT(p.c_block), BLOCK_ARGS(i, &p, t)));
    }
    if (p.parts > 1) TRY(encnet__conv_add_sum(&pass->run, p.parts, p.weights));
done:
    return rc;
}

static encnet_status plan(encnet__conv_pass *pass)
{
    if (pass->direction == ENCNET__CONV_FORWARD) return plan_forward(pass);
    if (pass->direction == ENCNET__CONV_DATA) return plan_data(pass);
    return plan_filter(pass);
}

const encnet__conv_algorithm encnet__conv_packed = {
    .refuses = refuses,
    .plan = plan,
    .adds = true,
    .normalises = 1u << ENCNET__CONV_FILTER,
};
