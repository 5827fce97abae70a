/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * presence - which classes occur in an image.
 *
 *   t[n,m] = 1 where any of label[n,0..P-1] is m, else 0
 *
 *   label  int [N,P]; anything outside 0 .. M-1, and 255 always, is left out
 *   seen   uint [N,runs,words]: bit b of word w is class 32 w + b
 *   t      [N,M]
 *
 * RUN  neighbouring pixels that one work-item reads
 */
#ifndef RUN
#define RUN 512
#endif
#if RUN < 1
#error "presence.cl: RUN must be positive"
#endif
#define IGNORE 255

/* Item (run, word, image); with up to 32 classes every label is read once. */
__kernel void presence_mark(__global uint *seen, __global const int *label, uint P, uint M, uint runs, uint words)
{
    size_t run = get_global_id(0);
    size_t w = get_global_id(1);
    size_t n = get_global_id(2);
    size_t last;
    uint bits = 0;

    if (run >= runs) return;
    last = min((run + 1) * RUN, (size_t)P);
    for (size_t p = run * RUN; p < last; p++) {
        int t = label[n * P + p];

        if (t >= 0 && (uint)t < M && t != IGNORE && (uint)t / 32 == w) bits |= 1u << (t % 32);
    }
    seen[(n * runs + run) * words + w] = bits;
}

__kernel void presence_fwd(__global float *t, __global const uint *seen, uint N, uint M, uint runs, uint words)
{
    size_t i = get_global_id(0);
    size_t n = i / M, m = i % M;
    uint bits = 0;

    if (n >= N) return;
    for (size_t run = 0; run < runs; run++) bits |= seen[(n * runs + run) * words + m / 32];
    t[i] = bits >> (m % 32) & 1u ? 1.0f : 0.0f;
}
