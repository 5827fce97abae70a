/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encoding - soft assignment of pixels to codewords, residuals aggregated per codeword.
 *
 *   r[n,p,k,:] = x[n,p,:] - c[k,:]                                        never stored
 *   a[n,p,k]   = softmax over k of s[k] |r[n,p,k]|^2                      the softmax: softmax.cl
 *   e[n,d,k]   = sum_p a[n,p,k] r[n,p,k,d]                                arXiv:1803.08904
 *
 *   q[n,p,k]   = sum_d g[n,k,d] r[n,p,k,d],  g = de                       backward; see lib/ops/encoding.md
 *   h[n,p,k]   = a[n,p,k] (q[n,p,k] - sum_j a[n,p,j] q[n,p,j])
 *   dx[n,p,d]  = sum_k a[n,p,k] g[n,k,d] + 2 s[k] h[n,p,k] r[n,p,k,d]
 *   dc[k,d]    = - sum_n,p of the same terms
 *   ds[k]      = sum_n,p h[n,p,k] |r[n,p,k]|^2
 *
 *   x, dx  [N,P,D]  P = H W
 *   c, dc  [K,D]
 *   s, ds  [K]      carries the minus sign of the paper's exponent
 *   e, de  [N,D,K]
 *   a      [N,P,K]  the only tensor that is saved for backward
 *   part   [N,B,K,D] sums over each of B blocks of pixels
 *
 * VEC     channels of a vector: 4 on a GPU, 8 or 16 on a CPU
 * TILE_P  pixels, TILE_K codewords that one work-item of encoding_distance holds
 * TILE_Q  codewords of a work-item of encoding_bwd_dot, which keeps two sums for each
 * TILE_E  codewords of a work-item that sums over pixels
 *
 * Any N, P, K, D >= 1: a tile that extends past the end repeats the last pixel or codeword and stores nothing for the
 * copies; a vector that extends past the end is filled with zeros.  There are no atomics, and all sums have a fixed order.
 */
#ifndef VEC
#define VEC 16
#endif
#include "shares.clh"
#include "slices.clh"

#ifndef TILE_P
#define TILE_P 4
#endif
#ifndef TILE_K
#define TILE_K 4
#endif
#ifndef TILE_Q
#define TILE_Q PICK(4, 2)
#endif
#ifndef TILE_E
#define TILE_E 8
#endif
#if VEC != 4 && VEC != 8 && VEC != 16
#error "encoding.cl: VEC must be 4, 8 or 16"
#endif
#if TILE_P < 1 || TILE_P > 8 || TILE_K < 1 || TILE_K > 8 || TILE_Q < 1 || TILE_Q > 8 ||            \
    TILE_E < 1 || TILE_E > 16
#error "encoding.cl: TILE_P, TILE_K and TILE_Q must be in 1..8, TILE_E in 1..16"
#endif

/* y[p,k] = s[k] |x[p] - c[k]|^2.  Item (codeword tile, pixel tile) over all N*P pixels.  The difference is squared as it
 * stands: |x|^2 - 2 x.c + |c|^2 loses |x|^2 / |r|^2 of its digits. */
__kernel GROUP(8, 16) void encoding_distance(__global float *y, __global const storage *x,
                                             __global const float *c, __global const float *s,
                                             uint P, uint K, uint D)
{
    SLICE(pixels, 16 * TILE_P);
    SLICE(codes, 8 * TILE_K);
    const uint k0 = (uint)get_global_id(0) * TILE_K, k_in = (uint)get_local_id(0) * TILE_K;
    const uint p0 = (uint)get_global_id(1) * TILE_P, p_in = (uint)get_local_id(1) * TILE_P;
    terms all[TILE_P][TILE_K], sums[TILE_P][TILE_K];

    if (ALONE && (k0 >= K || p0 >= P)) return;
#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
#pragma unroll
        for (uint j = 0; j < TILE_K; j++) all[i][j] = sums[i][j] = 0.0f;
    EACH_SLICE(from, D)
    {
        refill();
        take_turned(pixels, 16 * TILE_P, x, p0 - p_in, P, from, D, false);
        vtake_turned(codes, 8 * TILE_K, c, k0 - k_in, K, from, D, false);
        refilled();
        for (uint d = 0; d < PICK(DEPTH, D); d += TERMS) {
            terms pixel[TILE_P];

#pragma unroll
            for (uint i = 0; i < TILE_P; i++)
                pixel[i] = PICK(pixels[d * PITCH(16 * TILE_P) + p_in + i],
                                load_part(x + (size_t)min(p0 + i, P - 1) * D, d, D));
#pragma unroll
            for (uint j = 0; j < TILE_K; j++) {
                terms code = PICK(codes[d * PITCH(8 * TILE_K) + k_in + j],
                                  vload_part(c + (size_t)min(k0 + j, K - 1) * D, d, D));

#pragma unroll
                for (uint i = 0; i < TILE_P; i++) {
                    terms r = pixel[i] - code;

                    sums[i][j] = fma(r, r, sums[i][j]);
                }
            }
        }
#pragma unroll
        for (uint i = 0; i < TILE_P; i++)
#pragma unroll
            for (uint j = 0; j < TILE_K; j++) JOIN(all[i][j], sums[i][j]);
    }
#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
#pragma unroll
        for (uint j = 0; j < TILE_K; j++)
            if (p0 + i < P && k0 + j < K)
                y[(size_t)(p0 + i) * K + k0 + j] = s[k0 + j] * sum_terms(all[i][j]);
}

/* part[n,b,k,d] = sum over pixels p of block b of w[n,p,k] (x[n,p,d] - c[k,d]).  Item (vector of d, codeword tile, n b). */
__kernel GROUP(32, 4) void encoding_gather(__global float *part, __global const float *w,
                                           __global const storage *x, __global const float *c,
                                           uint P, uint K, uint D, uint B, uint block)
{
    SLICE(pixels, 32 * VEC);
    SLICE(weights, 4 * TILE_E);
    const uint d = (uint)get_global_id(0) * VEC, d_in = (uint)get_local_id(0) * VEC;
    const uint k0 = (uint)get_global_id(1) * TILE_E, k_in = (uint)get_local_id(1) * TILE_E;
    const size_t nb = get_global_id(2);
    const size_t n = nb / B;
    const uint first = (uint)(nb % B) * block;
    const uint size = min(block, P - first);
    const size_t row = n * P + first;
    vfloat sums[TILE_E], code[TILE_E];
    uint k[TILE_E];

    if (ALONE && (d >= D || k0 >= K)) return;
#pragma unroll
    for (uint j = 0; j < TILE_E; j++) {
        k[j] = min(k0 + j, K - 1);
        code[j] = vload_part(c + (size_t)k[j] * D, d, D);
        sums[j] = 0.0f;
    }
    EACH_SLICE(from, size)
    {
        refill();
        take_rows(pixels, 32 * VEC, x + row * D, from, size, d - d_in, D, false);
        vtake_rows(weights, 4 * TILE_E, w + row * K, from, size, k0 - k_in, K, false);
        refilled();
        for (uint p = from; p < PICK(min(from + DEPTH, size), size); p++) {
            vfloat pixel = PICK(vector_at(pixels + (p - from) * PITCH(32 * VEC) + d_in),
                                load_part(x + (row + p) * D, d, D));
            __global const float *weight = w + (row + p) * K;

#pragma unroll
            for (uint j = 0; j < TILE_E; j++)
                sums[j] = fma(PICK(weights[(p - from) * PITCH(4 * TILE_E) + k_in + j], weight[k[j]]),
                              pixel - code[j], sums[j]);
        }
    }
#pragma unroll
    for (uint j = 0; j < TILE_E; j++)
        if (k0 + j < K) vput_part(sums[j], part + (nb * K + k0 + j) * D, d, D);
}

/* e[n,d,k] = sum_b part[n,b,k,d].  Item (vector of d, k, n). */
__kernel void encoding_finish(__global float *e, __global const float *part, uint K, uint D, uint B)
{
    uint d = (uint)get_global_id(0) * VEC;
    size_t k = get_global_id(1);
    size_t n = get_global_id(2);
    vfloat sum = 0.0f;
    float lanes[VEC];

    if (d >= D || k >= K) return;
    for (size_t b = 0; b < B; b++) sum += vload_part(part + ((n * B + b) * K + k) * D, d, D);
    vstore(sum, lanes);
#pragma unroll
    for (uint j = 0; j < VEC; j++)
        if (d + j < D) e[(n * D + d + j) * K + k] = lanes[j];
}

/* g[n,k,d] = de[n,d,k].  Item (d, k, n). */
__kernel void encoding_bwd_turn(__global float *scratch, uint g, __global const float *de, uint K,
                                uint D)
{
    size_t d = get_global_id(0);
    size_t k = get_global_id(1);
    size_t n = get_global_id(2);

    if (d < D) scratch[g + (n * K + k) * D + d] = de[(n * D + d) * K + k];
}

/* q and |r|^2 in one pass over x.  Item (codeword tile, pixel tile, n). */
__kernel GROUP(8, 16) void encoding_bwd_dot(__global float *scratch, uint q, uint square, uint g,
                                            __global const storage *x, __global const float *c,
                                            uint P, uint K, uint D)
{
    SLICE(pixels, 16 * TILE_P);
    SLICE(codes, 8 * TILE_Q);
    SLICE(slopes, 8 * TILE_Q);
    const uint k0 = (uint)get_global_id(0) * TILE_Q, k_in = (uint)get_local_id(0) * TILE_Q;
    const uint p0 = (uint)get_global_id(1) * TILE_P, p_in = (uint)get_local_id(1) * TILE_P;
    const size_t n = get_global_id(2);
    terms all_dots[TILE_P][TILE_Q], all_squares[TILE_P][TILE_Q];
    terms dots[TILE_P][TILE_Q], squares[TILE_P][TILE_Q];

    if (ALONE && (k0 >= K || p0 >= P)) return;
#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
#pragma unroll
        for (uint j = 0; j < TILE_Q; j++)
            all_dots[i][j] = all_squares[i][j] = dots[i][j] = squares[i][j] = 0.0f;
    EACH_SLICE(from, D)
    {
        refill();
        take_turned(pixels, 16 * TILE_P, x + n * P * D, p0 - p_in, P, from, D, false);
        vtake_turned(codes, 8 * TILE_Q, c, k0 - k_in, K, from, D, false);
        vtake_turned(slopes, 8 * TILE_Q, scratch + g + n * K * D, k0 - k_in, K, from, D,
                     false);
        refilled();
        for (uint d = 0; d < PICK(DEPTH, D); d += TERMS) {
            terms pixel[TILE_P];

#pragma unroll
            for (uint i = 0; i < TILE_P; i++)
                pixel[i] = PICK(pixels[d * PITCH(16 * TILE_P) + p_in + i],
                                load_part(x + (n * P + min(p0 + i, P - 1)) * D, d, D));
#pragma unroll
            for (uint j = 0; j < TILE_Q; j++) {
                size_t k = min(k0 + j, K - 1);
                terms code = PICK(codes[d * PITCH(8 * TILE_Q) + k_in + j], vload_part(c + k * D, d, D));
                terms slope = PICK(slopes[d * PITCH(8 * TILE_Q) + k_in + j],
                                   vload_part(scratch + g + (n * K + k) * D, d, D));

#pragma unroll
                for (uint i = 0; i < TILE_P; i++) {
                    terms r = pixel[i] - code;

                    dots[i][j] = fma(slope, r, dots[i][j]);
                    squares[i][j] = fma(r, r, squares[i][j]);
                }
            }
        }
#pragma unroll
        for (uint i = 0; i < TILE_P; i++)
#pragma unroll
            for (uint j = 0; j < TILE_Q; j++) {
                JOIN(all_dots[i][j], dots[i][j]);
                JOIN(all_squares[i][j], squares[i][j]);
            }
    }
#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
#pragma unroll
        for (uint j = 0; j < TILE_Q; j++)
            if (p0 + i < P && k0 + j < K) {
                size_t at = (n * P + p0 + i) * K + k0 + j;

                scratch[q + at] = sum_terms(all_dots[i][j]);
                scratch[square + at] = sum_terms(all_squares[i][j]);
            }
}

/* In place: q becomes 2 s h, |r|^2 becomes h |r|^2.  Item (pixel) over all N*P.  A share below LEAST adds nothing to sums that
 * hold one of 1/K, but its h may be denormal: it counts as 0. */
__kernel void encoding_bwd_assign(__global float *scratch, uint q, uint square,
                                  __global const float *a, __global const float *s, uint P, uint K)
{
    size_t p = get_global_id(0);
    __global float *dots = scratch + q + p * K;
    __global float *squares = scratch + square + p * K;
    float16 sums = 0.0f;
    float mean;

    if (p >= P) return;
    a += p * K;
    for (uint k = 0; k < K; k += 16) sums += row_load(a, k, K, 0.0f) * row_load(dots, k, K, 0.0f);
    mean = row_sum16(sums);
    for (uint k = 0; k < K; k += 16) {
        float16 share = row_load(a, k, K, 0.0f);
        float16 h =
            select(share, (float16)(0.0f), share < LEAST) * (row_load(dots, k, K, 0.0f) - mean);

        row_store(squares, k, K, h * row_load(squares, k, K, 0.0f));
        row_store(dots, k, K, 2.0f * row_load(s, k, K, 0.0f) * h);
    }
}

/* Item (vector of d, pixel tile, n). */
__kernel GROUP(16, 8) void encoding_bwd_x(__global storage *dx, __global const float *scratch,
                                          uint q, uint g, __global const float *a,
                                          __global const storage *x, __global const float *c,
                                          uint P, uint K, uint D)
{
    SLICE(codes, 16 * VEC);
    SLICE(slopes, 16 * VEC);
    SLICE(shares, 8 * TILE_P);
    SLICE(weights, 8 * TILE_P);
    const uint d = (uint)get_global_id(0) * VEC, d_in = (uint)get_local_id(0) * VEC;
    const uint p0 = (uint)get_global_id(1) * TILE_P, p_in = (uint)get_local_id(1) * TILE_P;
    const size_t n = get_global_id(2);
    vfloat sums[TILE_P], pixel[TILE_P];

    if (ALONE && (d >= D || p0 >= P)) return;
#pragma unroll
    for (uint i = 0; i < TILE_P; i++) {
        pixel[i] = load_part(x + (n * P + min(p0 + i, P - 1)) * D, d, D);
        sums[i] = 0.0f;
    }
    EACH_SLICE(from, K)
    {
        refill();
        vtake_rows(codes, 16 * VEC, c, from, K, d - d_in, D, false);
        vtake_rows(slopes, 16 * VEC, scratch + g + n * K * D, from, K, d - d_in, D, false);
        vtake_turned(shares, 8 * TILE_P, a + n * P * K, p0 - p_in, P, from, K, false);
        vtake_turned(weights, 8 * TILE_P, scratch + q + n * P * K, p0 - p_in, P, from, K, false);
        refilled();
        for (size_t k = from; k < PICK(min(from + DEPTH, K), K); k++) {
            vfloat code = PICK(vector_at(codes + ((uint)k - from) * PITCH(16 * VEC) + d_in),
                               vload_part(c + k * D, d, D));
            vfloat slope = PICK(vector_at(slopes + ((uint)k - from) * PITCH(16 * VEC) + d_in),
                                vload_part(scratch + g + (n * K + k) * D, d, D));

#pragma unroll
            for (uint i = 0; i < TILE_P; i++) {
                const size_t pk = (n * P + min(p0 + i, P - 1)) * K + k;

                sums[i] = fma(PICK(shares[((uint)k - from) * PITCH(8 * TILE_P) + p_in + i], a[pk]), slope, sums[i]);
                sums[i] = fma(PICK(weights[((uint)k - from) * PITCH(8 * TILE_P) + p_in + i], scratch[q + pk]),
                              pixel[i] - code, sums[i]);
            }
        }
    }
#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
        if (p0 + i < P) put_part(sums[i], dx + (n * P + p0 + i) * D, d, D);
}

/* part[n,b,k,d] = sum over the block of a g + 2 s h r; g leaves the sum.  Item (vector of d, codeword tile, n b). */
__kernel GROUP(32, 4) void encoding_bwd_gather(__global float *scratch, uint part, uint q, uint g,
                                               __global const float *a, __global const storage *x,
                                               __global const float *c, uint P, uint K, uint D,
                                               uint B, uint block)
{
    SLICE(pixels, 32 * VEC);
    SLICE(weights, 4 * TILE_E);
    SLICE(taken, 4 * TILE_E);
    const uint d = (uint)get_global_id(0) * VEC, d_in = (uint)get_local_id(0) * VEC;
    const uint k0 = (uint)get_global_id(1) * TILE_E, k_in = (uint)get_local_id(1) * TILE_E;
    const size_t nb = get_global_id(2);
    const size_t n = nb / B;
    const uint first = (uint)(nb % B) * block;
    const uint size = min(block, P - first);
    const size_t row = n * P + first;
    vfloat sums[TILE_E], code[TILE_E];
    float shares[TILE_E];
    uint k[TILE_E];

    if (ALONE && (d >= D || k0 >= K)) return;
#pragma unroll
    for (uint j = 0; j < TILE_E; j++) {
        k[j] = min(k0 + j, K - 1);
        code[j] = vload_part(c + (size_t)k[j] * D, d, D);
        sums[j] = 0.0f;
        shares[j] = 0.0f;
    }
    EACH_SLICE(from, size)
    {
        refill();
        take_rows(pixels, 32 * VEC, x + row * D, from, size, d - d_in, D, false);
        vtake_rows(weights, 4 * TILE_E, scratch + q + row * K, from, size, k0 - k_in, K,
                   false);
        vtake_rows(taken, 4 * TILE_E, a + row * K, from, size, k0 - k_in, K, false);
        refilled();
        for (uint p = from; p < PICK(min(from + DEPTH, size), size); p++) {
            vfloat pixel = PICK(vector_at(pixels + (p - from) * PITCH(32 * VEC) + d_in),
                                load_part(x + (row + p) * D, d, D));
            size_t at = (row + p) * K;

#pragma unroll
            for (uint j = 0; j < TILE_E; j++) {
                const size_t e = PICK((p - from) * PITCH(4 * TILE_E) + k_in + j, at + k[j]);

                sums[j] = fma(PICK(weights, scratch + q)[e], pixel - code[j], sums[j]);
                shares[j] += PICK(taken, a)[e];
            }
        }
    }
#pragma unroll
    for (uint j = 0; j < TILE_E; j++)
        if (k0 + j < K) {
            vfloat slope = vload_part(scratch + g + (n * K + k0 + j) * D, d, D);

            vput_part(fma(shares[j], slope, sums[j]), scratch + part + (nb * K + k0 + j) * D, d,
                        D);
        }
}

/* dc[k,d] = - sum of part over all blocks of all images, NB in all.  Item (vector of d, k). */
__kernel void encoding_bwd_c(__global float *dc, __global const float *scratch, uint part, uint K,
                             uint D, uint NB)
{
    uint d = (uint)get_global_id(0) * VEC;
    size_t k = get_global_id(1);
    vfloat sum = 0.0f;

    if (d >= D || k >= K) return;
    for (size_t b = 0; b < NB; b++) sum += vload_part(scratch + part + (b * K + k) * D, d, D);
    vput_part(-sum, dc + k * D, d, D);
}

/* sums[b,k] = sum over the block's rows of in[row,k]; with one block the column sums.  Item (k, block). */
__kernel void encoding_bwd_s(__global float *sums, uint out, __global const float *rows, uint in,
                             uint P, uint K, uint block)
{
    size_t k = get_global_id(0);
    size_t b = get_global_id(1);
    size_t first = b * block;
    size_t last = min(first + block, (size_t)P);
    float sum = 0.0f;

    if (k >= K) return;
    for (size_t p = first; p < last; p++) sum += rows[in + p * K + k];
    sums[out + b * K + k] = sum;
}
