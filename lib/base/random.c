/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* random.c - Philox4x32-10 streams, the same as those of the kernels (cl/random.clh). */
#include "base/base.h"

#include <math.h>

void encnet__philox(uint32_t out[4], uint32_t key0, uint32_t key1, const uint32_t counter[4])
{
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};

    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t c0 = (uint32_t)(b >> 32) ^ c[1] ^ key0, c2 = (uint32_t)(a >> 32) ^ c[3] ^ key1;
        c[1] = (uint32_t)b;
        c[3] = (uint32_t)a;
        c[0] = c0;
        c[2] = c2;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; i++) out[i] = c[i];
}

encnet__rng encnet__rng_at(uint64_t seed, uint32_t a, uint32_t b, uint32_t purpose)
{
    return (encnet__rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)}, .counter = {0, a, b, purpose}, .used = 4};
}

uint32_t encnet__rng_u32(encnet__rng *r)
{
    if (r->used == 4) {
        encnet__philox(r->block, r->key[0], r->key[1], r->counter);
        r->counter[0]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

double encnet__rng_uniform(encnet__rng *r)
{
    uint64_t high = encnet__rng_u32(r) >> 5, low = encnet__rng_u32(r) >> 6;

    return (double)(high * 67108864u + low) / 9007199254740992.0;
}

uint32_t encnet__rng_below(encnet__rng *r, uint32_t n)
{
    uint32_t limit = UINT32_MAX - UINT32_MAX % n, x; /* a word above it is drawn again */

    do x = encnet__rng_u32(r);
    while (x >= limit);
    return x % n;
}

/* Box and Muller's transform of two uniform numbers. */
static double normal_of(double u, double v)
{
    return sqrt(-2 * log(1 - u)) * cos(2 * 3.14159265358979323846 * v);
}

double encnet__rng_normal(encnet__rng *r)
{
    double u = encnet__rng_uniform(r);

    return normal_of(u, encnet__rng_uniform(r));
}

/* cos() branches on its argument, and a processor that has guessed wrong drops what it has begun of the
 * numbers behind: so these are drawn before. */
void encnet__rng_normals(float *out, size_t n, double deviation, encnet__rng *r)
{
    enum { BATCH = 64 };
    double u[BATCH], v[BATCH];

    for (size_t at = 0; at < n; at += BATCH) {
        size_t some = n - at < BATCH ? n - at : BATCH;
        for (size_t i = 0; i < some; i++) {
            u[i] = encnet__rng_uniform(r);
            v[i] = encnet__rng_uniform(r);
        }
        for (size_t i = 0; i < some; i++) out[at + i] = (float)(deviation * normal_of(u[i], v[i]));
    }
}

void encnet__rng_seek(encnet__rng *r, uint64_t at)
{
    r->counter[0] = (uint32_t)(at / 4);
    r->used = 4;
    for (uint64_t i = 0; i < at % 4; i++) (void)encnet__rng_u32(r);
}
