/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* regions.c - products between positions and regions. */
#include "ops/regions.h"

#include <math.h>

#include "ops/storage.h"
#include "ops/tiles.h"

enum {
    BLOCK = 64,       /* least positions of one partial sum */
    CPU_BLOCKS = 32,  /* most blocks of an image, which bounds the memory of partial sums */
    GPU_BLOCKS = 256, /* an item waits for memory at each position of its block */
    TILE_K = 4,       /* as in regions.cl */
    TILE_S = 8,
    GPU_TILE_G = 8,
};

/* How the products are divided among work-items. */
typedef struct division {
    encnet__regions_vector vector, gather_vector;
    size_t tile_p;                       /* as in regions.cl */
    size_t dot[2], spread[2], gather[2]; /* groups */
} division;

/* A CPU whose registers hold 8 floats has 16 of them.  dot and spread take one for a vector; gather, which goes from
 * row to row, two, so that a vector is a line. */
static const division *division_of(const encnet_device *dev)
{
    static const division gpu = {{4, "-DVEC=4"}, {4, "-DVEC=4"}, 4, {8, 16}, {16, 8}, {32, 4}};
    static const division wide = {{16, "-DVEC=16"}, {16, "-DVEC=16"}, 4, {8, 8}, {16, 4}, {16, 1}};
    static const division narrow = {{8, "-DVEC=8"}, {16, "-DVEC=16 -DTILE_G=4"}, 3, {8, 8}, {16, 4},
                                    {16, 1}};
    const encnet__device_facts *facts = encnet__device_facts_of(dev);

    if (!facts->is_cpu) return &gpu;
    return facts->vector_floats < 16 ? &narrow : &wide;
}

encnet__regions encnet__regions_of(const encnet_device *dev, encnet__shape x, size_t K)
{
    size_t blocks = dev && encnet__device_facts_of(dev)->is_cpu ? CPU_BLOCKS : GPU_BLOCKS;
    encnet__regions t = {
        .N = (size_t)x.n, .P = (size_t)x.h * (size_t)x.w, .K = K, .D = (size_t)x.c};

    t.block = encnet__divide_up(t.P, blocks);
    if (t.block < BLOCK) t.block = BLOCK;
    t.B = encnet__divide_up(t.P, t.block);
    return t;
}

size_t encnet__regions_map(const encnet__regions *t)
{
    return t->N * t->P * t->K;
}

size_t encnet__regions_parts(const encnet__regions *t)
{
    return encnet__tiles_levels(t->B) * t->N * t->K * t->D;
}

encnet__regions_vector encnet__regions_vector_of(const encnet_device *dev)
{
    return division_of(dev)->vector;
}

/* As many vectors as hold `channels`. */
static size_t vectors(const encnet_device *dev, size_t channels)
{
    return encnet__divide_up(channels, division_of(dev)->vector.width);
}

encnet__grid encnet__regions_rows(const encnet_device *dev, size_t channels, size_t rows)
{
    static const size_t group[2] = {2, 32};

    return encnet__grid_over(vectors(dev, channels), rows, 1, group);
}

static encnet__options options_of(const encnet_device *dev, encnet__region_features features)
{
    static const char *const less_first[] = {[ENCNET__FEATURES] = "",
                                             [ENCNET__REGION_LESS_FIRST] = " -DLESS_FIRST=REGION",
                                             [ENCNET__POSITION_LESS_FIRST] =
                                                 " -DLESS_FIRST=POSITION"};
    encnet__options out;

    encnet__print(out.text, sizeof out.text, "%s%s", encnet__regions_vector_of(dev).options,
                  less_first[features]);
    return out;
}

encnet_status encnet__regions_dot(encnet__region_map a, encnet_device *dev,
                                  const encnet__regions *t, const encnet__tensor *x,
                                  const encnet__tensor *r, encnet__region_features features,
                                  float scale)
{
    const division *by = division_of(dev);
    encnet__grid grid = encnet__grid_over(encnet__divide_up(t->K, TILE_K),
                                          encnet__divide_up(t->P, by->tile_p), t->N, by->dot);

    return LAUNCH(dev, "regions", "regions_dot",
                  encnet__storage(x->type, options_of(dev, features).text).text, grid,
                  BUF(a.buffer), UINT(a.at), BUF(x->buffer), BUF(r->buffer), UINT(t->P), UINT(t->K),
                  UINT(t->D), FLOAT(scale));
}

encnet_status encnet__regions_spread(const encnet__tensor *x, encnet_device *dev,
                                     const encnet__regions *t, encnet__region_map a,
                                     const encnet__tensor *r, encnet__region_features features,
                                     float scale)
{
    return LAUNCH(dev, "regions", "regions_spread",
                  encnet__storage(x->type, options_of(dev, features).text).text,
                  encnet__grid_over(vectors(dev, t->D), encnet__divide_up(t->P, TILE_S), t->N,
                                    division_of(dev)->spread),
                  BUF(x->buffer), BUF(a.buffer), UINT(a.at), BUF(r->buffer), UINT(t->P), UINT(t->K),
                  UINT(t->D), FLOAT(scale));
}

encnet_status encnet__regions_gather(const encnet__tensor *r, encnet_device *dev,
                                     const encnet__regions *t, encnet__region_map a,
                                     const encnet__tensor *x, float scale, encnet__buffer *scratch)
{
    encnet_status rc = ENCNET_OK;
    const division *by = division_of(dev);
    size_t tiles = encnet__device_facts_of(dev)->is_cpu ? 1 : encnet__divide_up(t->K, GPU_TILE_G);

    TRY(LAUNCH(dev, "regions", "regions_gather",
               encnet__storage(x->type, by->gather_vector.options).text,
               encnet__grid_over(encnet__divide_up(t->D, by->gather_vector.width), tiles,
                                 t->N * t->B, by->gather),
               BUF(scratch), BUF(a.buffer), UINT(a.at), BUF(x->buffer), UINT(t->P), UINT(t->K),
               UINT(t->D), UINT(t->B), UINT(t->block)));
    TRY(encnet__tiles_sum(r, dev, scratch, t->N, t->K * t->D, t->B, scale));
done:
    return rc;
}

double encnet__regions_tolerance(const encnet__regions *t, double scale)
{
    double terms = fmax(fmax((double)t->block, (double)t->K), (double)t->D / 4);

    return (12 + sqrt(terms)) * 0x1p-24 * scale;
}
