/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_grouped - convolution in groups, for any number of channels of a group.
 *
 * Forward and the gradient of the input share one kernel, which follows an index map (map.h).
 */
#include "ops/conv/engine.h"
#include "ops/conv/map.h"
#include "ops/tiles.h"

enum {
    GPU_GROUP = 64, /* work-items of a group on GPUs, in neighbouring vectors of outputs */
    TILE_P = 4,     /* of cl/conv2d_grouped.cl */
    TILE_C = 4,
    TURN_GROUP = 64,     /* channels turned by a group */
    ITEMS_PER_UNIT = 16, /* work-items per compute unit of a CPU that even out the load */
    GPU_ITEMS = 2048     /* work-items that keep a compute unit of a GPU busy */
};

static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    (void)direction;
    (void)facts;
    return conv->groups > 1 ? NULL : "takes several groups";
}

static size_t weight_count(const encnet__conv *t)
{
    return (size_t)t->r * (size_t)t->s * (size_t)(t->c / t->groups) * (size_t)t->k;
}

/* The work-items of an axis of vectors of outputs. */
static encnet__grid vectors(const encnet_device *dev, int outputs, int width)
{
    int group = encnet__device_facts_of(dev)->is_cpu ? 1 : GPU_GROUP;

    return (encnet__grid){{(size_t)encnet__ceil_div(outputs / width, group)},
                          {(size_t)group, 1, 1}};
}

/* A sum over one index map, from `in` channels to `out`. */
static encnet_status follow(encnet__conv_pass *pass, const encnet__conv_map *map,
                            encnet__conv_operand x, encnet__conv_operand w, int in, int out)
{
    int groups = pass->conv.groups;
    encnet__width vec = encnet__width_dividing(pass->dev, (size_t)(out / groups));
    encnet__grid grid = vectors(pass->dev, out, vec.width);
    int run = encnet__device_facts_of(pass->dev)->is_cpu ? map->cols : TILE_P;

    if (encnet__conv_map_pixels(map) == 0) return ENCNET_OK;
    grid.groups[1] = (size_t)map->rows * (size_t)encnet__ceil_div(map->cols, run);
    grid.groups[2] = (size_t)map->images;
    return STEP(&pass->run, "conv2d_grouped", "conv2d_grouped", vec.options, grid,
                OPERAND(CONV_OUT), OPERAND(x), OPERAND(w), OPERAND(CONV_B), OPERAND(CONV_A),
                INT(pass->direction == ENCNET__CONV_FORWARD && pass->conv.relu), INT(in), INT(out),
                INT(groups), INT(run), INDEX_MAP_ARGS(map));
}

static encnet_status plan_forward(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    encnet__conv_map map = encnet__conv_forward_map(t);

    return follow(pass, &map, CONV_X, CONV_W, t->c, t->k);
}

static encnet_status plan_data(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    int taps = t->r * t->s;
    encnet__grid grid = {
        {(size_t)encnet__ceil_div(t->c, TURN_GROUP), (size_t)taps * (size_t)(t->k / t->groups)},
        {TURN_GROUP, 1}};
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes = sizeof(float) * weight_count(t);
    TRY(STEP(&pass->run, "conv2d_grouped", "conv2d_grouped_turn", "", grid, OPERAND(CONV_SCRATCH),
             OPERAND(CONV_W), INT(taps), INT(t->c), INT(t->k), INT(t->groups)));
    for (int phase = 0; phase < t->stride * t->stride; phase++) {
        encnet__conv_map map = encnet__conv_data_map(t, phase / t->stride, phase % t->stride);

        TRY(follow(pass, &map, CONV_DY, CONV_SCRATCH, t->k, t->c));
    }
done:
    return rc;
}

/* The rows are divided into parts, whose sums are added in order, until there are enough items. */
static encnet_status plan_filter(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__conv_map map = encnet__conv_forward_map(t);
    encnet__width vec = encnet__width_dividing(pass->dev, (size_t)(t->k / t->groups));
    encnet__grid grid = vectors(pass->dev, t->k, vec.width);
    int rows = t->n * t->out_h, parts, run;
    int64_t wanted = (int64_t)(facts->is_cpu ? ITEMS_PER_UNIT : GPU_ITEMS) * facts->units, items;
    encnet_status rc = ENCNET_OK;

    grid.groups[1] = (size_t)(t->r * t->s) * (size_t)encnet__ceil_div(t->c / t->groups, TILE_C);
    items = (int64_t)(t->k / vec.width) * (int64_t)grid.groups[1];
    parts = (int)((wanted + items - 1) / items);
    run = encnet__ceil_div(rows, parts < rows ? parts : rows);
    parts = encnet__ceil_div(rows, run);
    grid.groups[2] = (size_t)parts;
    TRY(STEP(&pass->run, "conv2d_grouped", "conv2d_grouped_filter", vec.options, grid,
             OPERAND(parts > 1 ? CONV_SCRATCH : CONV_OUT), OPERAND(CONV_X), OPERAND(CONV_DY),
             INT(t->c), INT(t->k), INT(t->groups), INT(run), INDEX_MAP_ARGS(&map)));
    if (parts > 1) {
        pass->scratch_bytes = sizeof(float) * weight_count(t) * (size_t)parts;
        TRY(encnet__conv_add_sum(&pass->run, parts, weight_count(t)));
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

const encnet__conv_algorithm encnet__conv_grouped = {.refuses = refuses, .plan = plan};
