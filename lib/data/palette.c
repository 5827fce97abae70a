/* palette.c - colours of classes. */
#include "data/data.h"

#include <string.h>

void encnet__voc_colour(uint8_t rgb[3], int index)
{
    memset(rgb, 0, 3);
    for (int bit = 7; bit >= 0; bit--, index >>= 3)
        for (int c = 0; c < 3; c++) rgb[c] |= (uint8_t)(((index >> c) & 1) << bit);
}

void encnet__palette_of(uint8_t palette[768], const encnet__class *classes, int n)
{
    memset(palette, 0, 768);
    for (int i = 0; i < n && i < 256; i++) memcpy(palette + 3 * (size_t)i, classes[i].rgb, 3);
}
