/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * assignment - the soft assignment of pixels to codewords, to look at.
 *
 *   a[n,p,k] = softmax over k of s[k] |x[n,p,:] - c[k,:]|^2
 *                                     x [N,H,W,D], P = H W;  c [1,1,K,D];  s [1,1,1,K];  a [N,H,W,K]
 *
 * The first half of encoding, whose kernels it launches.  There is no gradient.
 */
#include "ops/encoding.h"

#include <math.h>

static size_t rows_of(encnet__shape x)
{
    return (size_t)x.n * (size_t)x.h * (size_t)x.w;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape x = shape->in[0], c = shape->in[1], s = shape->in[2];

    if (c.n != 1 || c.h != 1 || c.c != x.c ||
        !encnet__shape_equal(s, (encnet__shape){1, 1, 1, c.w}))
        return encnet__fail(ENCNET_E_SHAPE,
                            "assignment: x is " SHAPE_FMT ", codewords " SHAPE_FMT
                            ", scale " SHAPE_FMT ", not [N,H,W,D], [1,1,K,D] and [1,1,1,K]",
                            SHAPE_ARG(x), SHAPE_ARG(c), SHAPE_ARG(s));
    if (rows_of(x) > UINT32_MAX / 2)
        return encnet__fail(ENCNET_E_SHAPE, "assignment: x " SHAPE_FMT " is too large",
                            SHAPE_ARG(x));
    shape->out = (encnet__shape){x.n, x.h, x.w, c.w};
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    return encnet__encoding_assign(call->out.buffer, call);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t D = (size_t)shape->in[0].c, K = (size_t)shape->in[1].w;

    for (size_t p = 0; p < rows_of(shape->in[0]); p++) {
        double *a = out + p * K, largest = -INFINITY, sum = 0;
        for (size_t k = 0; k < K; k++) {
            double square = 0;
            for (size_t d = 0; d < D; d++) square += pow(in[0][p * D + d] - in[1][k * D + d], 2);
            a[k] = in[2][k] * square;
            largest = fmax(largest, a[k]);
        }
        for (size_t k = 0; k < K; k++) sum += a[k] = exp(a[k] - largest);
        for (size_t k = 0; k < K; k++) a[k] /= sum;
    }
}

static double flops(const encnet__node_shape *shape)
{
    return 3.0 * (double)encnet__shape_count(shape->out) * shape->in[0].c;
}

/* An exponent of about 0.03 D is a chain of D/16 + 4 terms, and its error a relative one of a. */
static double tolerance(const encnet__node_shape *shape, double scale)
{
    double D = shape->in[0].c;

    return (12 + (1 + 0.03 * D) / 4 * sqrt(D / 16 + 4)) * 0x1p-24 * scale;
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_SMALL, ENCNET__FILL_SMALL,
                                         ENCNET__FILL_NEGATIVE};

#define ROW(N, H, W, K, D) .n_in = 3, .in = {{N, H, W, D}, {1, 1, K, D}, {1, 1, 1, K}}
static const encnet__case cases[] = {
    {.what = "one", ROW(1, 1, 1, 1, 1)},
    {.what = "odd", ROW(2, 3, 5, 7, 19)},
    {.what = "a tile", ROW(1, 4, 8, 32, 16)},
    {.what = "a tile + 1", ROW(1, 3, 11, 33, 17)},
    {.what = "a group + 1", ROW(1, 5, 13, 33, 33)},
};

const encnet__op encnet__op_assignment = {
    .name = "assignment",
    .n_in = 3,
    .narrow = 1,
    .infer = infer,
    .forward = forward,
    .flops = flops,
    .reference = reference,
    .tolerance = tolerance,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
