/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* resize_rows.h - some rows of what the operator resize computes. */
#ifndef ENCNET__RESIZE_ROWS_H
#define ENCNET__RESIZE_ROWS_H

#include "ops/ops.h"

/* Rows first .. first + rows - 1 of images image .. image + images - 1. */
typedef struct encnet__row_range {
    int image, images, first, rows;
} encnet__row_range;

/* y[images,rows,w,C] = those rows of x[N,H,W,C] resized to h x w.  The buffer of x has rows x_first ..
 * x_first + x_rows - 1 of each image: at least those that are read (below). */
encnet_status encnet__resize_rows(encnet_device *dev, encnet__buffer *y, encnet__buffer *x,
                                  encnet__shape shape, int x_first, int x_rows, int h, int w,
                                  bool align_corners, encnet__type type,
                                  const encnet__row_range *range) ENCNET_MUST_CHECK;
/* The rows of H that rows first .. first + rows - 1 of h read. */
void encnet__resize_reads(int *x_first, int *x_rows, int H, int h, bool align_corners, int first,
                          int rows);

#endif
