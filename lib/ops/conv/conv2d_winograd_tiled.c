/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_tiled - 3x3 convolutions of stride 1 on GPUs through Winograd's F(4x4,3x3) and, for
 * the gradient of the weights, F(3x3,4x4): 36 multiplications in the place of 144.  With tiles of 2x2
 * outputs, F(2x2,3x3) and F(3x3,2x2), it is conv2d_winograd_tiled_2x2: 16 in the place of 36.
 *
 * Weights, tiles of the input, 36 or 16 matrix products and the transform of their sums are launches
 * of their own, and what lies between them is in scratch.  So that scratch stays bounded, channels are
 * taken in parts and tiles in pieces.  lib/ops/conv2d.md has the derivation and the figures.
 */
#include "ops/conv/map.h"
#include "ops/conv/winograd.h"

#include <math.h>

#define PROGRAM "conv2d_winograd_tiled"

enum {
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

/* Floats of the planes of `rows` x `cols`, one for each place; a row ends at a multiple of four. */
static size_t planes(const encnet__winograd_tiling *t, int rows, int cols)
{
    return (size_t)t->places * (size_t)rows * (size_t)encnet__round_up(cols, 4);
}

const char *encnet__winograd_tiled_refuses(const encnet__conv *conv,
                                           encnet__conv_direction direction,
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
static int piece_of(const encnet__winograd_tiling *t, int a, int b, size_t floats)
{
    size_t room = SCRATCH_BYTES / sizeof(float), left = room > floats ? room - floats : 0;
    int most = (int)(left / planes(t, 1, a + b)) / LARGE * LARGE, pieces;

    if (most < LARGE) most = LARGE;
    pieces = encnet__ceil_div(t->tiles, most);
    return encnet__least(encnet__round_up(encnet__ceil_div(t->tiles, pieces), LARGE), t->tiles);
}

/* The large tile where it gives every compute unit a group, each of the places being divided into at most
 * `shares`, and computes at most a quarter more that is only there to fill a tile. */
static int tile_of(const encnet__winograd_tiling *t, int rows, int cols, int shares,
                   const encnet__device_facts *facts)
{
    int64_t small = encnet__conv_tiles(rows, cols, SMALL),
            large = encnet__conv_tiles(rows, cols, LARGE);

    return !facts->few_registers && 16 * large <= 5 * small &&
                   t->places * shares * large >= facts->units
               ? LARGE
               : SMALL;
}

static const char *options_of(const encnet__winograd_tiling *t, int tile)
{
    if (t->outputs == 2) return tile == LARGE ? "-DPER=8 -DOUTPUTS=2" : "-DPER=4 -DOUTPUTS=2";
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
                          (size_t)encnet__ceil_div(outs.count, p->tile), (size_t)p->t.places},
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

/* Whether the transformed weights are kept for inference: what they take, 4 or 1.8 times the space, has
 * to be little. */
static bool prepares(const encnet__conv_pass *pass, const encnet__winograd_tiling *t)
{
    return pass->prepares && sizeof(float) * planes(t, t->c, t->k) <= PREPARED_BYTES;
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
static encnet_status plan_sums(encnet__conv_pass *pass, int outputs)
{
    layout p = {.steps = &pass->run,
                .t = encnet__winograd_tiling_of(&pass->conv, pass->direction, outputs),
                .data = pass->direction == ENCNET__CONV_DATA};
    int term_part = part_of(p.t.c, TERM_PART), out_part = part_of(p.t.k, OUT_PART);
    int parts = encnet__ceil_div(p.t.c, term_part) * encnet__ceil_div(p.t.k, out_part), piece;
    size_t u = p.data ? planes(&p.t, out_part, term_part) : planes(&p.t, term_part, out_part);
    encnet__conv_steps *weights;
    encnet_status rc = ENCNET_OK;

    pass->prepares = prepares(pass, &p.t);
    piece = piece_of(&p.t, term_part, out_part, pass->prepares ? 0 : u);
    p.tile = tile_of(&p.t, piece, out_part, 1, encnet__device_facts_of(pass->dev));
    p.options = options_of(&p.t, p.tile);
    weights =
        encnet__conv_weights(pass, &p.u, sizeof(float) * u * (size_t)(pass->prepares ? parts : 1));
    p.v_at = pass->scratch_bytes / sizeof(float);
    p.m_at = p.v_at + planes(&p.t, piece, term_part);
    pass->scratch_bytes = sizeof(float) * (p.m_at + planes(&p.t, piece, out_part));
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
    int64_t groups = p->t.places * encnet__conv_tiles(c_part, k_part, p->tile);
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
                          (size_t)encnet__ceil_div(k.count, p->tile),
                          (size_t)(p->t.places * shares)},
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
static encnet_status plan_filter(encnet__conv_pass *pass, int outputs)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    layout p = {.steps = &pass->run,
                .t = encnet__winograd_tiling_of(&pass->conv, ENCNET__CONV_FILTER, outputs)};
    int c_part = part_of(p.t.c, OUT_PART), k_part = part_of(p.t.k, OUT_PART), shares, piece;
    encnet_status rc = ENCNET_OK;

    p.tile = tile_of(&p.t, c_part, k_part, most_shares(&p.t), facts);
    p.options = options_of(&p.t, p.tile);
    shares = shares_of(&p, c_part, k_part, facts);
    p.v_at = planes(&p.t, c_part, k_part) * (size_t)shares;
    piece = piece_of(&p.t, c_part, k_part, p.v_at);
    p.g_at = p.v_at + planes(&p.t, piece, c_part);
    pass->scratch_bytes = sizeof(float) * (p.g_at + planes(&p.t, piece, k_part));
    for (int c = 0; c < p.t.c; c += c_part)
        for (int k = 0; k < p.t.k; k += k_part)
            TRY(add_part(&p, shares, piece, range_at(c, c_part, p.t.c),
                         range_at(k, k_part, p.t.k)));
done:
    return rc;
}

encnet_status encnet__winograd_tiled_plan(encnet__conv_pass *pass, int outputs)
{
    return pass->direction == ENCNET__CONV_FILTER ? plan_filter(pass, outputs)
                                                  : plan_sums(pass, outputs);
}

static encnet_status plan(encnet__conv_pass *pass)
{
    return encnet__winograd_tiled_plan(pass, ENCNET__WINOGRAD_OUTPUTS);
}

/* -- choosing ---------------------------------------------------------------------------------- */

/* The pairs of an output row, or column, and a tap.  A tap counts for `run` successive ones together, and
 * only if it leads one of them into the input. */
static int64_t taps_inside(int size, int out, int run, const encnet__conv *conv)
{
    int64_t count = 0;

    for (int r = 0; r < conv->r; r++) {
        int64_t from = r * (int64_t)conv->dilation - conv->pad, first = from < 0 ? -from : 0,
                end = size - from < out ? size - from : out;
        if (end <= first) continue;
        end = (end + run - 1) / run * run;
        count += (end < out ? end : out) - first / run * run;
    }
    return count;
}

/* The pass for one image. */
static encnet__conv_pass one_image(const encnet__conv_pass *pass)
{
    encnet__conv_pass one = *pass;

    one.conv.n = 1;
    return one;
}

/* The cost of one image with tiles of outputs x outputs pixels, in multiply-adds for each pair of an input
 * and an output channel: those of the products, and those in whose time a card moves what the
 * transforms of tiles and of weights that are not prepared move. */
typedef struct cost {
    double products, tiles, weights;
} cost;

static cost cost_of(const encnet__conv_pass *one, int outputs)
{
    const double tile_float = 33, weight_float = 26, taps = 9;
    encnet__winograd_tiling t = encnet__winograd_tiling_of(&one->conv, one->direction, outputs);
    double places = t.places, pixels = (double)outputs * outputs, channels = 1.0 / t.c + 1.0 / t.k;

    return (cost){.products = t.tiles * places,
                  .tiles = t.tiles * (places + pixels) * tile_float * channels,
                  .weights = prepares(one, &t) ? 0 : (places + taps) * weight_float};
}

static double total(cost c)
{
    return c.products + c.tiles + c.weights;
}

/* How many times as long the products take because one image has few groups. */
static double idle_of(const encnet__conv_pass *one, int outputs)
{
    const encnet__device_facts *facts = encnet__device_facts_of(one->dev);
    encnet__winograd_tiling t = encnet__winograd_tiling_of(&one->conv, one->direction, outputs);
    bool filter = one->direction == ENCNET__CONV_FILTER;
    int rows = filter ? part_of(t.c, OUT_PART) : t.tiles, cols = part_of(t.k, OUT_PART);
    layout p = {.t = t, .tile = tile_of(&t, rows, cols, filter ? most_shares(&t) : 1, facts)};
    int shares = filter ? shares_of(&p, rows, cols, facts) : 1;

    return encnet__conv_idle(t.places * shares * encnet__conv_tiles(rows, cols, p.tile),
                             p.tile == LARGE, facts);
}

/* What `tiled` multiplies, in the same unit: for every tile of its pixels the taps that do not lead the
 * rectangle around it outside the map. */
static double direct_cost_of(const encnet__conv *conv)
{
    encnet__conv_map map = encnet__conv_forward_map(conv);
    int band = encnet__conv_band(&map);

    return (double)taps_inside(conv->h, conv->out_h, encnet__ceil_div(SMALL, band), conv) *
           (double)taps_inside(conv->w, conv->out_w, band, conv);
}

/* How many times as long that takes because one image has few groups; dw divides its pixels. */
static double direct_idle_of(const encnet__conv_pass *one)
{
    const encnet__device_facts *facts = encnet__device_facts_of(one->dev);
    const encnet__conv *conv = &one->conv;
    bool data = one->direction == ENCNET__CONV_DATA;
    int pixels = data ? conv->h * conv->w : conv->out_h * conv->out_w,
        cols = data ? conv->c : conv->k;
    bool large = !facts->few_registers && encnet__conv_large_tile_pays(pixels, cols, SMALL, facts);
    encnet__conv_split split;

    if (one->direction != ENCNET__CONV_FILTER)
        return encnet__conv_idle(encnet__conv_tiles(pixels, cols, large ? LARGE : SMALL), large,
                                 facts);
    split = encnet__conv_split_filter(conv, SMALL, !facts->few_registers, facts);
    return encnet__conv_idle((int64_t)split.row_tiles * split.k_tiles * split.parts,
                             split.tile == LARGE, facts);
}

/* Whether a tile of this kind costs less than the other.  A group of the products has 64 tiles, so that
 * fewer cost as much; half of them count, as a batch fills them from two images on.  dw has channels
 * there. */
static bool is_cheaper(const encnet__conv_pass *one, int outputs)
{
    bool filter = one->direction == ENCNET__CONV_FILTER;
    double costs[2];

    for (int i = 0; i < 2; i++) {
        int o = i ? outputs == 2 ? 4 : 2 : outputs;
        cost c = cost_of(one, o);
        costs[i] = total(c) + (filter ? 0 : fmax(0, SMALL / 2 * (o + 2.0) * (o + 2) - c.products));
    }
    return outputs == 2 ? costs[0] < costs[1] : costs[0] <= costs[1];
}

/* Whether a tile of this kind is the cheaper one and, three more launches included, saves a fifth of the time
 * of `tiled`; and takes no more in a large batch, where neither has too few groups.  One image is
 * counted, so that an image has the same result in every batch. */
bool encnet__winograd_tiled_pays(const encnet__conv_pass *pass, int outputs)
{
    const double launches = 1e8 / ((double)pass->conv.c * pass->conv.k);
    encnet__conv_pass one = one_image(pass);
    double direct = direct_cost_of(&one.conv);
    cost c = cost_of(&one, outputs);
    bool pays_in_a_batch = c.products + c.tiles < direct;

    c.products *= idle_of(&one, outputs);
    return pays_in_a_batch && is_cheaper(&one, outputs) &&
           total(c) + launches < 0.8 * direct * direct_idle_of(&one);
}

static bool pays(const encnet__conv_pass *pass)
{
    return encnet__winograd_tiled_pays(pass, ENCNET__WINOGRAD_OUTPUTS);
}

const encnet__conv_algorithm encnet__conv_winograd_tiled = {
    .refuses = encnet__winograd_tiled_refuses,
    .pays = pays,
    .plan = plan,
    .rounding = 4,
};
