/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* pool.h - the shape rule that max_pool and avg_pool share. */
#ifndef ENCNET__POOL_H
#define ENCNET__POOL_H

#include "ops/attr.h"
#include "ops/ops.h"

/* The output has floor((n + 2 pad - size) / stride) + 1 pixels per axis; with `ceil` it is rounded
 * up if that window begins in x or in the padding before it.  ENCNET_E_SHAPE names both numbers. */
encnet_status encnet__pool_infer(encnet__node_shape *shape, const char *op,
                                 int max_size) ENCNET_MUST_CHECK;
/* The ONNX operator `op`, MaxPool or AveragePool. */
encnet__onnx_value encnet__pool_to_onnx(encnet__onnx *m, const char *op,
                                        const encnet__onnx_node *node);
#endif
