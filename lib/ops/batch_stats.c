/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * batch_stats - the contribution of a rank to the statistics of batch_norm: (count, mean, M2) of
 * its rows.
 *
 *   s [3][C]  z[0], the first row; mean less z[0]; M2 = sum (z - mean)^2
 *     [2]     share and cross, for merging with the ranks before (Chan, Golub and LeVeque, 1979)
 *
 * The rows of every rank are known beforehand, so the count is passed as the weight of the rank.
 * Forward only: batch_norm writes the gradient of z.
 *
 * Accuracy: (count, mean, M2) of z minus its first row are merged in a fixed order with
 * compensation of rounding errors: the relative error of M2 is at most 3 * 2^-24 for any mean.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/ranks.h"
#include "ops/storage.h"
#include "ops/tiles.h"

static size_t rows_of(encnet__shape z)
{
    return (size_t)z.n * (size_t)z.h * (size_t)z.w;
}

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = (encnet__shape){1, 1, 1, 3 * shape->in[0].c + 2};
    return ENCNET_OK;
}

/* The parts of all levels of merging. */
static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__shape z = shape->in[0];
    size_t parts = encnet__tiles_reduce(shape->dev, rows_of(z), (size_t)z.c).chunks;

    (void)backward;
    return encnet__tiles_levels(parts) * 2 * sizeof(float) * (size_t)z.c;
}

/* The last parts: their offset in scratch, their number, and the rows of each. */
typedef struct last_parts {
    size_t from, count, span;
} last_parts;

/* Computes mean and M2 of all rows in at most `most` parts. */
static encnet_status merge_levels(last_parts *out, const encnet__call *call, size_t most)
{
    encnet_status rc;
    encnet__shape z = call->in[0].shape;
    size_t rows = rows_of(z), channels = (size_t)z.c;
    encnet__tiles t = encnet__tiles_reduce(call->dev, rows, channels);
    encnet__width width = encnet__width_dividing(call->dev, channels);
    size_t parts = t.chunks, span = t.chunk, vectors = channels / (size_t)width.width, from = 0;

    TRY(LAUNCH(call->dev, "batch_norm", "bn_stats",
               encnet__storage(call->in[0].type, t.options).text, t.grid, BUF(call->scratch),
               BUF(call->in[0].buffer), UINT(rows), UINT(channels), UINT(t.chunk)));
    while (parts > most) {
        size_t to = from + parts * 2 * channels, merged = (parts + ENCNET__FAN - 1) / ENCNET__FAN;
        TRY(LAUNCH(call->dev, "batch_norm", "bn_stats_merge", width.options,
                   encnet__tiles_vectors(call->dev, merged * vectors), BUF(call->scratch), UINT(to),
                   UINT(from), UINT(parts), UINT(ENCNET__FAN), UINT(rows), UINT(channels),
                   UINT(span)));
        parts = merged;
        span *= ENCNET__FAN;
        from = to;
    }
    *out = (last_parts){from, parts, span};
done:
    return rc;
}

/* Returns the rows of the ranks before this one. */
static double rows_before(const encnet__call *call)
{
    encnet__shape z = call->in[0].shape;
    double images = 0;

    for (int r = 0; call->ranks && r < call->ranks->comm->rank; r++)
        images += call->ranks->images[r];
    return images * (double)rows_of(z) / z.n;
}

/* Computes the statistics of this rank's rows, and the numbers for merging them with the ranks
 * before. */
static encnet_status forward(const encnet__call *call)
{
    encnet_status rc;
    encnet__shape z = call->in[0].shape;
    size_t rows = rows_of(z), channels = (size_t)z.c;
    encnet__width width = encnet__width_dividing(call->dev, channels);
    encnet__last last = encnet__tiles_last(call->dev, width, channels / (size_t)width.width);
    double before = rows_before(call), share = (double)rows / (before + (double)rows);
    last_parts p;

    TRY(merge_levels(&p, call, last.most));
    TRY(LAUNCH(call->dev, "batch_norm", "bn_stats_own",
               encnet__storage(call->in[0].type, last.options).text, last.grid,
               BUF(call->out.buffer), BUF(call->in[0].buffer), BUF(call->scratch), UINT(p.from),
               UINT(p.count), UINT(rows), UINT(channels), UINT(p.span), FLOAT(share),
               FLOAT(before * share)));
done:
    return rc;
}

static double flops(const encnet__node_shape *shape)
{
    return 4 * (double)encnet__shape_count(shape->in[0]); /* mean 1, M2 3 */
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t channels = (size_t)shape->in[0].c, rows = rows_of(shape->in[0]);

    for (size_t c = 0; c < channels; c++) {
        const double *z = in[0] + c;
        double mean = 0, m2 = 0;
        for (size_t r = 0; r < rows; r++) mean += z[r * channels] / (double)rows;
        for (size_t r = 0; r < rows; r++) m2 += pow(z[r * channels] - mean, 2);
        out[c] = z[0];
        out[channels + c] = mean - z[0];
        out[2 * channels + c] = m2;
    }
    out[3 * channels] = 1; /* one rank has all rows */
    out[3 * channels + 1] = 0;
}

#define ROW(name, ...)                                                                             \
    {                                                                                              \
        .what = name, .n_in = 1, .in = { __VA_ARGS__ }                                             \
    }

static const encnet__case cases[] = {
    ROW("one value", {1, 1, 1, 1}),          ROW("odd", {2, 5, 7, 3}),
    ROW("one tile", {1, 4, 6, 16}),          ROW("more than a tile", {1, 5, 1, 2064}),
    ROW("a column", {1, 41, 1, 20}),         ROW("many chunks", {2, 33, 31, 4}),
    ROW("many chunks, odd", {1, 65, 33, 3}),
};

const encnet__op encnet__op_batch_stats = {
    .name = "batch_stats",
    .n_in = 1,
    .narrow = 1u << 0,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
