/*
 * conv2d_packed_filter - gradient of the weights for CPUs: explicit vectors, a register tile, no barrier.
 *
 *   dw[r,s,c,k] = sum over n,i,j of
 *                 x[n, i*stride + r*dilation - pad, j*stride + s*dilation - pad, c] dy[n,i,j,k]
 *
 *   x   [N,H,W,C]          read where it lies
 *   dy  [N,OH,OW,width]    read where it lies; width >= VECTOR, see conv2d_widen
 *   dw  [splits][R,S,C,K]  `at` floats into the buffer; each element written by one work-item, with
 *                          `add` on top of what the launch before wrote
 *
 * One work-item computes TILE_C input channels x TILE_K output channels of one kernel position.  A
 * launch goes through `chunk` of the `run` pixels of each split, from the `first` on, and c_tiles tiles
 * of channels from c_begin on: little enough that x and dy stay in the second-level cache for all the
 * items.  Where the channels end within a tile, the tile is moved back, and what its neighbour writes is
 * not written.
 *
 * TILE_C    input channels of a tile: 1..16, at most C
 * VECTORS   vectors of VECTOR output channels of a tile: 1 or 2
 * Accuracy  chains of at most 2 BLOCK pixels, added in order
 */
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
#define VECTOR 16
#define TILE_K (VECTORS * VECTOR)
#define BLOCK 256

/* Lanes of v that are channels first .. K-1, the vector's own first channel being k. */
static inline void store_lanes(float16 v, __global float *row, int k, int first, int K, int add)
{
    float part[VECTOR];

    if (k == first && k + VECTOR <= K) {
        vstore16(add ? vload16(0, row + k) + v : v, 0, row + k);
        return;
    }
    vstore16(v, 0, part);
    for (int i = 0; i < VECTOR; i++)
        if (k + i >= first && k + i < K) row[k + i] = add ? row[k + i] + part[i] : part[i];
}

__kernel void conv2d_packed_filter(__global float *dw, __global const float *x,
                                   __global const float *dy, uint at, int first, int run, int chunk,
                                   int add, int c_begin, int c_tiles, int images, int H, int W,
                                   int C, int OH, int OW, int width, int K, int R, int S,
                                   int stride, int pad, int dilation)
{
    const int c_first = c_begin + (int)get_global_id(0) % c_tiles * TILE_C;
    const int tap = (int)get_global_id(0) / c_tiles;
    const int k_first = (int)get_global_id(1) * TILE_K, split = (int)get_global_id(2);
    const int c0 = min(c_first, C - TILE_C);
    const int dh = tap / S * dilation - pad, dv = tap % S * dilation - pad;
    /* The columns j with 0 <= j*stride + dv < W. */
    const int low = dv < 0 ? (-dv + stride - 1) / stride : 0;
    const int high = dv < W ? min(OW, (W - dv + stride - 1) / stride) : 0;
    const int end = min(min(split * run + first + chunk, (split + 1) * run), images * OH * OW);
    float16 acc[TILE_C][VECTORS];
    int k[VECTORS];

    dw += at + ((size_t)split * R * S + tap) * C * K;
    for (int q = 0; q < VECTORS; q++) k[q] = min(k_first + q * VECTOR, width - VECTOR);
    for (int p = split * run + first, more = 1; more;) {
        int terms = 0;
#pragma unroll
        for (int c = 0; c < TILE_C; c++)
#pragma unroll
            for (int q = 0; q < VECTORS; q++) acc[c][q] = 0.0f;

        while (p < end && terms < BLOCK) {
            const int row = p / OW, j = p - row * OW;
            const int stop = min(min(OW, j + end - p), j + BLOCK);
            const int h = row % OH * stride + dh;
            const int from = max(j, low), to = min(stop, high);

            p += stop - j;
            if (h < 0 || h >= H || from >= to) continue;
            __global const float *xp =
                x + (((size_t)(row / OH) * H + h) * W + from * stride + dv) * C + c0;
            __global const float *dp = dy + ((size_t)row * OW + from) * width;
            for (int i = from; i < to; i++, xp += stride * C, dp += width) {
                float16 d[VECTORS];
#pragma unroll
                for (int q = 0; q < VECTORS; q++) d[q] = vload16(0, dp + k[q]);
#pragma unroll
                for (int c = 0; c < TILE_C; c++)
#pragma unroll
                    for (int q = 0; q < VECTORS; q++) acc[c][q] += xp[c] * d[q];
            }
            terms += to - from;
        }
#pragma unroll
        for (int c = 0; c < TILE_C; c++)
#pragma unroll
            for (int q = 0; q < VECTORS; q++)
                if (c0 + c >= c_first)
                    store_lanes(acc[c][q], dw + (size_t)(c0 + c) * K, k[q], k_first + q * VECTOR, K,
                                add);
        add = 1;
        more = p < end;
    }
}

/* Rows of K < VECTOR values, zeros behind them up to VECTOR. */
__kernel void conv2d_widen(__global float *out, __global const float *dy, int K, int pixels)
{
    const int p = (int)get_global_id(0);

    if (p >= pixels) return;
    for (int k = 0; k < VECTOR; k++)
        out[(size_t)p * VECTOR + k] = k < K ? dy[(size_t)p * K + k] : 0.0f;
}
