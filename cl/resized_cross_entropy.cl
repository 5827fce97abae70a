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
 * TILE  pixels of a cell that a group looks at together: a multiple of 16
 * ALL   work-items of the one group that adds up the losses: a power of two, 2..256
 */
#include "vector.clh"
#include "cells.clh"
#include "pixel_loss.clh"
#include "sums.clh"

#ifndef TILE
#define TILE 64
#endif
#ifndef ALL
#define ALL 256
#endif
#if TILE < 16 || TILE % 16 || ALL < 2 || ALL > 256 || (ALL & (ALL - 1))
#error "resized_cross_entropy.cl: TILE must be a multiple of 16, ALL a power of two in 2..256"
#endif

/* What the two halves of the kernel know of the pixels of a tile. */
typedef struct tile_of_pixels {
    float4 weights[TILE];
    float largest[TILE], rest[TILE], gap[TILE], share[TILE], factor[TILE];
    int target[TILE]; /* -1: left out */
} tile_of_pixels;

/* One pixel of a tile: its largest logit, and the sum of the exponentials of the others. */
inline void look_at(__local tile_of_pixels *tile, uint s, __local const float *corners, uint M, float share)
{
    float4 w = tile->weights[s];
    int t = tile->target[s];
    vfloat most = cell_logits(corners, 0, w), sums = 0.0f;
    float largest, rest, own;

    for (uint m = VEC; m < M; m += VEC) most = fmax(most, cell_logits(corners, m, w));
    largest = cell_max(most);
    for (uint m = 0; m < M; m += VEC) {
        vfloat e = exp(cell_logits(corners, m, w) - largest);

        sums += select(e, (vfloat)(0.0f), CELL_LANES == (vint)(t - (int)m));
    }
    rest = cell_sum(sums);
    own = corners[t] * w.x + corners[MOST + t] * w.y + corners[2 * MOST + t] * w.z + corners[3 * MOST + t] * w.w;
    tile->largest[s] = largest;
    tile->rest[s] = rest;
    tile->gap[s] = largest - own;
    tile->share[s] = share;
    tile->factor[s] = share / (rest + exp(own - largest));
}

/* A group per cell; lane l takes pixels l, l + lanes, ... of a tile, then classes in the same way. */
__kernel void resized_cross_entropy_fwd(__global float *scratch, __global const float *z, __global const int *label,
                                        __global const float *weight, uint M, int h, int H, int a_h, int b_h, int d_h,
                                        int w, int W, int a_w, int b_w, int d_w)
{
    __local float corners[4 * MOST];
    __local tile_of_pixels tile;
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
        uint some = min(c.pixels - first, (uint)TILE);

        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = l; s < TILE; s += lanes) {
            size_t p;

            tile.target[s] = -1;
            tile.largest[s] = tile.rest[s] = tile.gap[s] = tile.share[s] = tile.factor[s] = 0.0f;
            if (s >= some) continue;
            tile.weights[s] = cell_weights(&p, c, first + s, down, along);
            if (!labelled(label[p], M)) continue;
            tile.target[s] = label[p];
            look_at(&tile, s, corners, M, weight ? weight[label[p]] : 1.0f);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = 16 * l; s < TILE; s += 16 * lanes)
            vstore16(loss_of(vload16(0, tile.gap + s), vload16(0, tile.rest + s)) * vload16(0, tile.share + s), 0,
                     losses + s);
        for (uint m = l * VEC; m < M; m += lanes * VEC) {
            vfloat corner[4], add[4];

            for (uint k = 0; k < 4; k++) {
                corner[k] = vload(corners + k * MOST + m);
                add[k] = 0.0f;
            }
            for (uint s = 0; s < some; s++) {
                float4 u = tile.weights[s];
                vfloat e;

                if (tile.target[s] < 0) continue;
                e = exp(corner[0] * u.x + corner[1] * u.y + corner[2] * u.z + corner[3] * u.w - tile.largest[s]);
                e = select(e, (vfloat)(-tile.rest[s]), CELL_LANES == (vint)(tile.target[s] - (int)m));
                e *= tile.factor[s];
                add[0] += e * u.x;
                add[1] += e * u.y;
                add[2] += e * u.z;
                add[3] += e * u.w;
            }
            for (uint k = 0; k < 4; k++) {
                if (first) add[k] += vload_part(quarters + k * M, m, M);
                vstore_part(add[k], quarters + k * M, m, M);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint s = 0; l == 0 && s < some; s++) {
            sum = sum_add(sum, losses[s]);
            count += tile.target[s] >= 0;
        }
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
