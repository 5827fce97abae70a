/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_tiled_2x2 - conv2d_winograd_tiled with tiles of 2x2 outputs, F(2x2,3x3): 16
 * multiplications in the place of 36.
 *
 * Tiles of 4x4 save more where they are full.  These waste less at the edges of a map, their transformed
 * weights take 16 places in the place of 36, and they round hardly more than a direct sum.
 */
#include "ops/conv/winograd.h"

enum { OUTPUTS = 2 };

static bool pays(const encnet__conv_pass *pass)
{
    return encnet__winograd_tiled_pays(pass, OUTPUTS);
}

static encnet_status plan(encnet__conv_pass *pass)
{
    return encnet__winograd_tiled_plan(pass, OUTPUTS);
}

const encnet__conv_algorithm encnet__conv_winograd_tiled_2x2 = {
    .refuses = encnet__winograd_tiled_refuses,
    .pays = pays,
    .plan = plan,
    .rounding = 2,
};
