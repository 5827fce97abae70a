/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* ocr.h - object contexts, which two heads share, and their blocks. */
#ifndef ENCNET__OCR_H
#define ENCNET__OCR_H

#include "models/head.h"

/* A block that an option makes depthwise-separable. */
typedef struct encnet__ocr_block {
    bool is_separable;
    encnet__conv_norm dense;
    encnet__separable_conv separable;
} encnet__ocr_block;

encnet__ocr_block encnet__ocr_block_declare(const encnet__head *h, const char *name, int in,
                                            int size, bool is_separable);
encnet__node encnet__ocr_block_apply(const encnet__head *h, const encnet__ocr_block *l,
                                     encnet__node x);

/* The object-contextual features of the head's feature map, which ocr.c has the formula of.
 * ENCNET_E_ARG: there is no head before this one, because model.aux_channels is 0. */
encnet_status encnet__ocr(encnet__node *out, const encnet__head *h) ENCNET_MUST_CHECK;

#endif
