/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sum.h - the sum of an allreduce, the same for every transport. */
#ifndef ENCNET__SUM_H
#define ENCNET__SUM_H
#include <stddef.h>

/* Computes out[i] = parts[0][i] + parts[1][i] + ... for first <= i < first + count: in this order,
 * in double, rounded once.  `out` may be one of the parts.  The function depends on nothing else in
 * the library because libencnet_mpi contains its own copy. */
void encnet__sum(float *out, const float *const *parts, int n_parts, size_t first, size_t count);

#endif
