/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * results - what is made of the class ids and the probabilities of a run of pixels.
 *
 *   classes  int [P], -1: none         ids    [P] bytes, 255: none
 *   x        [P,M]                     y      [M,P]
 *   top      [P], the probability of the class
 *   rgb      [P,3] of the picture, bytes, or floats with FLOATS
 *   palette  [256,3] bytes
 */
#ifdef FLOATS
typedef float value;
#else
typedef uchar value;
#endif

__kernel void results_ids(__global uchar *ids, __global const int *classes, uint P)
{
    size_t p = get_global_id(0);

    if (p < P) ids[p] = (uchar)classes[p];
}

/* Counts the pixels that have no class. */
__kernel void results_bad(__global volatile uint *bad, __global const int *classes, uint P)
{
    size_t p = get_global_id(0);

    if (p < P && classes[p] < 0) atomic_inc(bad);
}

__kernel void results_top(__global float *top, __global const float *x, __global const int *classes,
                          uint P, uint M)
{
    size_t p = get_global_id(0);

    if (p < P) top[p] = classes[p] < 0 ? NAN : x[p * M + classes[p]];
}

__kernel void results_planes(__global float *y, __global const float *x, uint P, uint M)
{
    size_t p = get_global_id(0);

    if (p < P)
        for (uint m = 0; m < M; m++) y[(size_t)m * P + p] = x[p * M + m];
}

/* y = log(x), [P] */
__kernel void results_log(__global float *y, __global const float *x, uint P)
{
    size_t p = get_global_id(0);

    if (p < P) y[p] = log(x[p]);
}

/* The picture and the colours of the classes in equal parts, rounded up at one half. */
__kernel void results_overlay(__global uchar *out, __global const value *rgb,
                              __global const uchar *ids, __global const uchar *palette, uint first,
                              uint P)
{
    size_t p = get_global_id(0);

    if (p >= P) return;
    rgb += 3 * (first + p);
    for (uint c = 0; c < 3; c++) {
#ifdef FLOATS
        uint v = convert_uchar_sat_rte(rgb[c]);
#else
        uint v = rgb[c];
#endif
        out[3 * p + c] = (uchar)((v + palette[3 * ids[p] + c] + 1) / 2);
    }
}
