/*
 * code_mean - mean over the codes, which lie last.
 *
 *   y[i]    = 1/K sum_k e[i,k]
 *   de[i,k] = dy[i] / K
 *
 *   e, de  [rows,K];  y, dy  [rows], rows = N D
 */
#include "rows.clh"

__kernel void code_mean_fwd(__global float *y, __global const float *e, uint rows, uint K)
{
    size_t i = get_global_id(0);
    float16 sums = 0.0f;

    if (i >= rows) return;
    for (uint k = 0; k < K; k += 16) sums += row_load(e + i * K, k, K, 0.0f);
    y[i] = row_sum16(sums) / (float)K;
}

__kernel void code_mean_bwd(__global float *de, __global const float *dy, uint rows, uint K)
{
    size_t i = get_global_id(0);

    if (i < (size_t)rows * K) de[i] = dy[i / K] / (float)K;
}
