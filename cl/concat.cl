/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * concat - copies columns between tensors of different width.
 *
 *   to[r, to_first + c] = from[r, from_first + c]   for r < rows, c < channels
 *
 *   to [rows,to_width], from [rows,from_width]
 */
#include "vector.clh"
#include "tiles.clh"

__kernel void copy_columns(__global storage *restrict to, uint to_width, uint to_first,
                           __global const storage *restrict from, uint from_width, uint from_first,
                           uint rows, uint channels, uint chunk)
{
    tile t = tile_of(get_global_id(0), rows, channels, chunk);

    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            stream(load_ahead(from + r * from_width + from_first + c),
                   to + r * to_width + to_first + c, to_width);
        }
}
