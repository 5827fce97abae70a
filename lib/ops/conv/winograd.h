/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* winograd.h - the tiles of Winograd's F(4x4,3x3) and F(2x2,3x3), the host side of cl/winograd.clh; and
 * the algorithm of GPUs for either. */
#ifndef ENCNET__CONV_WINOGRAD_H
#define ENCNET__CONV_WINOGRAD_H

#include "ops/conv/engine.h"

enum {
    ENCNET__WINOGRAD_OUTPUTS = 4, /* of a tile along each axis, at most; the other kind has 2 */
    ENCNET__WINOGRAD_PLACES = 36  /* elements of such a tile, transformed */
};

/* The tiles of one direction, of outputs x outputs pixels; the gradient of the weights has those of
 * forward. */
typedef struct encnet__winograd_tiling {
    int outputs, places; /* of a tile: outputs along each axis, elements when it is transformed */
    int tiles, rows, cols, dilation, pad, h, w, c, out_h, out_w, k;
} encnet__winograd_tiling;

encnet__winograd_tiling encnet__winograd_tiling_of(const encnet__conv *conv,
                                                   encnet__conv_direction direction, int outputs);

/* What the tiles require, or NULL: 3x3 of stride 1, and that tiles and the elements of an image can be
 * counted in 32 bits. */
const char *encnet__winograd_refuses(const encnet__conv *conv);

/* The arguments of the macro TILING of cl/winograd.clh, in its order. */
#define TILING_ARGS(t)                                                                             \
    INT((t)->tiles), INT((t)->rows), INT((t)->cols), INT((t)->dilation), INT((t)->pad),            \
        INT((t)->h), INT((t)->w), INT((t)->c), INT((t)->out_h), INT((t)->out_w), INT((t)->k)

/* -- GPUs: conv2d_winograd_tiled.c, for tiles of outputs x outputs pixels ----------------------- */

const char *encnet__winograd_tiled_refuses(const encnet__conv *conv,
                                           encnet__conv_direction direction,
                                           const encnet__device_facts *facts);
bool encnet__winograd_tiled_pays(const encnet__conv_pass *pass, int outputs);
encnet_status encnet__winograd_tiled_plan(encnet__conv_pass *pass, int outputs) ENCNET_MUST_CHECK;

#endif
