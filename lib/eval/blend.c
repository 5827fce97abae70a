/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* blend.c - resize, softmax and argmax on the host, for logits that are merged from windows. */
#include "eval/eval.h"

#include <math.h>

/* The two inputs of output j, and the weight of the second. */
typedef struct tap {
    int i0, i1;
    float share;
} tap;

/* The source point is a fraction of integers, as in the resize operator: the weight is rounded
 * once. */
static tap tap_at(int j, int n, int m, bool align_corners)
{
    int64_t top = align_corners ? (int64_t)j * (n - 1) : (2 * (int64_t)j + 1) * n - m;
    int64_t bottom = align_corners ? (m > 1 ? m - 1 : 1) : 2 * (int64_t)m;
    tap t;

    if (top < 0) top = 0;
    t.i0 = (int)(top / bottom);
    t.i1 = t.i0 + 1 < n ? t.i0 + 1 : n - 1;
    t.share = (float)(top % bottom) / (float)bottom;
    return t;
}

void encnet__blend_row(float *out, const float *logits, int H, int W, int M, int y, int H_out,
                       int W_out, bool align_corners)
{
    tap v = tap_at(y, H, H_out, align_corners);
    const float *upper = logits + (size_t)v.i0 * (size_t)W * (size_t)M;
    const float *lower = logits + (size_t)v.i1 * (size_t)W * (size_t)M;

    for (int x = 0; x < W_out; x++) {
        tap u = tap_at(x, W, W_out, align_corners);
        size_t a = (size_t)u.i0 * (size_t)M, b = (size_t)u.i1 * (size_t)M;

        for (int m = 0; m < M; m++, a++, b++) {
            float top = (1 - u.share) * upper[a] + u.share * upper[b];
            float bottom = (1 - u.share) * lower[a] + u.share * lower[b];
            *out++ = (1 - v.share) * top + v.share * bottom;
        }
    }
}

void encnet__softmax_rows(float *x, int n, int M)
{
    for (int i = 0; i < n; i++, x += M) {
        float largest = x[0], sum = 0;

        for (int m = 1; m < M; m++) largest = x[m] > largest ? x[m] : largest;
        for (int m = 0; m < M; m++) sum += x[m] = expf(x[m] - largest);
        for (int m = 0; m < M; m++) x[m] /= sum;
    }
}

void encnet__argmax_rows(uint8_t *ids, const float *x, int n, int M)
{
    for (int i = 0; i < n; i++, x += M) {
        int best = 0;
        float zeros = 0; /* unless a number is not finite */

        for (int m = 0; m < M; m++) {
            zeros += x[m] * 0;
            if (x[m] > x[best]) best = m;
        }
        ids[i] = zeros == 0 ? (uint8_t)best : ENCNET_IGNORE;
    }
}
