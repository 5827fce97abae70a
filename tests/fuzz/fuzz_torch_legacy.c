/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_torch_legacy.c - any bytes as a file of tensors, beginning with what PyTorch wrote before 1.6. */
#include "tensor_file.h"
