/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * spatial_gather - the mean feature of each class, weighted by the softmax of its map over all
 * positions: the object regions of OCRNet (arXiv:1909.11065, equation 2; SpatialGatherModule of
 * mmsegmentation).
 *
 *   a[n,p,k] = softmax over p of z[n,p,k]                z [N,H,W,K] class maps, P = H W
 *   y[n,k,d] = sum_p a[n,p,k] x[n,p,d]                   x [N,H,W,D] features;  y [N,1,K,D]
 *
 *   dx[n,p,d] = sum_k a[n,p,k] dy[n,k,d]
 *   dz[n,p,k] = a[n,p,k] (q[n,p,k] - sum_p' a[n,p',k] q[n,p',k])       q[n,p,k] = sum_d x dy
 *
 * Forward saves only the maximum and the sum of each map; a is computed again for backward, which
 * reads z and x.  The products are matrix products of ops/regions.h.
 *
 * Accuracy: sums over positions are computed in blocks, which are added in order.  Backward divides the mean of q by the
 * sum of the shares, which is 1 but for rounding, so that dz sums to 0 over the positions.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/regions.h"
#include "ops/storage.h"

enum { Z, X };

static encnet__regions extents_of(const encnet__node_shape *shape)
{
    return encnet__regions_of(shape->dev, shape->in[X], (size_t)shape->in[Z].c);
}

/* Offsets in scratch, in floats; the front is that of encnet__regions_gather(). */
typedef struct layout {
    size_t a, q; /* [N,P,K]; q only for backward */
    size_t part; /* [N,B,2,K] */
    size_t size;
} layout;

static layout layout_of(const encnet__regions *t, bool backward)
{
    layout at = {.a = backward ? 0 : encnet__regions_parts(t)};

    at.q = at.a + encnet__regions_map(t);
    at.part = backward ? at.q + encnet__regions_map(t) : at.q;
    at.size = at.part + t->N * t->B * 2 * t->K;
    return at;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape z = shape->in[Z], x = shape->in[X];
    encnet__regions t = extents_of(shape);

    if (z.n != x.n || z.h != x.h || z.w != x.w)
        FAIL(ENCNET_E_SHAPE,
             "spatial_gather: class maps are " SHAPE_FMT ", but features are " SHAPE_FMT,
             SHAPE_ARG(z), SHAPE_ARG(x));
    /* Kernels count rows, and offsets in scratch, in 32 bits. */
    if (layout_of(&t, false).size > UINT32_MAX || layout_of(&t, true).size > UINT32_MAX)
        FAIL(ENCNET_E_SHAPE, "spatial_gather: features " SHAPE_FMT " with K=%d maps are too large",
             SHAPE_ARG(x), z.c);
    shape->out = (encnet__shape){x.n, 1, z.c, x.c};
done:
    return rc;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    encnet__regions t = extents_of(shape);

    return t.N * 2 * t.K * sizeof(float);
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__regions t = extents_of(shape);

    return layout_of(&t, backward).size * sizeof(float);
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(Z) | ENCNET__READS_IN(X);
}

/* Computes a, from the statistics in `saved`. */
static encnet_status assign(const encnet__call *call, const encnet__regions *t, const layout *at)
{
    const char *vector = encnet__regions_vector_of(call->dev).options;

    return LAUNCH(call->dev, "spatial_gather", "spatial_gather_assign",
                  encnet__storage(call->in[Z].type, vector).text,
                  encnet__regions_rows(call->dev, t->K, t->N * t->P), BUF(call->scratch),
                  UINT(at->a), BUF(call->in[Z].buffer), BUF(call->saved), UINT(t->N * t->P),
                  UINT(t->P), UINT(t->K));
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__regions t =
        encnet__regions_of(call->dev, call->in[X].shape, (size_t)call->in[Z].shape.c);
    layout at = layout_of(&t, false);
    const char *vector = encnet__regions_vector_of(call->dev).options;

    TRY(LAUNCH(call->dev, "spatial_gather", "spatial_gather_block",
               encnet__storage(call->in[Z].type, vector).text,
               encnet__regions_rows(call->dev, t.K, t.N * t.B), BUF(call->scratch), UINT(at.part),
               BUF(call->in[Z].buffer), UINT(t.N), UINT(t.P), UINT(t.K), UINT(t.B), UINT(t.block)));
    TRY(LAUNCH(call->dev, "spatial_gather", "spatial_gather_merge", vector,
               encnet__regions_rows(call->dev, t.K, t.N), BUF(call->saved), BUF(call->scratch),
               UINT(at.part), UINT(t.N), UINT(t.K), UINT(t.B)));
    TRY(assign(call, &t, &at));
    TRY(encnet__regions_gather(&call->out, call->dev, &t, (encnet__region_map){call->scratch, at.a},
                               &call->in[X], 1, call->scratch));
done:
    return rc;
}

/* Computes dz; a is in scratch. */
static encnet_status backward_z(const encnet__call *call, const encnet__regions *t,
                                const layout *at)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = call->dev;
    const char *vector = encnet__regions_vector_of(dev).options;

    TRY(encnet__regions_dot((encnet__region_map){call->scratch, at->q}, dev, t, &call->in[X],
                            &call->dout, ENCNET__POSITION_LESS_FIRST, 1));
    TRY(LAUNCH(dev, "spatial_gather", "spatial_gather_bwd_block", vector,
               encnet__regions_rows(dev, t->K, t->N * t->B), BUF(call->scratch), UINT(at->part),
               UINT(at->a), UINT(at->q), UINT(t->N), UINT(t->P), UINT(t->K), UINT(t->B),
               UINT(t->block)));
    TRY(LAUNCH(dev, "spatial_gather", "spatial_gather_bwd_merge", vector,
               encnet__regions_rows(dev, t->K, t->N), BUF(call->scratch), UINT(at->part),
               UINT(t->N), UINT(t->K), UINT(t->B)));
    TRY(LAUNCH(dev, "spatial_gather", "spatial_gather_bwd_z",
               encnet__storage(call->in[Z].type, vector).text,
               encnet__regions_rows(dev, t->K, t->N * t->P), BUF(call->din[Z].buffer),
               BUF(call->scratch), UINT(at->part), UINT(at->a), UINT(at->q), UINT(t->N * t->P),
               UINT(t->P), UINT(t->K), UINT(t->B)));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__regions t =
        encnet__regions_of(call->dev, call->in[X].shape, (size_t)call->in[Z].shape.c);
    layout at = layout_of(&t, true);

    TRY(assign(call, &t, &at));
    if (call->din[X].buffer)
        TRY(encnet__regions_spread(&call->din[X], call->dev, &t,
                                   (encnet__region_map){call->scratch, at.a}, &call->dout,
                                   ENCNET__FEATURES, 1));
    if (call->din[Z].buffer) TRY(backward_z(call, &t, &at));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    encnet__regions t = extents_of(shape);

    for (size_t n = 0; n < t.N; n++)
        for (size_t k = 0; k < t.K; k++) {
            const double *z = in[Z] + n * t.P * t.K + k;
            double *y = out + (n * t.K + k) * t.D, largest = -INFINITY, sum = 0;

            for (size_t p = 0; p < t.P; p++) largest = fmax(largest, z[p * t.K]);
            for (size_t d = 0; d < t.D; d++) y[d] = 0;
            for (size_t p = 0; p < t.P; p++) {
                double share = exp(z[p * t.K] - largest);
                sum += share;
                for (size_t d = 0; d < t.D; d++) y[d] += share * in[X][(n * t.P + p) * t.D + d];
            }
            for (size_t d = 0; d < t.D; d++) y[d] /= sum;
        }
}

static double flops(const encnet__node_shape *shape)
{
    encnet__regions t = extents_of(shape);

    return 2.0 * (double)t.N * (double)t.P * (double)t.K * (double)t.D;
}

static double tolerance(const encnet__node_shape *shape, double scale)
{
    encnet__regions t = extents_of(shape);

    return encnet__regions_tolerance(&t, scale);
}

#define ROW(N, H, W, K, D) .n_in = 2, .in = {{N, H, W, K}, {N, H, W, D}}
static const encnet__case cases[] = {
    {.what = "one", ROW(1, 1, 1, 1, 1)},
    {.what = "one class", ROW(2, 3, 3, 1, 5)},
    {.what = "one channel", ROW(1, 2, 3, 7, 1)},
    {.what = "one position", ROW(2, 1, 1, 5, 17)},
    {.what = "odd", ROW(2, 3, 5, 7, 19)},
    {.what = "block", ROW(2, 4, 16, 8, 16)},
    {.what = "block + 1, tile + 1", ROW(2, 5, 13, 17, 33)},
    {.what = "group + 1", ROW(1, 5, 13, 33, 129)},
    {.what = "blocks of more than 64", ROW(1, 47, 46, 2, 3)},
    {.what = "Cityscapes", ROW(2, 16, 32, 19, 512), .big = true},
    {.what = "ADE20K", ROW(1, 8, 8, 150, 64), .big = true},
};

/* With values as matrices: y [N,D,K] = x [N,D,P] (softmax over p of z [N,K,P])^T, then [N,D,1,K]. */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value a = encnet__onnx_flatten(m, node->in[Z]),
                       x = encnet__onnx_flatten(m, node->in[X]), y;

    a = encnet__onnx_apply(m, "Softmax", INPUTS(a), ATTRS(ATTR_INT("axis", 2)));
    y = encnet__onnx_apply(m, "MatMul", INPUTS(x, encnet__onnx_transpose(m, a)), NULL);
    return encnet__onnx_apply(m, "Unsqueeze", INPUTS(y, ONNX_INTS(m, 2)), NULL);
}

const encnet__op encnet__op_spatial_gather = {
    .name = "spatial_gather",
    .n_in = 2,
    .gradients = 3,
    .narrow = 3,
    .out_is_narrow = true,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .scratch_bytes = scratch_bytes,
    .backward_reads = backward_reads,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .tolerance = tolerance,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
