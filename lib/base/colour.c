/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* colour.c - colours of what has none of its own. */
#include "base/base.h"

#include <string.h>

void encnet__voc_colour(uint8_t rgb[3], int index)
{
    memset(rgb, 0, 3);
    for (int bit = 7; bit >= 0; bit--, index >>= 3)
        for (int c = 0; c < 3; c++) rgb[c] |= (uint8_t)(((index >> c) & 1) << bit);
}
