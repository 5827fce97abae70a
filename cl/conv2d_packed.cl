/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_packed - convolution for CPUs: explicit vectors, a register tile, no local memory, no
 * barrier.
 *
 *   y[p,k] = relu?(sum over taps t and channels c of x[p + t,c] w[t,c,k] + b[k] + a[p,k])
 *
 *   x  [N,in_h,in_w,C]    not copied; a pixel outside of it reads a row of zeros
 *   w  a row of C zeros, rounded up to VEC; then [K/TILE_K][taps][C][TILE_K], see conv2d_pack
 *   y  [N,out_h,out_w,K]  each element of the index map's pixels written exactly once
 *
 * One work-item computes TILE_P pixels x k_tiles tiles of TILE_K output channels, one after another; of
 * the last tile only the vectors that have channels.
 * Neighbouring items share these channels' weights, which stay in the second-level cache while the
 * pixels pass; a tap that leads all pixels of a tile out of the input is skipped; `chunk_tiles` tiles
 * of pixels are processed for all output channels before the next ones.
 *
 * TILE_P    pixels of a tile: 1..16
 * VECTORS   vectors of VEC output channels of a tile: 1 or 2; TILE_P * VECTORS of them are sums
 * Accuracy  a chain of at most 3/2 BLOCK terms is added to the sum of the chains before it
 */
#define VEC 16
#include "conv2d_map.clh"
#include "vector.clh"
#include "transpose.clh"
#ifndef TILE_P
#define TILE_P 12
#endif
#if TILE_P < 1 || TILE_P > 16
#error "conv2d_packed.cl: TILE_P must be in 1..16"
#endif
#ifndef VECTORS
#define VECTORS 2
#endif
#if VECTORS < 1 || VECTORS > 2
#error "conv2d_packed.cl: VECTORS must be 1 or 2"
#endif
#define TILE_K (VECTORS * VEC)
#define BLOCK 128 /* channels of one round over the taps */

#if STORAGE == F32
#define CHANNELS BLOCK /* of the products that follow one call of READ_PIXELS */
#define READ_PIXELS(c, count)
#define PIXEL(p, c, i) px[p][(c) + (i)]
#else
/* Narrow pixels are converted a strip at a time: one element at a time costs more than its
 * products. */
#define CHANNELS 64
#define READ_PIXELS(c, count) widen_pixels(wide, px, c, count)
#define PIXEL(p, c, i) wide[p][i]

static inline void widen_pixels(float wide[TILE_P][CHANNELS],
                                __global const storage *const px[TILE_P], int c, int count)
{
    for (int p = 0; p < TILE_P; p++)
        for (int i = 0; i < count; i += VEC)
            vstore16(load_part(px[p] + c, i, count), 0, wide[p] + i);
}
#endif

/* What a work-item knows of its tile of pixels. */
typedef struct pixel_tile {
    int h[TILE_P], v[TILE_P];      /* row and column of input that tap (0,0) reads */
    long from[TILE_P], to[TILE_P]; /* offsets of input and output pixel */
} pixel_tile;

/* sum = all taps and channels c_begin .. c_end - 1 times `vectors` vectors of the panel's output channels. */
INLINED void sum_panel(float16 sum[TILE_P][VECTORS], const int vectors, const pixel_tile *t,
                       __global const storage *x, __global const storage *zeros,
                       __global const float *panel, int C, int c_begin, int c_end, const index_map m)
{
    const int all_taps = m.taps_h * m.taps_w;
#if STORAGE != F32
    float wide[TILE_P][CHANNELS];
#endif

#pragma unroll
    for (int p = 0; p < TILE_P; p++)
#pragma unroll
        EACH(q, VECTORS, vectors) sum[p][q] = 0.0f;

    /* Chains are a loop of their own: with their sums added within the loop over taps, compilers
     * keep acc in memory where registers are few. */
    for (int first = c_begin, tap = 0; first < c_end && tap < all_taps;) {
        float16 acc[TILE_P][VECTORS];
        int terms = 0;

#pragma unroll
        for (int p = 0; p < TILE_P; p++)
#pragma unroll
            EACH(q, VECTORS, vectors) acc[p][q] = 0.0f;
        do {
            const int i = tap / m.taps_w, j = tap - i * m.taps_w, count = min(BLOCK, c_end - first);
            const int dh = i * m.h_step, dw = j * m.w_step;
            const long shift = ((long)dh * m.in_w + dw) * C + first;
            __global const float *w =
                panel + (size_t)(m.tap0 + i * m.tap_h + j * m.tap_w) * C * TILE_K + first * TILE_K;
            __global const storage *px[TILE_P];
            bool meets = false; /* whether the tap leads any pixel into the input */

#pragma unroll
            for (int p = 0; p < TILE_P; p++) {
                const bool inside =
                    (uint)(t->h[p] + dh) < (uint)m.in_h && (uint)(t->v[p] + dw) < (uint)m.in_w;
                px[p] = inside ? x + t->from[p] + shift : zeros;
                meets |= inside;
            }
            for (int c = 0; c < (meets ? count : 0); c += CHANNELS) {
                const int some = min(CHANNELS, count - c);

                READ_PIXELS(c, some);
                for (int k = 0; k < some; k++) {
                    float16 wv[VECTORS];
#pragma unroll
                    EACH(q, VECTORS, vectors) wv[q] = vload16((c + k) * VECTORS + q, w);
#pragma unroll
                    for (int p = 0; p < TILE_P; p++)
#pragma unroll
                        EACH(q, VECTORS, vectors) acc[p][q] += PIXEL(p, c, k) * wv[q];
                }
            }
            terms += count;
            if (++tap == all_taps) {
                tap = 0;
                first += BLOCK;
            }
        } while (terms <= BLOCK / 2 && first < c_end);
#pragma unroll
        for (int p = 0; p < TILE_P; p++)
#pragma unroll
            EACH(q, VECTORS, vectors) sum[p][q] += acc[p][q];
    }
}

/* Writes output channels from k on of the tile's first `left` pixels. */
INLINED void write_sums(const float16 sum[TILE_P][VECTORS], const int vectors, const pixel_tile *t,
                        __global storage *y, __global const float *b, __global const storage *a,
                        int relu, int left, int k, int K)
{
#pragma unroll
    for (int p = 0; p < TILE_P; p++) {
        if (p >= left) break;
#pragma unroll
        EACH(q, VECTORS, vectors)
        {
            float16 r = sum[p][q];

            if (b) r += vload_part(b, k + q * VEC, K);
            if (a) r += load_part(a + t->to[p], k + q * VEC, K);
            if (relu) r = select(r, (float16)(0.0f), r < 0.0f);
            stream_part(r, y + t->to[p], k + q * VEC, K);
        }
    }
}

__kernel void conv2d_packed(__global storage *y, __global const storage *x, __global const float *w,
                            __global const float *b, __global const storage *a, int relu, int C,
                            int K, int taps, int c_begin, int c_end, int chunk_tiles, int k_tiles,
                            INDEX_MAP)
{
    const index_map map = INDEX_MAP_VALUE;
    const int tile = (int)(get_global_id(2) * chunk_tiles + get_global_id(0)) * TILE_P;
    const int pixels = images * rows * cols;
    const int k_first = (int)get_global_id(1) * k_tiles * TILE_K;
    const int k_last = min(K, k_first + k_tiles * TILE_K);
    __global const storage *zeros = (__global const storage *)w;
    __global const float *panel = w + (C + VEC - 1) / VEC * VEC + (size_t)k_first * taps * C;
    pixel_tile t;

    if (tile >= pixels || (int)get_global_id(0) >= chunk_tiles) return;

    int j = tile % cols, i = tile / cols % rows, n = tile / cols / rows;
    for (int p = 0; p < TILE_P; p++) {
        const bool inside = tile + p < pixels;
        t.h[p] = inside ? i * step + h0 : OUTSIDE;
        t.v[p] = j * step + w0;
        t.from[p] = (((long)n * in_h + t.h[p]) * in_w + t.v[p]) * C;
        t.to[p] = (((long)n * out_h + i * out_step + out_h0) * out_w + j * out_step + out_w0) * K;
        if (++j == cols) {
            j = 0;
            if (++i == rows) i = 0, n++;
        }
    }
    for (int k0 = k_first; k0 < k_last; k0 += TILE_K, panel += (size_t)taps * C * TILE_K) {
        float16 sum[TILE_P][VECTORS];

        if (K - k0 > VEC) {
            sum_panel(sum, VECTORS, &t, x, zeros, panel, C, c_begin, c_end, map);
            write_sums(sum, VECTORS, &t, y, b, a, relu, pixels - tile, k0, K);
        } else {
            sum_panel(sum, 1, &t, x, zeros, panel, C, c_begin, c_end, map);
            write_sums(sum, 1, &t, y, b, a, relu, pixels - tile, k0, K);
        }
    }
}

/* Forward: out[block][tap][c][k in block] = w[tap][c][k], w [taps,C,K]; one work-item writes one
 * row of TILE_K. */
__kernel void conv2d_pack(__global float *out, __global const float *w, int taps, int C, int K)
{
    const int row = (int)get_global_id(0), block = (int)get_global_id(1);
    const int zeros = (C + VEC - 1) / VEC * VEC;

    if (row >= taps * C) return;
    for (int q = 0; q < VECTORS; q++)
        vstore16(vload_part(w + (size_t)row * K, block * TILE_K + q * VEC, K), 0,
                 out + zeros + ((size_t)block * taps * C + row) * TILE_K + q * VEC);
    if (block == 0 && row < C) out[row] = 0.0f;
}

/* Gradient of the input: out[block][tap][k][c in block] = w[tap][c][k]; one work-item turns VEC
 * columns. */
__kernel void conv2d_pack_transposed(__global float *out, __global const float *w, int taps, int C,
                                     int K)
{
    const int k0 = (int)get_global_id(0) * VEC, tap = (int)get_global_id(1),
              block = (int)get_global_id(2);
    const int zeros = (K + VEC - 1) / VEC * VEC;

    for (int q = 0; q < VECTORS; q++) {
        __global float *to = out + zeros + (((size_t)block * taps + tap) * K + k0) * TILE_K + q * VEC;
        float16 square[VEC];

        for (int i = 0; i < VEC; i++) {
            const int c = block * TILE_K + q * VEC + i;
            square[i] = c < C ? vload_part(w + ((size_t)tap * C + c) * K, k0, K) : (float16)(0.0f);
        }
        transpose(square);
        for (int j = 0; j < VEC && k0 + j < K; j++) vstream(square[j], to + (size_t)j * TILE_K);
    }
    if (block == 0 && tap == 0) vstore16((float16)(0.0f), 0, out + k0);
}
