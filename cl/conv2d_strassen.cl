/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_strassen - 1x1 convolution of stride 1, a matrix product, by Strassen's 7 products of halves in
 * the place of 8.
 *
 *   (y11 y12)   (x11 x12) (w11 w12)      x, y: rows are pixels, of a pair;  x, w: columns and rows are
 *   (y21 y22) = (x21 x22) (w21 w22)      the two halves of C;  w, y: the two halves of K
 *
 *   m0 = (x11 + x22)(w11 + w22)   m3 = x22 (w21 - w11)         y11 = m0 + m3 - m4 + m6
 *   m1 = (x21 + x22) w11          m4 = (x11 + x12) w22         y12 = m2 + m4
 *   m2 = x11 (w12 - w22)          m5 = (x21 - x11)(w11 + w12)  y21 = m1 + m3
 *                                 m6 = (x12 - x22)(w21 + w22)  y22 = m0 - m1 + m2 + m5
 *
 * One launch writes the factors of the weights,
 *
 *   u  7 planes [K/2/TILE_K][C/2][TILE_K]
 *
 * and another does the rest, block by block of pairs of pixels: it writes the block's factors, multiplies
 * them by the weights of k_block channels of either half, and adds up the products, so that a block's
 * pairs stay in the cache.  In scratch every work-item has room for
 *
 *   v  7 planes [block/TILE_P][C/2/LINE][TILE_P][LINE]
 *   m  7 planes [k_block/LINE][block][LINE]            = v u
 *
 *   y [N,P,K] = relu?(sums of m + b + a)
 *
 * A tile has the pairs of 2 TILE_P successive pixels of one image: a pixel of the first half with one of
 * the second, or with zeros behind the image.  C is a multiple of 2 LINE and K of 2 TILE_K.
 *
 * REGISTER  floats of a register: 8 or 16
 * TILE_P    pairs of a tile of sums: 1..16
 * Accuracy  2 to 2.5 times the error of conv2d_packed.cl (measured); chains of BLOCK terms
 */
#define VEC 16
#include "vector.clh"
#include "conv2d_planes.clh"
#include "conv2d_panels.clh"
#include "coefficients.clh"
#include "transpose.clh"
#define PRODUCTS 7

/* Writes the factors of VEC weights of each quarter. */
static inline void write_weights(__global float *u, size_t plane, vfloat w11, vfloat w12, vfloat w21,
                                 vfloat w22)
{
    vstream(w11 + w22, u);
    vstream(w11, u + plane);
    vstream(w12 - w22, u + 2 * plane);
    vstream(w21 - w11, u + 3 * plane);
    vstream(w22, u + 4 * plane);
    vstream(w11 + w12, u + 5 * plane);
    vstream(w21 + w22, u + 6 * plane);
}

/* One work-item: TILE_K output channels of VEC input channels, of all halves; w [C,K]. */
__kernel void conv2d_strassen_weights(__global float *u, __global const float *w, int half_c)
{
    const size_t half_k = get_global_size(0) * TILE_K, plane = PLANE(half_c * half_k / LINE);
    const int k = (int)get_global_id(0) * TILE_K, first = (int)get_global_id(1) * VEC;
    const size_t down = 2 * half_c * half_k;

    u += (size_t)k * half_c;
    for (int c = first; c < first + VEC; c++)
        for (int q = 0; q < TILE_K; q += VEC) {
            __global const float *from = w + (size_t)c * 2 * half_k + k + q;

            write_weights(u + (size_t)c * TILE_K + q, plane, vload(from), vload(from + half_k),
                          vload(from + down), vload(from + down + half_k));
            prefetch_line(from + TILE_K); /* of the next item */
            prefetch_line(from + half_k + TILE_K);
            prefetch_line(from + down + TILE_K);
            prefetch_line(from + down + half_k + TILE_K);
        }
}

/* The same for the gradient of the input, whose output channels are the rows of w [K,C]. */
__kernel void conv2d_strassen_weights_turned(__global float *u, __global const float *w, int half_c)
{
    const size_t half_k = get_global_size(0) * TILE_K, plane = PLANE(half_c * half_k / LINE);
    const int k = (int)get_global_id(0) * TILE_K, first = (int)get_global_id(1) * VEC;
    const size_t right = 2 * half_c * half_k;

    u += (size_t)k * half_c + (size_t)first * TILE_K;
    for (int q = 0; q < TILE_K; q += VEC) {
        vfloat w11[VEC], w12[VEC], w21[VEC], w22[VEC];

        for (int i = 0; i < VEC; i++) {
            __global const float *from = w + (size_t)(k + q + i) * 2 * half_c + first;

            w11[i] = vload(from);
            w12[i] = vload(from + right);
            w21[i] = vload(from + half_c);
            w22[i] = vload(from + right + half_c);
        }
        transpose(w11);
        transpose(w12);
        transpose(w21);
        transpose(w22);
        for (int c = 0; c < VEC; c++)
            write_weights(u + (size_t)c * TILE_K + q, plane, w11[c], w12[c], w21[c], w22[c]);
    }
}

/* Channels c .. of a pixel, normalised if there are coefficients; NULL is zeros. */
static inline vfloat load_pixel(__global const storage *pixel, __global const float *coefficients,
                                int c, int C)
{
    return pixel ? normalised(load(pixel + c), coefficients, c, C) : (vfloat)(0.0f);
}

/* Writes the factors of pixels a and b, of which NULL is zeros. */
static inline void write_factors(__global float *v, size_t plane, __global const storage *a,
                                 __global const storage *b, __global const float *coefficients,
                                 int half_c)
{
    const int C = 2 * half_c;

    for (int c = 0; c < half_c; c += VEC) {
        __global float *to = v + (size_t)(c / LINE) * TILE_P * LINE + c % LINE;
        const vfloat x11 = load_pixel(a, coefficients, c, C),
                     x12 = load_pixel(a, coefficients, half_c + c, C),
                     x21 = load_pixel(b, coefficients, c, C),
                     x22 = load_pixel(b, coefficients, half_c + c, C);

        vstore(x11 + x22, to);
        vstore(x21 + x22, to + plane);
        vstore(x11, to + 2 * plane);
        vstore(x22, to + 3 * plane);
        vstore(x11 + x12, to + 4 * plane);
        vstore(x21 - x11, to + 5 * plane);
        vstore(x12 - x22, to + 6 * plane);
    }
}

/* VEC channels k .. of y at `to`. */
static inline void write_outputs(__global storage *y, vfloat r, __global const float *b,
                                 __global const storage *a, int relu, size_t to, int k, int K)
{
    if (b) r += vload(b + k);
    if (a) r += load(a + to + k);
    if (relu) r = select(r, (vfloat)(0.0f), r < 0.0f);
#if REGISTER == 16
    stream(r, y + to + k, K);
#else /* 512 -> 2048 channels at 64x64 would take a tenth longer with AVX2 */
    store(r, y + to + k);
#endif
}

/* VEC channels k .. of either half of the outputs of a pair, from its sums at m: of pixel `at` of y and of the
 * one TILE_P behind it, where the image has them. */
static inline void write_pair(__global storage *y, __global const float *m, size_t plane,
                              __global const float *b, __global const storage *a, int relu,
                              bool has_first, bool has_second, size_t at, int k, int K)
{
    const vfloat m0 = vload(m), m1 = vload(m + plane), m2 = vload(m + 2 * plane),
                 m3 = vload(m + 3 * plane), m4 = vload(m + 4 * plane), m5 = vload(m + 5 * plane),
                 m6 = vload(m + 6 * plane);
    const size_t first = at * K, second = (at + TILE_P) * K;

    if (has_first) {
        write_outputs(y, m0 + m3 - m4 + m6, b, a, relu, first, k, K);
        write_outputs(y, m2 + m4, b, a, relu, first, K / 2 + k, K);
    }
    if (has_second) {
        write_outputs(y, m1 + m3, b, a, relu, second, k, K);
        write_outputs(y, m0 - m1 + m2 + m5, b, a, relu, second, K / 2 + k, K);
    }
}

/* Work-item (i,j): share i of the tiles, `block` pairs at a time, and channels j*k_span .. of either half
 * of the outputs, k_block at a time. */
__kernel void conv2d_strassen(__global storage *y, __global float *scratch, uint scratch_at,
                              __global const storage *x, __global const float *coefficients,
                              __global const float *u, __global const float *b,
                              __global const storage *a, int relu, int tiles, int image_tiles,
                              int pixels, int block, int k_span, int k_block, int C, int K)
{
    const int half_c = C / 2, half_k = K / 2;
    const size_t item = get_global_id(1) * get_global_size(0) + get_global_id(0);
    const size_t v_plane = PLANE(half_c / LINE * block), v_row = (size_t)half_c * TILE_P;
    const size_t m_plane = PLANE(k_block / LINE * block);
    const size_t u_plane = PLANE((size_t)half_c * half_k / LINE);
    const int t_first = (int)(get_global_id(0) * tiles / get_global_size(0));
    const int t_end = (int)((get_global_id(0) + 1) * tiles / get_global_size(0));
    const int k_first = (int)get_global_id(1) * k_span, k_last = min(half_k, k_first + k_span);
    __global float *v = scratch + scratch_at + item * PRODUCTS * (v_plane + m_plane);
    __global float *m = v + PRODUCTS * v_plane;

    for (int t = t_first; t < t_end; t += block / TILE_P) {
        const int some = min(block / TILE_P, t_end - t);

        for (int i = 0; i < some; i++) {
            const int first = (t + i) % image_tiles * 2 * TILE_P;
            __global const storage *image = x + (size_t)((t + i) / image_tiles) * pixels * C;

            for (int p = 0; p < TILE_P; p++) {
                const int p1 = first + p, p2 = p1 + TILE_P;
                write_factors(v + i * v_row + p * LINE, v_plane,
                              p1 < pixels ? image + (size_t)p1 * C : 0,
                              p2 < pixels ? image + (size_t)p2 * C : 0, coefficients, half_c);
            }
        }
        for (int k = k_first; k < k_last; k += k_block) {
            const int some_k = min(k_block, k_last - k);

            multiply_planes(m, m_plane, v, v_plane, u + (size_t)k * half_c, u_plane, PRODUCTS,
                            some * TILE_P, block, some_k, half_c);
            for (int i = 0; i < some * TILE_P; i++) {
                const int tile = t + i / TILE_P;
                const int p = tile % image_tiles * 2 * TILE_P + i % TILE_P;
                const size_t at = (size_t)(tile / image_tiles) * pixels + p;

                for (int q = 0; q < some_k; q += VEC)
                    write_pair(y, m + line_at(q, i, block), m_plane, b, a, relu, p < pixels,
                               p + TILE_P < pixels, at, k + q, K);
            }
        }
    }
}
