/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * object_attention - every position collects the values of the regions that its query is similar
 * to: the attention of OCRNet between pixels and object regions (arXiv:1909.11065, equations 3 and
 * 4; ObjectAttentionBlock of mmsegmentation).
 *
 *   a[n,p,k] = softmax over k of D^-1/2 sum_d q[n,p,d] k[n,k,d]      q [N,H,W,D], k [N,1,K,D]
 *   y[n,p,d] = sum_k a[n,p,k] v[n,k,d]                               v [N,1,K,D], y [N,H,W,D]
 *
 *   h[n,p,k]  = a (g - sum_j a g),  g[n,p,k] = sum_d dy[n,p,d] v[n,k,d]
 *   dq[n,p,d] = D^-1/2 sum_k h[n,p,k] k[n,k,d]
 *   dk[n,k,d] = D^-1/2 sum_p h[n,p,k] q[n,p,d]                dv[n,k,d] = sum_p a[n,p,k] dy[n,p,d]
 *
 * Forward saves a [N,P,K]; backward reads q, k and v.  The products are matrix products of
 * ops/regions.h.
 *
 * Accuracy: sums over positions are computed in blocks, which are added in order.  A constant for all
 * regions changes neither a nor h, so a, h and dq are computed of what keys and values are more than
 * those of region 0: regions resemble each other, and their products would be large and alike.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/regions.h"
#include "ops/softmax.h"

enum { Q, K, V };
enum { GROUP = 64 };

static encnet__regions extents_of(const encnet__node_shape *shape)
{
    return encnet__regions_of(shape->dev, shape->in[Q], (size_t)shape->in[K].w);
}

/* Backward's scratch: the front is that of encnet__regions_gather(), then h [N,P,K]. */
static size_t scratch_floats(const encnet__regions *t)
{
    return encnet__regions_parts(t) + encnet__regions_map(t);
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape q = shape->in[Q], k = shape->in[K], v = shape->in[V];
    encnet__regions t = extents_of(shape);

    if (k.n != q.n || k.h != 1 || k.c != q.c || !encnet__shape_equal(k, v))
        FAIL(ENCNET_E_SHAPE,
             "object_attention: queries are " SHAPE_FMT ", keys " SHAPE_FMT " and values " SHAPE_FMT
             ", not [%d,1,K,%d]",
             SHAPE_ARG(q), SHAPE_ARG(k), SHAPE_ARG(v), q.n, q.c);
    /* Kernels count rows, and offsets in scratch, in 32 bits. */
    if (scratch_floats(&t) > UINT32_MAX)
        FAIL(ENCNET_E_SHAPE,
             "object_attention: queries " SHAPE_FMT " with K=%d regions are too large",
             SHAPE_ARG(q), k.w);
    shape->out = q;
done:
    return rc;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    encnet__regions t = extents_of(shape);

    return encnet__regions_map(&t) * sizeof(float);
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    encnet__regions t = extents_of(shape);

    return backward ? scratch_floats(&t) * sizeof(float) : 0;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(Q) | ENCNET__READS_IN(K) | ENCNET__READS_IN(V);
}

static encnet__regions extents_of_call(const encnet__call *call)
{
    return encnet__regions_of(call->dev, call->in[Q].shape, (size_t)call->in[K].shape.w);
}

static float scale_of(const encnet__regions *t)
{
    return (float)(1 / sqrt((double)t->D));
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__regions t = extents_of_call(call);
    encnet__region_map a = {call->saved, 0};
    size_t rows = t.N * t.P;

    TRY(encnet__regions_dot(a, call->dev, &t, &call->in[Q], &call->in[K], ENCNET__REGION_LESS_FIRST,
                            scale_of(&t)));
    TRY(encnet__softmax_rows(call->saved, call->dev, call->saved, rows, t.K, ENCNET__NORMAL));
    TRY(encnet__regions_spread(&call->out, call->dev, &t, a, &call->in[V], ENCNET__FEATURES, 1));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet__regions t = extents_of_call(call);
    encnet__region_map a = {call->saved, 0}, h = {call->scratch, encnet__regions_parts(&t)};
    size_t rows = t.N * t.P;

    if (call->din[V].buffer)
        TRY(encnet__regions_gather(&call->din[V], call->dev, &t, a, &call->dout, 1, call->scratch));
    if (!call->din[Q].buffer && !call->din[K].buffer) goto done;
    TRY(encnet__regions_dot(h, call->dev, &t, &call->dout, &call->in[V], ENCNET__REGION_LESS_FIRST,
                            1));
    TRY(LAUNCH(call->dev, "object_attention", "object_attention_bwd_assign", "", GRID1(rows, GROUP),
               BUF(call->scratch), UINT(h.at), BUF(call->saved), UINT(rows), UINT(t.K)));
    if (call->din[Q].buffer)
        TRY(encnet__regions_spread(&call->din[Q], call->dev, &t, h, &call->in[K],
                                   ENCNET__REGION_LESS_FIRST, scale_of(&t)));
    if (call->din[K].buffer)
        TRY(encnet__regions_gather(&call->din[K], call->dev, &t, h, &call->in[Q], scale_of(&t),
                                   call->scratch));
done:
    return rc;
}

/* Computes a of one position. */
static void assign(double *a, const double *q, const double *k, const encnet__regions *t)
{
    double largest = -INFINITY, sum = 0;

    for (size_t j = 0; j < t->K; j++) {
        a[j] = 0;
        for (size_t d = 0; d < t->D; d++) a[j] += q[d] * k[j * t->D + d];
        a[j] /= sqrt((double)t->D);
        largest = fmax(largest, a[j]);
    }
    for (size_t j = 0; j < t->K; j++) sum += a[j] = exp(a[j] - largest);
    for (size_t j = 0; j < t->K; j++) a[j] /= sum;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    encnet__regions t = extents_of(shape);
    double *a = encnet__alloc(t.K, sizeof *a);

    for (size_t row = 0; row < t.N * t.P; row++) {
        size_t regions = row / t.P * t.K * t.D;

        for (size_t d = 0; d < t.D; d++) out[row * t.D + d] = a ? 0 : NAN;
        if (!a) continue;
        assign(a, in[Q] + row * t.D, in[K] + regions, &t);
        for (size_t k = 0; k < t.K; k++)
            for (size_t d = 0; d < t.D; d++)
                out[row * t.D + d] += a[k] * in[V][regions + k * t.D + d];
    }
    encnet__free(a);
}

static double flops(const encnet__node_shape *shape)
{
    encnet__regions t = extents_of(shape);

    return 4.0 * (double)t.N * (double)t.P * (double)t.K * (double)t.D;
}

static double tolerance(const encnet__node_shape *shape, double scale)
{
    encnet__regions t = extents_of(shape);

    return encnet__regions_tolerance(&t, scale);
}

#define ROW(N, H, W, R, D) .n_in = 3, .in = {{N, H, W, D}, {N, 1, R, D}, {N, 1, R, D}}
static const encnet__case cases[] = {
    {.what = "one", ROW(1, 1, 1, 1, 1)},
    {.what = "one region", ROW(2, 3, 3, 1, 5)},
    {.what = "one channel", ROW(1, 2, 3, 7, 1)},
    {.what = "one position", ROW(2, 1, 1, 5, 17)},
    {.what = "odd", ROW(2, 3, 5, 7, 19)},
    {.what = "block", ROW(2, 4, 16, 8, 16)},
    {.what = "block + 1, tile + 1", ROW(2, 5, 13, 17, 33)},
    {.what = "group + 1", ROW(1, 5, 13, 33, 129)},
    {.what = "blocks of more than 64", ROW(1, 47, 46, 2, 3)},
    {.what = "Cityscapes", ROW(2, 16, 32, 19, 256), .big = true},
    {.what = "ADE20K", ROW(1, 8, 8, 150, 64), .big = true},
};

/* With values as matrices: y [N,D,P] = v [N,D,K] (softmax over k of D^-1/2 q^T k [N,P,K])^T. */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    float scale = (float)(1 / sqrt((double)node->shape.in[Q].c));
    encnet__onnx_value q = encnet__onnx_transpose(m, encnet__onnx_flatten(m, node->in[Q])),
                       k = encnet__onnx_flatten(m, node->in[K]),
                       v = encnet__onnx_flatten(m, node->in[V]), a, y;

    a = encnet__onnx_apply(m, "MatMul", INPUTS(q, k), NULL);
    a = encnet__onnx_apply(m, "Mul", INPUTS(a, encnet__onnx_number(m, scale)), NULL);
    a = encnet__onnx_apply(m, "Softmax", INPUTS(a), ATTRS(ATTR_INT("axis", 2)));
    y = encnet__onnx_apply(m, "MatMul", INPUTS(v, encnet__onnx_transpose(m, a)), NULL);
    return encnet__onnx_apply(
        m, "Reshape", INPUTS(y, encnet__onnx_apply(m, "Shape", INPUTS(node->in[Q]), NULL)), NULL);
}

const encnet__op encnet__op_object_attention = {
    .name = "object_attention",
    .n_in = 3,
    .gradients = 7,
    .narrow = 7,
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
