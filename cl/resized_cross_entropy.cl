/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * resized_cross_entropy - cross_entropy of logits that are resized to the size of their labels.
 *
 *   y[p]    = sum over the four corners k of p's cell of c[p,k] z[k]          bilinear; see cells.clh
 *   loss    = 1/V sum_p w[t] (log sum_m exp(y[p,m]) - y[p,t]),  t = label[p]  over pixels with 0 <= t < M, t != 255
 *   dz[q,m] = dloss/V sum over the pixels p of the four cells of which q is corner k
 *                    of c[p,k] w[t] (softmax(y[p])[m] - [m = t])
 *
 *   z, dz   [N,h,w,M]
 *   label   int [N,H,W]; anything outside 0 .. M-1, and 255 always, is left out
 *   weight  [M] or null: all 1
 *   scratch [3,cells] sum of losses, its rounding errors, labelled pixels; [cells,4,M] what a cell adds to the gradients of its
 *           corners
 *   saved   [N,h,w,M] V/dloss dz; [1] V
 *
 * Forward has the exponentials at hand, so it sums the gradients too, of dloss = V.
 *
 * ALL  work-items of the one group that adds up the losses: a power of two, 2..256
 */
#include "vector.clh"
#include "cells.clh"
#include "sums.clh"

#ifndef ALL
#define ALL 256
#endif
#if ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "resized_cross_entropy.cl: ALL must be a power of two in 2..256"
#endif

/* What the two halves of the kernel know of the pixels of a tile: the largest logit, the sum of the exponentials of all but
 * the label's, how much the label's is below the largest, its weight, and the factor of the gradients.  The last two are 0
 * where there is no label. */
typedef struct tile_losses {
    float largest[TILE], rest[TILE], gap[TILE], share[TILE], factor[TILE];
} tile_losses;

/* Pixels s .. s + VEC - 1 of a tile. */
inline void look_at(__local tile_losses *to, __local const cell_tile *tile, uint s, __local const float *corners,
                    __global const float *weight, uint M)
{
    const vint target = vload(tile->target + s);
    vfloat w[4], largest, own, rest = 0.0f;

    cell_weights(w, tile, s);
    largest = own = cell_logit(corners, 0, w);
    for (uint m = 1; m < M; m++) {
        const vfloat v = cell_logit(corners, m, w);

        largest = fmax(largest, v);
        own = select(own, v, target == (vint)((int)m));
    }
    for (uint m = 0; m < M; m++)
        rest += select(exp(cell_logit(corners, m, w) - largest), (vfloat)(0.0f), target == (vint)((int)m));
    for (uint i = s; i < s + VEC; i++) {
        const int t = tile->target[i];

        to->share[i] = t < 0 ? 0.0f : weight ? weight[t] : 1.0f;
    }
    vstore(largest, to->largest + s);
    vstore(rest, to->rest + s);
    vstore(largest - own, to->gap + s);
    vstore(vload(to->share + s) / (rest + exp(own - largest)), to->factor + s);
}

/* What the first `some` pixels of a tile add to the gradients of logit m of the four corners, of dloss = V. */
static inline float4 gradients_of(__local const tile_losses *of, __local const cell_tile *tile, uint some, uint m,
                                  __local const float *corners)
{
    vfloat add[4] = {0.0f, 0.0f, 0.0f, 0.0f};

    for (uint s = 0; s < some; s += VEC) {
        vfloat w[4], e;

        cell_weights(w, tile, s);
        e = exp(cell_logit(corners, m, w) - vload(of->largest + s));
        e = select(e, -vload(of->rest + s), vload(tile->target + s) == (vint)((int)m)) * vload(of->factor + s);
#pragma unroll
        for (uint k = 0; k < 4; k++) add[k] += e * w[k];
    }
    return (float4)(cell_sum(add[0]), cell_sum(add[1]), cell_sum(add[2]), cell_sum(add[3]));
}

/* A group per cell; lane l takes pixels l, l + lanes, ... of a tile, VEC each, then classes in the same way. */
__kernel void resized_cross_entropy_fwd(__global float *scratch, __global const float *z, __global const int *label,
                                        __global const float *weight, uint M, int h, int H, int a_h, int b_h, int d_h,
                                        int w, int W, int a_w, int b_w, int d_w)
{
    __local float corners[4 * MOST];
    __local cell_tile tile;
    __local tile_losses of;
    __local float losses[TILE];
    axis down = {h, H, a_h, b_h, d_h}, along = {w, W, a_w, b_w, d_w};
    size_t cells = get_num_groups(0), index = get_group_id(0);
    uint l = (uint)get_local_id(0), lanes = (uint)get_local_size(0);
    cell c = cell_of(index, down, along);
    __global float *quarters = scratch + 3 * cells + index * 4 * M;
    float2 sum = 0.0f;
    uint count = 0;

    cell_load(corners, z, c, down, along, M);
    for (uint first = 0; first == 0 || first < c.pixels; first += TILE) {
        uint some = cell_look(&tile, label, M, c, first, down, along);

        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = l * VEC; s < some; s += lanes * VEC) look_at(&of, &tile, s, corners, weight, M);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = 16 * l; s < some; s += 16 * lanes)
            vstore16(loss_of(vload16(0, of.gap + s), vload16(0, of.rest + s)) * vload16(0, of.share + s), 0, losses + s);
        for (uint m = l; m < M; m += lanes) {
            float4 add = gradients_of(&of, &tile, some, m, corners);

            if (first) add += (float4)(quarters[m], quarters[M + m], quarters[2 * M + m], quarters[3 * M + m]);
            quarters[m] = add.x;
            quarters[M + m] = add.y;
            quarters[2 * M + m] = add.z;
            quarters[3 * M + m] = add.w;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = 0; l == 0 && s < some; s++) {
            if (tile.target[s] < 0) continue;
            sum = sum_add(sum, losses[s]);
            count++;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (l == 0) {
        scratch[index] = sum.x;
        scratch[cells + index] = sum.y;
        scratch[2 * cells + index] = (float)count;
    }
}

/* `average` is V, or 0: the number of labelled pixels. */
__kernel void resized_cross_entropy_sum(__global float *loss, __global float *saved, uint at, __global const float *scratch,
                                        uint cells, uint average)
{
    __local float2 sums[ALL];
    __local uint counts[ALL];

    sum_losses(loss, saved + at, scratch, cells, average, sums, counts, ALL);
}

/* Item (vectors of classes, logits q): adds up the quarters of the four cells around q. */
__kernel void resized_cross_entropy_gather(__global float *saved, __global const float *scratch, uint cells, int h, int w,
                                           uint M)
{
    size_t q = get_global_id(1), row = 4 * (size_t)M;
    bool left = q % w > 0, above = q / w % h > 0;
    __global const float *quarters = scratch + 3 * (size_t)cells + q * row;

    for (uint m = (uint)get_global_id(0) * VEC; m < M; m += (uint)get_global_size(0) * VEC) {
        vfloat sum = vload_part(quarters, m, M);

        if (left) sum += vload_part(quarters - row + M, m, M);
        if (above) sum += vload_part(quarters - w * row + 2 * M, m, M);
        if (left && above) sum += vload_part(quarters - (w + 1) * row + 3 * M, m, M);
        vstore_part(sum, saved + q * M, m, M);
    }
}

__kernel void resized_cross_entropy_bwd(__global float *dz, __global const float *dloss, __global const float *saved,
                                        uint count)
{
    size_t i = get_global_id(0);

    if (i < count) dz[i] = dloss[0] / saved[count] * saved[i];
}
