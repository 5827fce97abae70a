/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* onnx.h - a checkpoint as an ONNX model. */
#ifndef ENCNET__CONVERT_ONNX_H
#define ENCNET__CONVERT_ONNX_H

#include "files/tensor_file.h"
#include "graph/weights.h"
#include "onnx/onnx.h"

/* A model that computes "logits" [N,M,H,W] from "image" [N,3,H,W] with the network of these options.
 * The weights of `network`, which has been declared for them, have the shapes and types of `tensors`.
 * *out is owned by the caller. */
encnet_status encnet__onnx_of(encnet__onnx **out, const encnet_options *options,
                              encnet__weights *network, const encnet__file_tensor *tensors,
                              size_t n_tensors) ENCNET_MUST_CHECK;

#endif
