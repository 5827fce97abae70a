/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_filter - gradient of 3x3 weights of stride 1 by Winograd's F(3x3,4x4): the tiles
 * of the input as in the other directions, and tiles of 4x4 of dy in the place of weights.
 *
 *   dw = sum over the tiles of A' ( (G dy G') . (B' x B) ) A
 *
 * The sum runs over the transformed products, so that the last transform is done once.  For every chunk
 * of tiles and of input channels, three kernels write
 *
 *   v   36 planes [C/C_GROUP][tiles][C_GROUP] = B' x B, zeros up to a multiple of LINE
 *   g   36 planes [K/LINE][tiles][LINE] = G dy G', zeros up to a multiple of TILE_K
 *   d   [parts] 3x6 planes [C][K] = A' (sum of v g), a part for a share of the tiles
 *
 * and a fourth adds up the parts and does the rest, dw [3,3,C,K] += d A.
 *
 * A work-item of the third computes one column of 6 places for blocks of c_block x K_BLOCK weights, so that
 * its sums stay in the cache until they are transformed.  In scratch it has room for them,
 *
 *   s   6 planes [c_block][K_BLOCK]
 *
 * REGISTER  floats of a register: 8 or 16
 * TILE_C    input channels of one tile of sums: 1..16; TILE_C * VECTORS registers are sums
 * Accuracy  a chain for the tiles of a part in a chunk; parts are added in order, and so are chunks
 */
#include "conv2d_winograd.clh"
#ifndef TILE_C
#define TILE_C 12
#endif
#if TILE_C < 1 || TILE_C > 16
#error "conv2d_winograd_filter.cl: TILE_C must be in 1..16"
#endif
#define C_GROUP 48 /* as in lib/ops/conv/conv2d_winograd.c */
#define K_BLOCK 128
#define RUN 4 /* tiles that a loop adds in one go */
#define C_LINES (C_GROUP / LINE)
#define D_PLANE(channels, outputs) PLANE((channels) * (size_t)(outputs) / LINE + 1)
#define V_PLANE(channels, tiles) PLANE(((channels) + C_GROUP - 1) / C_GROUP * C_LINES * (tiles))

/* One work-item: tile first_tile + id of x, channels first .. first + count - 1. */
__kernel void conv2d_winograd_tiles(__global float *scratch, uint v_at, __global const storage *x,
                                    __global const float *coefficients, int first_tile, int some,
                                    int first, int count, TILING)
{
    const int t = (int)get_global_id(0);

    input_tile(scratch + v_at + t * C_GROUP, V_PLANE(count, some), C_LINES, some * C_GROUP, true, x,
               coefficients, first, count, first_tile + t, tiles, rows, cols, dilation, pad, H, W, C);
}

/* One work-item: tile first_tile + id of dy. */
__kernel void conv2d_winograd_gradients(__global float *scratch, uint g_at,
                                        __global const storage *dy, int first_tile, int some,
                                        TILING)
{
    const int t = (int)get_global_id(0);
    const place p = place_of(first_tile + t, rows, cols, dilation);
    const int room = (K + TILE_K - 1) / TILE_K * TILE_K;
    const size_t plane = PLANE(room / LINE * some);

    dy += (size_t)p.n * OH * OW * K;
    for (int k = 0; k < room; k += VEC) {
        __global float *to = scratch + g_at + line_at(k, t, some);
        vfloat d[4][6], col[6];

        for (int i = 0; i < 4; i++) {
            const int h = p.i + i * dilation;
            vfloat row[4];

#pragma unroll
            for (int j = 0; j < 4; j++) {
                const int w = p.j + j * dilation;
                const int pixel = h * OW + w;
                row[j] = h < OH && w < OW ? load_inside(dy + pixel * K, k, K, (uint)((OH * OW - pixel) * K))
                                          : (vfloat)(0.0f);
            }
            transform_gradient(d[i], row[0], row[1], row[2], row[3]);
        }
        for (int j = 0; j < 6; j++) {
            transform_gradient(col, d[0][j], d[1][j], d[2][j], d[3][j]);
#pragma unroll
            for (int i = 0; i < 6; i++) vstream(col[i], to + (i * 6 + j) * plane);
        }
    }
}

/* acc += the products of one tile. */
INLINED void add_tile(rfloat acc[TILE_C][VECTORS], const int vectors, __global const float *v,
                      __global const float *g, int some, const bool fetches,
                      __global const float *v_next, __global const float *g_next)
{
    rfloat d[VECTORS];

#pragma unroll
    EACH(q, VECTORS, vectors) d[q] = rload(g + line_at(q * REGISTER, 0, some));
    if (fetches) {
#pragma unroll
        for (int q = 0; q < TILE_K; q += LINE) prefetch_line(g_next + line_at(q, 0, some));
        prefetch_line(v_next);
    }
#pragma unroll
    for (int i = 0; i < TILE_C; i++)
#pragma unroll
        EACH(q, VECTORS, vectors) acc[i][q] += v[i] * d[q];
}

/* s = sum over `count` tiles of v g, for TILE_C channels and `vectors` registers of output channels; zeros in
 * the rest of a line.  `fetches`: the lines of tiles at v_next, and of a panel of dy at g_next, are fetched. */
INLINED void multiply(__global float *s, __global const float *v, __global const float *g,
                      const int vectors, const bool fetches, int some, int count,
                      __global const float *v_next, __global const float *g_next)
{
    rfloat acc[TILE_C][VECTORS];
    int t = 0;

#pragma unroll
    for (int i = 0; i < TILE_C; i++)
#pragma unroll
        EACH(q, VECTORS, vectors) acc[i][q] = 0.0f;
    for (; t + RUN <= count; t += RUN) {
#pragma unroll
        for (int i = 0; i < RUN; i++)
            add_tile(acc, vectors, v + i * C_GROUP, g + i * LINE, some, fetches, v_next + i * C_GROUP,
                     g_next + i * LINE);
        v += RUN * C_GROUP;
        g += RUN * LINE;
        v_next += RUN * C_GROUP;
        g_next += RUN * LINE;
    }
    for (; t < count; t++, v += C_GROUP, g += LINE) add_tile(acc, vectors, v, g, some, false, v, g);
#pragma unroll
    for (int i = 0; i < TILE_C; i++)
#pragma unroll
        EACH(q, VECTORS, vectors) rstore(acc[i][q], s + i * K_BLOCK + q * REGISTER);
    for (int i = 0; i < TILE_C; i++)
        for (int q = vectors * REGISTER; q < LINE; q += REGISTER)
            rstore((rfloat)(0.0f), s + i * K_BLOCK + q);
}

/* Writes d[0 .. 2][j][k ..] from a row of the sums. */
static inline void transform_sums(__global float *d, size_t plane, __global const float *s,
                                  size_t s_plane, int k, int K)
{
    vfloat m[6], col[3];

#pragma unroll
    for (int i = 0; i < 6; i++) m[i] = vload(s + i * s_plane);
    transform_filter(col, m[0], m[1], m[2], m[3], m[4], m[5]);
#pragma unroll
    for (int r = 0; r < 3; r++) vstream_part(col[r], d + r * 6 * plane, k, K);
}

/* Work-item (i,j): columns of places of blocks i, i + the number of items, ... of part j, `share` of the
 * `some` tiles of the chunk.  x has C channels in v. */
__kernel void conv2d_winograd_filter(__global float *scratch, uint v_at, uint g_at, uint d_at,
                                     uint s_at, int some, int share, int c_block, int C, int K)
{
    const size_t item = get_global_id(1) * get_global_size(0) + get_global_id(0);
    const int part = (int)get_global_id(1), items = (int)get_global_size(0);
    const int k_lines = (K + TILE_K - 1) / TILE_K * (TILE_K / LINE);
    const int k_blocks = (K + K_BLOCK - 1) / K_BLOCK, blocks = (C + c_block - 1) / c_block * k_blocks;
    const size_t v_plane = V_PLANE(C, some), g_plane = PLANE(k_lines * some);
    const size_t s_plane = PLANE(c_block * K_BLOCK / LINE), d_plane = D_PLANE(C, K);
    const int t = min(some, part * share), count = min(some - t, share);
    __global const float *v = scratch + v_at + (size_t)t * C_GROUP;
    __global const float *g = scratch + g_at + (size_t)t * LINE;
    __global float *s = scratch + s_at + item * 6 * s_plane;
    __global float *d = scratch + d_at + part * 3 * 6 * d_plane;

    for (int at = (int)get_global_id(0); at < 6 * blocks; at += items) {
        const int j = at % 6, block = at / 6;
        const int c0 = block / k_blocks * c_block, c_end = min(C, c0 + c_block);
        const int k0 = block % k_blocks * K_BLOCK, k_end = min(K, k0 + K_BLOCK);

        for (int i = 0; i < 6; i++)
            for (int k = k0; k < k_end; k += TILE_K)
                for (int c = c0; c < c_end; c += TILE_C) {
                    /* Channels behind the last are zeros up to a whole line. */
                    const int from = min(c, (C + LINE - 1) / LINE * LINE - TILE_C);
                    __global float *to = s + i * s_plane + (from - c0) * K_BLOCK + k - k0;
                    __global const float *x = v + (i * 6 + j) * v_plane +
                                              (size_t)(from / C_GROUP) * C_GROUP * some + from % C_GROUP;
                    __global const float *dy = g + (i * 6 + j) * g_plane + line_at(k, 0, some);

                    if (k_end - k <= REGISTER) multiply(to, x, dy, 1, false, some, count, x, dy);
                    else if (k > k0) multiply(to, x, dy, VECTORS, false, some, count, x, dy);
                    else
                        multiply(to, x, dy, VECTORS, true, some, count, x + 6 * v_plane,
                                 dy + 6 * g_plane + line_at((c - c0) / TILE_C * TILE_K % K_BLOCK, 0, some));
                }
        for (int c = c0; c < c_end; c++)
            for (int k = k0; k < k_end; k += VEC)
                transform_sums(d + j * d_plane + (size_t)c * K, d_plane,
                               s + (c - c0) * K_BLOCK + k - k0, s_plane, k, K);
    }
}

/* One work-item: input channel c_first + id of the C ones of dw. */
__kernel void conv2d_winograd_filter_end(__global float *dw, __global const float *scratch, uint d_at,
                                         int parts, int c_first, int add, int C, int K)
{
    const size_t plane = D_PLANE(get_global_size(0), K);
    __global const float *from = scratch + d_at + get_global_id(0) * K;

    dw += (c_first + get_global_id(0)) * K;
    for (int r = 0; r < 3; r++, from += 6 * plane)
        for (int k = 0; k < K; k += VEC) {
            vfloat m[6], row[3];

#pragma unroll
            for (int j = 0; j < 6; j++) {
                m[j] = vload_part(from + j * plane, k, K);
                for (int part = 1; part < parts; part++)
                    m[j] += vload_part(from + (part * 3 * 6 + j) * plane, k, K);
            }
            transform_filter(row, m[0], m[1], m[2], m[3], m[4], m[5]);
#pragma unroll
            for (int s = 0; s < 3; s++) {
                __global float *to = dw + (size_t)(r * 3 + s) * C * K;
                vstore_part(add ? vload_part(to, k, K) + row[s] : row[s], to, k, K);
            }
        }
}
