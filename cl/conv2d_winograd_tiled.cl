/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_tiled - 3x3 convolution of stride 1 on GPUs by Winograd's F(4x4,3x3) or F(2x2,3x3)
 * and, for the gradient of the weights, F(3x3,4x4) or F(3x3,2x2): matrix products, one for each of the
 * P = 36 or 16 places of a transformed tile, whose tiles go through local memory.
 *
 *   forward, data   Y = A' ( (G w G') . (B' d B) ) A     for every tile d of 6x6 or 4x4 input pixels
 *   filter          dw = sum over the tiles of A'' ( (G4 dy G4') . (B' d B) ) A''
 *
 * Every step is a launch, and between them is memory:
 *
 *   u  [P][C][K]       = G w G'     of a part of the weights; for data the kernel is turned
 *   v  [P][tiles][C]   = B' d B     of some tiles and channels
 *   g  [P][tiles][K]   = G4 dy G4'
 *   m  [P][tiles][K]   = v u        data: [P][tiles][C] = v u', v being of dy
 *   s  [parts][P][C][K] = v' g      a part for a share of the tiles
 *
 * Rows have zeros up to a multiple of four floats, so that a row is read four floats at a time
 * whatever C and K are.  A work-item transforms one channel of one tile, and neighbours take
 * neighbouring channels: 36 numbers are in registers on every GPU, and every access of a group is
 * one to successive words.
 *
 * OUTPUTS   outputs of a tile along each axis: 4 or 2
 * PER       outputs of an item along each axis in the products: 4 or 8
 * Accuracy  lib/ops/conv2d.md; a chain for every part of the terms
 */

/* Reading the slices, items that read the same four floats are next to each other, or two apart:
 * blocks of 4 x 8 items, which a multiprocessor of NVIDIA serves with half as many accesses as 2 x 16. */
#define ITEM_ROW(id) ((id) / 64 * 4 + (id) % 32 / 16 * 2 + (id) % 2)
#define ITEM_COL(id) ((id) / 32 % 2 * 8 + (id) % 16 / 2)
#include "conv2d_product.clh"
#include "winograd_lines.clh"
#define QUAD_UP(count) (((count) + 3) / 4 * 4)

/* -- transforms -------------------------------------------------------------------------------- */

/* One work-item: element (row,col) of `rows` x `cols` weights.  Those of tap t start at
 * w[w_at + t*tap], a row every `pitch` floats.  `turn`: the kernel is turned by 180 degrees, as the
 * gradient of the input needs it. */
__kernel void conv2d_winograd_tiled_weights(__global float *u, uint u_at, __global const float *w,
                                            uint w_at, int tap, int pitch, int turn, int rows,
                                            int cols)
{
    const int id = (int)get_global_id(0), row = id / QUAD_UP(cols), col = id % QUAD_UP(cols);
    const size_t plane = (size_t)rows * QUAD_UP(cols);
    float g[3][INPUTS], from[3], to[INPUTS];

    if (row >= rows) return;
    w += w_at + (size_t)row * pitch + col;
    u += u_at + id;
#pragma unroll
    for (int r = 0; r < 3; r++) {
#pragma unroll
        for (int s = 0; s < 3; s++) {
            const int t = turn ? 8 - 3 * r - s : 3 * r + s;
            from[s] = col < cols ? w[(size_t)t * tap] : 0.0f;
        }
        weights_line(g[r], from);
    }
#pragma unroll
    for (int j = 0; j < INPUTS; j++) {
#pragma unroll
        for (int i = 0; i < 3; i++) from[i] = g[i][j];
        weights_line(to, from);
#pragma unroll
        for (int i = 0; i < INPUTS; i++) u[(i * INPUTS + j) * plane] = to[i];
    }
}

/* One work-item: one of `some` tiles from first_tile on, one of `count` channels from `first` on. */
__kernel void conv2d_winograd_tiled_input(__global float *scratch, uint v_at,
                                          __global const storage *x, int first_tile, int some,
                                          int first, int count, TILING)
{
    const int id = (int)get_global_id(0), t = id / QUAD_UP(count), c = id % QUAD_UP(count);
    const size_t plane = (size_t)some * QUAD_UP(count);
    const place p = place_of(first_tile + t, rows, cols, dilation);
    __global float *v = scratch + v_at + id;
    float d[INPUTS][INPUTS], from[INPUTS], to[INPUTS];

    if (t >= some) return;
    x += (size_t)p.n * H * W * C + first + c;
#pragma unroll
    for (int i = 0; i < INPUTS; i++) {
        const int h = p.i - pad + i * dilation;
        const bool has_row = c < count && (uint)h < (uint)H;

#pragma unroll
        for (int j = 0; j < INPUTS; j++) {
            const int w = p.j - pad + j * dilation;
            from[j] = has_row && (uint)w < (uint)W ? load1(x + (h * W + w) * C) : 0.0f;
        }
        input_line(d[i], from);
    }
#pragma unroll
    for (int j = 0; j < INPUTS; j++) {
#pragma unroll
        for (int i = 0; i < INPUTS; i++) from[i] = d[i][j];
        input_line(to, from);
#pragma unroll
        for (int i = 0; i < INPUTS; i++) v[(i * INPUTS + j) * plane] = to[i];
    }
}

/* The same of dy. */
__kernel void conv2d_winograd_tiled_gradient(__global float *scratch, uint g_at,
                                             __global const storage *dy, int first_tile, int some,
                                             int first, int count, TILING)
{
    const int id = (int)get_global_id(0), t = id / QUAD_UP(count), k = id % QUAD_UP(count);
    const size_t plane = (size_t)some * QUAD_UP(count);
    const place p = place_of(first_tile + t, rows, cols, dilation);
    __global float *g = scratch + g_at + id;
    float d[OUTPUTS][INPUTS], from[OUTPUTS], to[INPUTS];

    if (t >= some) return;
    dy += (size_t)p.n * OH * OW * K + first + k;
#pragma unroll
    for (int i = 0; i < OUTPUTS; i++) {
        const int h = p.i + i * dilation;
        const bool has_row = k < count && h < OH;

#pragma unroll
        for (int j = 0; j < OUTPUTS; j++) {
            const int w = p.j + j * dilation;
            from[j] = has_row && w < OW ? load1(dy + (h * OW + w) * K) : 0.0f;
        }
        gradient_line(d[i], from);
    }
#pragma unroll
    for (int j = 0; j < INPUTS; j++) {
#pragma unroll
        for (int i = 0; i < OUTPUTS; i++) from[i] = d[i][j];
        gradient_line(to, from);
#pragma unroll
        for (int i = 0; i < INPUTS; i++) g[(i * INPUTS + j) * plane] = to[i];
    }
}

/* y = relu?(A' m A + b + a); one work-item as before, of `count` output channels from `first` on. */
__kernel void conv2d_winograd_tiled_output(__global storage *y, __global const float *scratch,
                                           uint m_at, __global const float *b,
                                           __global const storage *a, int relu, int first_tile,
                                           int some, int first, int count, TILING)
{
    const int id = (int)get_global_id(0), t = id / QUAD_UP(count), k = id % QUAD_UP(count);
    const size_t plane = (size_t)some * QUAD_UP(count);
    const place p = place_of(first_tile + t, rows, cols, dilation);
    __global const float *m = scratch + m_at + id;
    float d[OUTPUTS][INPUTS], from[INPUTS], out[OUTPUTS], bias = 0.0f;
    size_t first_out;

    if (t >= some || k >= count) return;
    if (b) bias = b[first + k];
    first_out = (size_t)p.n * OH * OW * K + first + k;
#pragma unroll
    for (int j = 0; j < INPUTS; j++) {
#pragma unroll
        for (int i = 0; i < INPUTS; i++) from[i] = m[(i * INPUTS + j) * plane];
        output_line(out, from);
#pragma unroll
        for (int i = 0; i < OUTPUTS; i++) d[i][j] = out[i];
    }
#pragma unroll
    for (int i = 0; i < OUTPUTS; i++) {
        const int h = p.i + i * dilation;

        output_line(out, d[i]);
#pragma unroll
        for (int j = 0; j < OUTPUTS; j++) {
            const int w = p.j + j * dilation;
            const size_t to = first_out + (h * OW + w) * K;
            float r = out[j] + bias;

            if (h >= OH || w >= OW) continue;
            if (a) r += load1(a + to);
            if (relu) r = select(r, 0.0f, r < 0.0f);
            store1(r, y + to);
        }
    }
}

/* dw = A'' (s[0] + s[1] + ...) A''; one work-item: element (row,col) of `rows` x `cols` weights, which
 * lie in dw as in conv2d_winograd_tiled_weights. */
__kernel void conv2d_winograd_tiled_sums(__global float *dw, uint dw_at, int tap, int pitch,
                                         __global const float *scratch, uint s_at, int parts,
                                         int rows, int cols)
{
    const int id = (int)get_global_id(0), row = id / QUAD_UP(cols), col = id % QUAD_UP(cols);
    const size_t plane = (size_t)rows * QUAD_UP(cols);
    float d[3][INPUTS], to[3];

    if (row >= rows || col >= cols) return;
    scratch += s_at + id;
    dw += dw_at + (size_t)row * pitch + col;
#pragma unroll
    for (int j = 0; j < INPUTS; j++) {
        float m[INPUTS];

#pragma unroll
        for (int i = 0; i < INPUTS; i++) m[i] = 0.0f;
        for (int part = 0; part < parts; part++)
#pragma unroll
            for (int i = 0; i < INPUTS; i++)
                m[i] += scratch[(part * PLACES + i * INPUTS + j) * plane];
        filter_line(to, m);
#pragma unroll
        for (int i = 0; i < 3; i++) d[i][j] = to[i];
    }
#pragma unroll
    for (int i = 0; i < 3; i++) {
        filter_line(to, d[i]);
#pragma unroll
        for (int j = 0; j < 3; j++) dw[(size_t)(3 * i + j) * tap] = to[j];
    }
}

/* -- products ---------------------------------------------------------------------------------- */

/* Four floats of row `i` of `rows`, from `at` on; `pitch` floats are in a row.  Zeros outside. */
static inline float4 quad(__global const float *from, int i, int rows, int at, int pitch)
{
    if (i >= rows || at >= pitch) return (float4)(0.0f);
    return *(__global const float4 *)(from + (size_t)i * pitch + at);
}

/* An item's part of the slice whose terms are rows `row` .. of a matrix and whose outputs are columns
 * `col` .., for put(). */
static inline void fetch(float4 part[QUADS], __global const float *from, int row, int rows, int col,
                         int pitch)
{
    const int id = (int)get_local_id(0);

#pragma unroll
    for (int q = 0; q < QUADS; q++)
        part[q] = quad(from, row + id / SIDE, rows, col + q * 64 + id % SIDE * 4, pitch);
}

/* The same with outputs in rows and terms in columns, for put_turned(). */
static inline void fetch_turned(float4 part[QUADS], __global const float *from, int row, int rows,
                                int col, int pitch)
{
    const int id = (int)get_local_id(0);

#pragma unroll
    for (int q = 0; q < QUADS; q++)
        part[q] = quad(from, row + q * 64 + id / 4, rows, col + id % 4 * 4, pitch);
}

static inline void clear(float4 acc[PER][QUADS])
{
#pragma unroll
    for (int m = 0; m < PER; m++)
#pragma unroll
        for (int q = 0; q < QUADS; q++) acc[m][q] = (float4)(0.0f);
}

/* Writes the sums of a group, whose tile starts at (row0,col0), or adds them. */
static inline void keep(__global float *m, float4 acc[PER][QUADS], int row0, int col0, int rows,
                        int pitch, int add)
{
    const int id = (int)get_local_id(0);

#pragma unroll
    for (int i = 0; i < PER; i++) {
        const int row = row0 + i / 4 * 64 + ITEM_ROW(id) * 4 + i % 4;

#pragma unroll
        for (int q = 0; q < QUADS; q++) {
            const int col = col0 + q * 64 + ITEM_COL(id) * 4;
            __global float4 *to = (__global float4 *)(m + (size_t)row * pitch + col);

            if (row < rows && col < pitch) *to = add ? *to + acc[i][q] : acc[i][q];
        }
    }
}

/* m[rows,cols] = v[rows,terms] u[terms,cols] for place z of group (row tile, column tile, z). */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_winograd_tiled_fwd(__global float *scratch, uint m_at, uint v_at, __global const float *u,
                          uint u_at, int rows, int terms, int cols, int add)
{
    SLICE left[DEPTH * PITCH], right[DEPTH * PITCH];
    const int e = (int)get_group_id(2);
    const int row0 = (int)get_group_id(0) * TILE, col0 = (int)get_group_id(1) * TILE;
    const int depth = QUAD_UP(terms), pitch = QUAD_UP(cols);
    __global const float *v = scratch + v_at + (size_t)e * rows * depth;
    float4 acc[PER][QUADS], vs[QUADS], us[QUADS];

    u += u_at + (size_t)e * terms * pitch;
    clear(acc);
    fetch_turned(vs, v, row0, rows, 0, depth);
    fetch(us, u, 0, terms, col0, pitch);
    for (int c = 0; c < depth; c += DEPTH) {
        barrier(CLK_LOCAL_MEM_FENCE);
        put_turned(left, vs);
        put(right, us);
        barrier(CLK_LOCAL_MEM_FENCE);
        fetch_turned(vs, v, row0, rows, c + DEPTH, depth);
        fetch(us, u, c + DEPTH, terms, col0, pitch);
        multiply(acc, left, right);
    }
    keep(scratch + m_at + (size_t)e * rows * pitch, acc, row0, col0, rows, pitch, add);
}

/* m[rows,cols] = v[rows,terms] u[cols,terms]' for place z. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_winograd_tiled_data(__global float *scratch, uint m_at, uint v_at, __global const float *u,
                           uint u_at, int rows, int terms, int cols, int add)
{
    SLICE left[DEPTH * PITCH], right[DEPTH * PITCH];
    const int e = (int)get_group_id(2);
    const int row0 = (int)get_group_id(0) * TILE, col0 = (int)get_group_id(1) * TILE;
    const int depth = QUAD_UP(terms), pitch = QUAD_UP(cols);
    __global const float *v = scratch + v_at + (size_t)e * rows * depth;
    float4 acc[PER][QUADS], vs[QUADS], us[QUADS];

    u += u_at + (size_t)e * cols * depth;
    clear(acc);
    fetch_turned(vs, v, row0, rows, 0, depth);
    fetch_turned(us, u, col0, cols, 0, depth);
    for (int c = 0; c < depth; c += DEPTH) {
        barrier(CLK_LOCAL_MEM_FENCE);
        put_turned(left, vs);
        put_turned(right, us);
        barrier(CLK_LOCAL_MEM_FENCE);
        fetch_turned(vs, v, row0, rows, c + DEPTH, depth);
        fetch_turned(us, u, col0, cols, c + DEPTH, depth);
        multiply(acc, left, right);
    }
    keep(scratch + m_at + (size_t)e * rows * pitch, acc, row0, col0, rows, pitch, add);
}

/* s[part][rows,cols] = v[tiles,rows]' g[tiles,cols], summed over tiles part*run .. part*run + run - 1,
 * for place e; z of the group is part*PLACES + e. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_winograd_tiled_filter(__global float *scratch, uint s_at, uint v_at, uint g_at, int tiles,
                             int run, int rows, int cols, int add)
{
    SLICE left[DEPTH * PITCH], right[DEPTH * PITCH];
    const int z = (int)get_group_id(2), e = z % PLACES;
    const int row0 = (int)get_group_id(0) * TILE, col0 = (int)get_group_id(1) * TILE;
    const int height = QUAD_UP(rows), pitch = QUAD_UP(cols);
    const int first = z / PLACES * run, end = min(tiles, first + run);
    __global const float *v = scratch + v_at + (size_t)e * tiles * height;
    __global const float *g = scratch + g_at + (size_t)e * tiles * pitch;
    float4 acc[PER][QUADS], vs[QUADS], gs[QUADS];

    clear(acc);
    fetch(vs, v, first, end, row0, height);
    fetch(gs, g, first, end, col0, pitch);
    for (int t = first; t < end; t += DEPTH) {
        barrier(CLK_LOCAL_MEM_FENCE);
        put(left, vs);
        put(right, gs);
        barrier(CLK_LOCAL_MEM_FENCE);
        fetch(vs, v, t + DEPTH, end, row0, height);
        fetch(gs, g, t + DEPTH, end, col0, pitch);
        multiply(acc, left, right);
    }
    keep(scratch + s_at + (size_t)z * rows * pitch, acc, row0, col0, rows, pitch, add);
}
