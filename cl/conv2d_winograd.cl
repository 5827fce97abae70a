/*
 * conv2d_winograd - 3x3 convolution of stride 1 by Winograd's F(4x4,3x3): 36 products for 16
 * outputs.
 *
 *   Y = A' ( (G w G') . (B' d B) ) A        for every tile d of 6x6 input pixels, Y of 4x4 outputs
 *
 * The points are 0, +-3/4, +-3/2 and infinity: half the rounding of the textbook's 0, +-1, +-2. A
 * dilation only moves the pixels of a tile apart: the outputs of equal remainder by the dilation
 * form maps of their own.  Four kernels run in turn; e < 36 is the place in the transformed tile:
 *
 *   u [36][K/TILE_K][C][TILE_K]   = G w G'   zeros behind K
 *   v [36][tiles][C]              = B' d B   tiles first .. first + tiles - 1 of all
 *   m [36][tiles][K]              = v u      one matrix product for each e
 *   y [N,OH,OW,K]                 = relu?(A' m A + b + a)
 *
 * C and K are multiples of VEC.  u, v and m may share a buffer, each `..._at` floats into it.
 *
 * Accuracy  3 to 6 times the error of conv2d_packed.cl (measured); chains of BLOCK terms
 */
#define VEC 16
#include "vector.clh"
#define TILE_P 12 /* tiles of a work-item of the product */
#define VECTORS 2 /* vectors of output channels */
#define TILE_K (VECTORS * VEC)
#define BLOCK 512 /* terms of one chain */

#define A1 0.75f /* the points and their squares */
#define B1 1.5f
#define A2 (A1 * A1)
#define B2 (B1 * B1)
#define GA (1.0f / (2.0f * A2 * (A2 - B2)))
#define GB (1.0f / (2.0f * B2 * (B2 - A2)))

/* to = G from, three values to six. */
static inline void transform_weights(float16 to[6], float16 w0, float16 w1, float16 w2)
{
    to[0] = w0 * (1.0f / (A2 * B2));
    to[1] = (w0 + A2 * w2 + A1 * w1) * GA;
    to[2] = (w0 + A2 * w2 - A1 * w1) * GA;
    to[3] = (w0 + B2 * w2 + B1 * w1) * GB;
    to[4] = (w0 + B2 * w2 - B1 * w1) * GB;
    to[5] = w2;
}

/* to = B' d. */
static inline void transform_input(float16 to[6], float16 d0, float16 d1, float16 d2, float16 d3,
                                   float16 d4, float16 d5)
{
    const float16 even_a = d4 - B2 * d2, odd_a = A1 * (d3 - B2 * d1);
    const float16 even_b = d4 - A2 * d2, odd_b = B1 * (d3 - A2 * d1);

    to[0] = A2 * B2 * d0 - (A2 + B2) * d2 + d4;
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = A2 * B2 * d1 - (A2 + B2) * d3 + d5;
}

/* to = A' m. */
static inline void transform_output(float16 to[4], float16 m0, float16 m1, float16 m2, float16 m3,
                                    float16 m4, float16 m5)
{
    const float16 even_a = m1 + m2, odd_a = m1 - m2, even_b = m3 + m4, odd_b = m3 - m4;

    to[0] = m0 + even_a + even_b;
    to[1] = A1 * odd_a + B1 * odd_b;
    to[2] = A2 * even_a + B2 * even_b;
    to[3] = A1 * A2 * odd_a + B1 * B2 * odd_b + m5;
}

/* One work-item: VEC output channels of one input channel.  Weights of kernel position t, input
 * channel c and block i of TILE_K outputs start at w[w_at + t*tap + c*row + i*block].  `turn`: the
 * kernel is used turned by 180 degrees, as the gradient of the input needs it. */
__kernel void conv2d_winograd_weights(__global float *u, uint u_at, __global const float *w,
                                      uint w_at, int tap, int row, int block, int turn, int C,
                                      int K)
{
    const int q = (int)get_global_id(0) % VECTORS, c = (int)get_global_id(0) / VECTORS;
    const int i0 = (int)get_global_id(1), blocks = (int)get_global_size(1);
    const bool inside = i0 * TILE_K + q * VEC < K;
    float16 g[3][6], to[6];

    w += w_at + (size_t)i0 * block + (size_t)c * row + q * VEC;
    for (int r = 0; r < 3; r++) {
        float16 from[3];

        for (int s = 0; s < 3; s++)
            from[s] = inside ? vload16(0, w + (size_t)(turn ? 8 - 3 * r - s : 3 * r + s) * tap)
                             : (float16)(0.0f);
        transform_weights(g[r], from[0], from[1], from[2]);
    }
    u += u_at + ((size_t)i0 * C + c) * TILE_K + q * VEC;
    for (int j = 0; j < 6; j++) {
        transform_weights(to, g[0][j], g[1][j], g[2][j]);
        for (int i = 0; i < 6; i++)
            vstore16(to[i], 0, u + (size_t)(i * 6 + j) * blocks * C * TILE_K);
    }
}

/* Where tile number t lies: image, first output row and column; the others are `dilation` apart. */
typedef struct place {
    int n, i, j;
} place;

static inline place place_of(int t, int rows, int cols, int dilation)
{
    place p;

    p.j = t % cols * 4 * dilation;
    t /= cols;
    p.i = t % rows * 4 * dilation;
    t /= rows;
    p.j += t % dilation;
    t /= dilation;
    p.i += t % dilation;
    p.n = t / dilation;
    return p;
}

/* One work-item: VEC channels of one tile. */
__kernel void conv2d_winograd_input(__global float *v, uint v_at, __global const storage *x,
                                    int first, int tiles, int rows, int cols, int dilation, int pad,
                                    int H, int W, int C)
{
    const int c = (int)get_global_id(0) * VEC, t = (int)get_global_id(1);
    const place at = place_of(first + t, rows, cols, dilation);
    float16 d[6][6], col[6];

    x += (size_t)at.n * H * W * C + c;
    for (int i = 0; i < 6; i++) {
        const int h = at.i - pad + i * dilation;
        float16 row[6];

        for (int j = 0; j < 6; j++) {
            const int w = at.j - pad + j * dilation;
            const bool inside = (uint)h < (uint)H && (uint)w < (uint)W;
            row[j] = inside ? load(x + ((size_t)h * W + w) * C) : (float16)(0.0f);
        }
        transform_input(d[i], row[0], row[1], row[2], row[3], row[4], row[5]);
    }
    v += v_at + (size_t)t * C + c;
    for (int j = 0; j < 6; j++) {
        transform_input(col, d[0][j], d[1][j], d[2][j], d[3][j], d[4][j], d[5][j]);
        for (int i = 0; i < 6; i++) vstore16(col[i], 0, v + (size_t)(i * 6 + j) * tiles * C);
    }
}

/* One work-item: TILE_P tiles x TILE_K output channels of one e. */
__kernel void conv2d_winograd_multiply(__global float *m, uint m_at, __global const float *v,
                                       uint v_at, __global const float *u, uint u_at, int tiles,
                                       int C, int K)
{
    const int t = (int)get_global_id(0) * TILE_P, block = (int)get_global_id(1);
    const int e = (int)get_global_id(2), blocks = (int)get_global_size(1);
    __global const float *row[TILE_P];
    float16 sum[TILE_P][VECTORS], acc[TILE_P][VECTORS];

    v += v_at + (size_t)e * tiles * C;
    u += u_at + ((size_t)e * blocks + block) * C * TILE_K;
    m += m_at + (size_t)e * tiles * K;
#pragma unroll
    for (int p = 0; p < TILE_P; p++) {
        row[p] = v + (size_t)min(t + p, tiles - 1) * C;
#pragma unroll
        for (int q = 0; q < VECTORS; q++) sum[p][q] = 0.0f;
    }
    for (int first = 0; first < C; first += BLOCK) {
        const int end = min(first + BLOCK, C);

#pragma unroll
        for (int p = 0; p < TILE_P; p++)
#pragma unroll
            for (int q = 0; q < VECTORS; q++) acc[p][q] = 0.0f;
        for (int c = first; c < end; c++) {
            float16 w[VECTORS];
#pragma unroll
            for (int q = 0; q < VECTORS; q++) w[q] = vload16(c * VECTORS + q, u);
#pragma unroll
            for (int p = 0; p < TILE_P; p++)
#pragma unroll
                for (int q = 0; q < VECTORS; q++) acc[p][q] += row[p][c] * w[q];
        }
#pragma unroll
        for (int p = 0; p < TILE_P; p++)
#pragma unroll
            for (int q = 0; q < VECTORS; q++) sum[p][q] += acc[p][q];
    }
#pragma unroll
    for (int p = 0; p < TILE_P; p++) {
        if (t + p >= tiles) break;
#pragma unroll
        for (int q = 0; q < VECTORS; q++)
            if (block * TILE_K + q * VEC < K)
                vstore16(sum[p][q], 0, m + (size_t)(t + p) * K + block * TILE_K + q * VEC);
    }
}

/* One work-item: VEC channels of one tile. */
__kernel void conv2d_winograd_output(__global storage *y, __global const float *m, uint m_at,
                                     __global const float *b, __global const storage *a, int relu,
                                     int first, int tiles, int rows, int cols, int dilation, int OH,
                                     int OW, int K)
{
    const int k = (int)get_global_id(0) * VEC, t = (int)get_global_id(1);
    const place at = place_of(first + t, rows, cols, dilation);
    float16 d[4][6], row[6], out[4];

    m += m_at + (size_t)t * K + k;
    for (int j = 0; j < 6; j++) {
        float16 col[4];

        for (int i = 0; i < 6; i++) row[i] = vload16(0, m + (size_t)(i * 6 + j) * tiles * K);
        transform_output(col, row[0], row[1], row[2], row[3], row[4], row[5]);
        for (int i = 0; i < 4; i++) d[i][j] = col[i];
    }
    for (int i = 0; i < 4; i++) {
        const int h = at.i + i * dilation;

        transform_output(out, d[i][0], d[i][1], d[i][2], d[i][3], d[i][4], d[i][5]);
        for (int j = 0; j < 4; j++) {
            const int w = at.j + j * dilation;
            const size_t to = (((size_t)at.n * OH + h) * OW + w) * K + k;
            float16 r = out[j];

            if (h >= OH || w >= OW) continue;
            if (b) r += vload16(0, b + k);
            if (a) r += load(a + to);
            if (relu) r = select(r, (float16)(0.0f), r < 0.0f);
            store(r, y + to);
        }
    }
}
