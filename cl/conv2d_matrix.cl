/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_matrix - convolution on matrix units: implicit matrix products of operands in 16 bits or
 * TF32.
 *
 *   map      y[p,k]    = relu?(sum over taps t, channels c of x[p + t,c] w[t,k,c] + b[k] + a[p,k])
 *   filter   dw[t,c,k] = sum over pixels p of x[p + t,c] dy[p,k]
 *   weights  copies w into rows of terms, in the type of the operands
 *
 *   x  [N,H,W,C]    y, dy, a  [N,OH,OW,K]    dw  [R,S,C,K]    b  [K]; b and a may be absent
 *   w  [R,S,K,padded], rows of C terms and zeros, from kernel `weights`
 *   Which pixels are p + t: conv2d_map.clh.  The gradient of the input is a map of dy.
 *
 * A group computes TILE x TILE outputs; LANES items of it a block of ROWS x COLUMNS (matrix.clh).  The sum is computed in steps of WORDS words: the items fetch the two slices of the next
 * step into registers while they multiply those of the current one, and put them into the other of
 * two buffers in local memory.  All items reach every barrier.
 *
 * In a slice of `map` a row of words is one output (matrix.clh).  A slice of `filter` has a row for
 * every word (a pixel or two), and the outputs lie in the row.  Outputs lie in slices in an order (channel_of) that
 * gives every item successive channels to write.
 *
 * TILE      outputs of a group along each axis: 64 (128 items) or 128 (256 items)
 * READ      bytes to which rows of x, and in `filter` of dy, are aligned: 2, 4 or 16; with float32 at least 4
 * WRITE     bytes to which rows of y (2, 4 or 16) or of dw (4 or 8) are aligned
 * Accuracy  operands are rounded once, sums are float32 in the order of the matrix unit; a chain for
 *           every `run` pixels in `filter`
 */
#include "conv2d_spots.clh"
#ifndef TILE
#define TILE 64
#endif
#if TILE != 64 && TILE != 128
#error "conv2d_matrix.cl: TILE must be 64 or 128"
#endif
#ifndef READ
#define READ 4
#endif
#if READ != 2 && READ != 4 && READ != 16
#error "conv2d_matrix.cl: READ must be 2, 4 or 16"
#endif
#ifndef WRITE
#define WRITE 2
#endif
#if WRITE != 2 && WRITE != 4 && WRITE != 8 && WRITE != 16
#error "conv2d_matrix.cl: WRITE must be 2, 4, 8 or 16"
#endif
#define GROUP (2 * TILE)
#define PITCH (TILE + 8) /* words from one row of a slice of `filter` to the next */
#include "matrix.clh"
#if STORAGE == F32 && READ < 4
#error "conv2d_matrix.cl: READ must be at least 4 with float32"
#endif

#define TERMS (WORDS * PER_WORD)
#define BLOCK (4 * PER_WORD)      /* terms of a vector of four words */
#define HALF (TILE / 2)           /* rows of a slice that the items of a group fetch at once */
#define SLICE (WORDS * TILE)      /* words of a slice of `map` */
#define TURNED (WORDS * PITCH)    /* words of a slice of `filter` */
#define WORD_ARRAY __local __attribute__((aligned(16))) uint

/* -- from memory ------------------------------------------------------------------------------- */

/* BLOCK channels of a row of `size`, from channel i on; zeros behind its end. */
INLINE uint4 load_words(__global const storage *row, int i, int size)
{
    uint4 v = (uint4)(0u);

#if READ == 16
    if (i < size) v = *(__global const uint4 *)(row + i);
#elif READ == 4
    if (i < size) v.s0 = *(__global const uint *)(row + i);
    if (i + PER_WORD < size) v.s1 = *(__global const uint *)(row + i + PER_WORD);
    if (i + 2 * PER_WORD < size) v.s2 = *(__global const uint *)(row + i + 2 * PER_WORD);
    if (i + 3 * PER_WORD < size) v.s3 = *(__global const uint *)(row + i + 3 * PER_WORD);
#else
    __global const ushort *bits = (__global const ushort *)(row + i);

    if (i < size) v.s0 = bits[0];
    if (i + 1 < size) v.s0 |= (uint)bits[1] << 16;
    if (i + 2 < size) v.s1 = bits[2];
    if (i + 3 < size) v.s1 |= (uint)bits[3] << 16;
    if (i + 4 < size) v.s2 = bits[4];
    if (i + 5 < size) v.s2 |= (uint)bits[5] << 16;
    if (i + 6 < size) v.s3 = bits[6];
    if (i + 7 < size) v.s3 |= (uint)bits[7] << 16;
#endif
    return v;
}

/* What was loaded, as operands. */
static inline uint4 operands(uint4 v)
{
#if STORAGE == F32
    return words_of_floats(v);
#else
    return v;
#endif
}

/* -- slices of `map` --------------------------------------------------------------------------- */

/* The first row and column of an item's block in the tile. */
#define BLOCK_ROW(id) ((id) / LANES / BLOCKS_ACROSS * ROWS)
#define BLOCK_COLUMN(id) ((id) / LANES % BLOCKS_ACROSS * COLUMNS)

static inline void multiply(sums acc, __local const uint *left, __local const uint *right,
                            __local uint *exchange)
{
    const int id = (int)get_local_id(0);

#if !EMULATED /* there it would take compilers long */
#pragma unroll
#endif
    for (int block = 0; block < WORDS / 4; block += 2) {
        left_words a;
        right_words b;

        load_left(a, left, BLOCK_ROW(id), block);
        load_right(b, right, BLOCK_COLUMN(id), block);
        multiply_tiles(acc, a, b, exchange);
    }
}

static inline void put(__local uint *slice, const uint4 part[2])
{
    const int id = (int)get_local_id(0);

#pragma unroll
    for (int q = 0; q < 2; q++)
        *(__local uint4 *)(slice + word_at(q * HALF + id / 4, id % 4)) = operands(part[q]);
}

/* -- map --------------------------------------------------------------------------------------- */

/* Where the sums of output pixel p go; bands and steps are rare. */
INLINE long row_of(int p, int band, int K, index_map g)
{
    return g.out_step == 1 && band == g.cols ? (long)p * K : place(p, band, K, g);
}

/* v += eight channels of a row of `size`, from channel k on. */
INLINE float8 add_row(float8 v, __global const storage *row, int k, int size)
{
    float part[8];

#pragma unroll
    for (int i = 0; i < 8; i++) part[i] = k + i < size ? load1(row + k + i) : 0.0f;
    return v + (float8)(part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7]);
}

INLINE float8 add_bias(float8 v, __global const float *b, int k, int size)
{
    float part[8];

#pragma unroll
    for (int i = 0; i < 8; i++) part[i] = k + i < size ? b[k + i] : 0.0f;
    return v + (float8)(part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7]);
}

INLINE void store_row(float8 v, __global storage *row, int k, int size)
{
#if WRITE == 16 && STORAGE == F32
    if (k < size) *(__global float4 *)(row + k) = v.lo;
    if (k + 4 < size) *(__global float4 *)(row + k + 4) = v.hi;
#elif WRITE == 16
    if (k < size)
        *(__global uint4 *)(row + k) = (uint4)(word_of(v.s0, v.s1), word_of(v.s2, v.s3),
                                               word_of(v.s4, v.s5), word_of(v.s6, v.s7));
#else
    if (k < size) store1(v.s0, row + k);
    if (k + 1 < size) store1(v.s1, row + k + 1);
    if (k + 2 < size) store1(v.s2, row + k + 2);
    if (k + 3 < size) store1(v.s3, row + k + 3);
    if (k + 4 < size) store1(v.s4, row + k + 4);
    if (k + 5 < size) store1(v.s5, row + k + 5);
    if (k + 6 < size) store1(v.s6, row + k + 6);
    if (k + 7 < size) store1(v.s7, row + k + 7);
#endif
}

/* What an item fetches: the input of two pixels and the weights of two outputs. */
typedef struct fetcher {
    pixel at[2];
    int weights[2]; /* the output's first term among those of a kernel position; -1 = zeros */
    bool inside[2]; /* whether the tap leads into the input */
    int tap, c;     /* the next step */
    long apart;     /* from the input pixel of tap (0,0) to that of the tap, in channels */
    long position;  /* the first term of the weights of the tap */
} fetcher;

/* Turns to the tap of the next step. */
static inline void turn(fetcher *f, int C, int K, int padded, index_map g)
{
    const int u = f->tap / g.taps_w, v = f->tap - u * g.taps_w;
    const int dh = u * g.h_step, dv = v * g.w_step;

    f->apart = ((long)dh * g.in_w + dv) * C;
    f->position = (long)(g.tap0 + u * g.tap_h + v * g.tap_w) * K * padded;
#pragma unroll
    for (int q = 0; q < 2; q++)
        f->inside[q] =
            (uint)(f->at[q].h + dh) < (uint)g.in_h && (uint)(f->at[q].v + dv) < (uint)g.in_w;
}

static inline void fetch(uint4 xs[2], uint4 ws[2], const fetcher *f, __global const storage *x,
                         __global const storage *w, int C)
{
    const int c = f->c + (int)get_local_id(0) % 4 * BLOCK;

    x += f->apart;
    w += f->position + c;
#pragma unroll
    for (int q = 0; q < 2; q++) {
        xs[q] = f->inside[q] ? load_words(x + f->at[q].from, c, C) : (uint4)(0u);
        ws[q] = f->weights[q] >= 0 ? *(__global const uint4 *)(w + f->weights[q]) : (uint4)(0u);
    }
}

__kernel SUB_GROUP __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_matrix_map(__global storage *y, __global const storage *x, __global const storage *w,
                  __global const float *b, __global const storage *a, int relu, int C, int K,
                  int padded, int band, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    WORD_ARRAY left[2][SLICE], right[2][SLICE], exchange[EXCHANGE_WORDS];
    const int id = (int)get_local_id(0);
    const int p0 = (int)get_group_id(0) * TILE, k0 = (int)get_group_id(1) * TILE;
    const int pixels = g.images * g.rows * g.cols, taps = g.taps_h * g.taps_w;
    const reach r = reach_of(p0, min(p0 + TILE, pixels) - 1, band, g);
    fetcher f;
    uint4 xs[2], ws[2];
    sums acc;

    for (int q = 0; q < 2; q++) {
        const int k = k0 + channel_of(q * HALF + id / 4);

        f.at[q] = pixel_at(p0 + q * HALF + id / 4, band, C, g);
        f.weights[q] = k < K ? k * padded : -1;
    }
    clear(acc);

    f.c = 0;
    f.tap = next_tap(0, r, g);
    if (f.tap < taps) {
        turn(&f, C, K, padded, g);
        fetch(xs, ws, &f, x, w, C);
    }
    for (int now = 0; f.tap < taps; now ^= 1) {
        put(left[now], xs);
        put(right[now], ws);
        barrier(CLK_LOCAL_MEM_FENCE);
        f.c += TERMS;
        if (f.c >= C) {
            f.c = 0;
            f.tap = next_tap(f.tap + 1, r, g);
            if (f.tap < taps) turn(&f, C, K, padded, g);
        }
        if (f.tap < taps) fetch(xs, ws, &f, x, w, C);
        multiply(acc, left[now], right[now], exchange);
    }

    const int row = BLOCK_ROW(id) + ITEM_ROW(id), k1 = k0 + BLOCK_COLUMN(id) + ITEM_COLUMN(id);
#pragma unroll
    for (int m = 0; m < UNITS_DOWN; m++)
#pragma unroll
        for (int h = 0; h < HALVES; h++)
#pragma unroll
            for (int n = 0; n < STRIPS; n++) {
                const int p = p0 + row + UNIT_ROWS * m + 8 * h, k = k1 + STRIP_COLUMNS * n;

                if (p >= pixels || k >= K) continue;
                const long to = row_of(p, band, K, g);
                float8 v = strip(acc, m, h, n);
                if (b) v = add_bias(v, b, k, K);
                if (a) v = add_row(v, a + to, k, K);
                if (relu) v = select(v, (float8)(0.0f), v < 0.0f);
                store_row(v, y + to, k, K);
            }
}

/* -- filter ------------------------------------------------------------------------------------ */

#define VECTORS (TILE / 8) /* eight channels each, of a pixel or of two successive ones */

/* The channel at place `slot` of a row of a slice: an item's eight lie in both halves of the row, so
 * that neighbours write neighbouring words. */
static inline int turned_channel_of(int slot)
{
    return slot % HALF / 4 * 8 + slot / HALF * 4 + slot % 4;
}

static inline void multiply_turned(sums acc, __local const uint *left, __local const uint *right,
                                   __local uint *exchange)
{
    const int id = (int)get_local_id(0);

#if !EMULATED
#pragma unroll
#endif
    for (int i = 0; i < WORDS; i += 8) {
        left_words a;
        right_words b;

        load_left_turned(a, left, i, BLOCK_ROW(id));
        load_right_turned(b, right, i, BLOCK_COLUMN(id));
        multiply_tiles(acc, a, b, exchange);
    }
}

/* An item's part of a slice: eight channels of its word's pixels. */
static inline void put_turned(__local uint *slice, const uint4 part[2])
{
    const int id = (int)get_local_id(0);
    __local uint *to = slice + id / VECTORS * PITCH + id % VECTORS * 4;

#if STORAGE == F32
    *(__local uint4 *)to = operands(part[0]);
    *(__local uint4 *)(to + HALF) = operands(part[1]);
#else
    const uint4 low = (part[0] & 0xffffu) | part[1] << 16;
    const uint4 high = part[0] >> 16 | (part[1] & 0xffff0000u);

    *(__local uint4 *)to = (uint4)(low.s0, high.s0, low.s1, high.s1);
    *(__local uint4 *)(to + HALF) = (uint4)(low.s2, high.s2, low.s3, high.s3);
#endif
}

/* BLOCK successive rows of dw of a pixel. */
INLINE uint4 load_rows(__global const storage *x, pixel at, const SOURCE *sources, int C, index_map g)
{
    uint4 v = (uint4)(0u);

#if READ == 16
    __global const storage *from = input_of(x, at, sources[0], C, g);

    if (from) v = *(__global const uint4 *)from;
#else
    uint words[4];

#pragma unroll
    for (int i = 0; i < 4; i++) {
        __global const storage *from = input_of(x, at, sources[i * PER_WORD], C, g);

#if READ == 4
        words[i] = from ? *(__global const uint *)from : 0;
#else
        words[i] = from ? *(__global const ushort *)from : 0;
        from = input_of(x, at, sources[i * PER_WORD + 1], C, g);
        if (from) words[i] |= (uint)*(__global const ushort *)from << 16;
#endif
    }
    v = (uint4)(words[0], words[1], words[2], words[3]);
#endif
    return v;
}

/* BLOCK channels of dy of a pixel, from channel k on; zeros from pixel `end` on. */
INLINE uint4 load_dy(__global const storage *dy, int p, int end, int k, int K)
{
    return p < end ? load_words(dy + (long)p * K, k, K) : (uint4)(0u);
}

/* Two successive channels of a row of dw. */
INLINE void store_pair(float2 v, __global float *row, int k, int K)
{
#if WRITE >= 8
    if (k < K) *(__global float2 *)(row + k) = v;
#else
    if (k < K) row[k] = v.s0;
    if (k + 1 < K) row[k + 1] = v.s1;
#endif
}

/* Group (k tile, tile of rows, part): part z sums pixels z*run .. (z+1)*run - 1 into dw[z].  The index map is
 * forward's. */
__kernel SUB_GROUP __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
conv2d_matrix_filter(__global float *dw, __global const storage *x, __global const storage *dy,
                     int run, int C, int K, INDEX_MAP)
{
    const index_map g = INDEX_MAP_VALUE;
    WORD_ARRAY left[2][TURNED], right[2][TURNED], exchange[EXCHANGE_WORDS];
    SOURCE sources[TILE];
    const int id = (int)get_local_id(0), eight = id % VECTORS * 8;
    const int k0 = (int)get_group_id(0) * TILE, row0 = (int)get_group_id(1) * TILE;
    const int part = (int)get_group_id(2), height = g.taps_h * g.taps_w * C;
    const int first = part * run, end = min(first + run, g.images * g.rows * g.cols);
    walker at = walker_at(first + id / VECTORS * PER_WORD, g);
    uint4 xs[2], ds[2];
    sums acc;

    list_sources(sources, row0, TILE, C, g);
    barrier(CLK_LOCAL_MEM_FENCE);
    clear(acc);

    for (int p = first - TERMS, now = 0; p < end; p += TERMS, now ^= 1) {
        if (p >= first) {
            put_turned(left[now], xs);
            put_turned(right[now], ds);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
        if (p + TERMS < end) {
            const pixel a = pixel_of(at, end, C, g);

            xs[0] = load_rows(x, a, sources + eight, C, g);
            ds[0] = load_dy(dy, at.p, end, k0 + eight, K);
#if STORAGE == F32 /* the other half of the eight */
            xs[1] = load_rows(x, a, sources + eight + BLOCK, C, g);
            ds[1] = load_dy(dy, at.p, end, k0 + eight + BLOCK, K);
#else /* the other pixel of the word */
            const walker next = walk(at, 1, g);

            xs[1] = load_rows(x, pixel_of(next, end, C, g), sources + eight, C, g);
            ds[1] = load_dy(dy, next.p, end, k0 + eight, K);
#endif
            at = walk(at, TERMS, g);
        }
        if (p >= first) multiply_turned(acc, left[now], right[now], exchange);
    }

    const int row = BLOCK_ROW(id) + ITEM_ROW(id), col = BLOCK_COLUMN(id) + ITEM_PAIR(id);
    dw += (size_t)part * height * K;
#pragma unroll
    for (int m = 0; m < UNITS_DOWN; m++)
#pragma unroll
        for (int h = 0; h < HALVES; h++) {
            const int to = row0 + turned_channel_of(row + UNIT_ROWS * m + 8 * h);

            if (to >= height) continue;
#pragma unroll
            for (int n = 0; n < PAIRS; n++)
                store_pair(pair(acc, m, h, n), dw + (size_t)to * K,
                           k0 + turned_channel_of(col + PAIR_COLUMN(n)), K);
        }
}

/* -- weights ----------------------------------------------------------------------------------- */

#define PIECE 16 /* terms that an item copies */

/* Item (row, piece, tap): out[tap][row][i] = w[tap][row * row_step + i * term_step], i < terms, and
 * zeros up to `padded`. */
__kernel void conv2d_matrix_weights(__global storage *out, __global const float *w, int rows,
                                    int terms, int padded, int row_step, int term_step)
{
    const int row = (int)get_global_id(0), first = (int)get_global_id(1) * PIECE;
    const int tap = (int)get_global_id(2);
    uint words[PIECE / PER_WORD];

    if (row >= rows) return;
    w += (size_t)tap * rows * terms + (size_t)row * row_step;
#pragma unroll
    for (int i = 0; i < PIECE; i += PER_WORD) {
        const int at = first + i;
        const float v = at < terms ? w[(size_t)at * term_step] : 0.0f;
#if STORAGE == F32
        words[i] = as_uint(v);
#else
        const float next = at + 1 < terms ? w[(size_t)(at + 1) * term_step] : 0.0f;
        words[i / 2] = word_of(v, next);
#endif
    }
    out += ((size_t)tap * rows + row) * padded + first;
#pragma unroll
    for (int i = 0; i < PIECE / PER_WORD; i += 4)
        *(__global uint4 *)(out + i * PER_WORD) =
            operands((uint4)(words[i], words[i + 1], words[i + 2], words[i + 3]));
}
