/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_tiled - convolution for GPUs: implicit matrix products whose tiles go through local
 * memory.
 *
 * A group computes a tile of 128 x 128 outputs if there are enough of them for all compute units and
 * few are only computed to fill it, else of 64 x 64.  A GPU of Intel computes the small ones only: the
 * 64 sums of an item of the large tile would be in memory.
 */
#include "ops/conv/engine.h"
#include "ops/conv/map.h"

enum {
    GROUP = 256, /* work-items, as in cl/conv2d_tiled.cl */
    SMALL = 64,
    LARGE = 128,
    LOCAL_BYTES = 2 * 16 * (LARGE + 4) * 4 + LARGE * 16 /* slices and sources of the large tile */
};

/* The kernels count pixels, and offsets within an image, in 32 bits. */
static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int64_t pixels = (int64_t)conv->h * conv->w + (int64_t)conv->out_h * conv->out_w;

    (void)direction;
    if (conv->groups != 1) return "takes groups 1";
    if (facts->max_group < GROUP || facts->local_bytes < LOCAL_BYTES)
        return "takes devices with groups of 256 and 19 KiB of local memory";
    return pixels * conv->n <= INT32_MAX / 2 ? NULL : "takes at most 2^30 pixels";
}

static int choose_tile(int rows, int cols, const encnet__device_facts *facts)
{
    return !facts->few_registers && encnet__conv_large_tile_pays(rows, cols, SMALL, facts) ? LARGE
                                                                                           : SMALL;
}

static const char *options_for(int tile, const encnet__conv *conv)
{
    bool aligned = conv->c % 4 == 0 && conv->k % 4 == 0;

    if (tile == SMALL) return aligned ? "-DPER=4 -DALIGNED=1" : "-DPER=4";
    return aligned ? "-DPER=8 -DALIGNED=1" : "-DPER=8";
}

static encnet_status plan_forward(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    encnet__conv_map map = encnet__conv_forward_map(t);
    int pixels = encnet__conv_map_pixels(&map);
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    int tile = choose_tile(pixels, t->k, facts);
    encnet__grid grid = {
        {(size_t)encnet__ceil_div(pixels, tile), (size_t)encnet__ceil_div(t->k, tile)}, {GROUP, 1}};

    return STEP(&pass->run, "conv2d_tiled", "conv2d_tiled_fwd", options_for(tile, t), grid,
                OPERAND(CONV_OUT), OPERAND(CONV_X), OPERAND(CONV_W), OPERAND(CONV_B),
                OPERAND(CONV_A), INT(t->relu), INT(t->c), INT(t->k), INT(encnet__conv_band(&map)),
                INDEX_MAP_ARGS(&map));
}

static encnet_status plan_data(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet_status rc = ENCNET_OK;

    for (int phase = 0; rc == ENCNET_OK && phase < t->stride * t->stride; phase++) {
        encnet__conv_map map = encnet__conv_data_map(t, phase / t->stride, phase % t->stride);
        int pixels = encnet__conv_map_pixels(&map);
        int tile = choose_tile(pixels, t->c, facts);
        encnet__grid grid = {
            {(size_t)encnet__ceil_div(pixels, tile), (size_t)encnet__ceil_div(t->c, tile)},
            {GROUP, 1}};

        if (pixels == 0) continue;
        rc = STEP(&pass->run, "conv2d_tiled", "conv2d_tiled_data", options_for(tile, t), grid,
                  OPERAND(CONV_OUT), OPERAND(CONV_DY), OPERAND(CONV_W), INT(t->c), INT(t->k),
                  INT(encnet__conv_band(&map)), INDEX_MAP_ARGS(&map));
    }
    return rc;
}

static encnet_status plan_filter(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    encnet__conv_map map = encnet__conv_forward_map(t);
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__conv_split p = encnet__conv_split_filter(t, SMALL, !facts->few_registers, facts);
    encnet__conv_operand dw = p.parts > 1 ? CONV_SCRATCH : CONV_OUT;
    encnet__grid grid = {{(size_t)p.k_tiles, (size_t)p.row_tiles, (size_t)p.parts}, {GROUP, 1, 1}};
    encnet_status rc = ENCNET_OK;

    TRY(STEP(&pass->run, "conv2d_tiled", "conv2d_tiled_filter", options_for(p.tile, t), grid,
             OPERAND(dw), OPERAND(CONV_X), OPERAND(CONV_DY), INT(p.run), INT(t->c), INT(t->k),
             INDEX_MAP_ARGS(&map)));
    if (p.parts > 1) {
        pass->scratch_bytes = sizeof(float) * p.weights * (size_t)p.parts;
        TRY(encnet__conv_add_sum(&pass->run, p.parts, p.weights));
    }
done:
    return rc;
}

static encnet_status plan(encnet__conv_pass *pass)
{
    if (pass->direction == ENCNET__CONV_FORWARD) return plan_forward(pass);
    if (pass->direction == ENCNET__CONV_DATA) return plan_data(pass);
    return plan_filter(pass);
}

const encnet__conv_algorithm encnet__conv_tiled = {.refuses = refuses, .plan = plan};
