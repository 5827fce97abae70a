/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_tiled - 3x3 convolutions of stride 1 on GPUs through Winograd's F(4x4,3x3) and, for
 * the gradient of the weights, F(3x3,4x4): 36 multiplications in the place of 144.
 *
 * Weights, tiles of the input, 36 matrix products and the transform of their sums are launches of
 * their own, and what lies between them is in scratch.  So that scratch stays bounded, channels are
 * taken in parts and tiles in pieces.  lib/ops/conv2d.md has the derivation and the figures.
 */
#include "ops/conv/winograd.h"

#define PROGRAM "conv2d_winograd_tiled"

enum {
    PLACES = ENCNET__WINOGRAD_PLACES,
    GROUP = 256, /* work-items, as in cl/conv2d_product.clh */
    DEPTH = 16,  /* terms of a step, as there */
    SMALL = 64,
    LARGE = 128,                               /* tiles of a product */
    LOCAL_BYTES = 2 * DEPTH * (LARGE + 4) * 4, /* the two slices of the large tile */

    ITEMS = 128,     /* of a group that transforms */
    TERM_PART = 256, /* channels at a time whose products are added: a chain, in every batch */
    OUT_PART = 512,  /* channels of sums at a time */
    SCRATCH_BYTES = 128 << 20,  /* at most, roughly: a few percent of a training's memory */
    PREPARED_BYTES = 10 << 20,  /* largest transformed weights that are kept for inference */
    FILTER_GROUPS_PER_UNIT = 4, /* of the gradient of the weights, from division of the tiles */
    FILTER_RUN = 128            /* least number of tiles that a group sums */
};

/* Floats of the PLACES planes of `rows` x `cols`; a row ends at a multiple of four. */
static size_t planes(int rows, int cols)
{
    return PLACES * (size_t)rows * (size_t)encnet__round_up(cols, 4);
}

static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    const char *reason = encnet__winograd_refuses(conv);

    (void)direction;
    if (reason) return reason;
    if (facts->max_group < GROUP || facts->local_bytes < LOCAL_BYTES)
        return "takes devices with groups of 256 and 17 KiB of local memory";
    return 9 * (int64_t)conv->c * conv->k <= INT32_MAX ? NULL : "takes at most 2^31 weights";
}

/* -- how the work is divided ------------------------------------------------------------------- */

/* Parts of about equal size, of at most `most` channels. */
static int part_of(int channels, int most)
{
    int part = encnet__ceil_div(channels, encnet__ceil_div(channels, most));

    return encnet__least(encnet__round_up(part, DEPTH), channels);
}

/* Pieces of about equal size: so many tiles that their a + b channels fit into scratch beside `floats`. */
static int piece_of(int tiles, int a, int b, size_t floats)
{
    size_t room = SCRATCH_BYTES / sizeof(float), left = room > floats ? room - floats : 0;
    int most = (int)(left / planes(1, a + b)) / LARGE * LARGE;

    if (most < LARGE) most = LARGE;
    return encnet__least(
        encnet__round_up(encnet__ceil_div(tiles, encnet__ceil_div(tiles, most)), LARGE), tiles);
}

/* The large tile where it gives every compute unit a group, each of the places being divided into at most
 * `shares`, and computes at most a quarter more that is only there to fill a tile. */
static int tile_of(int rows, int cols, int shares, const encnet__device_facts *facts)
{
    int64_t small = encnet__conv_tiles(rows, cols, SMALL),
            large = encnet__conv_tiles(rows, cols, LARGE);

    return !facts->few_registers && 16 * large <= 5 * small &&
                   PLACES * shares * large >= facts->units
               ? LARGE
               : SMALL;
}

static const char *options_of(int tile)
{
    return tile == LARGE ? "-DPER=8" : "-DPER=4";
}

/* -- the launches ------------------------------------------------------------------------------ */

/* What the launches of one pass share: its tiles and options, and where scratch and weights begin, in
 * floats. */
typedef struct layout {
    encnet__conv_steps *steps;
    encnet__winograd_tiling t;
    bool data;
    int tile; /* of the products */
    const char *options;
    encnet__conv_operand u;
    size_t u_at, v_at, g_at, m_at;
} layout;

/* Channels, or tiles, first .. first + count - 1. */
typedef struct range {
    int first, count;
} range;

static range range_at(int first, int most, int end)
{
    return (range){first, encnet__least(most, end - first)};
}

static encnet__grid grid_of(range rows, range cols)
{
    return GRID1((size_t)rows.count * (size_t)encnet__round_up(cols.count, 4), ITEMS);
}

static encnet_status add_weights(const layout *p, encnet__conv_steps *steps, range terms,
                                 range outs)
{
    range rows = p->data ? outs : terms, cols = p->data ? terms : outs;
    int pitch = p->data ? p->t.c : p->t.k;
    size_t at = (size_t)rows.first * (size_t)pitch + (size_t)cols.first;

    return STEP(steps, PROGRAM, "conv2d_winograd_tiled_weights", p->options, grid_of(rows, cols),
                OPERAND(p->u), UINT(p->u_at), OPERAND(CONV_W), UINT(at), INT(p->t.c * p->t.k),
                INT(pitch), INT(p->data), INT(rows.count), INT(cols.count));
}

static encnet_status add_input(const layout *p, range tiles, range channels)
{
    return STEP(p->steps, PROGRAM, "conv2d_winograd_tiled_input", p->options,
                grid_of(tiles, channels), OPERAND(CONV_SCRATCH), UINT(p->v_at),
                OPERAND(p->data ? CONV_DY : CONV_X), INT(tiles.first), INT(tiles.count),
                INT(channels.first), INT(channels.count), TILING_ARGS(&p->t));
}

static encnet_status add_product(const layout *p, range tiles, range terms, range outs)
{
    encnet__grid grid = {{(size_t)encnet__ceil_div(tiles.count, p->tile),
                          (size_t)encnet__ceil_div(outs.count, p->tile), PLACES},
                         {GROUP, 1, 1}};

    return STEP(
        p->steps, PROGRAM, p->data ? "conv2d_winograd_tiled_data" : "conv2d_winograd_tiled_fwd",
        p->options, grid, OPERAND(CONV_SCRATCH), UINT(p->m_at), UINT(p->v_at), OPERAND(p->u),
        UINT(p->u_at), INT(tiles.count), INT(terms.count), INT(outs.count), INT(terms.first > 0));
}

static encnet_status add_output(const layout *p, range tiles, range outs, bool relu)
{
    return STEP(p->steps, PROGRAM, "conv2d_winograd_tiled_output", p->options, grid_of(tiles, outs),
                OPERAND(CONV_OUT), OPERAND(CONV_SCRATCH), UINT(p->m_at),
                OPERAND(p->data ? CONV_NULL : CONV_B), OPERAND(p->data ? CONV_NULL : CONV_A),
                INT(relu), INT(tiles.first), INT(tiles.count), INT(outs.first), INT(outs.count),
                TILING_ARGS(&p->t));
}

/* -- forward, and the gradient of the input ---------------------------------------------------- */

/* Whether the transformed weights are kept for inference: four times the space has to be little. */
static bool prepares(const encnet__conv_pass *pass)
{
    return pass->prepares && sizeof(float) * planes(pass->conv.c, pass->conv.k) <= PREPARED_BYTES;
}

/* One piece of the tiles and a part of the outputs.  The weights of the first piece serve the next
 * ones if they are prepared, or if there is one part of the terms. */
static encnet_status add_piece(encnet__conv_pass *pass, layout *p, encnet__conv_steps *weights,
                               size_t u_at, size_t u, int term_part, range tiles, range outs)
{
    int terms = p->t.c, parts = encnet__ceil_div(terms, term_part);
    encnet_status rc = ENCNET_OK;

    for (int c = 0; c < terms; c += term_part) {
        range part = range_at(c, term_part, terms);
        p->u_at = pass->prepares ? u_at + u * (size_t)(c / term_part) : 0;
        if (tiles.first == 0 || (parts > 1 && !pass->prepares))
            TRY(add_weights(p, weights, part, outs));
        TRY(add_input(p, tiles, part));
        TRY(add_product(p, tiles, part, outs));
    }
    TRY(add_output(p, tiles, outs, pass->conv.relu && !p->data));
done:
    return rc;
}

/* Scratch: the transformed weights of a part, unless they are prepared, the tiles of the input, the
 * sums. */
static encnet_status plan_sums(encnet__conv_pass *pass)
{
    layout p = {.steps = &pass->run,
                .t = encnet__winograd_tiling_of(&pass->conv, pass->direction),
                .data = pass->direction == ENCNET__CONV_DATA};
    int term_part = part_of(p.t.c, TERM_PART), out_part = part_of(p.t.k, OUT_PART);
    int parts = encnet__ceil_div(p.t.c, term_part) * encnet__ceil_div(p.t.k, out_part), piece;
    size_t u = p.data ? planes(out_part, term_part) : planes(term_part, out_part);
    encnet__conv_steps *weights;
    encnet_status rc = ENCNET_OK;

    pass->prepares = prepares(pass);
    piece = piece_of(p.t.tiles, term_part, out_part, pass->prepares ? 0 : u);
    p.tile = tile_of(piece, out_part, 1, encnet__device_facts_of(pass->dev));
    p.options = options_of(p.tile);
    weights =
        encnet__conv_weights(pass, &p.u, sizeof(float) * u * (size_t)(pass->prepares ? parts : 1));
    p.v_at = pass->scratch_bytes / sizeof(float);
    p.m_at = p.v_at + planes(piece, term_part);
    pass->scratch_bytes = sizeof(float) * (p.m_at + planes(piece, out_part));
    for (int k = 0; k < p.t.k; k += out_part) {
        size_t at = u * (size_t)(k / out_part * encnet__ceil_div(p.t.c, term_part));
        for (int first = 0; first < p.t.tiles; first += piece)
            TRY(add_piece(pass, &p, weights, at, u, term_part, range_at(first, piece, p.t.tiles),
                          range_at(k, out_part, p.t.k)));
    }
done:
    return rc;
}

/* -- the gradient of the weights --------------------------------------------------------------- */

/* Into how many shares the tiles of a piece may be divided. */
static int most_shares(const encnet__winograd_tiling *t)
{
    return t->tiles < 2 * FILTER_RUN ? 1 : t->tiles / FILTER_RUN;
}

/* Into how many they are, so that every compute unit has some groups. */
static int shares_of(const layout *p, int c_part, int k_part, const encnet__device_facts *facts)
{
    int64_t groups = PLACES * encnet__conv_tiles(c_part, k_part, p->tile);
    int64_t wanted = (int64_t)FILTER_GROUPS_PER_UNIT * facts->units / groups;
    int most = most_shares(&p->t);

    if (wanted > most) wanted = most;
    return wanted < 1 ? 1 : (int)wanted;
}

static encnet_status add_gradient(const layout *p, range tiles, range channels)
{
    return STEP(p->steps, PROGRAM, "conv2d_winograd_tiled_gradient", p->options,
                grid_of(tiles, channels), OPERAND(CONV_SCRATCH), UINT(p->g_at), OPERAND(CONV_DY),
                INT(tiles.first), INT(tiles.count), INT(channels.first), INT(channels.count),
                TILING_ARGS(&p->t));
}

static encnet_status add_filter(const layout *p, int shares, range tiles, range c, range k)
{
    int run = encnet__round_up(encnet__ceil_div(tiles.count, shares), DEPTH);
    encnet__grid grid = {{(size_t)encnet__ceil_div(c.count, p->tile),
                          (size_t)encnet__ceil_div(k.count, p->tile), PLACES * (size_t)shares},
                         {GROUP, 1, 1}};

    return STEP(p->steps, PROGRAM, "conv2d_winograd_tiled_filter", p->options, grid,
                OPERAND(CONV_SCRATCH), UINT(p->m_at), UINT(p->v_at), UINT(p->g_at),
                INT(tiles.count), INT(run), INT(c.count), INT(k.count), INT(tiles.first > 0));
}

static encnet_status add_sums(const layout *p, int shares, range c, range k)
{
    size_t at = (size_t)c.first * (size_t)p->t.k + (size_t)k.first;

    return STEP(p->steps, PROGRAM, "conv2d_winograd_tiled_sums", p->options, grid_of(c, k),
                OPERAND(CONV_OUT), UINT(at), INT(p->t.c * p->t.k), INT(p->t.k),
                OPERAND(CONV_SCRATCH), UINT(p->m_at), INT(shares), INT(c.count), INT(k.count));
}

/* A part of the weights: its sums grow from piece to piece of the tiles. */
static encnet_status add_part(const layout *p, int shares, int piece, range c, range k)
{
    encnet_status rc = ENCNET_OK;

    for (int first = 0; first < p->t.tiles; first += piece) {
        range tiles = range_at(first, piece, p->t.tiles);
        TRY(add_input(p, tiles, c));
        TRY(add_gradient(p, tiles, k));
        TRY(add_filter(p, shares, tiles, c, k));
    }
    TRY(add_sums(p, shares, c, k));
done:
    return rc;
}

/* Scratch: the sums of a part of the weights, of every share, then the tiles of x and of dy. */
static encnet_status plan_filter(encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    layout p = {.steps = &pass->run,
                .t = encnet__winograd_tiling_of(&pass->conv, ENCNET__CONV_FILTER)};
    int c_part = part_of(p.t.c, OUT_PART), k_part = part_of(p.t.k, OUT_PART), shares, piece;
    encnet_status rc = ENCNET_OK;

    p.tile = tile_of(c_part, k_part, most_shares(&p.t), facts);
    p.options = options_of(p.tile);
    shares = shares_of(&p, c_part, k_part, facts);
    p.v_at = planes(c_part, k_part) * (size_t)shares;
    piece = piece_of(p.t.tiles, c_part, k_part, p.v_at);
    p.g_at = p.v_at + planes(piece, c_part);
    pass->scratch_bytes = sizeof(float) * (p.g_at + planes(piece, k_part));
    for (int c = 0; c < p.t.c; c += c_part)
        for (int k = 0; k < p.t.k; k += k_part)
            TRY(add_part(&p, shares, piece, range_at(c, c_part, p.t.c),
                         range_at(k, k_part, p.t.k)));
done:
    return rc;
}

static encnet_status plan(encnet__conv_pass *pass)
{
    return pass->direction == ENCNET__CONV_FILTER ? plan_filter(pass) : plan_sums(pass);
}

/* -- choosing ---------------------------------------------------------------------------------- */

/* The pairs of an output row, or column, and a tap that leads into the input. */
static int64_t taps_inside(int size, int out, const encnet__conv *conv)
{
    int64_t count = 0;

    for (int r = 0; r < conv->r; r++) {
        int64_t from = r * (int64_t)conv->dilation - conv->pad, first = from < 0 ? -from : 0,
                end = size - from < out ? size - from : out;
        if (end > first) count += end - first;
    }
    return count;
}

/* Counts the multiply-adds of products in whose time a card moves what the transforms move, and starts the
 * launches: a float is worth a few tens of them for each place.  The whole has to save a fifth of what
 * `tiled` multiplies, which leaves out most of what is outside the map.  One image is counted, so that
 * an image has the same result in every batch. */
static bool pays(const encnet__conv_pass *pass)
{
    enum { TILE_COST = 48, WEIGHT_COST = 32 };
    const double launches = 1e8;
    const encnet__conv *conv = &pass->conv;
    encnet__winograd_tiling t = encnet__winograd_tiling_of(conv, pass->direction);
    double products = (double)t.c * t.k, tiles = (double)t.tiles / conv->n,
           taps = (double)taps_inside(conv->h, conv->out_h, conv) *
                  (double)taps_inside(conv->w, conv->out_w, conv);
    double tile = products + TILE_COST * ((double)t.c + t.k),
           once = prepares(pass) ? 0 : WEIGHT_COST * products;

    return PLACES * (tiles * tile + once) + launches < 0.8 * taps * products;
}

const encnet__conv_algorithm encnet__conv_winograd_tiled = {
    .refuses = refuses,
    .pays = pays,
    .plan = plan,
    .rounding = 4,
};
