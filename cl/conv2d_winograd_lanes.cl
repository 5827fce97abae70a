/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_lanes - 3x3 convolution of stride 1 and few channels by Winograd's F(4x4,3x3), with
 * tiles in the lanes of a vector.
 *
 *   Y = A' ( (G w G') . (B' d B) ) A        for every tile d of 6x6 input pixels, Y of 4x4 outputs
 *
 * Forward, and the gradient of the input with the kernel turned.  One launch transforms weights,
 *
 *   u  [36][C][k_row] = G w G'   zeros behind K
 *
 * and another does the rest, TILE_T tiles at a time.  A cell is the 4 columns of pixels with which a tile
 * begins, in its 6 rows; the 2 more columns that the tile reads are the first of the next cell.  So every row of tiles
 * is followed by one more, none of whose outputs lies inside of the map.  In a cell the pixels of a row and their
 * channels are floats 0 .. 4C - 1, which lie together in memory, unless a dilation moves the pixels apart.  In
 * scratch every work-item has room for
 *
 *   p  2 x [6][4C][VEC] = B' d   cells of two successive vectors, of which the second has what the first needs
 *   v  [VECTORS][C][TILE] = B' d B
 *   m  [VECTORS][K rounded up to TILE_K][TILE] = u' v
 *   o  [4][4K][VEC] = A' m A
 *   coefficients [3][4C] of the pixels of a cell, one after another, if x is to be normalised
 *
 *   y [N,OH,OW,K] = relu?(A' m A + b + a)
 *
 * REGISTER  floats of a register: 8 or 16
 * Accuracy  that of conv2d_winograd.cl; a chain has C terms
 */
#ifndef REGISTER
#define REGISTER 16
#endif
#if REGISTER != 8 && REGISTER != 16
#error "conv2d_winograd_lanes: REGISTER must be 8 or 16"
#endif
#define VEC REGISTER
#include "winograd.clh"
#include "transpose.clh"
#include "coefficients.clh"
#define TILE_K 6                   /* output channels of a tile of sums */
#define VECTORS (REGISTER == 8 ? 2 : 4) /* registers of its tiles: 12 or 24 sums */
#define TILE_T (VECTORS * VEC)
/* Floats of a channel of VEC transformed tiles: 36 vectors, and then the next ones begin an odd number of lines of 64
 * bytes later, so that those of many channels do not share sets of the caches. */
#define TILE (REGISTER == 8 ? 38 * VEC : 37 * VEC)

/* -- weights ------------------------------------------------------------------------------------ */

/* One work-item: VEC output channels of VEC input channels; w [3,3,C,K]. */
__kernel void conv2d_winograd_lanes_weights(__global float *u, __global const float *w, int k_row, int C,
                                            int K)
{
    const int k = (int)get_global_id(0) * VEC, first = (int)get_global_id(1) * VEC;

    for (int c = first; c < min(C, first + VEC); c++) {
        vfloat from[9];

        for (int t = 0; t < 9; t++) from[t] = vload_part(w + ((size_t)t * C + c) * K, k, K);
        write_weights(u + c * k_row + k, (size_t)C * k_row, from);
    }
}

/* The same for the gradient of the input, whose output channels are the rows of w [3,3,K,C]; the kernel is
 * turned by 180 degrees. */
__kernel void conv2d_winograd_lanes_weights_turned(__global float *u, __global const float *w, int k_row,
                                                   int C, int K)
{
    const int first_k = (int)get_global_id(0) * VEC, first = (int)get_global_id(1) * VEC;
    vfloat square[9][VEC];

    for (int t = 0; t < 9; t++) {
        for (int j = 0; j < VEC; j++) {
            const int k = first_k + j;

            square[t][j] = k < K ? vload_part(w + ((size_t)t * K + k) * C, first, C) : (vfloat)(0.0f);
        }
        transpose(square[t]);
    }
    for (int c = first; c < min(C, first + VEC); c++) {
        vfloat from[9];

        for (int t = 0; t < 9; t++) from[t] = square[8 - t][c - first];
        write_weights(u + c * k_row + first_k, (size_t)C * k_row, from);
    }
}

/* -- cells -------------------------------------------------------------------------------------- */

/* Where VEC successive cells lie.  Those behind the last one have n < 0. */
typedef struct cells {
    place at[VEC];
} cells;

static inline void find_cells(cells *g, int t, int tiles, int rows, int cols, int dilation)
{
    place p = {-1, 0, 0};
    int col = t % cols;

    for (int l = 0; l < VEC; l++, t++) {
        if (t >= tiles) p.n = -1;
        else if (l == 0 || col == cols) {
            p = place_of(t, rows, cols, dilation);
            if (l) col = 0;
        } else p.j += OUTPUTS * dilation;
        g->at[l] = p;
        col++;
    }
}

/* Fetches the lines of `rows` rows of VEC cells of images of H x W pixels and C channels. */
static inline void fetch(__global const storage *x, const cells *g, int rows, int dilation, int pad, int H, int W,
                         int C)
{
    for (int l = 0; l < VEC; l++) {
        const place p = g->at[l];
        __global const storage *from =
            x + ((size_t)max(p.n, 0) * H * W + (size_t)max(p.i - pad, 0) * W + max(p.j - pad, 0)) * C;

        for (int i = 0; i < rows; i++)
            for (int f = 0; f < OUTPUTS * C; f += 64 / sizeof(storage))
                prefetch_line(from + (size_t)i * dilation * W * C + f);
    }
}

/* What lies of a tensor of `size` elements of the VEC at x + at. */
static inline vfloat load_within(__global const storage *x, int at, int size)
{
    float some[VEC];

    if (at >= 0 && at + VEC <= size) return load(x + at);
    for (int j = 0; j < VEC; j++) some[j] = at + j >= 0 && at + j < size ? load1(x + at + j) : 0.0f;
    return vload(some);
}

/* The 6 rows of a cell, transformed, VEC floats of them from x on, `step` floats apart. */
INLINED void input_lane(vfloat square[6][VEC], int l, __global const storage *x, int step, const bool normalises,
                        affine norm)
{
    vfloat d[6], col[6];

#pragma unroll
    for (int i = 0; i < 6; i++) {
        d[i] = load(x + i * step);
        if (normalises) d[i] = apply(norm, d[i]);
    }
    transform_input(col, d[0], d[1], d[2], d[3], d[4], d[5]);
#pragma unroll
    for (int i = 0; i < 6; i++) square[i][l] = col[i];
}

/* The same where elements lo .. hi - 1 of rows `first` .. `end` - 1 lie inside of the map of `size` elements, and the
 * others are zeros. */
static inline void input_edge(vfloat square[6][VEC], int l, __global const storage *x, int at, int step, int first,
                              int end, int lo, int hi, int size, bool normalises, affine norm)
{
    const vint within = LANE_NUMBERS >= lo && LANE_NUMBERS < hi;
    vfloat d[6], col[6];

#pragma unroll
    for (int i = 0; i < 6; i++) {
        vfloat v = 0.0f;

        if (i >= first && i < end) {
            v = load_within(x, at + i * step, size);
            if (normalises) v = apply(norm, v);
            v = select((vfloat)(0.0f), v, within);
        }
        d[i] = v;
    }
    transform_input(col, d[0], d[1], d[2], d[3], d[4], d[5]);
#pragma unroll
    for (int i = 0; i < 6; i++) square[i][l] = col[i];
}

/* Writes `count` floats of VEC cells, at most VEC, to the 6 rows of p. */
static inline void turn(__global float *p, size_t plane, vfloat square[6][VEC], int count)
{
#pragma unroll
    for (int i = 0; i < 6; i++) {
        transpose(square[i]);
        if (count >= VEC)
#pragma unroll
            for (int r = 0; r < VEC; r++) vstore(square[i][r], p + i * plane + r * VEC);
        else
            for (int r = 0; r < count; r++) vstore(square[i][r], p + i * plane + r * VEC);
    }
}

/* p = B' d of VEC cells. */
static inline void input_cells(__global float *p, const cells *g, __global const storage *x,
                               __global const float *coefficients, int dilation, int pad, int H, int W, int C)
{
    const int together = dilation == 1 ? OUTPUTS : 1; /* pixels that lie together */
    const int length = together * C, row = OUTPUTS * C, size = H * W * C, step = dilation * W * C;

    for (int j = 0; j < OUTPUTS; j += together) {
        int at[VEC], lo[VEC], hi[VEC], first[VEC], end[VEC];
        __global const storage *image[VEC];
        bool inside = length >= VEC && !coefficients;

        for (int l = 0; l < VEC; l++) {
            const int w = g->at[l].j - pad + j * dilation, h = g->at[l].i - pad;

            image[l] = x + (size_t)max(g->at[l].n, 0) * size;
            at[l] = (h * W + w) * C;
            lo[l] = max(-w, 0) * C;
            hi[l] = max(min(together, W - w), 0) * C;
            first[l] = max(-h + dilation - 1, 0) / dilation;
            end[l] = g->at[l].n < 0 || hi[l] <= lo[l] ? 0 : min((H - h + dilation - 1) / dilation, 6);
            inside &= lo[l] == 0 && hi[l] == length && first[l] == 0 && end[l] == 6;
        }
        for (int f = 0; f < length; f += VEC) {
            const int begin = max(min(f, length - VEC), 0), to = j * C + begin;
            const affine norm = affine_at(coefficients, to, row);
            vfloat square[6][VEC];

            if (inside) {
#pragma unroll
                for (int l = 0; l < VEC; l++)
                    input_lane(square, l, image[l] + at[l] + begin, step, false, norm);
            } else {
#pragma unroll 1
                for (int l = 0; l < VEC; l++)
                    if (lo[l] <= begin && hi[l] >= begin + VEC && first[l] == 0 && end[l] == 6) {
                        if (coefficients) input_lane(square, l, image[l] + at[l] + begin, step, true, norm);
                        else input_lane(square, l, image[l] + at[l] + begin, step, false, norm);
                    } else
                        input_edge(square, l, image[l], at[l] + begin, step, first[l], end[l], lo[l] - begin,
                                   hi[l] - begin, size, coefficients != 0, norm);
            }
            turn(p + to * VEC, (size_t)row * VEC, square, length);
        }
    }
}

/* Element l + 1 of both, for every lane l. */
#if VEC == 8
#define SHIFTED(a, b) PICK(a, b, 1, 2, 3, 4, 5, 6, 7, 8)
#else
#define SHIFTED(a, b) PICK(a, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
#endif

/* v = p B of VEC tiles; p has those of the next cells in `next`. */
static inline void input_tiles(__global float *v, __global const float *p,
                               __global const float *next, int C)
{
    const int col = C * VEC;

    for (int c = 0; c < C; c++, p += VEC, next += VEC, v += TILE)
#pragma unroll
        for (int i = 0; i < 6; i++) {
            __global const float *from = p + i * OUTPUTS * col, *behind = next + i * OUTPUTS * col;
            const vfloat a = vload(from), b = vload(from + col);
            vfloat to[6];

            transform_input(to, a, b, vload(from + 2 * col), vload(from + 3 * col), SHIFTED(a, vload(behind)),
                            SHIFTED(b, vload(behind + col)));
#pragma unroll
            for (int j = 0; j < 6; j++) vstore(to[j], v + (i * 6 + j) * VEC);
        }
}

/* -- products ----------------------------------------------------------------------------------- */

/* m = u' v for TILE_K of `rows` output channels of TILE_T tiles. */
INLINED void multiply(__global float *m, __global const float *v, __global const float *u, int k_row, int rows,
                      int C)
{
    vfloat acc[TILE_K][VECTORS];

#pragma unroll
    for (int k = 0; k < TILE_K; k++)
#pragma unroll
        for (int q = 0; q < VECTORS; q++) acc[k][q] = 0.0f;
    for (int c = 0; c < C; c++, v += TILE, u += k_row) {
        vfloat d[VECTORS];

#pragma unroll
        for (int q = 0; q < VECTORS; q++) d[q] = vload(v + q * C * TILE);
#pragma unroll
        for (int k = 0; k < TILE_K; k++)
#pragma unroll
            for (int q = 0; q < VECTORS; q++) acc[k][q] += u[k] * d[q];
    }
#pragma unroll
    for (int q = 0; q < VECTORS; q++)
#pragma unroll
        for (int k = 0; k < TILE_K; k++) vstore(acc[k][q], m + (q * rows + k) * TILE);
}

/* -- outputs ------------------------------------------------------------------------------------ */

/* o = A' m A + b of VEC tiles. */
static inline void output_tiles(__global float *o, __global const float *m, __global const float *b, int K)
{
    for (int k = 0; k < K; k++, m += TILE, o += VEC) {
        const float bias = b ? b[k] : 0.0f;
        vfloat d[4][6], out[4];

#pragma unroll
        for (int j = 0; j < 6; j++) {
            vfloat row[6];

#pragma unroll
            for (int i = 0; i < 6; i++) row[i] = vload(m + (i * 6 + j) * VEC);
            transform_output(out, row[0], row[1], row[2], row[3], row[4], row[5]);
#pragma unroll
            for (int i = 0; i < 4; i++) d[i][j] = out[i];
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            transform_output(out, d[i][0], d[i][1], d[i][2], d[i][3], d[i][4], d[i][5]);
#pragma unroll
            for (int j = 0; j < 4; j++) vstore(out[j] + bias, o + (i * OUTPUTS + j) * K * VEC);
        }
    }
}

/* y = relu?(o + a) of VEC floats of VEC cells, whole vectors or what is left of them. */
INLINED void output_square(__global storage *y, const size_t at[VEC], const int count[VEC], int f,
                           __global const float *o, __global const storage *a, int relu, const bool whole)
{
    vfloat square[VEC];

#pragma unroll
    for (int r = 0; r < VEC; r++) square[r] = vload(o + r * VEC);
    transpose(square);
#pragma unroll
    for (int l = 0; l < VEC; l++) {
        const int left = count[l] - f;
        vfloat r = square[l];

        if (!whole && left <= 0) continue;
        if (a) r += whole ? load(a + at[l] + f) : load_part(a + at[l] + f, 0, left);
        if (relu) r = select(r, (vfloat)(0.0f), r < 0.0f);
        if (whole) store(r, y + at[l] + f);
        else store_part(r, y + at[l] + f, 0, left);
    }
}

/* y = relu?(o + a) of VEC cells. */
static inline void output_cells(__global storage *y, const cells *g, __global const float *o,
                                __global const storage *a, int relu, int dilation, int OH, int OW, int K)
{
    const int together = dilation == 1 ? OUTPUTS : 1;

    for (int i = 0; i < OUTPUTS; i++)
        for (int j = 0; j < OUTPUTS; j += together) {
            size_t at[VEC];
            int count[VEC], all = together * K;

            for (int l = 0; l < VEC; l++) {
                const place p = g->at[l];
                const int h = p.i + i * dilation, w = p.j + j * dilation;

                at[l] = ((size_t)max(p.n, 0) * OH * OW + (size_t)h * OW + w) * K;
                count[l] = p.n < 0 || h >= OH ? 0 : max(min(together, OW - w), 0) * K;
                all = min(all, count[l]);
            }
            for (int f = 0; f < together * K; f += VEC) {
                __global const float *from = o + ((i * OUTPUTS + j) * K + f) * VEC;

                if (f + VEC > all) output_square(y, at, count, f, from, a, relu, false);
                else if (a || relu) output_square(y, at, count, f, from, a, relu, true);
                else output_square(y, at, count, f, from, 0, 0, true);
            }
        }
}

/* -- all of it ---------------------------------------------------------------------------------- */

/* Work-item i: share i of the tiles, TILE_T at a time, in its own `item` floats of scratch. */
__kernel void conv2d_winograd_lanes(__global storage *y, __global float *scratch, uint scratch_at, uint item,
                                    __global const storage *x, __global const float *coefficients,
                                    __global const float *u, __global const float *b,
                                    __global const storage *a, int relu, int k_row, TILING)
{
    const size_t groups = (tiles + TILE_T - 1) / TILE_T, items = get_global_size(0);
    const int t_first = (int)(get_global_id(0) * groups / items) * TILE_T;
    const int t_end = (int)((get_global_id(0) + 1) * groups / items) * TILE_T;
    const int rows_k = (K + TILE_K - 1) / TILE_K * TILE_K;
    const size_t p_floats = (size_t)INPUTS * OUTPUTS * C * VEC;
    __global float *v = scratch + scratch_at + get_global_id(0) * item;
    __global float *m = v + (size_t)VECTORS * C * TILE;
    __global float *p = m + (size_t)VECTORS * rows_k * TILE;
    __global float *o = p + 2 * p_floats;
    __global float *table = o + (OUTPUTS * OUTPUTS * K + VEC) * VEC;
    cells ahead, out[VECTORS];
    int turn = 0;

    if (coefficients) {
        const int from = COEFFICIENT_ROW(C), to = COEFFICIENT_ROW(OUTPUTS * C);

        for (int i = 0; i < 3; i++)
            for (int f = 0; f < to; f++)
                table[i * to + f] = f < OUTPUTS * C ? coefficients[i * from + f % C] : 0.0f;
    } else table = 0;
    find_cells(&ahead, t_first, tiles, rows, cols, dilation);
    input_cells(p, &ahead, x, table, dilation, pad, H, W, C);
    find_cells(&ahead, t_first + VEC, tiles, rows, cols, dilation);
    for (int t = t_first; t < t_end; t += TILE_T) {
        for (int i = 0; i < VECTORS; i++, turn ^= 1) {
            __global float *now = p + turn * p_floats, *next = p + (turn ^ 1) * p_floats;

            input_cells(next, &ahead, x, table, dilation, pad, H, W, C);
            find_cells(&ahead, t + (i + 2) * VEC, tiles, rows, cols, dilation);
            fetch(x, &ahead, INPUTS, dilation, pad, H, W, C);
            input_tiles(v + i * C * TILE, now, next, C);
        }
        for (int i = 0; i < VECTORS; i++) {
            find_cells(&out[i], t + i * VEC, tiles, rows, cols, dilation);
            fetch(y, &out[i], OUTPUTS, dilation, 0, OH, OW, K);
        }
        for (int e = 0; e < PLACES; e++)
            for (int k = 0; k < K; k += TILE_K)
                multiply(m + k * TILE + e * VEC, v + e * VEC, u + (size_t)e * C * k_row + k, k_row, rows_k, C);
        for (int i = 0; i < VECTORS; i++) {
            output_tiles(o, m + i * rows_k * TILE, b, K);
            output_cells(y, &out[i], o, a, relu, dilation, OH, OW, K);
        }
    }
}
