/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* place.c - where the pixels of a resized picture lie in the source. */
#include "base/place.h"

#include <math.h>

encnet__place_of_pixel encnet__place_y(int i, int size_out, int size_in)
{
    double scale = 1.0 / ((double)size_out / size_in);
    float f = (float)((i + 0.5) * scale - 0.5);
    int at = (int)floorf(f);

    f -= (float)at;
    return (encnet__place_of_pixel){at, (int)lrintf((1.0f - f) * ENCNET__PLACE_ONE),
                                    (int)lrintf(f * ENCNET__PLACE_ONE)};
}

encnet__place_of_pixel encnet__place_x(int i, int size_out, int size_in)
{
    encnet__place_of_pixel p = encnet__place_y(i, size_out, size_in);

    if (p.at < 0) return (encnet__place_of_pixel){0, ENCNET__PLACE_ONE, 0};
    if (p.at >= size_in - 1) return (encnet__place_of_pixel){size_in - 1, ENCNET__PLACE_ONE, 0};
    return p;
}
