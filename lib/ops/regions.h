/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * regions.h - products between positions and regions, for operators that relate the two; the host
 * side of cl/regions.cl.
 *
 *   x [N,P,D]  features of positions        r [N,K,D]  features of regions
 *   a [N,P,K]  a map of floats that relates positions to regions, in scratch or saved memory
 *
 * Each product contracts one of the axes P, K and D.  No tensor has more elements than its operands,
 * except for the partial sums over blocks of positions.
 */
#ifndef ENCNET__REGIONS_H
#define ENCNET__REGIONS_H
#include "ops/ops.h"

typedef struct encnet__regions {
    size_t N, P, K, D;
    size_t block; /* positions of one partial sum */
    size_t B;     /* blocks of an image */
} encnet__regions;

/* x is [N,H,W,D], P = H W.  Without a device: the most blocks that there may be. */
encnet__regions encnet__regions_of(const encnet_device *dev, encnet__shape x, size_t K);

size_t encnet__regions_map(const encnet__regions *t);   /* floats of a map [N,P,K] */
size_t encnet__regions_parts(const encnet__regions *t); /* floats that gather() uses */

/* A map at an offset, in floats, of a buffer. */
typedef struct encnet__region_map {
    encnet__buffer *buffer;
    size_t at;
} encnet__region_map;

/* What products take of features: the features, or what those of a region, or of a position, are more than
 * those of the image's first.  Where a constant changes nothing, as in a softmax over regions or
 * positions, the difference loses less to rounding. */
typedef enum encnet__region_features {
    ENCNET__FEATURES,
    ENCNET__REGION_LESS_FIRST,
    ENCNET__POSITION_LESS_FIRST /* dot */
} encnet__region_features;

/* Computes a[n,p,k] = scale sum_d x[n,p,d] r[n,k,d]. */
encnet_status encnet__regions_dot(encnet__region_map a, encnet_device *dev,
                                  const encnet__regions *t, const encnet__tensor *x,
                                  const encnet__tensor *r, encnet__region_features features,
                                  float scale) ENCNET_MUST_CHECK;
/* Computes x[n,p,d] = scale sum_k a[n,p,k] r[n,k,d]. */
encnet_status encnet__regions_spread(const encnet__tensor *x, encnet_device *dev,
                                     const encnet__regions *t, encnet__region_map a,
                                     const encnet__tensor *r, encnet__region_features features,
                                     float scale) ENCNET_MUST_CHECK;
/* Computes r[n,k,d] = scale sum_p a[n,p,k] x[n,p,d], with partial sums at the front of `scratch`. */
encnet_status encnet__regions_gather(const encnet__tensor *r, encnet_device *dev,
                                     const encnet__regions *t, encnet__region_map a,
                                     const encnet__tensor *x, float scale,
                                     encnet__buffer *scratch) ENCNET_MUST_CHECK;

/* The tolerance of an operator whose map is a softmax and whose results have this `scale`: its sums are
 * over a block, over K or over D, and the errors of their terms are independent; a few roundings are
 * those of a share, whose exponent is of the size of 4. */
double encnet__regions_tolerance(const encnet__regions *t, double scale);

/* The vector of kernels over regions: floats, and the option of the program. */
typedef struct encnet__regions_vector {
    size_t width;
    const char *options;
} encnet__regions_vector;
encnet__regions_vector encnet__regions_vector_of(const encnet_device *dev);
/* Covers vectors of `channels` in the first axis and `rows` in the second. */
encnet__grid encnet__regions_rows(const encnet_device *dev, size_t channels, size_t rows);

#endif
