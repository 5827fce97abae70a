/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * map.h - index maps: which inputs the output pixels of a launch read.
 *
 * cl/conv2d_map.clh explains the numbers and uses the same names.
 */
#ifndef ENCNET__CONV_MAP_H
#define ENCNET__CONV_MAP_H

#include "ops/conv/engine.h"

typedef struct encnet__conv_map {
    int images, in_h, in_w, rows, cols, step, out_h, out_w, out_step, out_h0, out_w0;
    int taps_h, taps_w, h0, w0, h_step, w_step, tap0, tap_h, tap_w;
} encnet__conv_map;

/* Forward is one map. */
encnet__conv_map encnet__conv_forward_map(const encnet__conv *conv);

/* The gradient of the input has stride * stride maps over dy, one per row and column phase (0 <=
 * phase < stride).  All pixels of a phase use the same kernel positions, so no product with a zero
 * between two pixels is computed.  A phase may have no taps (its gradient is zero) or no pixels
 * (rows or cols are 0, and there is nothing to launch). */
encnet__conv_map encnet__conv_data_map(const encnet__conv *conv, int row_phase, int col_phase);

/* The number of output pixels of all images. */
int encnet__conv_map_pixels(const encnet__conv_map *map);

/* Columns of a band of pixels (cl/conv2d_spots.clh).  With a large dilation the pixels of a tile lie
 * close together, so that more taps lead all of them outside of the map. */
int encnet__conv_band(const encnet__conv_map *map);

/* The arguments of the macro INDEX_MAP of cl/conv2d_map.clh, in its order. */
#define INDEX_MAP_ARGS(k)                                                                          \
    INT((k)->images), INT((k)->in_h), INT((k)->in_w), INT((k)->rows), INT((k)->cols),              \
        INT((k)->step), INT((k)->out_h), INT((k)->out_w), INT((k)->out_step), INT((k)->out_h0),    \
        INT((k)->out_w0), INT((k)->taps_h), INT((k)->taps_w), INT((k)->h0), INT((k)->w0),          \
        INT((k)->h_step), INT((k)->w_step), INT((k)->tap0), INT((k)->tap_h), INT((k)->tap_w)

#endif
