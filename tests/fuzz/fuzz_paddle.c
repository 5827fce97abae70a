/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_paddle.c - any bytes as a file of tensors, beginning with Paddle's pickles. */
#include "tensor_file.h"
