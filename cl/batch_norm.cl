/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * batch_norm - statistics of the batch, normalisation, gradients.
 *
 *   z, a, y, dz, da [rows,channels]   rows = N*H*W      gamma, beta, dgamma, dbeta [channels]
 *   stats [3][channels]          mean, rstd, unbiased variance
 *   part  [chunks][2][channels]  of a chunk: (mean less z[0], M2), or (sum g, sum g (z - mean))
 *   own   [3][channels], 2       of a rank: z[0], mean less z[0], M2; then share and cross of merge()
 *         [2][channels]          backward: sum g, sum g (z - mean)
 *
 * All sums run in a fixed order: blocks of BLOCK rows inside a chunk, then `fan` parts at a time are
 * merged into one, until a launch of lanes.clh can merge those that are left.  (count, mean, M2) are merged by the formula of Chan, Golub and
 * LeVeque (1979): no square of a mean is ever subtracted, and rounding errors are collected and added
 * at the end.  All statistics are those of z minus its first row, so that a mean far from 0 costs no
 * accuracy.
 *
 * BLOCK  rows whose mean and M2 are computed in registers before they are merged: 1..16
 */
#include "vector.clh"
#include "coefficients.clh"
#include "tiles.clh"
#include "lanes.clh"
#ifndef BLOCK
#define BLOCK 8
#endif
#if BLOCK < 1 || BLOCK > 16
#error "batch_norm.cl: BLOCK must lie in 1..16"
#endif

/* The mask of ReLU is computed twice, forward and backward, and must agree to the last bit. */
#pragma OPENCL FP_CONTRACT OFF

/* Mean and M2, each with what rounding has dropped from it so far. */
typedef struct moments {
    vfloat mean, mean_lost, m2, m2_lost;
} moments;

/* Knuth's TwoSum, as in sums.clh. */
inline void add(vfloat *sum, vfloat *lost, vfloat v)
{
    vfloat t = *sum + v, b = t - *sum;

    *lost += (*sum - (t - b)) + (v - b);
    *sum = t;
}

/* Merges (count_b, mean_b, m2_b) into (count, mean, m2).
 * share = count_b / (count + count_b), cross = count * share */
inline void merge(moments *m, vfloat mean_b, vfloat m2_b, float share, float cross)
{
    vfloat delta = (mean_b - m->mean) - m->mean_lost;

    add(&m->mean, &m->mean_lost, delta * share);
    add(&m->m2, &m->m2_lost, m2_b + delta * delta * cross);
}

inline void merge_block(moments *m, __global const storage *z, vfloat origin, size_t stride,
                        float share, float cross)
{
    vfloat x[BLOCK], sum = 0.0f, square = 0.0f;

    for (int i = 0; i < BLOCK; i++) {
        x[i] = load(z + i * stride) - origin;
        prefetch_line(z + (i + BLOCK) * stride);
        sum += x[i];
    }
    sum *= 1.0f / BLOCK;
    for (int i = 0; i < BLOCK; i++) square += (x[i] - sum) * (x[i] - sum);
    merge(m, sum, square, share, cross);
}

/* (mean, M2) of z - z[0] in each chunk of rows. */
__kernel void bn_stats(__global float *restrict part, __global const storage *restrict z, uint rows,
                       uint channels, uint chunk)
{
    tile t = tile_of(get_global_id(0), rows, channels, chunk);
    moments m[TILE];
    size_t r = t.row;

    if (r == t.last) return;
    for (uint v = 0; v < t.vectors; v++) m[v] = (moments){0.0f, 0.0f, 0.0f, 0.0f};
    for (; r + BLOCK <= t.last; r += BLOCK) {
        float count = r - t.row, share = BLOCK / (count + BLOCK);
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            merge_block(&m[v], z + r * channels + c, load(z + c), channels, share, count * share);
        }
    }
    for (; r < t.last; r++) {
        float count = r - t.row, share = 1.0f / (count + 1.0f);
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            merge(&m[v], load(z + r * channels + c) - load(z + c), 0.0f, share, count * share);
        }
    }
    part += t.chunk * 2 * channels;
    for (uint v = 0; v < t.vectors; v++) {
        uint c = channel_at(t, v);
        vstore(m[v].mean + m[v].mean_lost, part + c);
        vstore(m[v].m2 + m[v].m2_lost, part + channels + c);
    }
}

/* Merges partial results first .. last - 1, each of `span` rows but the last of all; how many rows
 * in all. */
inline float merge_parts(vfloat *mean, vfloat *m2, __global const float *part, size_t first,
                         size_t last, uint rows, uint channels, uint span)
{
    moments m = {0.0f, 0.0f, 0.0f, 0.0f};
    float count = 0.0f;

    for (size_t k = first; k < last; k++) {
        float more = min((size_t)span, rows - k * span), share = more / (count + more);
        merge(&m, vload(part + k * 2 * channels), vload(part + (k * 2 + 1) * channels), share,
              count * share);
        count += more;
    }
    *mean = m.mean + m.mean_lost;
    *m2 = m.m2 + m.m2_lost;
    return count;
}

/* Merges what the lanes of a column have, into lane 0. */
inline void merge_lanes(vfloat *mean, vfloat *m2, float count, __local vfloat *means,
                        __local vfloat *m2s, __local float *counts)
{
#if LANES > 1
    uint id = get_local_id(0);

    means[id] = *mean;
    m2s[id] = *m2;
    counts[id] = count;
    for (uint n = LANES_GROUP / 2; n >= COLUMNS; n /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (id < n && counts[id + n] > 0.0f) {
            moments m = {means[id], 0.0f, m2s[id], 0.0f};
            float both = counts[id] + counts[id + n], share = counts[id + n] / both;

            merge(&m, means[id + n], m2s[id + n], share, counts[id] * share);
            means[id] = m.mean + m.mean_lost;
            m2s[id] = m.m2 + m.m2_lost;
            counts[id] = both;
        }
    }
    *mean = means[id];
    *m2 = m2s[id];
#endif
}

/* parts -> ceil(parts / fan), from offset `from` of the scratch to offset `to`. */
__kernel void bn_stats_merge(__global float *scratch, uint to, uint from, uint parts, uint fan,
                             uint rows, uint channels, uint span)
{
    size_t id = get_global_id(0), group = id / (channels / VEC), first = group * fan;
    uint c = (uint)(id % (channels / VEC)) * VEC;
    vfloat mean, m2;

    if (first >= parts) return;
    merge_parts(&mean, &m2, scratch + from + c, first, min(first + fan, (size_t)parts), rows,
                channels, span);
    vstore(mean, scratch + to + group * 2 * channels + c);
    vstore(m2, scratch + to + (group * 2 + 1) * channels + c);
}

/*
 * The last parts -> what this rank contributes.  share = its rows / (those before + its),
 * cross = rows before * share, from the host, so that no division is left: sums and products round
 * the same way on every device, and ranks of different vendors agree in mean and variance to the
 * last bit.
 */
__kernel MERGES void bn_stats_own(__global float *restrict own,
                                  __global const storage *restrict z,
                                  __global const float *restrict scratch, uint from, uint parts,
                                  uint rows, uint channels, uint span, float share, float cross)
{
    EXCHANGE(vfloat, means);
    EXCHANGE(vfloat, m2s);
    EXCHANGE(float, counts);
    const lane l = lane_of_item(parts);
    const uint c = (uint)l.column * VEC;
    vfloat mean = 0.0f, m2 = 0.0f;
    float count = 0.0f;

    if (c < channels)
        count = merge_parts(&mean, &m2, scratch + from + c, l.first, l.last, rows, channels, span);
    merge_lanes(&mean, &m2, count, means, m2s, counts);
    if (c >= channels || l.index) return;
    vstore(load(z + c), own + c);
    vstore(mean, own + channels + c);
    vstore(m2, own + 2 * channels + c);
    if (c == 0) {
        own[3 * channels] = share;
        own[3 * channels + 1] = cross;
    }
}

/* mean, gamma rstd and beta, for readers that normalise what they read; rows of `row` floats, with zeros behind
 * the last channel. */
inline void write_coefficients(__global float *to, uint row, vfloat mean, vfloat factor, vfloat beta,
                               uint c, uint channels)
{
    vstore(mean, to + c);
    vstore(factor, to + row + c);
    vstore(beta, to + 2 * row + c);
    if (c + VEC < channels) return;
    for (uint i = channels; i < row; i++) to[i] = to[row + i] = to[2 * row + i] = 0.0f;
}

/* `own` of all ranks, `stride` apart -> stats, and unless they are NULL, running = (1 - momentum) running + momentum
 * new, and coefficients.  inverse = 1 / rows of all, and what rounding drops from it; unbias = rows / (rows - 1). */
__kernel void bn_stats_all(__global float *restrict stats, __global float *restrict running_mean,
                           __global float *restrict running_var, __global const float *restrict own,
                           uint ranks, uint stride, uint channels, float inverse,
                           float inverse_lost, float unbias, float eps, float momentum,
                           __global float *restrict coefficients, __global const float *restrict gamma,
                           __global const float *restrict beta, uint row)
{
    uint c = (uint)get_global_id(0) * VEC;
    moments m = {0.0f, 0.0f, 0.0f, 0.0f};
    vfloat origin, mean, var, rstd;

    if (c >= channels) return;
    origin = vload(own + c);
    for (uint r = 0; r < ranks; r++, own += stride)
        merge(&m, (vload(own + c) - origin) + vload(own + channels + c),
              vload(own + 2 * channels + c), own[3 * channels], own[3 * channels + 1]);
    m.m2 += m.m2_lost;
    mean = origin + (m.mean + m.mean_lost);
    var = m.m2 * inverse + m.m2 * inverse_lost;
    vstore(mean, stats + c);
    rstd = rsqrt(var + eps);
    vstore(rstd, stats + channels + c);
    if (coefficients)
        write_coefficients(coefficients, row, mean, vload(gamma + c) * rstd, vload(beta + c), c,
                           channels);
    var *= unbias;
    vstore(var, stats + 2 * channels + c);
    if (!running_mean || !running_var) return;
    vstore((1.0f - momentum) * vload(running_mean + c) + momentum * mean, running_mean + c);
    vstore((1.0f - momentum) * vload(running_var + c) + momentum * var, running_var + c);
}

/* Running statistics -> mean and rstd, for inference. */
__kernel void bn_running(__global float *restrict stats, __global const float *restrict mean,
                         __global const float *restrict var, uint channels, float eps)
{
    size_t c = get_global_id(0);

    if (c >= channels) return;
    stats[c] = mean[c];
    stats[channels + c] = rsqrt(var[c] + eps);
}

/* gamma rstd is one factor. */
inline vfloat normalise(vfloat z, __global const float *mean, __global const float *rstd,
                        __global const float *gamma, __global const float *beta)
{
    return shifted((affine){vload(mean), vload(gamma) * vload(rstd), vload(beta)}, z);
}

/* y = FINISH of the normalised value n; `a` is read only where FINISH says so. */
#define FORWARD(name, FINISH)                                                                      \
    __kernel void name(__global storage *restrict y, __global const storage *restrict z,           \
                       __global const storage *restrict a, __global const float *restrict gamma,   \
                       __global const float *restrict beta, __global const float *restrict stats,  \
                       uint rows, uint channels, uint chunk)                                       \
    {                                                                                              \
        tile t = tile_of(get_global_id(0), rows, channels, chunk);                                 \
        for (size_t r = t.row; r < t.last; r++)                                                    \
            for (uint v = 0; v < t.vectors; v++) {                                                 \
                uint c = channel_at(t, v);                                                         \
                size_t at = r * channels + c;                                                      \
                vfloat n = normalise(load_ahead(z + at), stats + c, stats + channels + c,          \
                                     gamma + c, beta + c);                                         \
                stream(FINISH, y + at, channels);                                                  \
            }                                                                                      \
    }
FORWARD(bn_fwd, n)
FORWARD(bn_fwd_relu, relu(n))
FORWARD(bn_fwd_add, n + load_ahead(a + at))
FORWARD(bn_fwd_add_relu, relu(n + load_ahead(a + at)))

/*
 * Backward.  g is dy behind the mask of ReLU:
 *   plain     no ReLU
 *   _relu     ReLU without a: the mask is that of the normalised z, computed as in forward
 *   _out      ReLU after adding a: the mask is that of y
 */
#define PLAIN load_ahead(dy + at)
#define BY_Z                                                                                       \
    where_positive(load_ahead(dy + at),                                                            \
                   normalise(load(z + at), stats + c, stats + channels + c, gamma + c, beta + c))
#define BY_OUT where_positive(load_ahead(dy + at), load_ahead(y + at))

/* Sums of g and g (z - mean) over each chunk of rows; ALSO may write g away. */
#define SUMS(name, G, ALSO)                                                                        \
    __kernel void name(__global float *restrict part, uint to, __global storage *restrict da,      \
                       __global const storage *restrict dy, __global const storage *restrict z,    \
                       __global const storage *restrict y, __global const float *restrict gamma,   \
                       __global const float *restrict beta, __global const float *restrict stats,  \
                       uint rows, uint channels, uint chunk)                                       \
    {                                                                                              \
        tile t = tile_of(get_global_id(0), rows, channels, chunk);                                 \
        vfloat s[TILE], d[TILE];                                                                   \
        if (t.row == t.last) return;                                                               \
        for (uint v = 0; v < t.vectors; v++) s[v] = d[v] = 0.0f;                                   \
        for (size_t r = t.row; r < t.last; r++)                                                    \
            for (uint v = 0; v < t.vectors; v++) {                                                 \
                uint c = channel_at(t, v);                                                         \
                size_t at = r * channels + c;                                                      \
                vfloat g = G;                                                                      \
                s[v] += g;                                                                         \
                d[v] += g * (load_ahead(z + at) - vload(stats + c));                               \
                ALSO;                                                                              \
            }                                                                                      \
        part += to + t.chunk * 2 * channels;                                                       \
        for (uint v = 0; v < t.vectors; v++) {                                                     \
            uint c = channel_at(t, v);                                                             \
            vstore(s[v], part + c);                                                                \
            vstore(d[v], part + channels + c);                                                     \
        }                                                                                          \
    }
SUMS(bn_sums, PLAIN, )
SUMS(bn_sums_relu, BY_Z, )
SUMS(bn_sums_out, BY_OUT, )
SUMS(bn_sums_da, BY_OUT, stream(g, da + at, channels))

/* The last parts -> sum g and sum g (z - mean) of this rank; dgamma and dbeta where they are wanted,
 * of its rows alone. */
__kernel MERGES void bn_sums_own(__global float *restrict dgamma, __global float *restrict dbeta,
                                 __global float *restrict own,
                                 __global const float *restrict scratch, uint from, uint parts,
                                 __global const float *restrict stats, uint channels)
{
    EXCHANGE(vfloat, all);
    const lane l = lane_of_item(parts);
    const uint c = (uint)l.column * VEC;
    vfloat s = 0.0f, d = 0.0f;

    scratch += from + c;
    for (uint k = l.first; c < channels && k < l.last; k++) {
        s += vload(scratch + (size_t)k * 2 * channels);
        d += vload(scratch + ((size_t)k * 2 + 1) * channels);
    }
    s = sum_of_lanes(s, all);
    d = sum_of_lanes(d, all);
    if (c >= channels || l.index) return;
    if (dbeta) vstore(s, dbeta + c);
    if (dgamma) vstore(d * vload(stats + channels + c), dgamma + c);
    vstore(s, own + c);
    vstore(d, own + channels + c);
}

/* dz = gamma rstd (g - mean g - xhat mean(g xhat)).  total: `own` added up over all ranks; inverse = 1 / rows of all. */
#define BACKWARD(name, G)                                                                          \
    __kernel void name(__global storage *restrict dz, __global const storage *restrict dy,         \
                       __global const storage *restrict z, __global const storage *restrict y,     \
                       __global const float *restrict gamma, __global const float *restrict beta,  \
                       __global const float *restrict stats, __global const float *restrict total, \
                       uint rows, uint channels, uint chunk, float inverse)                        \
    {                                                                                              \
        tile t = tile_of(get_global_id(0), rows, channels, chunk);                                 \
        for (size_t r = t.row; r < t.last; r++)                                                    \
            for (uint v = 0; v < t.vectors; v++) {                                                 \
                uint c = channel_at(t, v);                                                         \
                size_t at = r * channels + c;                                                      \
                vfloat g = G, rstd = vload(stats + channels + c), k = vload(gamma + c) * rstd;     \
                vfloat mean_g = vload(total + c) * inverse;                                        \
                vfloat slope = vload(total + channels + c) * rstd * rstd * inverse;                \
                vfloat centred = load_ahead(z + at) - vload(stats + c);                            \
                stream(k *(g - mean_g - centred * slope), dz + at, channels);                      \
            }                                                                                      \
    }
BACKWARD(bn_bwd, PLAIN)
BACKWARD(bn_bwd_relu, BY_Z)
BACKWARD(bn_bwd_out, BY_OUT)

/* da = g, when only that is wanted. */
__kernel void bn_bwd_a(__global storage *restrict da, __global const storage *restrict dy,
                       __global const storage *restrict y, uint rows, uint channels, uint chunk)
{
    tile t = tile_of(get_global_id(0), rows, channels, chunk);

    for (size_t r = t.row; r < t.last; r++)
        for (uint v = 0; v < t.vectors; v++) {
            uint c = channel_at(t, v);
            size_t at = r * channels + c;
            stream(BY_OUT, da + at, channels);
        }
}
