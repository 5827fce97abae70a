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
    TILE_P = 4,       /* as in regions.cl */
    TILE_K = 4,
    TILE_S = 8,
    TILE_G = 8,
};

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

/* A vector of 16 is two registers where they hold 8, and the tile of sums no longer fits. */
encnet__regions_vector encnet__regions_vector_of(const encnet_device *dev)
{
    const encnet__device_facts *facts = encnet__device_facts_of(dev);

    if (!facts->is_cpu) return (encnet__regions_vector){4, "-DVEC=4"};
    if (facts->vector_floats < 16) return (encnet__regions_vector){8, "-DVEC=8"};
    return (encnet__regions_vector){16, "-DVEC=16"};
}

/* Groups of the products, as in regions.cl. */
typedef struct groups {
    size_t dot[2], spread[2], gather[2];
} groups;

static const groups *groups_of(const encnet_device *dev)
{
    static const groups cpu = {{8, 8}, {16, 4}, {16, 4}}, gpu = {{8, 16}, {16, 8}, {32, 4}};

    return encnet__device_facts_of(dev)->is_cpu ? &cpu : &gpu;
}

/* As many vectors as hold `channels`. */
static size_t vectors(const encnet_device *dev, size_t channels)
{
    return encnet__divide_up(channels, encnet__regions_vector_of(dev).width);
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
    encnet__grid grid =
        encnet__grid_over(encnet__divide_up(t->K, TILE_K), encnet__divide_up(t->P, TILE_P), t->N,
                          groups_of(dev)->dot);

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
                                    groups_of(dev)->spread),
                  BUF(x->buffer), BUF(a.buffer), UINT(a.at), BUF(r->buffer), UINT(t->P), UINT(t->K),
                  UINT(t->D), FLOAT(scale));
}

encnet_status encnet__regions_gather(const encnet__tensor *r, encnet_device *dev,
                                     const encnet__regions *t, encnet__region_map a,
                                     const encnet__tensor *x, float scale, encnet__buffer *scratch)
{
    encnet_status rc = ENCNET_OK;

    TRY(LAUNCH(dev, "regions", "regions_gather",
               encnet__storage(x->type, encnet__regions_vector_of(dev).options).text,
               encnet__grid_over(vectors(dev, t->D), encnet__divide_up(t->K, TILE_G), t->N * t->B,
                                 groups_of(dev)->gather),
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
