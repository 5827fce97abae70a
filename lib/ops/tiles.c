/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* tiles.c - distributes operators over rows of channels to the work-items of a device. */
#include "ops/tiles.h"

#include "ops/storage.h"

/* One row per device class. */
typedef struct device_class {
    int widest;            /* VEC */
    size_t tile;           /* vectors of a tile */
    size_t group;          /* work-items of a group */
    size_t lanes;          /* of the items that merge the last parts of a column; LANES */
    size_t items_per_unit; /* work-items that keep a compute unit busy */
    size_t reduce_rows[2]; /* least and most rows of a chunk */
    size_t map_rows[2];
} device_class;

/* On a CPU a work-item processes enough memory for a task of its own; on a GPU it is a thread. */
static const device_class cpu_class = {16, 128, 1, 1, 8, {32, 1024}, {4, 1024}};
static const device_class gpu_class = {1, 1, 128, 16, 1024, {16, 128}, {1, 16}};

static const device_class *class_of(const encnet_device *dev)
{
    return encnet__device_facts_of(dev)->is_cpu ? &cpu_class : &gpu_class;
}

static encnet__width width_of(const encnet_device *dev, int width)
{
    bool is_cpu = encnet__device_facts_of(dev)->is_cpu;

    switch (width) {
    case 16:
        return (encnet__width){16, "-DVEC=16 -DTILE=128"};
    case 8:
        return (encnet__width){8, "-DVEC=8 -DTILE=128"};
    case 4:
        return (encnet__width){4, "-DVEC=4 -DTILE=128"};
    case 2:
        return (encnet__width){2, "-DVEC=2 -DTILE=128"};
    default:
        return (encnet__width){1, is_cpu ? "-DVEC=1 -DTILE=128" : "-DVEC=1 -DTILE=1"};
    }
}

encnet__width encnet__width_within(const encnet_device *dev, size_t channels)
{
    int width = class_of(dev)->widest;

    while ((size_t)width > channels) width /= 2;
    return width_of(dev, width);
}

encnet__width encnet__width_dividing(const encnet_device *dev, size_t channels)
{
    int width = class_of(dev)->widest;

    while (channels % (size_t)width) width /= 2;
    return width_of(dev, width);
}

size_t encnet__width_vectors(encnet__width width, size_t count)
{
    return (count + (size_t)width.width - 1) / (size_t)width.width;
}

/* For tiles: the widest vector where one tile holds all channels, as vectors of a tile may overlap. */
static encnet__width width_of_tile(const encnet_device *dev, size_t channels)
{
    const device_class *class = class_of(dev);

    return channels <= class->tile * (size_t) class->widest ? encnet__width_within(dev, channels)
                                                            : encnet__width_dividing(dev, channels);
}

static size_t clamp(size_t x, const size_t range[2])
{
    return x < range[0] ? range[0] : x > range[1] ? range[1] : x;
}

static encnet__tiles tiles_of(const encnet_device *dev, size_t rows, size_t channels,
                              const size_t range[2])
{
    const device_class *class = class_of(dev);
    encnet__width width = width_of_tile(dev, channels);
    size_t tile = class->tile * (size_t)width.width, tiles = (channels + tile - 1) / tile;
    size_t items = class->items_per_unit * (size_t)encnet__device_facts_of(dev)->units;
    encnet__tiles t = {.options = width.options};

    t.chunk = clamp(rows * tiles / items, range);
    t.chunks = (rows + t.chunk - 1) / t.chunk;
    t.grid = GRID1(tiles * t.chunks, class->group);
    return t;
}

encnet__tiles encnet__tiles_reduce(const encnet_device *dev, size_t rows, size_t channels)
{
    return tiles_of(dev, rows, channels, class_of(dev)->reduce_rows);
}

encnet__tiles encnet__tiles_map(const encnet_device *dev, size_t rows, size_t channels)
{
    return tiles_of(dev, rows, channels, class_of(dev)->map_rows);
}

encnet__grid encnet__tiles_vectors(const encnet_device *dev, size_t count)
{
    return GRID1(count, class_of(dev)->group);
}

encnet__last encnet__tiles_last(const encnet_device *dev, encnet__width width, size_t columns)
{
    const device_class *class = class_of(dev);
    bool alone = class->lanes == 1;

    return (encnet__last){ENCNET__FAN * class->lanes, GRID1(columns * class->lanes, class->group),
                          alone ? width.options : "-DVEC=1 -DTILE=1 -DLANES=16"};
}

size_t encnet__tiles_levels(size_t parts)
{
    size_t all = parts;

    for (; parts > ENCNET__FAN; all += parts) parts = (parts + ENCNET__FAN - 1) / ENCNET__FAN;
    return all;
}

encnet_status encnet__tiles_merge(encnet_device *dev, encnet__buffer *scratch, size_t images,
                                  size_t width, size_t most, size_t *from, size_t *parts)
{
    encnet_status rc = ENCNET_OK;
    encnet__width vec = encnet__width_dividing(dev, width);

    while (*parts > most) {
        size_t to = *from + images * *parts * width,
               merged = (*parts + ENCNET__FAN - 1) / ENCNET__FAN;
        TRY(LAUNCH(dev, "tiles", "tiles_merge", vec.options,
                   encnet__tiles_vectors(dev, images * merged * width / (size_t)vec.width),
                   BUF(scratch), UINT(to), UINT(*from), UINT(images), UINT(*parts),
                   UINT(ENCNET__FAN), UINT(width)));
        *from = to;
        *parts = merged;
    }
done:
    return rc;
}

encnet_status encnet__tiles_sum(const encnet__tensor *out, encnet_device *dev,
                                encnet__buffer *scratch, size_t images, size_t width, size_t parts,
                                float scale)
{
    encnet_status rc;
    encnet__width vec = encnet__width_dividing(dev, width);
    encnet__last last = encnet__tiles_last(dev, vec, images * width / (size_t)vec.width);
    size_t from = 0;

    TRY(encnet__tiles_merge(dev, scratch, images, width, last.most, &from, &parts));
    TRY(LAUNCH(dev, "tiles", "tiles_sum", encnet__storage(out->type, last.options).text, last.grid,
               BUF(out->buffer), BUF(scratch), UINT(from), UINT(images), UINT(parts), UINT(width),
               FLOAT(scale)));
done:
    return rc;
}
