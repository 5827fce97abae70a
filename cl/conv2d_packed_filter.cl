/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_packed_filter - gradient of the weights for CPUs: explicit vectors, a register tile, no
 * barrier.
 *
 *   dw[r,s,c,k] = sum over n,i,j of
 *                 x[n, i*stride + r*dilation - pad, j*stride + s*dilation - pad, c] dy[n,i,j,k]
 *
 *   x  [N,H,W,C]    dy  [N,OH,OW,K]    dw  [parts][R,S,C,K]
 *
 * The output pixels are divided into blocks of either `rows` rows of one image or `group` whole
 * images, and a launch processes `rounds` times `parts` blocks.  In round r of launch l part z adds
 * block (l*rounds + r)*parts + z to dw[z].  conv2d_pack_block first copies a block's pixels of dy, and
 * the input rows that belong to them, into panels, of which those that one tile reads stay in
 * the second-level cache:
 *
 *   panels  after `sums` floats of other data, for each block of the launch:
 *           x [C/TILE_C][in_pixels][TILE_C] and dy [K/TILE_K][pixels][TILE_K], with zeros after C and K
 *
 * The copy is needed because neighbouring pixels of a tensor are often a power of two apart, and
 * would then compete for a few lines of the cache.  After it, one work-item computes TILE_C x TILE_K
 * tiles of one kernel position.
 *
 * VEC       floats of a vector: 8 or 16.  Where registers hold 8, vectors of 16 leave compilers with sums in memory
 * TILE_C    input channels of a tile: 1..16
 * VECTORS   vectors of VEC output channels of a tile: 1 or 2
 * Accuracy  a chain for each block; the blocks of a part are added in order, then the parts
 */
#ifndef VEC
#define VEC 16
#endif
#if VEC != 8 && VEC != 16
#error "conv2d_packed_filter.cl: VEC must be 8 or 16"
#endif
#include "vector.clh"
#include "coefficients.clh"
#ifndef TILE_C
#define TILE_C 12
#endif
#if TILE_C < 1 || TILE_C > 16
#error "conv2d_packed_filter.cl: TILE_C must be in 1..16"
#endif
#ifndef VECTORS
#define VECTORS 2
#endif
#if VECTORS < 1 || VECTORS > 2
#error "conv2d_packed_filter.cl: VECTORS must be 1 or 2"
#endif
#define TILE_K (VECTORS * VEC)

/* What both kernels know: the shape, the launch, the room for a block's panels. */
#define BLOCKS                                                                                     \
    int launch, int parts, int rounds, int rows, int group, int in_pixels, int pixels, int images, int H,      \
        int W, int C, int OH, int OW, int K, int R, int S, int stride, int pad, int dilation

/* Output rows i .. i_end - 1 of images n .. n_end - 1; input rows in .. in_end - 1 of them all. */
typedef struct block {
    int n, n_end, i, i_end, in, in_end;
} block;

static inline block block_at(int index, int rows, int group, int images, int H, int OH, int R,
                             int stride, int pad, int dilation)
{
    const int per_image = (OH + rows - 1) / rows;
    block b;

    b.n = min(index / per_image * group, images);
    b.n_end = min(b.n + group, images);
    b.i = index % per_image * rows;
    b.i_end = min(b.i + rows, OH);
    b.in = b.n * H + clamp(b.i * stride - pad, 0, H);
    b.in_end =
        (b.n_end - 1) * H + clamp((b.i_end - 1) * stride - pad + (R - 1) * dilation + 1, 0, H);
    return b;
}

#define BLOCK_AT(i) /* of the launch */                                                            \
    block_at(launch *rounds *parts + (i), rows, group, images, H, OH, R, stride, pad, dilation)
#define PANEL_ROUND(size, tile) (((size) + (tile)-1) / (tile) * (tile))
#define BLOCK_FLOATS                                                                               \
    ((size_t)in_pixels * PANEL_ROUND(C, TILE_C) + (size_t)pixels * PANEL_ROUND(K, TILE_K))

/* What is copied: pixels of `size` channels, of which `left` numbers follow pixel 0 in the tensor, to panels
 * [size/tile][pixels][tile], with zeros behind the last channel. */
typedef struct source {
    __global const storage *rows;
    size_t left;
    int size;
    __global const float *coefficients; /* NULL: it is not normalised */
} source;

/* Channels c .. of pixel p, normalised. */
static inline vfloat load_channels(const source *s, int p, int c)
{
    const size_t at = (size_t)p * s->size;
    const uint left = (uint)min(s->left - at, (size_t)INT_MAX);

    return normalised(load_inside(s->rows + at, c, s->size, left), s->coefficients, c, s->size);
}

/* Pixel p. */
static inline void copy_pixel(__global float *panels, const source *s, int p, int pixels, const int tile)
{
    __global float *to = panels + (size_t)p * tile;

    for (int c = 0; c < s->size; c += tile, to += (size_t)pixels * tile)
        for (int q = 0; q < tile; q += VEC) {
            const vfloat v = load_channels(s, p, c + q);
            float first[VEC];

            if (tile % VEC == 0) {
                vstream(v, to + q);
                continue;
            }
            vstore(v, first);
            for (int i = 0; i < tile; i++) to[i] = first[i];
        }
}

#define RUN 4 /* pixels whose tiles fill vectors */

#if 4 * TILE_C == 3 * VEC /* RUN tiles are three vectors */
#if VEC == 8
#define QUARTER 2
#define HALF 4
#define VECTOR_FIRST(v) (v).s01
#define VECTOR_THIRD(v) (v).s45
#define VECTOR_HALF(v) (v).s0123
#define VECTOR_MIDDLE(v) (v).s2345
#else
#define QUARTER 4
#define HALF 8
#define VECTOR_FIRST(v) (v).s0123
#define VECTOR_THIRD(v) (v).s89ab
#define VECTOR_HALF(v) (v).s01234567
#define VECTOR_MIDDLE(v) (v).s456789ab
#endif
#define MEMORY_FIRST(p) PASTE(load, QUARTER)(p)
#define MEMORY_THIRD(p) PASTE(load, QUARTER)((p) + HALF)
#define MEMORY_HALF(p) PASTE(load, HALF)(p)
#define MEMORY_MIDDLE(p) PASTE(load, HALF)((p) + QUARTER)
/* The first TILE_C numbers each of a, b, c and d, which are VECTORs or in MEMORY. */
#define THREE_VECTORS(from, a, b, c, d)                                                            \
    {                                                                                              \
        (vfloat)(from##_HALF(a), from##_THIRD(a), from##_FIRST(b)),                                \
            (vfloat)(from##_MIDDLE(b), from##_HALF(c)),                                            \
            (vfloat)(from##_THIRD(c), from##_FIRST(d), from##_MIDDLE(d))                           \
    }

/* Normalises channels c .. of RUN pixels. */
static inline void apply_run(vfloat v[3], const source *s, int c)
{
    const affine a = affine_at(s->coefficients, c, s->size);
    const vfloat mean[3] = THREE_VECTORS(VECTOR, a.mean, a.mean, a.mean, a.mean),
                 factor[3] = THREE_VECTORS(VECTOR, a.factor, a.factor, a.factor, a.factor),
                 shift[3] = THREE_VECTORS(VECTOR, a.shift, a.shift, a.shift, a.shift);

#pragma unroll
    for (int i = 0; i < 3; i++) v[i] = apply((affine){mean[i], factor[i], shift[i]}, v[i]);
}

/* Pixels p .. p + RUN - 1. */
static inline void copy_run(__global float *panels, const source *s, int p, int pixels)
{
    __global float *to = panels + (size_t)p * TILE_C;
    __global const storage *a = s->rows + (size_t)p * s->size;
    const int size = s->size;
    int c = 0;

    for (; c + TILE_C <= size; c += TILE_C, a += TILE_C, to += (size_t)pixels * TILE_C) {
        vfloat v[3] = THREE_VECTORS(MEMORY, a, a + size, a + 2 * size, a + 3 * size);

        if (s->coefficients) apply_run(v, s, c);
#pragma unroll
        for (int i = 0; i < 3; i++) vstream(v[i], to + i * VEC);
    }
    if (c < size) {
        const vfloat p0 = load_channels(s, p, c), p1 = load_channels(s, p + 1, c),
                     p2 = load_channels(s, p + 2, c), p3 = load_channels(s, p + 3, c);
        const vfloat v[3] = THREE_VECTORS(VECTOR, p0, p1, p2, p3);

#pragma unroll
        for (int i = 0; i < 3; i++) vstream(v[i], to + i * VEC);
    }
}
#endif

/* Pixels first .. end - 1. */
static inline void copy_pixels(__global float *panels, const source *s, int first, int end, int pixels,
                               const int tile)
{
    int p = first;

#if 4 * TILE_C == 3 * VEC
    for (; tile == TILE_C && p + RUN <= end; p += RUN) copy_run(panels, s, p, pixels);
#endif
    for (; p < end; p++) copy_pixel(panels, s, p, pixels, tile);
}

#define STRIP 16 /* pixels that a work-item copies */

/* One work-item copies STRIP pixels: of x where its second index is 0, of dy where it is 1. */
__kernel void conv2d_pack_block(__global float *panels, uint sums, __global const storage *x,
                                __global const float *coefficients, __global const storage *dy,
                                BLOCKS)
{
    const int index = (int)get_global_id(2);
    const block b = BLOCK_AT(index);
    const int first = (int)get_global_id(0) * STRIP;
    const size_t x_from = (size_t)b.in * W * C, dy_from = ((size_t)b.n * OH + b.i) * OW * K;
    const source from_x = {x + x_from, (size_t)images * H * W * C - x_from, C, coefficients};
    const source from_dy = {dy + dy_from, (size_t)images * OH * OW * K - dy_from, K, 0};

    panels += sums + index * BLOCK_FLOATS;
    if (b.n >= b.n_end) return;
    if (get_global_id(1) == 0)
        copy_pixels(panels, &from_x, first, min(first + STRIP, (b.in_end - b.in) * W), in_pixels, TILE_C);
    else
        copy_pixels(panels + (size_t)in_pixels * PANEL_ROUND(C, TILE_C), &from_dy, first,
                    min(first + STRIP, ((b.n_end - b.n - 1) * OH + b.i_end - b.i) * OW), pixels, TILE_K);
}

/* Channels k .. of one row of dw, those behind its end left alone. */
static inline void store_row(const vfloat v[VECTORS], __global float *row, int k, int K, int add)
{
    for (int q = 0; q < VECTORS && k < K; q++, k += VEC) {
        if (k + VEC <= K) {
            vstore(add ? vload(row + k) + v[q] : v[q], row + k);
        } else {
            float part[VEC];

            vstore(v[q], part);
            for (int i = 0; i < VEC; i++)
                if (k + i < K) row[k + i] = add ? row[k + i] + part[i] : part[i];
        }
    }
}

/* What a work-item sums over: its block's pixels of one kernel position. */
typedef struct pixel_rows {
    block b;
    int low, high, dh, dv; /* columns low .. high - 1 of dy; from a pixel of dy to that of x */
} pixel_rows;

/* acc = sum over the pixels of x (TILE_C channels) times `vectors` vectors of dy.  Lines of the next tile's x are
 * fetched, which lie `next` floats behind these. */
INLINED void sum_pixels(vfloat acc[TILE_C][VECTORS], const int vectors, __global const float *xp,
                        __global const float *dp, const pixel_rows *t, int stride, int H, int W,
                        int OW, size_t next)
{
    const block b = t->b;

#pragma unroll
    for (int c = 0; c < TILE_C; c++)
#pragma unroll
        EACH(q, VECTORS, vectors) acc[c][q] = 0.0f;
    for (int n = b.n, at = 0; n < b.n_end; n++)
        for (int i = b.i; i < b.i_end; i++, at += OW) {
            const int h = i * stride + t->dh;
            __global const float *d = dp + (size_t)(at + t->low) * TILE_K;
            __global const float *v =
                xp + ((size_t)(n * H + h - b.in) * W + t->low * stride + t->dv) * TILE_C;

            if (h < 0 || h >= H) continue;
            for (int j = t->low; j < t->high; j++, d += TILE_K, v += stride * TILE_C) {
                vfloat r[VECTORS];
#pragma unroll
                EACH(q, VECTORS, vectors) r[q] = vload(d + q * VEC);
                prefetch_line(v + next);
#pragma unroll
                for (int c = 0; c < TILE_C; c++)
#pragma unroll
                    EACH(q, VECTORS, vectors) acc[c][q] += v[c] * r[q];
            }
        }
}

/* Work-item: c_tiles tiles of c of a kernel position; tile of k; part and block of c_block
 * channels, so that neighbouring items find these channels of x in the cache.  `add`: not the
 * first launch. */
__kernel void conv2d_packed_filter(__global float *dw, __global const float *panels, uint sums,
                                   int add, int c_tiles, int c_block, BLOCKS)
{
    const int span = c_tiles * TILE_C, spans = c_block / span;
    const int part = (int)get_global_id(2) % parts, tap = (int)get_global_id(0) / spans;
    const int first =
        (int)get_global_id(2) / parts * c_block + (int)get_global_id(0) % spans * span;
    const int k = (int)get_global_id(1) * TILE_K;
    pixel_rows t = {.dh = tap / S * dilation - pad, .dv = tap % S * dilation - pad};

    /* The columns j with 0 <= j*stride + dv < W. */
    t.low = t.dv < 0 ? (-t.dv + stride - 1) / stride : 0;
    t.high = t.dv < W ? min(OW, (W - t.dv + stride - 1) / stride) : 0;
    dw += ((size_t)part * R * S + tap) * C * K;
    for (int round = 0; round < rounds; round++) {
        const int index = round * parts + part;
        __global const float *xp = panels + sums + index * BLOCK_FLOATS;
        __global const float *dp = xp + (size_t)in_pixels * PANEL_ROUND(C, TILE_C) + (size_t)pixels * k;

        t.b = BLOCK_AT(index);
        if (t.b.n >= t.b.n_end) break;
        for (int c = first; c < min(C, first + span); c += TILE_C) {
            __global const float *from = xp + (size_t)in_pixels * c;
            vfloat acc[TILE_C][VECTORS];

#pragma unroll
            for (int i = 0; i < TILE_C; i++)
#pragma unroll
                for (int q = 0; q < VECTORS; q++)
                    prefetch_line(dw + (size_t)(c + i) * K + k + q * VEC);
            if (K - k > VEC) sum_pixels(acc, VECTORS, from, dp, &t, stride, H, W, OW, (size_t)in_pixels * TILE_C);
            else sum_pixels(acc, 1, from, dp, &t, stride, H, W, OW, (size_t)in_pixels * TILE_C);
#pragma unroll
            for (int i = 0; i < TILE_C; i++)
                if (c + i < C) store_row(acc[i], dw + (size_t)(c + i) * K, k, K, add || round > 0);
        }
    }
}
