/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * regions - products between positions and regions.
 *
 *   dot     a[n,p,k] = scale sum_d x[n,p,d] r[n,k,d]
 *   spread  x[n,p,d] = scale sum_k a[n,p,k] r[n,k,d]
 *   gather  part[n,b,k,d] = sum over the positions p of block b of a[n,p,k] x[n,p,d]
 *
 *   x     [N,P,D]  features of positions
 *   r     [N,K,D]  features of regions
 *   a     [N,P,K]  floats, at an offset of their buffer
 *   part  [N,B,K,D] floats
 *
 * VEC     channels of a vector: 4 on a GPU, 8 or 16 on a CPU
 * LESS_FIRST  0, the default; REGION: dot and spread take r[n,k,d] - r[n,0,d] in the place of r;
 *             POSITION: dot takes x[n,p,d] - x[n,0,d] in the place of x
 * TILE_P  positions, TILE_K regions of a work-item of regions_dot
 * TILE_S  positions of a work-item of regions_spread
 * TILE_G  regions whose sums a work-item of regions_gather has in registers
 *
 * Any N, P, K, D >= 1: a tile that sticks out repeats its last row and stores nothing for it; a vector that sticks out
 * is filled up with zeros.  No atomics, fixed order.
 */
#ifndef VEC
#define VEC 16
#endif
#define REGION 1
#define POSITION 2
#ifndef LESS_FIRST
#define LESS_FIRST 0
#endif
#if LESS_FIRST != 0 && LESS_FIRST != REGION && LESS_FIRST != POSITION
#error "regions.cl: LESS_FIRST must be 0, REGION or POSITION"
#endif
#include "shares.clh"
#include "slices.clh"

#ifndef TILE_P
#define TILE_P (VEC == 8 ? 3 : 4) /* 16 registers of 8 floats hold no more sums than 12 */
#endif
#ifndef TILE_K
#define TILE_K 4
#endif
#ifndef TILE_S
#define TILE_S 8
#endif
#ifndef TILE_G
#define TILE_G 8
#endif
#if VEC != 4 && VEC != 8 && VEC != 16
#error "regions.cl: VEC must be 4, 8 or 16"
#endif
#if TILE_P < 1 || TILE_P > 8 || TILE_K < 1 || TILE_K > 8
#error "regions.cl: TILE_P and TILE_K must be in 1..8"
#endif
#if TILE_S < 1 || TILE_S > 16 || TILE_G < 1 || TILE_G > 16
#error "regions.cl: TILE_S and TILE_G must be in 1..16"
#endif

/* A vector of row i of `rows` of image n, or what it is more than that of row 0.  `whole`: it ends within the row. */
static inline vfloat load_row(__global const storage *x, size_t n, size_t i, size_t rows, uint d, uint D,
                              bool less_first, bool whole)
{
    __global const storage *row = x + (n * rows + i) * D, *first = x + n * rows * D;
    vfloat v = whole ? load(row + d) : load_part(row, d, D);

    return less_first ? v - (whole ? load(first + d) : load_part(first, d, D)) : v;
}

/* Adds the products of TERMS channels to the sums of positions p0 .. and regions k0 ..; in the slices d is that of a slice. */
INLINED void multiply(terms sums[TILE_P][TILE_K], __local const float *positions, uint p_in,
                            __local const float *regions, uint k_in, __global const storage *x,
                            __global const storage *r, size_t n, uint p0, uint P, uint k0, uint K, uint d, uint D,
                            bool whole)
{
    terms position[TILE_P];

#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
        position[i] = PICK(positions[d * PITCH(16 * TILE_P) + p_in + i],
                           load_row(x, n, min(p0 + i, P - 1), P, d, D, LESS_FIRST == POSITION, whole));
#pragma unroll
    for (uint j = 0; j < TILE_K; j++) {
        terms region = PICK(regions[d * PITCH(8 * TILE_K) + k_in + j],
                            load_row(r, n, min(k0 + j, K - 1), K, d, D, LESS_FIRST == REGION, whole));

#pragma unroll
        for (uint i = 0; i < TILE_P; i++) sums[i][j] = fma(position[i], region, sums[i][j]);
    }
}

/* Item (region tile, position tile, n). */
__kernel GROUP(8, 16) void regions_dot(__global float *a, uint at, __global const storage *x,
                                       __global const storage *r, uint P, uint K, uint D, float scale)
{
    SLICE(positions, 16 * TILE_P);
    SLICE(regions, 8 * TILE_K);
    const uint k0 = (uint)get_global_id(0) * TILE_K, k_in = (uint)get_local_id(0) * TILE_K;
    const uint p0 = (uint)get_global_id(1) * TILE_P, p_in = (uint)get_local_id(1) * TILE_P;
    const uint whole = PICK(DEPTH, D - D % TERMS);
    const size_t n = get_global_id(2);
    terms all[TILE_P][TILE_K], sums[TILE_P][TILE_K];

    if (ALONE && (k0 >= K || p0 >= P)) return;
#pragma unroll
    for (uint i = 0; i < TILE_P; i++)
#pragma unroll
        for (uint j = 0; j < TILE_K; j++) all[i][j] = sums[i][j] = 0.0f;
    EACH_SLICE(from, D)
    {
        refill();
        take_turned(positions, 16 * TILE_P, x + n * P * D, p0 - p_in, P, from, D, LESS_FIRST == POSITION);
        take_turned(regions, 8 * TILE_K, r + n * K * D, k0 - k_in, K, from, D, LESS_FIRST == REGION);
        refilled();
        for (uint d = 0; d < whole; d += TERMS)
            multiply(sums, positions, p_in, regions, k_in, x, r, n, p0, P, k0, K, d, D, true);
        if (ALONE && whole < D)
            multiply(sums, positions, p_in, regions, k_in, x, r, n, p0, P, k0, K, whole, D, false);
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
                a[at + (n * P + p0 + i) * K + k0 + j] = scale * sum_terms(all[i][j]);
}

/* Item (vector of d, position tile, n). */
__kernel GROUP(16, 8) void regions_spread(__global storage *x, __global const float *a, uint at,
                                          __global const storage *r, uint P, uint K, uint D, float scale)
{
    SLICE(regions, 16 * VEC);
    SLICE(shares, 8 * TILE_S);
    const uint d = (uint)get_global_id(0) * VEC, d_in = (uint)get_local_id(0) * VEC;
    const uint p0 = (uint)get_global_id(1) * TILE_S, p_in = (uint)get_local_id(1) * TILE_S;
    const size_t n = get_global_id(2);
    vfloat sums[TILE_S];
    size_t row[TILE_S];

    if (ALONE && (d >= D || p0 >= P)) return;
#pragma unroll
    for (uint i = 0; i < TILE_S; i++) {
        row[i] = n * P + min(p0 + i, P - 1);
        sums[i] = 0.0f;
    }
    EACH_SLICE(from, K)
    {
        refill();
        take_rows(regions, 16 * VEC, r + n * K * D, from, K, d - d_in, D, LESS_FIRST == REGION);
        vtake_turned(shares, 8 * TILE_S, a + at + n * P * K, p0 - p_in, P, from, K, false);
        refilled();
        for (size_t k = from; k < PICK(min(from + DEPTH, K), K); k++) {
            vfloat region = PICK(vector_at(regions + ((uint)k - from) * PITCH(16 * VEC) + d_in),
                                 load_row(r, n, k, K, d, D, LESS_FIRST == REGION, d + VEC <= D));

#pragma unroll
            for (uint i = 0; i < TILE_S; i++)
                sums[i] = fma(PICK(shares[((uint)k - from) * PITCH(8 * TILE_S) + p_in + i], a[at + row[i] * K + k]),
                              region, sums[i]);
        }
    }
#pragma unroll
    for (uint i = 0; i < TILE_S; i++)
        if (p0 + i < P) put_part(scale * sums[i], x + row[i] * D, d, D);
}

#if ALONE
/* Item (vector of d, -, n b).  A position is read once for all regions, whose sums wait in `part` from slice to slice. */
__kernel void regions_gather(__global float *part, __global const float *a, uint at,
                             __global const storage *x, uint P, uint K, uint D, uint B, uint block)
{
    const uint d = (uint)get_global_id(0) * VEC;
    const size_t nb = get_global_id(2), n = nb / B;
    const uint first = (uint)(nb % B) * block, last = min(first + block, P);

    if (d >= D) return;
    for (uint from = first; from < last; from += DEPTH) {
        const uint depth = min((uint)DEPTH, last - from);
        vfloat positions[DEPTH];

        for (uint p = 0; p < depth; p++) {
            positions[p] = load_part(x + (n * P + from + p) * D, d, D);
            prefetch_line(x + (n * P + from + p + DEPTH) * D + d);
        }
        for (uint k0 = 0; k0 < K; k0 += TILE_G) {
            __global const float *weight[TILE_G];
            vfloat chain[TILE_G];

#pragma unroll
            for (uint j = 0; j < TILE_G; j++) {
                weight[j] = a + at + (n * P + from) * K + min(k0 + j, K - 1);
                chain[j] = 0.0f;
            }
            for (uint p = 0; p < depth; p++)
#pragma unroll
                for (uint j = 0; j < TILE_G; j++) chain[j] = fma(weight[j][p * K], positions[p], chain[j]);
#pragma unroll
            for (uint j = 0; j < TILE_G; j++) {
                __global float *sum = part + (nb * K + k0 + j) * D;

                if (k0 + j >= K) continue;
                if (from > first) chain[j] += vload_part(sum, d, D);
                vstore_part(chain[j], sum, d, D);
            }
        }
    }
}
#else
/* Item (vector of d, region tile, n b). */
__kernel GROUP(32, 4) void regions_gather(__global float *part, __global const float *a, uint at,
                                          __global const storage *x, uint P, uint K, uint D, uint B,
                                          uint block)
{
    SLICE(positions, 32 * VEC);
    SLICE(shares, 4 * TILE_G);
    const uint d = (uint)get_global_id(0) * VEC, d_in = (uint)get_local_id(0) * VEC;
    const uint k0 = (uint)get_global_id(1) * TILE_G, k_in = (uint)get_local_id(1) * TILE_G;
    const size_t nb = get_global_id(2);
    const size_t n = nb / B;
    const uint first = (uint)(nb % B) * block;
    const uint last = min(first + block, P);
    vfloat sums[TILE_G];

#pragma unroll
    for (uint j = 0; j < TILE_G; j++) sums[j] = 0.0f;
    for (uint from = first; from < last; from += DEPTH) {
        vfloat chain[TILE_G];

        refill();
        take_rows(positions, 32 * VEC, x + n * P * D, from, last, d - d_in, D, false);
        vtake_rows(shares, 4 * TILE_G, a + at + n * P * K, from, last, k0 - k_in, K, false);
        refilled();
#pragma unroll
        for (uint j = 0; j < TILE_G; j++) chain[j] = 0.0f;
        for (uint p = from; p < min(from + DEPTH, last); p++) {
            vfloat position = vector_at(positions + (p - from) * PITCH(32 * VEC) + d_in);

#pragma unroll
            for (uint j = 0; j < TILE_G; j++)
                chain[j] = fma(shares[(p - from) * PITCH(4 * TILE_G) + k_in + j], position, chain[j]);
        }
#pragma unroll
        for (uint j = 0; j < TILE_G; j++) sums[j] += chain[j];
    }
#pragma unroll
    for (uint j = 0; j < TILE_G; j++)
        if (k0 + j < K) vput_part(sums[j], part + (nb * K + k0 + j) * D, d, D);
}
#endif
