/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resize.h - parts of resized pictures.
 *
 * Training needs one crop of a resized picture, so only the pixels of the crop are computed.
 */
#ifndef ENCNET__RESIZE_H
#define ENCNET__RESIZE_H

#include "data/data.h"

/* Rows y .. y + h - 1 and columns x .. x + w - 1 of a picture that is resized to full_h x full_w.
 */
typedef struct encnet__window {
    int full_h, full_w, y, x, h, w;
} encnet__window;

/* Computes that part, bilinear, into out [h,w,channels].  `rows` is working memory, kept by the
 * caller. */
encnet_status encnet__resize_linear(uint8_t *out, const encnet__picture *in,
                                    const encnet__window *part,
                                    encnet__picture *rows) ENCNET_MUST_CHECK;

/* For an axis that is resized by nearest neighbour: map[i] is the source index of index i. */
void encnet__nearest_map(int *map, int size_out, int size_in);

#endif
