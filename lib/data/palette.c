/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* palette.c - colours of classes. */
#include "data/data.h"

#include <string.h>

void encnet__palette_of(uint8_t palette[768], const encnet__class *classes, int n)
{
    memset(palette, 0, 768);
    for (int i = 0; i < n && i < 256; i++) memcpy(palette + 3 * (size_t)i, classes[i].rgb, 3);
}
