/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* encoding.h - shared by encoding and assignment. */
#ifndef ENCNET__ENCODING_H
#define ENCNET__ENCODING_H
#include "ops/ops.h"

/* Computes a[n,p,k] = softmax over k of s[k] |x[n,p,:] - c[k,:]|^2 of the call's inputs x, c and s, in float32. */
encnet_status encnet__encoding_assign(encnet__buffer *a,
                                      const encnet__call *call) ENCNET_MUST_CHECK;

#endif
