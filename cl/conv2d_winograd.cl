/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_winograd - 3x3 convolution of stride 1 by Winograd's F(4x4,3x3): 36 products for 16
 * outputs.
 *
 *   Y = A' ( (G w G') . (B' d B) ) A        for every tile d of 6x6 input pixels, Y of 4x4 outputs
 *
 * Forward, and the gradient of the input with the kernel turned.  One launch transforms weights,
 *
 *   u  36 planes [K/TILE_K][C][TILE_K] = G w G'   zeros behind K
 *
 * and another does the rest, block by block of tiles: it transforms the block's input, multiplies
 * it by the weights of k_block output channels, and transforms the sums back, so that a block's
 * tiles stay in the cache.  In scratch every work-item has room for
 *
 *   v  36 planes [block/TILE_P][C/LINE][TILE_P][LINE] = B' d B
 *   m  36 planes [k_block/LINE][block][LINE]          = v u
 *
 *   y [N,OH,OW,K] = relu?(A' m A + b + a)
 *
 * REGISTER  floats of a register: 8 or 16
 * TILE_P    tiles of one tile of sums: 1..16; TILE_P * VECTORS registers are sums
 * Accuracy  4 to 5 times the error of conv2d_packed.cl (measured); chains of BLOCK terms
 */
#include "conv2d_winograd.clh"
#include "conv2d_panels.clh"
#include "transpose.clh"

/* One work-item: TILE_K output channels from k_first on, of VEC of the `count` input channels from c_first on;
 * w [3,3,C,K]. */
__kernel void conv2d_winograd_weights(__global float *u, uint u_at, __global const float *w,
                                      int c_first, int count, int k_first, int C, int K)
{
    const int i = (int)get_global_id(0), first = (int)get_global_id(1) * VEC;
    const size_t plane = PLANE((int)get_global_size(0) * count * (TILE_K / LINE));

    u += u_at + (size_t)i * count * TILE_K;
    k_first += i * TILE_K;
    for (int c = first; c < min(count, first + VEC); c++)
        for (int q = 0; q < TILE_K; q += VEC) {
            vfloat from[9];

            for (int t = 0; t < 9; t++) {
                __global const float *row = w + ((size_t)t * C + c_first + c) * K;

                from[t] = vload_part(row, k_first + q, K);
                prefetch_line(row + k_first + q + TILE_K); /* of the next item */
            }
            write_weights(u + (size_t)c * TILE_K + q, plane, from);
        }
}

/* The same for the gradient of the input, whose output channels are the rows of w [3,3,K,C]; the kernel is
 * turned by 180 degrees. */
__kernel void conv2d_winograd_weights_turned(__global float *u, uint u_at, __global const float *w,
                                             int c_first, int count, int k_first, int C, int K)
{
    const int i = (int)get_global_id(0), first = (int)get_global_id(1) * VEC;
    const size_t plane = PLANE((int)get_global_size(0) * count * (TILE_K / LINE));

    u += u_at + (size_t)i * count * TILE_K;
    k_first += i * TILE_K;
    for (int q = 0; q < TILE_K; q += VEC) {
        vfloat square[9][VEC];

        for (int t = 0; t < 9; t++) {
            for (int j = 0; j < VEC; j++) {
                const int k = k_first + q + j;

                prefetch_line(w + ((size_t)t * K + k + TILE_K) * C + c_first + first);
                square[t][j] = k < K ? vload_part(w + ((size_t)t * K + k) * C, c_first + first, C)
                                     : (vfloat)(0.0f);
            }
            transpose(square[t]);
        }
        for (int c = first; c < min(count, first + VEC); c++) {
            vfloat from[9];

            for (int t = 0; t < 9; t++) from[t] = square[8 - t][c - first];
            write_weights(u + (size_t)c * TILE_K + q, plane, from);
        }
    }
}

/* VEC output channels k .. of the tile at place `p`: k_at of m, tile `at` of the block. */
static inline void output_tile(__global storage *y, __global float *s, bool adds, bool ends,
                               __global const float *m, size_t plane, int block, int at, int k_at,
                               __global const float *b, __global const storage *a, int relu,
                               place p, int dilation, int OH, int OW, int K, int k)
{
    vfloat d[4][6], row[6], out[4];
    const vfloat bias = b ? vload_part(b, k, K) : (vfloat)(0.0f);

    m += line_at(k_at, at, block);
    for (int j = 0; j < 6; j++) {
        vfloat col[4];

#pragma unroll
        for (int i = 0; i < 6; i++) row[i] = vload(m + (i * 6 + j) * plane);
        transform_output(col, row[0], row[1], row[2], row[3], row[4], row[5]);
#pragma unroll
        for (int i = 0; i < 4; i++) d[i][j] = col[i];
    }
    for (int i = 0; i < 4; i++) {
        const int h = p.i + i * dilation;

        transform_output(out, d[i][0], d[i][1], d[i][2], d[i][3], d[i][4], d[i][5]);
        for (int j = 0; j < 4; j++) {
            const int w = p.j + j * dilation;
            const int pixel = h * OW + w;
            const size_t to = ((size_t)p.n * OH * OW + pixel) * K;
            vfloat r = out[j] + bias;

            if (h >= OH || w >= OW) continue;
            if (a == y) r += load_part(a + to, k, K); /* the next pixel may be written just now */
            else if (a) r += load_inside(a + to, k, K, (uint)((OH * OW - pixel) * K));
            if (adds) r += vload_part(s + to, k, K);
            if (!ends) {
                vstream_part(r, s + to, k, K);
                continue;
            }
            if (relu) r = select(r, (vfloat)(0.0f), r < 0.0f);
            stream_part(r, y + to, k, K);
        }
    }
}

/* Work-item (i,j): share i of the tiles, which differ by at most TILE_P, `block` at a time, and k_span
 * output channels from k_begin + j*k_span, k_block at a time, of the terms of input channels first ..
 * first + count - 1.  u has the weights of output channels k_begin .. k_end - 1.  `block` is a multiple of TILE_P,
 * k_begin, k_span and k_block are multiples of LINE and TILE_K.  The launches of the first input channels, which have b
 * and a, leave their sums in floats s + s_at [N,OH,OW,K], which may be y. */
__kernel void conv2d_winograd(__global storage *y, __global float *s, uint s_at,
                              __global float *scratch, uint scratch_at,
                              __global const storage *x, __global const float *coefficients,
                              __global const float *u, uint u_at, __global const float *b,
                              __global const storage *a, int relu, int block, int k_begin,
                              int k_end, int k_span, int k_block, int first, int count, TILING)
{
    const size_t item = get_global_id(1) * get_global_size(0) + get_global_id(0);
    const int lines = (count + LINE - 1) / LINE;
    const size_t v_plane = PLANE(lines * block), v_row = (size_t)lines * TILE_P * LINE;
    const size_t m_plane = PLANE(k_block / LINE * block);
    const size_t panel_size = (size_t)count * TILE_K;
    const size_t u_plane = PLANE((k_end - k_begin + TILE_K - 1) / TILE_K * count * (TILE_K / LINE));
    const size_t groups = (tiles + TILE_P - 1) / TILE_P, items = get_global_size(0);
    const int t_first = (int)(get_global_id(0) * groups / items) * TILE_P;
    const int t_end = min(tiles, (int)((get_global_id(0) + 1) * groups / items) * TILE_P);
    const int k_first = k_begin + (int)get_global_id(1) * k_span;
    const int k_last = min(k_end, k_first + k_span);
    __global float *v = scratch + scratch_at + item * PLACES * (v_plane + m_plane);
    __global float *m = v + PLACES * v_plane;

    u += u_at;
    for (int t = t_first; t < t_end; t += block) {
        const int some = min(block, t_end - t), sums = (some + TILE_P - 1) / TILE_P * TILE_P;

        for (int i = 0; i < sums; i++)
            input_tile(v + i / TILE_P * v_row + i % TILE_P * LINE, v_plane, 1, TILE_P * LINE, false,
                       x, coefficients, first, count, i < some ? t + i : tiles, tiles, rows, cols,
                       dilation, pad, H, W, C);
        for (int k = k_first; k < k_last; k += k_block) {
            const int some_k = min(k_block, k_last - k);

            multiply_planes(m, m_plane, v, v_plane,
                            u + (k - k_begin) / TILE_K * panel_size, u_plane, PLACES, sums, block,
                            some_k, count);
            for (int i = 0; i < some; i++) {
                const place p = place_of(t + i, rows, cols, dilation);
                for (int q = 0; q < some_k; q += VEC)
                    output_tile(y, s + s_at, first > 0, first + count == C, m, m_plane, block, i, q,
                                b, a, relu, p, dilation, OH, OW, K, k + q);
            }
        }
    }
}
