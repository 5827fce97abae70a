/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* batch_norm.h - shared by batch_norm and batch_norm_infer. */
#ifndef ENCNET__BATCH_NORM_H
#define ENCNET__BATCH_NORM_H
#include "ops/ops.h"

/* The inputs of both. */
enum {
    ENCNET__BN_Z,
    ENCNET__BN_GAMMA,
    ENCNET__BN_BETA,
    ENCNET__BN_A,
    ENCNET__BN_MEAN,
    ENCNET__BN_VAR,
    ENCNET__BN_INPUTS
};

/* The output has the shape of z, and so has a; vectors have as many elements as z has channels.
 * The inputs `optional` may be absent. */
encnet_status encnet__batch_norm_infer_shape(encnet__node_shape *shape, const char *op,
                                             unsigned optional) ENCNET_MUST_CHECK;

/* Computes out = relu?((z - mean) gamma rstd + beta + a?); `stats` is mean [C] and rstd [C]. */
encnet_status encnet__batch_norm_apply(const encnet__call *call,
                                       encnet__buffer *stats) ENCNET_MUST_CHECK;

/* The formula in double; if mean and var are NULL, those of z are used. */
void encnet__batch_norm_reference(double *out, const double *const *in, const double *mean,
                                  const double *var, const encnet__node_shape *shape);
#endif
