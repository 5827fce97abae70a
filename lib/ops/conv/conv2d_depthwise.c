/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_depthwise - convolution with one kernel per channel: C = K = groups.
 *
 * Such a convolution moves more bytes than it multiplies numbers, so the plan is about the order in
 * which memory is read: lib/ops/conv2d.md.  The weights [R,S,1,C] serve forward and the gradient of
 * the input as they lie.
 */
#include "ops/conv/engine.h"
#include "ops/conv/map.h"

enum {
    ITEMS_PER_UNIT = 16, /* work-items per compute unit that even out the load */
    GPU_ITEMS = 2048,    /* work-items that keep a compute unit of a GPU busy */
    GPU_GROUP = 64,      /* work-items of a group on GPUs, in neighbouring channels */
    GPU_RUN = 4          /* columns of an item on GPUs: TILE_P of cl/conv2d_depthwise.cl */
};

static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    (void)direction;
    (void)facts;
    return conv->groups > 1 && conv->c == conv->groups && conv->k == conv->groups
               ? NULL
               : "takes one kernel per channel";
}

/* How a launch is divided, with the names of cl/conv2d_depthwise.cl. */
typedef struct division {
    const char *options;
    int span, lanes, group;    /* channels of an item; items for all of them; of a work-group */
    int run, apart_h, apart_w; /* columns of an item; distances of successive rows and columns */
    int rows, runs;            /* of all images; of a row */
} division;

/* The widest vectors that the registers and the channels serve. */
static const char *cpu_options(int channels, const encnet__device_facts *facts)
{
    if (channels < 16) return "-DVEC=4 -DVECTORS=1";
    return facts->vector_floats >= 16 ? "-DVEC=16 -DVECTORS=4" : "-DVEC=8 -DVECTORS=2";
}

/* On CPUs an item takes all channels of a row of pixels, so that memory is read in order; on GPUs a
 * channel of a few pixels. */
static division divide(int channels, const encnet__conv_map *map, const encnet__device_facts *facts)
{
    int apart = (map->h_step < 0 ? -map->h_step : map->h_step) / map->step;
    division d = {.options = "",
                  .span = 1,
                  .lanes = encnet__ceil_div(channels, GPU_GROUP),
                  .group = GPU_GROUP,
                  .run = GPU_RUN};

    if (facts->is_cpu) {
        d.options = cpu_options(channels, facts);
        d.span = channels;
        d.lanes = d.group = 1;
        d.run = 2 * map->cols; /* all */
    }
    d.apart_h = apart < 1 || apart > map->rows / 2 ? 1 : apart;
    d.apart_w = apart < 1 || apart > map->cols / 2 ? 1 : apart;
    d.rows = map->images * encnet__ceil_div(map->rows, d.apart_h) * d.apart_h;
    d.runs = encnet__ceil_div(encnet__ceil_div(map->cols, d.apart_w) * d.apart_w, d.run);
    return d;
}

static encnet__grid grid_of(const division *d, int items)
{
    return (encnet__grid){{(size_t)d->lanes, (size_t)items}, {(size_t)d->group, 1}};
}

/* A sum over one index map. */
static encnet_status follow(encnet__conv_pass *pass, const encnet__conv_map *map,
                            encnet__conv_operand x, bool relu)
{
    int channels = pass->conv.c;
    division d;

    if (encnet__conv_map_pixels(map) == 0) return ENCNET_OK;
    d = divide(channels, map, encnet__device_facts_of(pass->dev));
    return STEP(&pass->run, "conv2d_depthwise", "conv2d_depthwise", d.options,
                grid_of(&d, d.rows * d.runs), OPERAND(CONV_OUT), OPERAND(x), OPERAND(CONV_W),
                OPERAND(CONV_B), OPERAND(CONV_A), INT(relu), INT(channels), INT(d.span), INT(d.run),
                INT(d.apart_h), INT(d.apart_w), INDEX_MAP_ARGS(map));
}

static encnet_status plan_forward(encnet__conv_pass *pass)
{
    encnet__conv_map map = encnet__conv_forward_map(&pass->conv);

    return follow(pass, &map, CONV_X, pass->conv.relu);
}

static encnet_status plan_data(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    encnet_status rc = ENCNET_OK;

    for (int phase = 0; rc == ENCNET_OK && phase < t->stride * t->stride; phase++) {
        encnet__conv_map map = encnet__conv_data_map(t, phase / t->stride, phase % t->stride);

        rc = follow(pass, &map, CONV_DY, false);
    }
    return rc;
}

/* The rows are divided into parts, whose sums are added in order, until there are enough items. */
static encnet_status plan_filter(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__conv_map map = encnet__conv_forward_map(t);
    division d = divide(t->c, &map, facts);
    int64_t items = (int64_t)d.lanes * d.group;
    int64_t wanted = (int64_t)(facts->is_cpu ? ITEMS_PER_UNIT : GPU_ITEMS) * facts->units;
    int parts = (int)((wanted + items - 1) / items), run;
    size_t weights = (size_t)t->r * (size_t)t->s * (size_t)t->c;
    encnet_status rc = ENCNET_OK;

    run = encnet__ceil_div(d.rows, parts < d.rows ? parts : d.rows);
    parts = encnet__ceil_div(d.rows, run);
    TRY(STEP(&pass->run, "conv2d_depthwise", "conv2d_depthwise_filter", d.options,
             grid_of(&d, parts), OPERAND(parts > 1 ? CONV_SCRATCH : CONV_OUT), OPERAND(CONV_X),
             OPERAND(CONV_DY), INT(t->c), INT(d.span), INT(run), INT(d.apart_h), INT(d.apart_w),
             INDEX_MAP_ARGS(&map)));
    if (parts > 1) {
        pass->scratch_bytes = sizeof(float) * weights * (size_t)parts;
        TRY(encnet__conv_add_sum(&pass->run, parts, weights));
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

const encnet__conv_algorithm encnet__conv_depthwise = {.refuses = refuses, .plan = plan};
