/*
 * tiles.h - how ops over rows of channels are spread over a device; the host's side of
 * cl/vector.clh and cl/tiles.clh.
 */
#ifndef ENCNET__TILES_H
#define ENCNET__TILES_H
#include "device/device.h"

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
