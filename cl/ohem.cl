/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ohem - the hardest labelled pixels: those of the largest loss, or of the least probability.
 *
 *   u[p] = 1 if p is among the k labelled pixels of the largest loss, else 0; of equal losses the first ones count
 *   u[p] = 1 if the probability of the label of p is below max(thresh, that of the pixel k + 1), else 0
 *
 *   z       [P,M]
 *   label   int [P]; a pixel with anything outside 0 .. M-1, and 255 always, is never among them
 *   weight  [M] or null: the loss of class m is multiplied by it
 * In scratch, each part from its offset on:
 *   keys    uint [P]: 0 for a pixel without a label; otherwise the harder the pixel the larger the key.  It is made of the
 *           bits of a float that is not negative, which are ordered as the floats are; a NaN is harder than any number.
 *   counts  uint [blocks,DIGITS] of a digit of the keys
 *   state   uint [2]: the digits of the k-th largest key that are known, the others 0; and how many of the keys with these
 *           digits are among the k largest
 *
 * The k-th largest key is found digit by digit, from the highest: all keys with the digits known so far are counted by their
 * next digit.  Counts are integers, so the order of the atomics does not matter.
 *
 * GROUP   work-items of a group: a power of two
 * RUN     pixels of a work-item, all next to each other; a block is those of a group
 * DIGITS  values of a digit, of BITS bits
 */
#include "pixel_loss.clh"

#ifndef GROUP
#define GROUP 64
#endif
#ifndef RUN
#define RUN 64
#endif
#if GROUP < 1 || GROUP > 256 || (GROUP & (GROUP - 1)) || RUN < 16 || RUN % 16
#error "ohem.cl: GROUP must be a power of two up to 256, RUN a multiple of 16"
#endif
#define BITS 8
#define DIGITS (1u << BITS)
#define HARDEST 0x80000000u /* the largest key */

/* Losses; item (16 pixels). */
__kernel void ohem_loss_keys(__global uint *scratch, uint keys, __global const float *z, __global const int *label,
                             __global const float *weight, uint P, uint M)
{
    size_t first = get_global_id(0) * 16;
    float rest[16], gap[16], share[16];
    uint hard[16];
    uint16 bits;

    for (uint i = 0; i < 16; i++) {
        size_t p = first + i;
        int t = p < P ? label[p] : IGNORE;

        rest[i] = gap[i] = share[i] = 0.0f;
        hard[i] = 0;
        if (!labelled(t, M)) continue;
        share[i] = weight ? weight[t] : 1.0f;
        hard[i] = 1;
        gap[i] = gap_of(&rest[i], z + p * M, t, M);
    }
    bits = as_uint16(loss_of(vload16(0, gap), vload16(0, rest)) * vload16(0, share)) & 0x7fffffffu;
    bits = select((uint16)(0u), bits + 1u, vload16(0, hard) != 0u);
    vstore16(bits, 0, hard);
    for (uint i = 0; i < 16 && first + i < P; i++) scratch[keys + first + i] = hard[i];
}

/* The key of a probability: the lower it is, the larger. */
static uint key_of(float probability)
{
    return isnan(probability) ? HARDEST : HARDEST - as_uint(probability);
}

/* Probabilities; item (pixel). */
__kernel void ohem_probability_keys(__global uint *scratch, uint keys, __global const float *z,
                                    __global const int *label, uint P, uint M)
{
    size_t p = get_global_id(0);
    uint key = 0;
    int t;

    if (p >= P) return;
    t = label[p];
    if (labelled(t, M)) {
        float rest, own = exp(-gap_of(&rest, z + p * M, t, M));

        key = key_of(own / (own + rest));
    }
    scratch[keys + p] = key;
}

/* Counts, of the keys of a block that have the digits of the state above `shift` + BITS, those with each digit at `shift`. */
__kernel void ohem_count(__global uint *scratch, uint counts, uint keys, uint state, uint P, uint shift)
{
    __local uint sums[DIGITS];
    uint l = get_local_id(0);
    uint known = shift + BITS < 32 ? 0xffffffffu << (shift + BITS) : 0u; /* mask of the digits that are known */
    uint digits = known ? scratch[state] : 0u;
    size_t first = (get_group_id(0) * GROUP + l) * RUN;
    size_t last = min(first + RUN, (size_t)P);

    for (uint d = l; d < DIGITS; d += GROUP) sums[d] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t p = first; p < last; p++) {
        uint key = scratch[keys + p];

        if (key && (key & known) == digits) atomic_inc(&sums[key >> shift & (DIGITS - 1)]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint d = l; d < DIGITS; d += GROUP) scratch[counts + get_group_id(0) * DIGITS + d] = sums[d];
}

/* Adds up the blocks and goes down from the highest digit until `kept` keys are passed; one group.  The first time, `first`
 * is k, which becomes smaller if there are fewer keys; after that it is 0. */
__kernel void ohem_digit(__global uint *scratch, uint state, uint counts, uint blocks, uint shift, uint first)
{
    __local uint sums[DIGITS];
    uint l = get_local_id(0);

    for (uint d = l; d < DIGITS; d += GROUP) {
        uint sum = 0;

        for (size_t b = 0; b < blocks; b++) sum += scratch[counts + b * DIGITS + d];
        sums[d] = sum;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (l == 0) {
        uint all = 0, digit = DIGITS - 1, kept;

        for (uint d = 0; d < DIGITS; d++) all += sums[d];
        kept = first ? min(first, all) : scratch[state + 1];
        while (digit > 0 && sums[digit] < kept) kept -= sums[digit--];
        scratch[state] = (first ? 0u : scratch[state]) | digit << shift;
        scratch[state + 1] = kept;
    }
}

/* u of a block, from the last counts: of the pixels whose key is that of the state, the first ones count. */
__kernel void ohem_hardest(__global float *u, __global const uint *scratch, uint keys, uint counts, uint state, uint P)
{
    __local uint equals[GROUP];
    uint l = get_local_id(0);
    uint least = scratch[state], left = scratch[state + 1], before = 0, own = 0;
    size_t first = (get_group_id(0) * GROUP + l) * RUN;
    size_t last = min(first + RUN, (size_t)P);

    for (size_t p = first; p < last; p++) own += scratch[keys + p] == least;
    equals[l] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t b = 0; b < get_group_id(0); b++) 
        before += scratch[counts + b * DIGITS + (least & (DIGITS - 1))];
    for (uint i = 0; i < l; i++) before += equals[i];
    for (size_t p = first; p < last; p++) {
        uint key = scratch[keys + p];

        u[p] = key && (key > least || (key == least && before < left)) ? 1.0f : 0.0f;
        before += key == least;
    }
}

/* u of a pixel: its probability is below thresh or that of the state's key, whichever is larger. */
__kernel void ohem_improbable(__global float *u, __global const uint *scratch, uint keys, uint state, uint P,
                              float thresh)
{
    size_t p = get_global_id(0);

    if (p < P) u[p] = scratch[keys + p] > min(scratch[state], key_of(thresh)) ? 1.0f : 0.0f;
}
