/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * rmi - region mutual information beside the cross-entropy of every class by itself.
 *
 *   bce     = sum over labelled pixels and classes of max(x,0) - x y + log(1 + exp(-|x|)) / (labelled pixels + 1)
 *   Y, Q    = y and sigmoid(x) v + 1e-6, max-pooled (3x3, stride 3, padding 1), seen through a window of SIDE x SIDE that moves
 *             over the map: a row for each place in the window, an entry for each place of the window, without the row's mean
 *   S       = Q Q' + alpha I,  B = Y Q' S^-1,  M = Y Y' - B Q Y' + alpha I = K K',  r = sum_i log(K_ii + 1e-8)
 *   loss    = balance bce + (1 - balance) / (9 N) sum_n,m r[n,m]                                    see lib/ops/rmi.c
 *
 *   dQ      = C1 Y + C2 Q,  C1 = -2 B' G,  C2 = -C1 B,  G = 1/2 K'^-1 diag(K_ii / (K_ii + 1e-8)) K^-1
 *
 *   z, dz   [N,H,W,M]
 *   label   int [N,H,W]; v = 0 for anything outside 0 .. M-1, and 255 always; else 1, and y[m] = [label = m]
 *   q       [N,h,w,m] pooled, m padded to a multiple of VEC: Mp; lanes behind M hold numbers that nothing uses
 *   tag     uchar [N,h,w,Mp]: the place of the maximum in its 3x3 pixels; LABEL added if the class occurs in them
 *   part    wide [N,blocks,SIZE,SUMS,Mp] sums over blocks of places of the window, ROWS rows each
 *   coef    wide [N,COEFS,Mp]: for each row of dQ the SIZE factors of Y and of Q, and behind all what the means subtract
 *   r       wide [N,Mp]
 *   dq      [N,h,w,Mp] dr/dq
 *
 * DOUBLE, VEC  see wide.clh and vector.clh
 * ROWS         rows of places of the window in a partial sum
 */
#include "vector.clh"
#include "rows.clh"
#include "sums.clh"
#include "wide.clh"

#ifndef ROWS
#define ROWS 8
#endif
#if ROWS < 1
#error "rmi.cl: ROWS must be positive"
#endif
#define IGNORE 255
#define ALL 256          /* work-items of the one group that adds up partial sums */
#define LEAST 1e-6f      /* added to a probability */
#define LABEL 0x80
#define SIDE 3           /* of the window over the pooled map, and of the pooling */
#define SIZE (SIDE * SIDE)
#define SUMS (3 * SIZE + 2) /* Y Y', Y Q', Q Q' of one row, and the sums of the two rows */
#define COEFS (SIZE * 2 * SIZE + SIZE)
#define EPSILON 1e-8f    /* inside the logarithm */

static bool labelled(int t, uint M)
{
    return t >= 0 && (uint)t < M && t != IGNORE;
}

static void tags_store(__global uchar *row, uint i, uint size, uchar16 v)
{
    uchar tail[16];

    vstore16(v, 0, tail);
    for (uint j = 0; j < 16 && i + j < size; j++) row[i + j] = tail[j];
}

/* Pools, and sums the cross-entropy of the pixels of a window: partial[item] and partial[items + item], the number of
 * labelled pixels.  Item (3x3 pixels); the last ones may lie behind the pooled map, which leaves a remainder out. */
__kernel void rmi_pool(__global float *saved, uint q, __global uchar *tag, uint tags, __global float *partial,
                       uint partials, __global const float *z, __global const int *label, uint N, int H, int W, uint M,
                       int h, int w, uint Mp, uint items)
{
    size_t item = get_global_id(0);
    int across = W / SIDE + 1, down = H / SIDE + 1;
    int j = (int)(item % across), i = (int)(item / across % down);
    size_t n = item / across / down;
    float loss = 0.0f, count = 0.0f;

    if (n < N) {
        size_t to = ((n * h + i) * w + j) * Mp;

        for (uint m = 0; m < Mp; m += 16) {
            float16 best = -INFINITY, losses = 0.0f;
            int16 place = 0, found = 0;

            for (int a = 0; a < SIZE; a++) {
                int y = SIDE * i - 1 + a / SIDE, x = SIDE * j - 1 + a % SIDE;
                size_t p = (n * H + y) * W + x;
                float16 probability = LEAST;
                int16 wins;
                int t;

                if (y < 0 || y >= H || x < 0 || x >= W) continue;
                t = label[p];
                if (labelled(t, M)) {
                    float16 v = row_load(z + p * M, m, M, -INFINITY);
                    float16 e = exp(-fabs(v));
                    int16 own = ROW_LANES + (int)m == t;

                    if (m == 0) count += 1.0f;
                    found |= own;
                    losses += select(fmax(v, 0.0f), fmax(-v, 0.0f), own) + log1p(e);
                    probability = select((float16)(1.0f), e, v < 0.0f) / (1.0f + e) + LEAST;
                }
                wins = (probability > best) | isnan(probability);
                best = select(best, probability, wins);
                place = select(place, (int16)(a), wins);
            }
            loss += row_sum16(losses);
            if (i < h && j < w) {
                row_store(saved + q + to, m, Mp, best);
                tags_store(tag + tags + to, m, Mp, convert_uchar16(place | (found & LABEL)));
            }
        }
    }
    if (item < items) {
        partial[partials + item] = loss;
        partial[partials + items + item] = count;
    }
}

/* part.  Item (vector of classes, row of the window, block of n). */
__kernel void rmi_moments(__global wide *part, __global const float *saved, uint q, __global const uchar *tag, uint tags,
                          int h, int w, uint Mp, uint blocks)
{
    uint m = (uint)get_global_id(0) * VEC;
    int row = (int)get_global_id(1);
    size_t block = get_global_id(2);
    size_t n = block / blocks;
    int first = (int)(block % blocks) * ROWS;
    int last = min(first + ROWS, h - (SIDE - 1));
    vwide yy[SIZE], yq[SIZE], qq[SIZE], y_sum = vwide_zero(), q_sum = vwide_zero();

    if (m >= Mp) return;
#pragma unroll
    for (int s = 0; s < SIZE; s++) yy[s] = yq[s] = qq[s] = vwide_zero();
    for (int i = first; i < last; i++)
        for (int j = 0; j < w - (SIDE - 1); j++) {
            size_t own = ((n * h + i + row / SIDE) * w + j + row % SIDE) * Mp + m;
            vfloat y = to_vfloat(vload(tag + tags + own) >> (uchar)7);
            vfloat p = vload(saved + q + own);

            y_sum = vwide_add_float(y_sum, y);
            q_sum = vwide_add_float(q_sum, p);
#pragma unroll
            for (int s = 0; s < SIZE; s++) {
                size_t at = ((n * h + i + s / SIDE) * w + j + s % SIDE) * Mp + m;
                vfloat other = vload(saved + q + at);

                yy[s] = vwide_add_product(yy[s], y, to_vfloat(vload(tag + tags + at) >> (uchar)7));
                yq[s] = vwide_add_product(yq[s], y, other);
                qq[s] = vwide_add_product(qq[s], p, other);
            }
        }
    part += ((block * SIZE + row) * SUMS) * Mp + m;
#pragma unroll
    for (int s = 0; s < SIZE; s++) {
        vwide_store(yy[s], part + (size_t)s * Mp);
        vwide_store(yq[s], part + (size_t)(SIZE + s) * Mp);
        vwide_store(qq[s], part + (size_t)(2 * SIZE + s) * Mp);
    }
    vwide_store(y_sum, part + (size_t)(3 * SIZE) * Mp);
    vwide_store(q_sum, part + (size_t)(3 * SIZE + 1) * Mp);
}

/* A number of part, over all blocks of an image. */
static wide total(__global const wide *part, uint Mp, uint blocks, int row, int sum)
{
    wide s = wide_of(0.0f);

    for (size_t b = 0; b < blocks; b++) s = wide_add(s, part[((b * SIZE + row) * SUMS + sum) * Mp]);
    return s;
}

/* a = L L', L in the lower triangle of a. */
static void factor(wide *a)
{
    for (int j = 0; j < SIZE; j++)
        for (int i = j; i < SIZE; i++) {
            wide s = a[i * SIZE + j];

            for (int k = 0; k < j; k++) s = wide_sub(s, wide_mul(a[i * SIZE + k], a[j * SIZE + k]));
            a[i * SIZE + j] = i == j ? wide_sqrt(s) : wide_div(s, a[j * SIZE + j]);
        }
}

/* x L L' = b, a row in place. */
static void solve(wide *x, const wide *l)
{
    for (int i = 0; i < SIZE; i++) {
        for (int k = 0; k < i; k++) x[i] = wide_sub(x[i], wide_mul(l[i * SIZE + k], x[k]));
        x[i] = wide_div(x[i], l[i * SIZE + i]);
    }
    for (int i = SIZE - 1; i >= 0; i--) {
        for (int k = i + 1; k < SIZE; k++) x[i] = wide_sub(x[i], wide_mul(l[k * SIZE + i], x[k]));
        x[i] = wide_div(x[i], l[i * SIZE + i]);
    }
}

/* l = L^-1, in place; the upper triangle is not touched. */
static void invert(wide *l)
{
    for (int j = 0; j < SIZE; j++) {
        l[j * SIZE + j] = wide_div(wide_of(1.0f), l[j * SIZE + j]);
        for (int i = j + 1; i < SIZE; i++) {
            wide s = wide_of(0.0f);

            for (int k = j; k < i; k++) s = wide_sub(s, wide_mul(l[i * SIZE + k], l[k * SIZE + j]));
            l[i * SIZE + j] = wide_div(s, l[i * SIZE + i]);
        }
    }
}

/* r and coef of a class of an image.  Item (class, n). */
__kernel void rmi_solve(__global wide *r, uint to, __global wide *coef, __global const wide *part, int h, int w, uint Mp,
                        uint blocks, float alpha)
{
    size_t m = get_global_id(0), n = get_global_id(1);
    wide places = wide_of((float)((h - (SIDE - 1)) * (w - (SIDE - 1))));
    wide yy[SIZE * SIZE], yq[SIZE * SIZE], qq[SIZE * SIZE], b[SIZE * SIZE], y_mean[SIZE], q_mean[SIZE], weight[SIZE];
    wide sum = wide_of(0.0f);

    if (m >= Mp) return;
    part += n * blocks * SIZE * SUMS * Mp + m;
    coef += n * COEFS * Mp + m;
    for (int i = 0; i < SIZE; i++) {
        y_mean[i] = wide_div(total(part, Mp, blocks, i, 3 * SIZE), places);
        q_mean[i] = wide_div(total(part, Mp, blocks, i, 3 * SIZE + 1), places);
    }
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            wide y = wide_mul(places, y_mean[i]), p = wide_mul(places, q_mean[i]);

            yy[i * SIZE + j] = wide_sub(total(part, Mp, blocks, i, j), wide_mul(y, y_mean[j]));
            yq[i * SIZE + j] = wide_sub(total(part, Mp, blocks, i, SIZE + j), wide_mul(y, q_mean[j]));
            qq[i * SIZE + j] = wide_sub(total(part, Mp, blocks, i, 2 * SIZE + j), wide_mul(p, q_mean[j]));
            b[i * SIZE + j] = yq[i * SIZE + j];
        }
    for (int i = 0; i < SIZE; i++) qq[i * SIZE + i] = wide_add(qq[i * SIZE + i], wide_of(alpha));
    factor(qq);
    for (int i = 0; i < SIZE; i++) solve(b + i * SIZE, qq);
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j <= i; j++) {
            for (int k = 0; k < SIZE; k++)
                yy[i * SIZE + j] = wide_sub(yy[i * SIZE + j], wide_mul(b[i * SIZE + k], yq[j * SIZE + k]));
            if (i == j) yy[i * SIZE + i] = wide_add(yy[i * SIZE + i], wide_of(alpha));
        }
    factor(yy);
    for (int i = 0; i < SIZE; i++) {
        wide own = yy[i * SIZE + i], more = wide_add(own, wide_of(EPSILON));

        sum = wide_add(sum, wide_log(more));
        weight[i] = wide_div(own, more);
    }
    r[to + n * Mp + m] = sum;
    invert(yy);
    /* yq becomes -2 G, and qq then C1 = -2 B' G */
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            wide s = wide_of(0.0f);

            for (int k = max(i, j); k < SIZE; k++)
                s = wide_sub(s, wide_mul(weight[k], wide_mul(yy[k * SIZE + i], yy[k * SIZE + j])));
            yq[i * SIZE + j] = s;
        }
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            wide s = wide_of(0.0f);

            for (int k = 0; k < SIZE; k++) s = wide_add(s, wide_mul(b[k * SIZE + i], yq[k * SIZE + j]));
            qq[i * SIZE + j] = s;
        }
    for (int i = 0; i < SIZE; i++) {
        wide mean = wide_of(0.0f);

        for (int j = 0; j < SIZE; j++) {
            wide c2 = wide_of(0.0f);

            for (int k = 0; k < SIZE; k++) c2 = wide_sub(c2, wide_mul(qq[i * SIZE + k], b[k * SIZE + j]));
            mean = wide_sub(mean, wide_add(wide_mul(qq[i * SIZE + j], y_mean[j]), wide_mul(c2, q_mean[j])));
            coef[(size_t)(i * 2 * SIZE + j) * Mp] = qq[i * SIZE + j];
            coef[(size_t)(i * 2 * SIZE + SIZE + j) * Mp] = c2;
        }
        coef[(size_t)(SIZE * 2 * SIZE + i) * Mp] = mean;
    }
}

/* The loss, and the labelled pixels in `saved`; one group. */
__kernel void rmi_sum(__global float *loss, __global float *saved, uint valid, __global const float *partial,
                      uint partials, uint items, __global const wide *r, uint from, uint N, uint M, uint Mp, float balance)
{
    __local float2 sums[ALL];
    __local uint counts[ALL];
    uint l = get_local_id(0);
    float2 sum = 0.0f;
    uint count = 0;

    for (size_t i = l; i < items; i += ALL) {
        sum = sum_add(sum, partial[partials + i]);
        count += (uint)partial[partials + items + i];
    }
    sums[l] = sum;
    counts[l] = count;
    sum_group(sums, counts, ALL);
    if (l == 0) {
        wide region = wide_of(0.0f), bce;

        for (size_t n = 0; n < N; n++)
            for (size_t m = 0; m < M; m++) region = wide_add(region, r[from + n * Mp + m]);
        region = wide_div(region, wide_of((float)(SIZE * N)));
        bce = wide_div(wide_add(wide_of(sums[0].x), wide_of(sums[0].y)), wide_add(wide_of((float)counts[0]), wide_of(1.0f)));
        loss[0] = wide_float(wide_add(wide_mul(wide_of(balance), bce),
                                      wide_mul(wide_sub(wide_of(1.0f), wide_of(balance)), region)));
        saved[valid] = (float)counts[0] + 1.0f;
    }
}

/* dq.  Item (vector of classes, column, row of n): of every place of the window that covers the pooled pixel. */
__kernel void rmi_bwd_pool(__global float *dq, __global const wide *coef, __global const float *saved, uint q,
                           __global const uchar *tag, uint tags, int h, int w, uint Mp)
{
    uint m = (uint)get_global_id(0) * VEC;
    int j = (int)get_global_id(1);
    size_t n = get_global_id(2) / h;
    int i = (int)(get_global_id(2) % h);
    vwide sum = vwide_zero();

    if (m >= Mp || j >= w) return;
    coef += n * COEFS * Mp + m;
    for (int row = 0; row < SIZE; row++) {
        int y = i - row / SIDE, x = j - row % SIDE;

        if (y < 0 || y >= h - (SIDE - 1) || x < 0 || x >= w - (SIDE - 1)) continue;
        sum = vwide_add(sum, vwide_load(coef + (size_t)(SIZE * 2 * SIZE + row) * Mp));
        for (int s = 0; s < SIZE; s++) {
            size_t at = ((n * h + y + s / SIDE) * w + x + s % SIDE) * Mp + m;

            sum = vwide_add_scaled(sum, vwide_load(coef + (size_t)(row * 2 * SIZE + s) * Mp),
                                   to_vfloat(vload(tag + tags + at) >> (uchar)7));
            sum = vwide_add_scaled(sum, vwide_load(coef + (size_t)(row * 2 * SIZE + SIZE + s) * Mp),
                                   vload(saved + q + at));
        }
    }
    vstore(vwide_float(sum), dq + ((n * h + i) * w + j) * Mp + m);
}

/* dz.  Item (pixel). */
__kernel void rmi_bwd(__global float *dz, __global const float *dloss, __global const float *dq,
                      __global const float *saved, uint valid, __global const uchar *tag, uint tags,
                      __global const float *z, __global const int *label, uint N, int H, int W, uint M, int h, int w,
                      uint Mp, float balance)
{
    size_t p = get_global_id(0);
    int x = (int)(p % W) + 1, y = (int)(p / W % H) + 1;
    size_t n = p / W / H;
    size_t at = ((n * h + y / SIDE) * w + x / SIDE) * Mp;
    bool pooled = y / SIDE < h && x / SIDE < w;
    uchar place = (uchar)(y % SIDE * SIDE + x % SIDE);
    float each, region;
    int t;

    if (n >= N) return;
    t = label[p];
    each = balance * dloss[0] / saved[valid];
    region = (1.0f - balance) * dloss[0] / (float)(SIZE * N);
    for (uint m = 0; m < M; m += 16) {
        float16 d = 0.0f;

        if (labelled(t, M)) {
            float16 v = row_load(z + p * M, m, M, 0.0f);
            float16 e = exp(-fabs(v)), one = 1.0f;
            float16 yes = select(one, e, v < 0.0f) / (1.0f + e), no = select(e, one, v < 0.0f) / (1.0f + e);

            d = each * select(yes, -no, ROW_LANES + (int)m == t);
            if (pooled) {
                uchar tail[16];
                int16 won;

                for (uint l = 0; l < 16; l++) tail[l] = m + l < Mp ? tag[tags + at + m + l] : LABEL - 1;
                won = (convert_int16(vload16(0, tail)) & (LABEL - 1)) == (int)place;
                d += select((float16)(0.0f), region * row_load(dq + at, m, Mp, 0.0f) * (yes * no), won);
            }
        }
        row_store(dz + p * M, m, M, d);
    }
}
