/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tiles.h - distributes operators over rows of channels to the work-items of a device; the host
 * side of cl/vector.clh and cl/tiles.clh.
 */
#ifndef ENCNET__TILES_H
#define ENCNET__TILES_H
#include "ops/ops.h"

typedef struct encnet__tiles {
    size_t chunk;        /* rows of a work-item */
    size_t chunks;       /* chunks that cover all rows */
    encnet__grid grid;   /* one work-item per tile and chunk */
    const char *options; /* -DVEC=... -DTILE=... */
} encnet__tiles;

/* For a pass with one partial result per chunk: few chunks, but enough to keep the device busy. */
encnet__tiles encnet__tiles_reduce(const encnet_device *dev, size_t rows, size_t channels);
/* For a pass that writes each element. */
encnet__tiles encnet__tiles_map(const encnet_device *dev, size_t rows, size_t channels);

/* One work-item per vector of channels, `count` vectors in all. */
encnet__grid encnet__tiles_vectors(const encnet_device *dev, size_t count);

/* Chooses the widest vector up to `channels`, which it need not divide.  The options are -DVEC=...,
 * and on a CPU also -DTILE=.... */
typedef struct encnet__width {
    int width;
    const char *options;
} encnet__width;
encnet__width encnet__width_within(const encnet_device *dev, size_t channels);
/* Chooses the widest vector that divides `channels`. */
encnet__width encnet__width_dividing(const encnet_device *dev, size_t channels);
/* How many vectors hold `count` elements. */
size_t encnet__width_vectors(encnet__width width, size_t count);

/* Partial results are merged ENCNET__FAN at a time, level by level, until a last launch can merge those that
 * are left; cl/lanes.clh is its other side. */
enum { ENCNET__FAN = 16 };
typedef struct encnet__last {
    size_t most;         /* parts that it merges */
    encnet__grid grid;   /* for the columns, a vector each */
    const char *options; /* as those of `width`, and -DLANES=... */
} encnet__last;
encnet__last encnet__tiles_last(const encnet_device *dev, encnet__width width, size_t columns);
/* The number of parts of all levels, including the first; scratch must hold them. */
size_t encnet__tiles_levels(size_t parts);
/* Sums the parts [images][*parts][width] at float *from of `scratch` until at most `most` are left; updates
 * their place and number. */
encnet_status encnet__tiles_merge(encnet_device *dev, encnet__buffer *scratch, size_t images,
                                  size_t width, size_t most, size_t *from,
                                  size_t *parts) ENCNET_MUST_CHECK;
/* Computes out [images][width] = scale * the sum of all parts, which are at the front of
 * `scratch`. */
encnet_status encnet__tiles_sum(const encnet__tensor *out, encnet_device *dev,
                                encnet__buffer *scratch, size_t images, size_t width, size_t parts,
                                float scale) ENCNET_MUST_CHECK;

#endif
