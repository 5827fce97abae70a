/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * linear - fully connected layer on one vector per image.
 *
 *   y[n,k]  = b[k] + sum_c x[n,c] w[c,k]     x [N,1,1,C], w [1,1,C,K], b [K] or absent, y [N,1,1,K]
 *   dx[n,c] = sum_k dy[n,k] w[c,k]
 *   dw[c,k] = sum_n x[n,c] dy[n,k]
 *   db[k]   = sum_n dy[n,k]
 *
 * Files store w as [K,C]; it is transposed when it is loaded.  Backward needs x and w.
 */
#include "ops/ops.h"

#include <math.h>

/* How a class of devices divides the channels of a matrix: so many an item, or items of a group that share
 * the terms of one. */
typedef struct division {
    int group, width, lanes;
    int inputs; /* of an item of linear_bwd_w: TILE_C of linear.cl */
    const char *options;
} division;

static const division cpu = {.group = 16, .width = 16, .lanes = 1, .inputs = 1, .options = ""};
static const division gpu = {
    .group = 128, .width = 1, .lanes = 16, .inputs = 8, .options = "-DLANES=16"};

static const division *division_for(const encnet_device *dev)
{
    return encnet__device_facts_of(dev)->is_cpu ? &cpu : &gpu;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape x = shape->in[0], w = shape->in[1],
                  b = shape->n_in > 2 ? shape->in[2] : (encnet__shape){0};

    if (x.h != 1 || x.w != 1)
        FAIL(ENCNET_E_SHAPE, "linear: x is " SHAPE_FMT ", not [N,1,1,C]", SHAPE_ARG(x));
    if (w.n != 1 || w.h != 1 || w.w != x.c)
        FAIL(ENCNET_E_SHAPE, "linear: x has C=%d, the weight is " SHAPE_FMT ", not [1,1,%d,K]", x.c,
             SHAPE_ARG(w), x.c);
    if (b.c != 0 && !encnet__shape_equal(b, (encnet__shape){1, 1, 1, w.c}))
        FAIL(ENCNET_E_SHAPE,
             "linear: the weight has K=%d, the bias is " SHAPE_FMT ", not [1,1,1,%d]", w.c,
             SHAPE_ARG(b), w.c);
    shape->out = (encnet__shape){x.n, 1, 1, w.c};
done:
    return rc;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(0) | ENCNET__READS_IN(1);
}

/* Vectors of channels along the first axis, with the items that share each one's terms. */
static encnet__grid grid_of(const division *d, int channels, int lanes, int rows)
{
    encnet__grid grid = GRID1((channels + d->width - 1) / d->width * lanes, d->group);

    grid.groups[1] = (size_t)rows;
    return grid;
}

static encnet_status forward(const encnet__call *call)
{
    const division *d = division_for(call->dev);
    int C = call->in[1].shape.w, K = call->in[1].shape.c;

    return LAUNCH(call->dev, "linear", "linear_fwd", d->options,
                  grid_of(d, K, d->lanes, call->in[0].shape.n), BUF(call->out.buffer),
                  BUF(call->in[0].buffer), BUF(call->in[1].buffer), BUF(call->in[2].buffer),
                  UINT(C), UINT(K));
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    const division *d = division_for(call->dev);
    int N = call->in[0].shape.n, C = call->in[1].shape.w, K = call->in[1].shape.c;
    encnet__grid over_inputs = GRID1(C * d->lanes, d->group);

    over_inputs.groups[1] = (size_t)N;
    if (call->din[0].buffer)
        TRY(LAUNCH(call->dev, "linear", "linear_bwd_x", d->options, over_inputs,
                   BUF(call->din[0].buffer), BUF(call->dout.buffer), BUF(call->in[1].buffer),
                   UINT(C), UINT(K)));
    if (call->din[1].buffer)
        TRY(LAUNCH(call->dev, "linear", "linear_bwd_w", d->options,
                   grid_of(d, K, 1, (int)encnet__divide_up((size_t)C, (size_t)d->inputs)),
                   BUF(call->din[1].buffer), BUF(call->in[0].buffer), BUF(call->dout.buffer),
                   UINT(N), UINT(C), UINT(K)));
    if (call->din[2].buffer)
        TRY(LAUNCH(call->dev, "linear", "linear_bwd_b", d->options, grid_of(d, K, 1, 1),
                   BUF(call->din[2].buffer), BUF(call->dout.buffer), UINT(N), UINT(K)));
done:
    return rc;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    size_t N = (size_t)shape->out.n, C = (size_t)shape->in[0].c, K = (size_t)shape->out.c;

    for (size_t n = 0; n < N; n++)
        for (size_t k = 0; k < K; k++) {
            double sum = shape->n_in > 2 && in[2] ? in[2][k] : 0;
            for (size_t c = 0; c < C; c++) sum += in[0][n * C + c] * in[1][c * K + k];
            out[n * K + k] = sum;
        }
}

static double flops(const encnet__node_shape *shape)
{
    return 2.0 * (double)encnet__shape_count(shape->out) * shape->in[0].c;
}

/* A sum of at most max(C, K, N) products in at least 4 chains: the error is the square root of the
 * number of roundings of a chain. */
static double tolerance(const encnet__node_shape *shape, double scale)
{
    return (8 + 4 * sqrt(fmax(fmax(shape->in[0].c, shape->out.c), shape->out.n))) * 0x1p-24 * scale;
}

static const encnet__case cases[] = {
    {.what = "one", .n_in = 3, .in = {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "no bias", .n_in = 2, .in = {{2, 1, 1, 5}, {1, 1, 5, 7}}},
    {.what = "odd", .n_in = 3, .in = {{3, 1, 1, 33}, {1, 1, 33, 19}, {1, 1, 1, 19}}},
    {.what = "vector", .n_in = 3, .in = {{2, 1, 1, 16}, {1, 1, 16, 16}, {1, 1, 1, 16}}},
    {.what = "group + 1", .n_in = 3, .in = {{1, 1, 1, 17}, {1, 1, 17, 257}, {1, 1, 1, 257}}},
    {.what = "many terms", .n_in = 3, .in = {{2, 1, 1, 150}, {1, 1, 150, 21}, {1, 1, 1, 21}}},
    {.what = "typical",
     .n_in = 3,
     .in = {{2, 1, 1, 512}, {1, 1, 512, 512}, {1, 1, 1, 512}},
     .big = true},
};

/* The weight is [K,C] in files. */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value axes = ONNX_INTS(m, 2, 3), y;

    y = encnet__onnx_apply(m, "Squeeze", INPUTS(node->in[0], axes), NULL);
    y = encnet__onnx_apply(m, "Gemm", INPUTS(y, node->in[1], node->in[2]),
                           ATTRS(ATTR_INT("transB", 1)));
    return encnet__onnx_apply(m, "Unsqueeze", INPUTS(y, axes), NULL);
}

const encnet__op encnet__op_linear = {
    .name = "linear",
    .n_in = 3,
    .optional = 4,
    .gradients = 7,
    .infer = infer,
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
