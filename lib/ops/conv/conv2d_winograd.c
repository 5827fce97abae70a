/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd - 3x3 convolutions of stride 1 on CPUs through Winograd's F(4x4,3x3) and, for the
 * gradient of the weights, F(3x3,4x4): 36 multiplications in the place of 144.
 *
 * Forward and the gradient of the input share a kernel that works block by block of tiles, so that
 * the transformed tiles stay in the cache.  The gradient of the weights transforms a chunk of tiles
 * of x and dy and then multiplies them.  lib/ops/conv2d.md has the derivation and the figures.
 */
#include "ops/conv/planes.h"
#include "ops/conv/winograd.h"

enum {
    OUTPUTS = ENCNET__WINOGRAD_OUTPUTS,
    PLACES = ENCNET__WINOGRAD_PLACES,
    COLUMNS = OUTPUTS + 2, /* of a tile's places */
    LINE = ENCNET__PLANE_LINE,

    PART = 512,                /* input channels at a time */
    BLOCK_BYTES = 768 << 10,   /* of the transformed tiles of a block, roughly */
    LEAST_TILES = 24,          /* of a block: the weights are read once for each */
    MOST_TILES = 72,           /* of a block */
    K_BLOCK = 64,              /* output channels whose sums wait for their transform */
    ITEMS_PER_UNIT = 2,        /* work-items per compute unit that even out the load */
    WEIGHT_BYTES = 20 << 20,   /* of the transformed weights of a part */
    PREPARED_BYTES = 10 << 20, /* largest transformed weights that are kept for inference */
    CHUNK_BYTES = 20 << 20,    /* of the transformed tiles of x and dy */
    FILTER_PART = 256,         /* input channels at a time, for the gradient of the weights */
    FILTER_GROUP = 48,         /* input channels of a tile that lie together, as in the kernel */
    FILTER_C = 96,
    FILTER_K = 128, /* a block of weights; the latter as in the kernel */
    FILTER_ITEMS_PER_UNIT = 4
};

/* The kernels count floats of a part's weights in 32 bits. */
static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int most = conv->c > conv->k ? conv->c : conv->k;
    const char *reason = encnet__winograd_refuses(conv);

    (void)direction;
    if (reason) return reason;
    if (!facts->is_cpu) return "takes CPUs";
    if ((int64_t)PLACES * PART * (most + LINE) > INT32_MAX ||
        9 * (int64_t)conv->c * conv->k > INT32_MAX)
        return "takes at most 2^31 weights";
    return NULL;
}

/* -- forward, and the gradient of the input ---------------------------------------------------- */

/* How the work is divided, with the names of cl/conv2d_winograd.cl. */
typedef struct division {
    const encnet__plane_registers *r;
    int part, k_part; /* input and output channels at a time */
    int block, items; /* tiles of a block; work-items for all tiles */
    int k_span, k_block, k_items;
    size_t u, tiles; /* floats of a part's weights, and of all blocks of tiles */
} division;

/* Parts of about equal size, of at most `most` channels. */
static int part_of(int channels, int most)
{
    int part = encnet__ceil_div(channels, encnet__ceil_div(channels, most));

    return encnet__least(encnet__round_up(part, LINE), channels);
}

/* Blocks are of about equal size.  Where there are fewer than units, the output channels are
 * divided too, and each share transforms the tiles anew. */
static void divide_tiles(division *v, const encnet__winograd_tiling *t, int units)
{
    int lines = encnet__ceil_div(v->part, LINE), most, span; /* tiles of a work-item, at most */

    most = BLOCK_BYTES / (int)(sizeof(float) * PLACES) / (lines * LINE + v->k_block);
    most = most < LEAST_TILES ? LEAST_TILES : most > MOST_TILES ? MOST_TILES : most;
    v->items = encnet__least(units * ITEMS_PER_UNIT, encnet__ceil_div(t->tiles, LEAST_TILES));
    span = encnet__ceil_div(encnet__ceil_div(t->tiles, v->r->tile_p), v->items) * v->r->tile_p;
    v->block = encnet__round_up(encnet__ceil_div(span, encnet__ceil_div(span, most)), v->r->tile_p);
    v->k_items =
        encnet__least(encnet__ceil_div(units, v->items), encnet__ceil_div(v->k_part, v->k_block));
    v->k_span = encnet__round_up(encnet__ceil_div(v->k_part, v->k_items), v->k_block);
    v->k_items = encnet__ceil_div(v->k_part, v->k_span);
    v->tiles = PLACES *
               (encnet__plane_floats(lines * v->block) +
                encnet__plane_floats(v->k_block / LINE * v->block)) *
               (size_t)v->items * (size_t)v->k_items;
}

static division divide(const encnet__winograd_tiling *t, const encnet__device_facts *facts)
{
    division v = {.r = encnet__plane_registers_of(facts), .part = part_of(t->c, PART)};
    int fit = WEIGHT_BYTES / (int)(sizeof(float) * PLACES) / v.part / K_BLOCK * K_BLOCK;
    int k = encnet__round_up(t->k, v.r->tile_k);

    v.k_part = encnet__round_up(encnet__ceil_div(k, encnet__ceil_div(k, fit)), K_BLOCK);
    v.k_part = encnet__least(v.k_part, k);
    v.k_block = encnet__least(K_BLOCK, v.k_part);
    v.u = PLACES * encnet__plane_floats((int64_t)v.part * (v.k_part / LINE));
    divide_tiles(&v, t, facts->units);
    return v;
}

/* Whether the transformed weights are kept for inference: four times the space has to be little. */
static bool prepares(const encnet__conv_pass *pass, const encnet__winograd_tiling *t)
{
    int tile_k = encnet__plane_registers_of(encnet__device_facts_of(pass->dev))->tile_k;

    return pass->prepares &&
           sizeof(float) * PLACES * (size_t)t->c * (size_t)encnet__round_up(t->k, tile_k) <=
               PREPARED_BYTES;
}

/* Where the transformed weights of one direction are; of the gradient of the input they are turned. */
typedef struct weights {
    bool turned;
    encnet__conv_operand u;
    size_t u_at;
} weights;

/* A part: input channels c .. c + count - 1 to output channels k .. k_end - 1. */
typedef struct part {
    int c, count, k, k_end;
} part;

/* Where the tiles are, and the sums of the first input channels: in the output itself, if that is
 * float32. */
typedef struct room {
    encnet__conv_operand sums;
    size_t tiles_at, sums_at;
} room;

static room take_room(encnet__conv_pass *pass, const encnet__winograd_tiling *t, const division *v)
{
    room at = {.sums = CONV_OUT, .tiles_at = pass->scratch_bytes / sizeof(float)};
    size_t floats = v->tiles;

    if (pass->conv.storage != ENCNET__F32 && t->c > v->part) {
        at.sums = CONV_SCRATCH;
        at.sums_at = at.tiles_at + v->tiles;
        floats += (size_t)pass->conv.n * (size_t)t->out_h * (size_t)t->out_w * (size_t)t->k;
    }
    pass->scratch_bytes += sizeof(float) * floats;
    return at;
}

static encnet_status transform_weights(encnet__conv_steps *steps, const encnet__winograd_tiling *t,
                                       const division *v, const weights *w, const part *p)
{
    encnet__grid grid = {{(size_t)encnet__ceil_div(p->k_end - p->k, v->r->tile_k),
                          (size_t)encnet__ceil_div(p->count, LINE)},
                         {1, 1}};

    return STEP(steps, "conv2d_winograd",
                w->turned ? "conv2d_winograd_weights_turned" : "conv2d_winograd_weights",
                v->r->options, grid, OPERAND(w->u), UINT(w->u_at), OPERAND(CONV_W), INT(p->c),
                INT(p->count), INT(p->k), INT(t->c), INT(t->k));
}

/* The first input channels add bias and addend, the next ones add to the sums, and the last ones
 * apply ReLU. */
static encnet_status add_part(encnet__conv_pass *pass, const encnet__winograd_tiling *t,
                              const division *v, const weights *w, const room *at, const part *p)
{
    encnet__grid grid = {{(size_t)v->items, (size_t)v->k_items}, {1, 1}};

    return STEP(&pass->run, "conv2d_winograd", "conv2d_winograd", v->r->options, grid,
                OPERAND(CONV_OUT), OPERAND(at->sums), UINT(at->sums_at), OPERAND(CONV_SCRATCH),
                UINT(at->tiles_at), OPERAND(w->turned ? CONV_DY : CONV_X),
                OPERAND(w->turned ? CONV_NULL : CONV_COEFFICIENTS), OPERAND(w->u), UINT(w->u_at),
                OPERAND(p->c ? CONV_NULL : CONV_B), OPERAND(p->c ? CONV_NULL : CONV_A),
                INT(pass->conv.relu && !w->turned), INT(v->block), INT(p->k), INT(p->k_end),
                INT(v->k_span), INT(v->k_block), INT(p->c), INT(p->count), TILING_ARGS(t));
}

/* Scratch: the transformed weights of a part (unless they are prepared), then the tiles, then the sums of
 * parts that 16 bits would round. */
static encnet_status plan_sums(encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__winograd_tiling t = encnet__winograd_tiling_of(&pass->conv, pass->direction, OUTPUTS);
    division v = divide(&t, facts);
    weights w = {.turned = pass->direction == ENCNET__CONV_DATA, .u = CONV_SCRATCH};
    int parts = encnet__ceil_div(t.c, v.part) * encnet__ceil_div(t.k, v.k_part);
    encnet__conv_steps *steps;
    room at;
    encnet_status rc = ENCNET_OK;

    pass->prepares = prepares(pass, &t);
    steps = encnet__conv_weights(pass, &w.u,
                                 sizeof(float) * v.u * (size_t)(pass->prepares ? parts : 1));
    at = take_room(pass, &t, &v);
    for (part p = {0}; p.k < t.k; p.k += v.k_part)
        for (p.k_end = encnet__least(p.k + v.k_part, t.k), p.c = 0; p.c < t.c; p.c += v.part) {
            p.count = encnet__least(v.part, t.c - p.c);
            TRY(transform_weights(steps, &t, &v, &w, &p));
            TRY(add_part(pass, &t, &v, &w, &at, &p));
            if (pass->prepares) w.u_at += v.u;
        }
done:
    return rc;
}

/* -- the gradient of the weights --------------------------------------------------------------- */

/* How the work is divided, with the names of cl/conv2d_winograd_filter.cl. */
typedef struct filter_division {
    const encnet__plane_registers *r;
    int part, chunk;  /* input channels and tiles at a time */
    int parts, items; /* of the tiles, each with its own sums; work-items of a part */
    size_t v, g, d,
        s; /* floats of the tiles of x and dy, of the parts, and of all work-items' sums */
} filter_division;

static filter_division divide_filter(const encnet__winograd_tiling *t,
                                     const encnet__device_facts *facts)
{
    filter_division v = {.r = encnet__plane_registers_of(facts),
                         .part = part_of(t->c, FILTER_PART)};
    int wanted = FILTER_ITEMS_PER_UNIT * facts->units, k = encnet__round_up(t->k, v.r->tile_k),
        columns, most;

    most = CHUNK_BYTES / (int)(sizeof(float) * PLACES) / (encnet__round_up(v.part, LINE) + k);
    if (most < LEAST_TILES) most = LEAST_TILES;
    v.chunk = encnet__ceil_div(t->tiles, encnet__ceil_div(t->tiles, most));
    columns = COLUMNS * encnet__ceil_div(v.part, FILTER_C) * encnet__ceil_div(t->k, FILTER_K);
    v.parts = columns < wanted ? encnet__ceil_div(wanted, columns) : 1;
    v.parts = encnet__least(v.parts, encnet__ceil_div(v.chunk, LEAST_TILES));
    v.items = encnet__least(columns, encnet__ceil_div(wanted, v.parts));
    v.v = PLACES * encnet__plane_floats(encnet__ceil_div(v.part, FILTER_GROUP) *
                                        (FILTER_GROUP / LINE) * v.chunk);
    v.g = PLACES * encnet__plane_floats(k / LINE * v.chunk);
    v.d = 3 * COLUMNS * (size_t)v.parts * encnet__plane_floats((int64_t)v.part * t->k / LINE + 1);
    v.s = COLUMNS * encnet__plane_floats(FILTER_C * FILTER_K / LINE) * (size_t)v.parts *
          (size_t)v.items;
    return v;
}

/* Scratch: the tiles of x and dy, then the parts, then the sums of the work-items. */
static encnet_status plan_filter(encnet__conv_pass *pass)
{
    encnet__winograd_tiling t =
        encnet__winograd_tiling_of(&pass->conv, ENCNET__CONV_FILTER, OUTPUTS);
    filter_division v = divide_filter(&t, encnet__device_facts_of(pass->dev));
    size_t g_at = v.v, d_at = g_at + v.g, s_at = d_at + v.d;
    encnet__grid sums = {{(size_t)v.items, (size_t)v.parts}, {1, 1}};
    const char *options = v.r->options;
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes = sizeof(float) * (s_at + v.s);
    for (int first = 0; first < t.tiles; first += v.chunk) {
        int some = encnet__least(v.chunk, t.tiles - first);
        encnet__grid tiles = {{(size_t)some}, {1}};
        TRY(STEP(&pass->run, "conv2d_winograd_filter", "conv2d_winograd_gradients", options, tiles,
                 OPERAND(CONV_SCRATCH), UINT(g_at), OPERAND(CONV_DY), INT(first), INT(some),
                 TILING_ARGS(&t)));
        for (int c = 0; c < t.c; c += v.part) {
            int count = encnet__least(v.part, t.c - c);
            encnet__grid rows = {{(size_t)count}, {1}};
            TRY(STEP(&pass->run, "conv2d_winograd_filter", "conv2d_winograd_tiles", options, tiles,
                     OPERAND(CONV_SCRATCH), UINT(0), OPERAND(CONV_X), OPERAND(CONV_COEFFICIENTS),
                     INT(first), INT(some), INT(c), INT(count), TILING_ARGS(&t)));
            TRY(STEP(&pass->run, "conv2d_winograd_filter", "conv2d_winograd_filter", options, sums,
                     OPERAND(CONV_SCRATCH), UINT(0), UINT(g_at), UINT(d_at), UINT(s_at), INT(some),
                     INT(encnet__ceil_div(some, v.parts)), INT(FILTER_C), INT(count), INT(t.k)));
            TRY(STEP(&pass->run, "conv2d_winograd_filter", "conv2d_winograd_filter_end", options,
                     rows, OPERAND(CONV_OUT), OPERAND(CONV_SCRATCH), UINT(d_at), INT(v.parts),
                     INT(c), INT(first > 0), INT(t.c), INT(t.k)));
        }
    }
done:
    return rc;
}

/* -- choosing ---------------------------------------------------------------------------------- */

/* Counts multiplications.  For each of its places and channels, transforming a tile takes as long as
 * some of them, more where the transformed tiles go through memory; and so does transforming a
 * weight.  The whole has to save a fifth.  One image is counted, so that an image has the same result in
 * every batch. */
static bool pays(const encnet__conv_pass *pass)
{
    enum { TILE_COST = 10, FILTER_TILE_COST = 45, WEIGHT_COST = 40 };
    const encnet__conv *conv = &pass->conv;
    bool filter = pass->direction == ENCNET__CONV_FILTER;
    encnet__winograd_tiling t = encnet__winograd_tiling_of(conv, pass->direction, OUTPUTS);
    int tile_k = encnet__plane_registers_of(encnet__device_facts_of(pass->dev))->tile_k;
    double products = (double)t.c * encnet__round_up(t.k, tile_k),
           pixels = (double)t.out_h * t.out_w;
    double tile = products + (filter ? FILTER_TILE_COST : TILE_COST) * ((double)t.c + t.k);
    double once = prepares(pass, &t) ? 0 : WEIGHT_COST * products;

    return PLACES * ((double)t.tiles / conv->n * tile + once) < 0.8 * 9 * pixels * products;
}

static encnet_status plan(encnet__conv_pass *pass)
{
    return pass->direction == ENCNET__CONV_FILTER ? plan_filter(pass) : plan_sums(pass);
}

const encnet__conv_algorithm encnet__conv_winograd = {
    .refuses = refuses,
    .pays = pays,
    .plan = plan,
    .rounding = 4,
    .adds = true,
    .normalises = 1u << ENCNET__CONV_FORWARD | 1u << ENCNET__CONV_FILTER,
};
