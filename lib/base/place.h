/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * place.h - where the pixels of a resized picture lie in the source, as in OpenCV's cv::resize().
 *
 * Bilinear has half-pixel centres and no antialiasing: the position of pixel i in the source is (i
 * + 0.5) * scale - 0.5 in float, and its two weights are rounded to 11 bits.
 */
#ifndef ENCNET__PLACE_H
#define ENCNET__PLACE_H

enum { ENCNET__PLACE_ONE = 2048 }; /* 11 bits */

/* The position of one output index in the source, between `at` and at + 1, and their weights. */
typedef struct encnet__place_of_pixel {
    int at, w0, w1;
} encnet__place_of_pixel;

/* Of a column: beyond the border, the pixel at the border counts alone. */
encnet__place_of_pixel encnet__place_x(int i, int size_out, int size_in);
/* Of a row: beyond the border, its row counts twice, so `at` may be -1. */
encnet__place_of_pixel encnet__place_y(int i, int size_out, int size_in);

#endif
