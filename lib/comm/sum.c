/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sum.c - the sum of what all ranks contribute, in rank order. */
#include "comm/sum.h"

enum { BLOCK = 512 }; /* sums at a time: 4 KiB of stack for any number of ranks */

void encnet__sum(float *out, const float *const *parts, int n_parts, size_t first, size_t count)
{
    double sum[BLOCK];
    size_t end = first + count;

    for (size_t at = first; at < end; at += BLOCK) {
        size_t n = end - at < BLOCK ? end - at : BLOCK;
        for (size_t i = 0; i < n; i++) sum[i] = (double)parts[0][at + i];
        for (int r = 1; r < n_parts; r++)
            for (size_t i = 0; i < n; i++) sum[i] += (double)parts[r][at + i];
        for (size_t i = 0; i < n; i++) out[at + i] = (float)sum[i];
    }
}
