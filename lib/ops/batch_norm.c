/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * batch_norm - batch normalisation in training mode, with an optional addend and ReLU (Ioffe and
 * Szegedy, ICML 2015).
 *
 *   mean[c], var[c]  of z over n, h, w, var is biased; P = N*H*W values per channel, of
 *                    all ranks if call->ranks is set
 *   xhat = (z - mean) / sqrt(var + eps)
 *   y    = relu?(gamma xhat + beta + a?)
 *
 *   g      = dy where y > 0 (with ReLU), else dy
 *   dbeta  = sum g     dgamma = sum g xhat     da = g
 *   dz     = gamma / sqrt(var + eps) (g - dbeta / P - xhat dgamma / P)
 *
 *   s  [ranks,1,1,3C+2]  the output of batch_stats for the rows of each rank
 *   saved [3][C]         mean, 1 / sqrt(var + eps), unbiased variance
 *
 * Forward merges the statistics of all ranks; backward reduces each rank's rows to
 * (sum g, sum g (z - mean)), which are added up over the ranks.
 *
 * Backward is one operator, not three, because the gradient of z needs the sums of all ranks and dy
 * at once.  As the sum of a gradient through the normalisation and one through the statistics it
 * would be written, read and added once more, and be rounded differently.
 *
 * y need not be written: if its readers can, they compute it from z and coefficients (encnet__op.may_defer), the
 * same bits.  Nor need it be stored: recompute yields the same bits from z and `saved`.  The mask of ReLU is
 * computed from z if there is no addend, so that backward reads only z, and from y if there is one.
 * update() also updates the running statistics, as PyTorch does: momentum is the weight of the new value,
 * and the variance is unbiased (0 for P = 1, where it does not exist).
 *
 * Accuracy: that of batch_stats; merging ranks is like merging its parts.
 */
#include "ops/batch_norm.h"

#include <math.h>

#include "ops/attr.h"
#include "ops/ranks.h"
#include "ops/storage.h"
#include "ops/tiles.h"

enum { Z, GAMMA, BETA, A, MEAN, VAR, INPUTS = ENCNET__BN_INPUTS, STATS = INPUTS };

static const encnet__batch_norm_attr *attr_of(const void *attr)
{
    return attr;
}

encnet_status encnet__batch_norm_infer_shape(encnet__node_shape *shape, const char *op,
                                             unsigned optional)
{
    static const char *const names[INPUTS] = {"z", "gamma", "beta", "a", "mean", "var"};
    encnet__shape z = shape->in[Z];

    for (int i = GAMMA; i < INPUTS; i++) {
        encnet__shape s = shape->in[i], want = {1, 1, 1, z.c};
        if (s.c == 0 && (optional >> i & 1)) continue;
        if (!encnet__shape_equal(s, i == A ? z : want))
            return encnet__fail(ENCNET_E_SHAPE, "%s: z is " SHAPE_FMT ", but %s is " SHAPE_FMT, op,
                                SHAPE_ARG(z), names[i], SHAPE_ARG(s));
    }
    shape->out = z;
    return ENCNET_OK;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape s = shape->in[STATS];

    if (s.c && s.c != 3 * shape->in[Z].c + 2)
        return encnet__fail(ENCNET_E_SHAPE, "batch_norm: z has C=%d, s has C=%d, not 3 C + 2",
                            shape->in[Z].c, s.c);
    return encnet__batch_norm_infer_shape(shape, "batch_norm", 1u << A | 1u << MEAN | 1u << VAR);
}

static size_t rows_of(encnet__shape z)
{
    return (size_t)z.n * (size_t)z.h * (size_t)z.w;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    return 3 * sizeof(float) * (size_t)shape->in[Z].c;
}

/* Backward: the parts of all levels of merging. */
static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__shape z = shape->in[Z];
    size_t parts = encnet__tiles_reduce(shape->dev, rows_of(z), (size_t)z.c).chunks;

    return backward ? encnet__tiles_levels(parts) * 2 * sizeof(float) * (size_t)z.c : 0;
}

/* sum g, sum g (z - mean) */
static size_t sums_floats(const encnet__node_shape *shape)
{
    return 2 * (size_t)shape->in[Z].c;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    unsigned reads = ENCNET__READS_IN(Z) | ENCNET__READS_IN(GAMMA);

    if (!attr_of(shape->attr)->relu) return reads;
    return reads | (shape->in[A].c ? ENCNET__READS_OUT : ENCNET__READS_IN(BETA));
}

/* The masked gradient takes the place of the gradient and of what the mask is computed from. */
static unsigned second_reads(const encnet__node_shape *shape, unsigned computed)
{
    if (attr_of(shape->attr)->relu && (computed >> A & 1))
        return ENCNET__READS_IN(Z) | ENCNET__READS_IN(GAMMA);
    return backward_reads(shape) | ENCNET__READS_DOUT;
}

/* -- forward ----------------------------------------------------------------------------------- */

static double unbias(double rows)
{
    return rows / fmax(rows - 1, 1);
}

/* Returns the rows of the whole batch. */
static double rows_of_all(const encnet__call *call)
{
    encnet__shape z = call->in[Z].shape;

    return (double)rows_of(z) / z.n * (call->ranks ? call->ranks->total : z.n);
}

/* Computes mean, rstd and variance of each channel, `saved`, from the statistics of all ranks; perhaps updates the
 * running ones, and writes what readers apply. */
static encnet_status statistics(const encnet__call *call, bool updates)
{
    encnet__shape z = call->in[Z].shape;
    encnet__width vectors = encnet__width_dividing(call->dev, (size_t)z.c);
    const encnet__tensor *stats = &call->in[STATS];
    double rows = rows_of_all(call);
    float inverse = (float)(1 / rows);
    encnet__buffer *mean = updates ? call->in[MEAN].buffer : NULL,
                   *var = updates ? call->in[VAR].buffer : NULL;

    return LAUNCH(call->dev, "batch_norm", "bn_stats_all", vectors.options,
                  encnet__tiles_vectors(call->dev, (size_t)(z.c / vectors.width)), BUF(call->saved),
                  BUF(mean), BUF(var), BUF(stats->buffer), UINT(stats->shape.n),
                  UINT(stats->shape.c), UINT(z.c), FLOAT(inverse),
                  FLOAT(1 / rows - (double)inverse), FLOAT(unbias(rows)),
                  FLOAT(attr_of(call->attr)->eps), FLOAT(attr_of(call->attr)->momentum),
                  BUF(call->defers ? call->out.buffer : NULL), BUF(call->in[GAMMA].buffer),
                  BUF(call->in[BETA].buffer), UINT(encnet__coefficient_row(z.c)));
}

/* A reader applies ReLU, and has no addend. */
static bool may_defer(const encnet__node_shape *shape)
{
    return attr_of(shape->attr)->relu && shape->in[A].c == 0;
}

encnet_status encnet__batch_norm_apply(const encnet__call *call, encnet__buffer *stats)
{
    static const char *const kernels[2][2] = {{"bn_fwd", "bn_fwd_add"},
                                              {"bn_fwd_relu", "bn_fwd_add_relu"}};
    encnet__shape z = call->in[Z].shape;
    encnet__tiles t = encnet__tiles_map(call->dev, rows_of(z), (size_t)z.c);

    return LAUNCH(
        call->dev, "batch_norm", kernels[attr_of(call->attr)->relu][call->in[A].shape.c != 0],
        encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->out.buffer),
        BUF(call->in[Z].buffer), BUF(call->in[A].buffer), BUF(call->in[GAMMA].buffer),
        BUF(call->in[BETA].buffer), BUF(stats), UINT(rows_of(z)), UINT(z.c), UINT(t.chunk));
}

static encnet_status recompute(const encnet__call *call)
{
    return encnet__batch_norm_apply(call, call->saved);
}

static encnet_status normalise(const encnet__call *call, bool updates)
{
    encnet_status rc = statistics(call, updates);

    return rc == ENCNET_OK && !call->defers ? recompute(call) : rc;
}

static encnet_status forward(const encnet__call *call)
{
    return normalise(call, false);
}

static encnet_status update(const encnet__call *call)
{
    return normalise(call, true);
}

/* -- backward ---------------------------------------------------------------------------------- */

/* Chooses the tensor from which the mask of ReLU is computed. */
typedef enum mask { NO_MASK, MASK_FROM_Z, MASK_FROM_OUT } mask;

static mask mask_of(const encnet__call *call)
{
    if (!attr_of(call->attr)->relu) return NO_MASK;
    return call->in[A].shape.c ? MASK_FROM_OUT : MASK_FROM_Z;
}

/* Computes the two sums over this rank's rows, and dgamma and dbeta if they are wanted.  With `da`
 * it also writes the masked gradient. */
static encnet_status sums(const encnet__call *call, encnet__buffer *da)
{
    static const char *const kernels[] = {"bn_sums", "bn_sums_relu", "bn_sums_out"};
    encnet_status rc;
    encnet__shape z = call->in[Z].shape;
    size_t rows = rows_of(z), channels = (size_t)z.c;
    encnet__tiles t = encnet__tiles_reduce(call->dev, rows, channels);
    encnet__width vectors = encnet__width_dividing(call->dev, channels);
    encnet__last last = encnet__tiles_last(call->dev, vectors, channels / (size_t)vectors.width);
    size_t parts = t.chunks, from = 0;

    TRY(LAUNCH(call->dev, "batch_norm", da ? "bn_sums_da" : kernels[mask_of(call)],
               encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->scratch),
               UINT(from), BUF(da), BUF(call->dout.buffer), BUF(call->in[Z].buffer),
               BUF(call->out.buffer), BUF(call->in[GAMMA].buffer), BUF(call->in[BETA].buffer),
               BUF(call->saved), UINT(rows), UINT(channels), UINT(t.chunk)));
    TRY(encnet__tiles_merge(call->dev, call->scratch, 1, 2 * channels, last.most, &from, &parts));
    TRY(LAUNCH(call->dev, "batch_norm", "bn_sums_own", last.options, last.grid,
               BUF(call->din[GAMMA].buffer), BUF(call->din[BETA].buffer),
               BUF(call->din[STATS].buffer), BUF(call->scratch), UINT(from), UINT(parts),
               BUF(call->saved), UINT(channels)));
done:
    return rc;
}

static encnet_status backward_a(const encnet__call *call)
{
    encnet__shape z = call->in[Z].shape;
    encnet__tiles t = encnet__tiles_map(call->dev, rows_of(z), (size_t)z.c);

    if (mask_of(call) == NO_MASK)
        return encnet__copy(call->din[A].buffer, 0, call->dout.buffer, 0,
                            encnet__shape_bytes(z, call->dout.type));
    return LAUNCH(call->dev, "batch_norm", "bn_bwd_a",
                  encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->din[A].buffer),
                  BUF(call->dout.buffer), BUF(call->out.buffer), UINT(rows_of(z)), UINT(z.c),
                  UINT(t.chunk));
}

static encnet_status backward_sums(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *da = call->din[A].buffer;
    bool on_the_way = da && mask_of(call) == MASK_FROM_OUT;

    if (da && !on_the_way) TRY(backward_a(call));
    TRY(sums(call, on_the_way ? da : NULL));
done:
    return rc;
}

/* Computes dz.  If `da` is still available, it is the masked gradient. */
static encnet_status backward(const encnet__call *call)
{
    static const char *const kernels[] = {"bn_bwd", "bn_bwd_relu", "bn_bwd_out"};
    encnet_status rc = ENCNET_OK;
    encnet__shape z = call->in[Z].shape;
    encnet__tiles t = encnet__tiles_map(call->dev, rows_of(z), (size_t)z.c);
    encnet__buffer *g = mask_of(call) == MASK_FROM_OUT ? call->din[A].buffer : NULL;

    if (!call->din[Z].buffer) goto done;
    TRY(LAUNCH(call->dev, "batch_norm", kernels[g ? NO_MASK : mask_of(call)],
               encnet__storage(call->out.type, t.options).text, t.grid, BUF(call->din[Z].buffer),
               BUF(g ? g : call->dout.buffer), BUF(call->in[Z].buffer), BUF(call->out.buffer),
               BUF(call->in[GAMMA].buffer), BUF(call->in[BETA].buffer), BUF(call->saved),
               BUF(call->din[STATS].buffer), UINT(rows_of(z)), UINT(z.c), UINT(t.chunk),
               FLOAT(1 / rows_of_all(call))));
done:
    return rc;
}

/* -- reference --------------------------------------------------------------------------------- */

static double flops(const encnet__node_shape *shape)
{
    return 4 * (double)encnet__shape_count(shape->out);
}

static void statistics_of(double *mean, double *var, const double *z, size_t rows, size_t channels)
{
    *mean = *var = 0;
    for (size_t r = 0; r < rows; r++) *mean += z[r * channels];
    *mean /= (double)rows;
    for (size_t r = 0; r < rows; r++) *var += pow(z[r * channels] - *mean, 2);
    *var /= (double)rows;
}

void encnet__batch_norm_reference(double *out, const double *const *in, const double *mean,
                                  const double *var, const encnet__node_shape *shape)
{
    const encnet__batch_norm_attr *attr = shape->attr;
    size_t channels = (size_t)shape->in[Z].c, rows = rows_of(shape->in[Z]);

    for (size_t c = 0; c < channels; c++) {
        double m, v;
        if (mean && var)
            m = mean[c], v = var[c];
        else
            statistics_of(&m, &v, in[Z] + c, rows, channels);
        for (size_t at = c; at < rows * channels; at += channels) {
            double y = in[GAMMA][c] * (in[Z][at] - m) / sqrt(v + (double)attr->eps) + in[BETA][c];
            if (in[A]) y += in[A][at];
            out[at] = attr->relu && y < 0 ? 0 : y;
        }
    }
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    encnet__batch_norm_reference(out, in, NULL, NULL, shape);
}

/* Outputs have a few roundings; the sums of `rows` terms of both signs accumulate about
 * sqrt(rows). */
static double tolerance(const encnet__node_shape *shape, double scale)
{
    return (32 + sqrt((double)rows_of(shape->in[Z]))) * 0x1p-24 * scale;
}

static const encnet__fill_kind fill[INPUTS] = {ENCNET__FILL_NORMAL, ENCNET__FILL_POSITIVE,
                                               ENCNET__FILL_NORMAL, ENCNET__FILL_NORMAL,
                                               ENCNET__FILL_NORMAL, ENCNET__FILL_POSITIVE};

static const encnet__batch_norm_attr plain = {1e-5f, 0.1f, false}, with_relu = {1e-5f, 0.1f, true};

/* clang-format off */
#define ROW(name, attribute, N, H, W, C, ...)                                                      \
    {.what = name, .attr = &attribute, .n_in = INPUTS,                                             \
     .in = {{N, H, W, C}, {1, 1, 1, C}, {1, 1, 1, C}, __VA_ARGS__}}
#define ADD(N, H, W, C) {N, H, W, C}
#define NO_ADD {0}
#define RUNNING(C) {1, 1, 1, C}, {1, 1, 1, C}
/* clang-format on */

static const encnet__case cases[] = {
    ROW("one value", plain, 1, 1, 1, 1, NO_ADD),
    ROW("odd", plain, 2, 5, 7, 3, NO_ADD),
    ROW("odd, relu", with_relu, 2, 5, 7, 3, NO_ADD, RUNNING(3)),
    ROW("odd, add", plain, 2, 5, 7, 3, ADD(2, 5, 7, 3)),
    ROW("odd, add, relu", with_relu, 2, 5, 7, 3, ADD(2, 5, 7, 3)),
    ROW("one tile", plain, 1, 4, 6, 16, NO_ADD),
    ROW("one tile, add, relu", with_relu, 1, 4, 6, 16, ADD(1, 4, 6, 16), RUNNING(16)),
    ROW("more than a tile, relu", with_relu, 1, 5, 1, 2064, NO_ADD),
    ROW("a column", with_relu, 1, 41, 1, 20, ADD(1, 41, 1, 20)),
    ROW("codes", with_relu, 3, 1, 12, 12, NO_ADD),
    ROW("many chunks, relu", with_relu, 2, 33, 31, 4, NO_ADD),
    ROW("many chunks, add", plain, 1, 65, 33, 3, ADD(1, 65, 33, 3)),
};

static const encnet__sync sync = {
    .contribution = &encnet__op_batch_stats,
    .reduced = 1u << Z,
    .exchanged = STATS,
    .sums_floats = sums_floats,
    .backward_sums = backward_sums,
    .backward_reads = second_reads,
};

const encnet__op encnet__op_batch_norm = {
    .name = "batch_norm",
    .n_in = INPUTS + 1,
    .optional = 1u << A | 1u << MEAN | 1u << VAR | 1u << STATS,
    .gradients = 1u << Z | 1u << GAMMA | 1u << BETA | 1u << A,
    .narrow = 1u << Z | 1u << A,
    .out_is_narrow = true,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .scratch_bytes = scratch_bytes,
    .backward_reads = backward_reads,
    .sync = &sync,
    .forward = forward,
    .recompute = recompute,
    .may_defer = may_defer,
    .backward = backward,
    .update = update,
    .flops = flops,
    .reference = reference,
    .tolerance = tolerance,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
