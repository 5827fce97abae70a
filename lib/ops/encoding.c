/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encoding - softly assigns pixels to codewords and aggregates the residuals per codeword.
 *
 *   r[n,p,k,:] = x[n,p,:] - c[k,:]                        x [N,H,W,D], P = H W;  c [1,1,K,D]
 *   a[n,p,k]   = softmax over k of s[k] |r[n,p,k]|^2      s [1,1,1,K], the paper's -s
 *   e[n,d,k]   = sum_p a[n,p,k] r[n,p,k,d]                e [N,1,D,K]
 *                                                         arXiv:1803.08904, equations 1 and 2
 *
 *   dx[n,p,d]  = sum_k a g + 2 s h r                      g[n,k,d] = de[n,d,k]
 *   dc[k,d]    = - sum_n,p a g + 2 s h r                  h = a (q - sum_j a q),  q = sum_d g r
 *   ds[k]      = sum_n,p h |r|^2
 *
 * With the input r [1,1,1,K], dx and dc have its factors in place of s: the released code of the
 * CIFAR networks draws the factors again between forward and backward.
 *
 * Codes are the last axis, so batch norm over codes is the usual batch norm.  Neither direction has
 * a tensor of N P K D elements: the residual costs one subtraction and is recomputed where it is
 * needed.  Forward saves a [N,P,K]; backward reads x, c and s, and recomputes q and |r|^2.  ds uses
 * the distance itself, so s = 0 is no special case (PyTorch-Encoding divides by s there).
 *
 * Sums over pixels are computed in blocks: one work-item sums a block of one codeword and channel,
 * and the blocks are added in order.  lib/ops/encoding.md has the derivation and the measured
 * accuracy.
 */
#include "ops/encoding.h"

#include <math.h>

#include "ops/softmax.h"
#include "ops/storage.h"

enum {
    BLOCK = 64, /* pixels of one partial sum */
    TILE_P = 4, /* as in encoding.cl */
    TILE_K = 4,
    TILE_E = 8,
};

/* What depends on the device: the program, and the groups of its kernels, as in encoding.cl. */
typedef struct way {
    const char *options;
    size_t width;                   /* channels of a vector */
    size_t tile_q;                  /* as in encoding.cl */
    size_t dot[2], x[2], gather[2]; /* groups */
} way;

/* Extents, and sizes computed from them. */
typedef struct extents {
    size_t N, P, K, D;
    size_t B; /* blocks of an image */
    const way *way;
} extents;

static const way *way_of(const encnet_device *dev)
{
    static const way cpu = {"", 16, 2, {8, 8}, {16, 4}, {16, 4}};
    static const way gpu = {"-DVEC=4", 4, 4, {8, 16}, {16, 8}, {32, 4}};

    return dev && !encnet__device_facts_of(dev)->is_cpu ? &gpu : &cpu;
}

static extents extents_of(encnet__shape x, encnet__shape c, encnet_device *dev)
{
    extents t = {
        .N = (size_t)x.n, .P = (size_t)x.h * (size_t)x.w, .K = (size_t)c.w, .D = (size_t)x.c};

    t.B = encnet__divide_up(t.P, BLOCK);
    t.way = way_of(dev);
    return t;
}

/* Offsets of backward's intermediates in scratch, in floats. */
typedef struct layout {
    size_t g;      /* [N,K,D] */
    size_t q;      /* [N,P,K]: q, then 2 s h */
    size_t square; /* [N,P,K]: |r|^2, then h |r|^2 */
    size_t sums;   /* [N B,K] partial sums of ds */
    size_t part;   /* [N,B,K,D] partial sums of dc */
    size_t size;
} layout;

static layout layout_of(const extents *t)
{
    layout at = {.g = 0};

    at.q = at.g + t->N * t->K * t->D;
    at.square = at.q + t->N * t->P * t->K;
    at.sums = at.square + t->N * t->P * t->K;
    at.part = at.sums + t->N * t->B * t->K;
    at.size = at.part + t->N * t->B * t->K * t->D;
    return at;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    encnet__shape x = shape->in[0], c = shape->in[1], s = shape->in[2];
    extents t = extents_of(x, c, NULL);

    if (c.n != 1 || c.h != 1 || c.c != x.c)
        FAIL(ENCNET_E_SHAPE, "encoding: x has D=%d, codewords are " SHAPE_FMT ", not [1,1,K,%d]",
             x.c, SHAPE_ARG(c), x.c);
    if (!encnet__shape_equal(s, (encnet__shape){1, 1, 1, c.w}))
        FAIL(ENCNET_E_SHAPE,
             "encoding: there are K=%d codewords, but the scale is " SHAPE_FMT ", not [1,1,1,%d]",
             c.w, SHAPE_ARG(s), c.w);
    /* Kernels count rows, and offsets in scratch, in 32 bits. */
    if (t.N * t.P > UINT32_MAX / 2 || layout_of(&t).size > UINT32_MAX)
        FAIL(ENCNET_E_SHAPE, "encoding: x " SHAPE_FMT " with K=%d codewords is too large",
             SHAPE_ARG(x), c.w);
    if (shape->n_in > 3 && shape->in[3].c && !encnet__shape_equal(shape->in[3], s))
        FAIL(ENCNET_E_SHAPE, "encoding: the scale is " SHAPE_FMT ", that of backward " SHAPE_FMT,
             SHAPE_ARG(s), SHAPE_ARG(shape->in[3]));
    shape->out = (encnet__shape){x.n, 1, x.c, c.w};
done:
    return rc;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    extents t = extents_of(shape->in[0], shape->in[1], NULL);

    return t.N * t.P * t.K * sizeof(float);
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    extents t = extents_of(shape->in[0], shape->in[1], NULL);

    return (backward ? layout_of(&t).size : t.N * t.B * t.K * t.D) * sizeof(float);
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    bool again = shape->n_in > 3 && shape->in[3].c;

    return ENCNET__READS_IN(0) | ENCNET__READS_IN(1) | ENCNET__READS_IN(again ? 3 : 2);
}

/* Groups that cover b x c vectors of D channels. */
static encnet__grid over_channels(const extents *t, size_t b, size_t c, const size_t group[2])
{
    return encnet__grid_over(encnet__divide_up(t->D, t->way->width), b, c, group);
}

static const size_t line[2] = {64, 1}, block[2] = {16, 4}; /* groups of kernels without slices */

encnet_status encnet__encoding_assign(encnet__buffer *a, const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    const encnet__tensor *x = &call->in[0];
    extents t = extents_of(x->shape, call->in[1].shape, call->dev);
    size_t rows = t.N * t.P;

    TRY(LAUNCH(call->dev, "encoding", "encoding_distance",
               encnet__storage(x->type, t.way->options).text,
               encnet__grid_over(encnet__divide_up(t.K, TILE_K), encnet__divide_up(rows, TILE_P), 1,
                                 t.way->dot),
               BUF(a), BUF(x->buffer), BUF(call->in[1].buffer), BUF(call->in[2].buffer), UINT(rows),
               UINT(t.K), UINT(t.D)));
    /* Denormal shares become 0: multiplying them is several times slower on CPUs.  The others all stay, for
     * the sign of a code of 1e-30 decides over a ReLU behind batch norm. */
    TRY(encnet__softmax_rows(a, call->dev, a, rows, t.K, ENCNET__NORMAL));
done:
    return rc;
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = call->dev;
    extents t = extents_of(call->in[0].shape, call->in[1].shape, dev);
    encnet__buffer *x = call->in[0].buffer, *c = call->in[1].buffer;
    encnet__buffer *a = call->saved, *part = call->scratch;

    TRY(encnet__encoding_assign(a, call));
    TRY(LAUNCH(
        dev, "encoding", "encoding_gather", encnet__storage(call->in[0].type, t.way->options).text,
        over_channels(&t, encnet__divide_up(t.K, TILE_E), t.N * t.B, t.way->gather), BUF(part),
        BUF(a), BUF(x), BUF(c), UINT(t.P), UINT(t.K), UINT(t.D), UINT(t.B), UINT(BLOCK)));
    TRY(LAUNCH(dev, "encoding", "encoding_finish", t.way->options,
               over_channels(&t, t.K, t.N, block), BUF(call->out.buffer), BUF(part), UINT(t.K),
               UINT(t.D), UINT(t.B)));
done:
    return rc;
}

/* Fills scratch: g, 2 s h, h |r|^2. */
static encnet_status prepare_backward(const encnet__call *call, const extents *t, const layout *at)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = call->dev;
    encnet__buffer *again = call->n_in > 3 ? call->in[3].buffer : NULL;
    size_t rows = t->N * t->P;

    TRY(LAUNCH(dev, "encoding", "encoding_bwd_turn", t->way->options,
               encnet__grid_over(t->D, t->K, t->N, line), BUF(call->scratch), UINT(at->g),
               BUF(call->dout.buffer), UINT(t->K), UINT(t->D)));
    TRY(LAUNCH(dev, "encoding", "encoding_bwd_dot",
               encnet__storage(call->in[0].type, t->way->options).text,
               encnet__grid_over(encnet__divide_up(t->K, t->way->tile_q),
                                 encnet__divide_up(t->P, TILE_P), t->N, t->way->dot),
               BUF(call->scratch), UINT(at->q), UINT(at->square), UINT(at->g),
               BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(t->P), UINT(t->K),
               UINT(t->D)));
    TRY(LAUNCH(dev, "encoding", "encoding_bwd_assign", t->way->options, GRID1(rows, 64),
               BUF(call->scratch), UINT(at->q), UINT(at->square), BUF(call->saved),
               BUF(again ? again : call->in[2].buffer), UINT(rows), UINT(t->K)));
done:
    return rc;
}

static encnet_status backward_codewords(const encnet__call *call, const extents *t,
                                        const layout *at)
{
    encnet_status rc = ENCNET_OK;

    TRY(LAUNCH(call->dev, "encoding", "encoding_bwd_gather",
               encnet__storage(call->in[0].type, t->way->options).text,
               over_channels(t, encnet__divide_up(t->K, TILE_E), t->N * t->B, t->way->gather),
               BUF(call->scratch), UINT(at->part), UINT(at->q), UINT(at->g), BUF(call->saved),
               BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(t->P), UINT(t->K), UINT(t->D),
               UINT(t->B), UINT(BLOCK)));
    TRY(LAUNCH(call->dev, "encoding", "encoding_bwd_c", t->way->options,
               over_channels(t, t->K, 1, block), BUF(call->din[1].buffer), BUF(call->scratch),
               UINT(at->part), UINT(t->K), UINT(t->D), UINT(t->N * t->B)));
done:
    return rc;
}

static encnet_status backward_scale(const encnet__call *call, const extents *t, const layout *at)
{
    encnet_status rc = ENCNET_OK;
    size_t rows = t->N * t->P, blocks = encnet__divide_up(rows, BLOCK);

    TRY(LAUNCH(call->dev, "encoding", "encoding_bwd_s", t->way->options,
               encnet__grid_over(t->K, blocks, 1, line), BUF(call->scratch), UINT(at->sums),
               BUF(call->scratch), UINT(at->square), UINT(rows), UINT(t->K), UINT(BLOCK)));
    TRY(LAUNCH(call->dev, "encoding", "encoding_bwd_s", t->way->options,
               encnet__grid_over(t->K, 1, 1, line), BUF(call->din[2].buffer), UINT(0),
               BUF(call->scratch), UINT(at->sums), UINT(blocks), UINT(t->K), UINT(blocks)));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    extents t = extents_of(call->in[0].shape, call->in[1].shape, call->dev);
    layout at = layout_of(&t);

    TRY(prepare_backward(call, &t, &at));
    if (call->din[0].buffer)
        TRY(LAUNCH(call->dev, "encoding", "encoding_bwd_x",
                   encnet__storage(call->in[0].type, t.way->options).text,
                   over_channels(&t, encnet__divide_up(t.P, TILE_P), t.N, t.way->x),
                   BUF(call->din[0].buffer), BUF(call->scratch), UINT(at.q), UINT(at.g),
                   BUF(call->saved), BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(t.P),
                   UINT(t.K), UINT(t.D)));
    if (call->din[1].buffer) TRY(backward_codewords(call, &t, &at));
    if (call->din[2].buffer) TRY(backward_scale(call, &t, &at));
done:
    return rc;
}

/* Computes a of one pixel. */
static void assign(double *a, const double *x, const double *c, const double *s, size_t K, size_t D)
{
    double largest = -INFINITY, sum = 0;

    for (size_t k = 0; k < K; k++) {
        double square = 0;
        for (size_t d = 0; d < D; d++) square += (x[d] - c[k * D + d]) * (x[d] - c[k * D + d]);
        a[k] = s[k] * square;
        largest = fmax(largest, a[k]);
    }
    for (size_t k = 0; k < K; k++) sum += a[k] = exp(a[k] - largest);
    for (size_t k = 0; k < K; k++) a[k] /= sum;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    extents t = extents_of(shape->in[0], shape->in[1], NULL);
    double *a = encnet__alloc(t.K, sizeof *a);

    for (size_t i = 0; i < t.N * t.D * t.K; i++) out[i] = a ? 0 : NAN;
    for (size_t row = 0; a && row < t.N * t.P; row++) {
        const double *x = in[0] + row * t.D;
        double *e = out + row / t.P * t.D * t.K;

        assign(a, x, in[1], in[2], t.K, t.D);
        for (size_t d = 0; d < t.D; d++)
            for (size_t k = 0; k < t.K; k++) e[d * t.K + k] += a[k] * (x[d] - in[1][k * t.D + d]);
    }
    encnet__free(a);
}

static double flops(const encnet__node_shape *shape)
{
    extents t = extents_of(shape->in[0], shape->in[1], NULL);

    return 6.0 * (double)t.N * (double)t.P * (double)t.K * (double)t.D;
}

/* In these cases |s| |r|^2 is at most about Z = 0.03 D.  It is a chain of D/16 + 4 terms, whose
 * rounding errors add up to their square root; an error of z is a relative error of a; and the
 * errors of the pixels of a sum are independent. */
static double tolerance(const encnet__node_shape *shape, double scale)
{
    extents t = extents_of(shape->in[0], shape->in[1], NULL);
    double Z = 1 + 0.03 * (double)t.D;

    return (12 + Z / 4 * sqrt((double)t.D / 16 + 4)) * 0x1p-24 * scale;
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_SMALL, ENCNET__FILL_SMALL,
                                         ENCNET__FILL_NEGATIVE};

#define ROW(N, H, W, K, D) .n_in = 3, .in = {{N, H, W, D}, {1, 1, K, D}, {1, 1, 1, K}}
static const encnet__case cases[] = {
    {.what = "one", ROW(1, 1, 1, 1, 1)},
    {.what = "one codeword", ROW(2, 3, 3, 1, 5)},
    {.what = "one channel", ROW(1, 2, 3, 7, 1)},
    {.what = "one pixel", ROW(2, 1, 1, 5, 17)},
    {.what = "odd", ROW(2, 3, 5, 7, 19)},
    {.what = "small head", ROW(2, 4, 4, 16, 64)},
    {.what = "block", ROW(2, 1, BLOCK, 16, 16)},
    {.what = "block + 1", ROW(2, 5, 13, 17, 16)},
    {.what = "group + 1", ROW(1, 5, 13, 33, 129)},
    {.what = "K and D are tile + 1", ROW(1, 2, 3, 33, 513), .big = true},
    {.what = "typical", ROW(2, 8, 12, 32, 512), .big = true},
};

/*
 * With values as matrices X [N,D,P], c [K,D], s [K,1]:
 *   a = softmax over k of s (sum_d X^2 - 2 c X + sum_d c^2)    [N,K,P]
 *   e = a X^T - (sum_p a) c                                    [N,K,D], then [N,K,1,D]
 * The squares are expanded because a difference of X and c would have N P K D elements.
 */
static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    encnet__onnx_value x = encnet__onnx_flatten(m, node->in[0]), c = node->in[1], s, a, e, sum;
    encnet__onnx_value last = ONNX_INTS(m, -1);
    const encnet__onnx_attr *over_1 = ATTRS(ATTR_INTS("axes", 1), ATTR_INT("keepdims", 1));

    a = encnet__onnx_apply(m, "MatMul", INPUTS(c, x), NULL);
    a = encnet__onnx_apply(m, "Mul", INPUTS(a, encnet__onnx_number(m, -2)), NULL);
    sum = encnet__onnx_apply(m, "ReduceSumSquare", INPUTS(x), over_1);
    a = encnet__onnx_apply(m, "Add", INPUTS(a, sum), NULL);
    sum = encnet__onnx_apply(m, "ReduceSumSquare", INPUTS(c), over_1);
    a = encnet__onnx_apply(m, "Add", INPUTS(a, sum), NULL);
    s = encnet__onnx_apply(m, "Unsqueeze", INPUTS(node->in[2], last), NULL);
    a = encnet__onnx_apply(m, "Mul", INPUTS(a, s), NULL);
    a = encnet__onnx_apply(m, "Softmax", INPUTS(a), ATTRS(ATTR_INT("axis", 1)));
    e = encnet__onnx_apply(m, "MatMul", INPUTS(a, encnet__onnx_transpose(m, x)), NULL);
    sum = encnet__onnx_apply(m, "ReduceSum", INPUTS(a, last), ATTRS(ATTR_INT("keepdims", 1)));
    e = encnet__onnx_apply(m, "Sub", INPUTS(e, encnet__onnx_apply(m, "Mul", INPUTS(sum, c), NULL)),
                           NULL);
    return encnet__onnx_apply(m, "Unsqueeze", INPUTS(e, ONNX_INTS(m, 2)), NULL);
}

const encnet__op encnet__op_encoding = {
    .name = "encoding",
    .n_in = 4,
    .optional = 8,
    .gradients = 7,
    .narrow = 1,
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
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
