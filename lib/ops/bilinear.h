/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bilinear.h - where bilinear interpolation reads; the host side of cl/bilinear.clh and cl/cells.clh.
 *
 *   Along an axis of n inputs and m outputs, output j reads the input at
 *     s = max((j + 1/2) n / m - 1/2, 0)                    align_corners false
 *     s = j (n - 1) / (m - 1), 0 when m = 1                align_corners true
 *   y = (1 - f) x[floor(s)] + f x[floor(s) + 1], f = s - floor(s); the last input is repeated
 */
#ifndef ENCNET__BILINEAR_H
#define ENCNET__BILINEAR_H

#include "ops/ops.h"

/* s = (j a + b) / d */
typedef struct encnet__axis {
    int a, b, d;
} encnet__axis;

encnet__axis encnet__axis_of(int n, int m, bool align_corners);
/* Whether kernels can compute the positions in 32 bits. */
bool encnet__axis_fits(int n, int m);

/* In double, for references: the C values of pixel (i,j) of image n of x[N,H,W,C], resized to h x w. */
void encnet__bilinear_pixel(double *y, const double *x, encnet__shape shape, int h, int w,
                            bool align_corners, size_t n, int i, int j);

/* -- cells: logits z[N,h,w,M] that a loss resizes to labels [N,H,W,1] (cl/cells.clh) ------------- */

enum { ENCNET__CELL_CLASSES = 256 /* MOST */ };

/* ENCNET_E_SHAPE in the name of `op` if the cells of z and t are too many, or they do not fit together. */
encnet_status encnet__cells_check(const char *op, encnet__shape z,
                                  encnet__shape t) ENCNET_MUST_CHECK;
/* There is one for each of the small logits of a class. */
size_t encnet__cells_count(encnet__shape z);
/* A group per cell, and the width of a vector for it. */
encnet__grid encnet__cells_grid(const encnet_device *dev, encnet__shape z);
const char *encnet__cells_options(const encnet_device *dev);

#endif
