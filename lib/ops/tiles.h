/*
 * tiles.h - how ops over rows of channels are spread over a device; the host's side of
 * cl/vector.clh and cl/tiles.clh.
 */
#ifndef ENCNET__TILES_H
#define ENCNET__TILES_H
#include "ops/ops.h"

typedef struct encnet__tiles {
    int width;           /* VEC: floats of a vector */
    size_t chunk;        /* rows of a work-item */
    size_t chunks;       /* that cover all rows */
    encnet__grid grid;   /* one work-item per tile and chunk */
    const char *options; /* -DVEC=... -DTILE=... */
} encnet__tiles;

/* A pass that leaves one partial result per chunk: few, but enough to keep the device busy. */
encnet__tiles encnet__tiles_reduce(const encnet_device *dev, size_t rows, size_t channels);
/* A pass that writes each element. */
encnet__tiles encnet__tiles_map(const encnet_device *dev, size_t rows, size_t channels);

/* Work-items that take one vector of channels each, `count` vectors in all. */
encnet__grid encnet__tiles_vectors(const encnet_device *dev, size_t count);

/* Partial results are merged ENCNET__FAN at a time, level by level, until that many or fewer are
 * left. */
enum { ENCNET__FAN = 16 };
/* Parts of all levels, the first included: what scratch must hold. */
size_t encnet__tiles_levels(size_t parts);
/* Sums parts [images][*parts][width] that lie at the float *from of `scratch` until at most
 * ENCNET__FAN are left, and says where they are then and how many. */
encnet_status encnet__tiles_merge(encnet_device *dev, encnet__buffer *scratch, size_t images,
                                  size_t width, size_t *from, size_t *parts) ENCNET_MUST_CHECK;
/* out [images][width] = scale * the sum of all parts, which lie at the front of `scratch`. */
encnet_status encnet__tiles_sum(const encnet__tensor *out, encnet_device *dev,
                                encnet__buffer *scratch, size_t images, size_t width, size_t parts,
                                float scale) ENCNET_MUST_CHECK;

/* The widest vector not above `channels`, which need not divide it; options -DVEC=..., on a CPU
 * also -DTILE=.... */
typedef struct encnet__width {
    int width;
    const char *options;
} encnet__width;
encnet__width encnet__width_within(const encnet_device *dev, size_t channels);
/* ... that divides `channels`. */
encnet__width encnet__width_dividing(const encnet_device *dev, size_t channels);
#endif
