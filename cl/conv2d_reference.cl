/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_reference - convolution for any shape: one work-item sums one element, as the formula
 * says.
 *
 *   y[n,i,j,k]  = relu?(sum_{r,s,c} x[n,h,w,g*CG + c] w[r,s,c,k] + b[k] + a[n,i,j,k]),
 *                 h = i*stride + r*dilation - pad, w = j*stride + s*dilation - pad,
 *                 g = k / (K/groups), c < CG = C/groups
 *   dx[n,h,w,c] = sum_{r,s,k} dy[n,i,j,k] w[r,s,c - g*CG,k]    k of c's group; i, j that read h, w
 *   dw[r,s,c,k] = sum_{n,i,j} x[n, ...] dy[n,i,j,k]
 *
 *   x, dx [N,H,W,C]    w, dw [R,S,CG,K]    y, dy, a [N,OH,OW,K]    b [K]; b and a may be absent
 *
 * Accuracy  each kernel position (each row of pixels for dw) is a chain of its own; these are
 * summed
 */
#include "storage.clh"
#define SHAPE                                                                                      \
    int H, int W, int C, int OH, int OW, int K, int R, int S, int stride, int pad, int dilation,   \
        int groups

__kernel void conv2d_reference_fwd(__global storage *y, __global const storage *x,
                                   __global const float *w, __global const float *b,
                                   __global const storage *a, int relu, uint count, SHAPE)
{
    const size_t at = get_global_id(0);
    const int CG = C / groups;
    const int k = at % K, j = at / K % OW, i = at / K / OW % OH, n = at / K / OW / OH;
    float sum = 0.0f;

    if (at >= count) return;
    for (int r = 0; r < R; r++)
        for (int s = 0; s < S; s++) {
            const int h = i * stride + r * dilation - pad, v = j * stride + s * dilation - pad;
            __global const float *wp = w + (size_t)(r * S + s) * CG * K + k;
            float chain = 0.0f;

            if (h < 0 || h >= H || v < 0 || v >= W) continue;
            __global const storage *xp =
                x + (((size_t)n * H + h) * W + v) * C + k / (K / groups) * CG;
            for (int c = 0; c < CG; c++) chain += load1(xp + c) * wp[(size_t)c * K];
            sum += chain;
        }
    if (b) sum += b[k];
    if (a) sum += load1(a + at);
    store1(relu && sum < 0.0f ? 0.0f : sum, y + at);
}

__kernel void conv2d_reference_data(__global storage *dx, __global const storage *dy,
                                    __global const float *w, uint count, SHAPE)
{
    const size_t at = get_global_id(0);
    const int CG = C / groups, KG = K / groups;
    const int c = at % C, v = at / C % W, h = at / C / W % H, n = at / C / W / H;
    const int g = c / CG;
    float sum = 0.0f;

    if (at >= count) return;
    for (int r = 0; r < R; r++)
        for (int s = 0; s < S; s++) {
            const int oh = h + pad - r * dilation, ow = v + pad - s * dilation;
            const int i = oh / stride, j = ow / stride;
            __global const float *wp = w + ((size_t)(r * S + s) * CG + c - g * CG) * K + g * KG;
            float chain = 0.0f;

            if (oh < 0 || ow < 0 || oh % stride || ow % stride || i >= OH || j >= OW) continue;
            __global const storage *dp = dy + (((size_t)n * OH + i) * OW + j) * K + g * KG;
            for (int k = 0; k < KG; k++) chain += load1(dp + k) * wp[k];
            sum += chain;
        }
    store1(sum, dx + at);
}

__kernel void conv2d_reference_filter(__global float *dw, __global const storage *x,
                                      __global const storage *dy, uint count, int N, SHAPE)
{
    const size_t at = get_global_id(0);
    const int CG = C / groups;
    const int k = at % K, c = at / K % CG, s = at / K / CG % S, r = at / K / CG / S;
    float sum = 0.0f;

    if (at >= count) return;
    for (int n = 0; n < N; n++)
        for (int i = 0; i < OH; i++) {
            const int h = i * stride + r * dilation - pad;
            float chain = 0.0f;

            if (h < 0 || h >= H) continue;
            for (int j = 0; j < OW; j++) {
                const int v = j * stride + s * dilation - pad;
                if (v < 0 || v >= W) continue;
                chain += load1(x + (((size_t)n * H + h) * W + v) * C + k / (K / groups) * CG + c) *
                         load1(dy + (((size_t)n * OH + i) * OW + j) * K + k);
            }
            sum += chain;
        }
    dw[at] = sum;
}
