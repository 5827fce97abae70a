/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd_filter - gradient of 3x3 weights of stride 1 by Winograd's F(3x3,4x4): the tiles
 * of the input as in the other directions, and tiles of 4x4 of dy in the place of weights.
 *
 *   dw = sum over the tiles of A' ( (G dy G') . (B' x B) ) A
 *
 * The sum runs over the transformed products, so that the last transform is done once.  Three
 * kernels run in turn for every chunk of tiles and of input channels:
 *
 *   v   36 planes [C/C_BLOCK][tiles][C_BLOCK] = B' x B, zeros up to a multiple of LINE
 *   g   36 planes [K/LINE][tiles][LINE] = G dy G', zeros up to a multiple of TILE_K
 *   dw  [parts][3,3,C,K]               += A' (sum of v g) A, a part for a share of the tiles
 *
 * A work-item computes blocks of C_BLOCK x K_BLOCK weights.  In scratch it has room for the sums of
 * one block,
 *
 *   s   36 planes [C_BLOCK][K_BLOCK]
 *
 * VEC       floats of a vector: 8 or 16
 * TILE_C    input channels of one tile of sums: 1..16; TILE_C * VECTORS vectors are sums
 * Accuracy  a chain for the tiles of a part in a chunk; chunks are added in order, then the parts
 */
#include "conv2d_winograd.clh"
#ifndef TILE_C
#define TILE_C 12
#endif
#if TILE_C < 1 || TILE_C > 16
#error "conv2d_winograd_filter.cl: TILE_C must be in 1..16"
#endif
#define C_BLOCK 48 /* as in lib/ops/conv/conv2d_winograd.c */
#define K_BLOCK 64
#define C_LINES (C_BLOCK / LINE)
#define V_PLANE(channels, tiles) PLANE(((channels) + C_BLOCK - 1) / C_BLOCK * C_LINES * (tiles))

/* One work-item: tile first_tile + id of x, channels first .. first + count - 1. */
__kernel void conv2d_winograd_tiles(__global float *scratch, uint v_at, __global const storage *x,
                                    int first_tile, int some, int first, int count, TILING)
{
    const int t = (int)get_global_id(0);

    input_tile(scratch + v_at + t * C_BLOCK, V_PLANE(count, some), C_LINES, some * C_BLOCK, true, x,
               first, count, first_tile + t, tiles, rows, cols, dilation, pad, H, W, C);
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

/* s = sum over `count` tiles of v g, for TILE_C channels and `vectors` vectors of output channels. */
INLINED void multiply(__global float *s, __global const float *v, __global const float *g,
                      const int vectors, int some, int count)
{
    vfloat acc[TILE_C][VECTORS];

#pragma unroll
    for (int i = 0; i < TILE_C; i++)
#pragma unroll
        EACH(q, VECTORS, vectors) acc[i][q] = 0.0f;
    for (int t = 0; t < count; t++) {
        vfloat d[VECTORS];

#pragma unroll
        EACH(q, VECTORS, vectors) d[q] = vload(g + line_at(q * VEC, t, some));
#pragma unroll
        for (int i = 0; i < TILE_C; i++)
#pragma unroll
            EACH(q, VECTORS, vectors) acc[i][q] += v[t * C_BLOCK + i] * d[q];
    }
#pragma unroll
    for (int i = 0; i < TILE_C; i++)
#pragma unroll
        EACH(q, VECTORS, vectors) vstore(acc[i][q], s + i * K_BLOCK + q * VEC);
}

/* Writes dw[r][s][k ..], or adds to it, from row `s` of the planes. */
static inline void filter_row(__global float *dw, __global const float *s, size_t plane, int k,
                              int C, int K, bool add)
{
    vfloat d[3][6], col[3];

    for (int j = 0; j < 6; j++) {
        vfloat m[6];

#pragma unroll
        for (int i = 0; i < 6; i++) m[i] = vload(s + (i * 6 + j) * plane);
        transform_filter(col, m[0], m[1], m[2], m[3], m[4], m[5]);
#pragma unroll
        for (int i = 0; i < 3; i++) d[i][j] = col[i];
    }
    for (int i = 0; i < 3; i++) {
        transform_filter(col, d[i][0], d[i][1], d[i][2], d[i][3], d[i][4], d[i][5]);
        for (int j = 0; j < 3; j++) {
            __global float *to = dw + (size_t)(i * 3 + j) * C * K;
            vstore_part(add ? vload_part(to, k, K) + col[j] : col[j], to, k, K);
        }
    }
}

/* Work-item (i,j): blocks i, i + the number of items, ... of part j, `share` of the `some` tiles of
 * the chunk.  The c_count channels of x in v start at c_first. */
__kernel void conv2d_winograd_filter(__global float *dw, __global float *scratch, uint v_at,
                                     uint g_at, uint s_at, int some, int share, int c_first,
                                     int c_count, int add, int C, int K)
{
    const size_t item = get_global_id(1) * get_global_size(0) + get_global_id(0);
    const int part = (int)get_global_id(1), items = (int)get_global_size(0);
    const int k_lines = (K + TILE_K - 1) / TILE_K * (TILE_K / LINE);
    const int k_blocks = (K + K_BLOCK - 1) / K_BLOCK;
    const int blocks = (c_count + C_BLOCK - 1) / C_BLOCK * k_blocks;
    const size_t plane = PLANE(C_BLOCK * K_BLOCK / LINE);
    const int t = min(some, part * share), count = min(some - t, share);
    __global const float *v = scratch + v_at + (size_t)t * C_BLOCK;
    __global const float *g = scratch + g_at + (size_t)t * LINE;
    __global float *s = scratch + s_at + item * PLACES * plane;

    dw += ((size_t)part * 9 * C + c_first) * K;
    for (int block = (int)get_global_id(0); block < blocks; block += items) {
        const int c0 = block / k_blocks * C_BLOCK, c_end = min(c_count - c0, C_BLOCK);
        const int c_room = (c_end + LINE - 1) / LINE * LINE; /* channels behind the last are zeros */
        const int k0 = block % k_blocks * K_BLOCK, k_end = min(K - k0, K_BLOCK);

        for (int e = 0; e < PLACES; e++)
            for (int k = 0; k < k_end; k += TILE_K)
                for (int i = 0; i < c_end; i += TILE_C) {
                    const int c = min(i, c_room - TILE_C);
                    __global float *to = s + e * plane + c * K_BLOCK + k;
                    __global const float *x = v + e * V_PLANE(c_count, some) + (size_t)c0 * some + c;
                    __global const float *dy =
                        g + e * PLANE(k_lines * some) + line_at(k0 + k, 0, some);

                    if (k_end - k > VEC) multiply(to, x, dy, VECTORS, some, count);
                    else multiply(to, x, dy, 1, some, count);
                }
        for (int c = 0; c < c_end; c++)
            for (int k = 0; k < k_end; k += VEC)
                filter_row(dw + (size_t)(c0 + c) * K, s + c * K_BLOCK + k, plane, k0 + k, C, K,
                           add);
    }
}
