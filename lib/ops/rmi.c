/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * rmi - region mutual information of labels and predictions, with the cross-entropy of every class by
 * itself (arXiv:1910.12037, as openseg-group/mmsegmentation computes it).
 *
 *   v, y[m]  = 1 where the label is a class, else 0; 1 where it is class m, else 0
 *   bce      = sum over pixels and classes of v bce(z, y) / (V + 1),   V = sum v
 *   Y, Q     = maxpool(y), maxpool(sigmoid(z) v + 1e-6): 3x3, stride 3, padding 1; then for each n and
 *              m the 9 views of the map, shifted by 0..2 rows and columns, without their means: [9,places]
 *   R        = Y Y' - Y Q' (Q Q' + alpha I)^-1 Q Y'
 *   r[n,m]   = 1/2 log det(R + alpha I), as sum_i log(K_ii + 1e-8) of its Cholesky factor K
 *   loss     = balance bce + (1 - balance) sum_m mean_n r[n,m] / 9       z [N,H,W,M]; may be negative
 *
 *   dz       = balance v (sigmoid(z) - y) / (V + 1) + (1 - balance) / (9 N) v sigmoid'(z) dQ, through the
 *              maximum of the pooling
 *   dQ       = C1 Y + C2 Q,  C1 = -2 B' G,  C2 = -C1 B,  B = Y Q' (Q Q' + alpha I)^-1,
 *              G = 1/2 K'^-1 diag(K_ii / (K_ii + 1e-8)) K^-1
 *
 * Pixels with the label ENCNET_IGNORE or a label outside 0 .. M-1 have v = 0.  Labels have no gradient.
 *
 * Memory: forward reads z once and saves the pooled map, a float and a byte for each of its elements,
 * which are 9 times fewer than those of z, and C1 and C2; backward reads z again and needs one such
 * float in scratch.  sigmoid(z) is never stored.
 *
 * Accuracy: R cancels, for predictions near the labels down to alpha against thousands.  Covariances,
 * matrices and dQ are computed in double, or where the device has no double in pairs of floats
 * (cl/wide.clh).  Measured against float64 for z [2,97,131,19], from noise to logits of +-6 that follow
 * the labels: dz is 1.4e-7 to 1.6e-7 off (relative rms), with doubles and with pairs alike, and so is
 * PyTorch's float32, whose covariances are doubles; it is the rounding of sigmoid(z).
 */
#include "ops/ops.h"

#include <math.h>
#include <encnet/options.h>
#include "ops/attr.h"

enum {
    GROUP = 64,
    ALL = 256, /* as in rmi.cl */
    ROWS = 8,
    SIDE = 3,
    SIZE = SIDE * SIDE,
    SUMS = 3 * SIZE + 2,
    COEFS = SIZE * 2 * SIZE + SIZE,
    WIDE = 8,  /* bytes of a double or of a pair of floats */
    LANES = 8, /* classes of a vector on a CPU; elsewhere 1 */
};

/* Extents; and where the parts of `saved` and `scratch` begin, in the elements of each. */
typedef struct layout {
    size_t N, M, Mp, h, w, P;
    size_t items;                       /* 3x3 pixels, those that are not pooled included */
    size_t blocks;                      /* partial sums of an image */
    size_t vectors;                     /* of a row of classes */
    size_t pooled;                      /* elements of the pooled map */
    size_t valid, q, tags, saved_bytes; /* coef is first */
    size_t r, partials, scratch_bytes;  /* of forward; part is first */
    const char *options;
} layout;

static const char *options_of(const encnet__device_facts *f)
{
    if (f->is_cpu) return f->has_double ? "-DVEC=8 -DDOUBLE=1" : "-DVEC=8 -DDOUBLE=0";
    return f->has_double ? "-DVEC=1 -DDOUBLE=1" : "-DVEC=1 -DDOUBLE=0";
}

static layout layout_of(encnet__shape z, const encnet_device *dev)
{
    const encnet__device_facts *facts = dev ? encnet__device_facts_of(dev) : NULL;
    size_t H = (size_t)z.h, W = (size_t)z.w, lanes = facts && !facts->is_cpu ? 1 : LANES;
    layout t = {.N = (size_t)z.n, .M = (size_t)z.c, .h = (H + 2) / SIDE, .w = (W + 2) / SIDE};

    t.P = t.N * H * W;
    t.vectors = encnet__divide_up(t.M, lanes);
    t.Mp = t.vectors * lanes;
    t.items = t.N * (H / SIDE + 1) * (W / SIDE + 1);
    t.pooled = t.N * t.h * t.w * t.Mp;
    t.blocks = encnet__divide_up(t.h - (SIDE - 1), ROWS);
    t.valid = t.N * COEFS * t.Mp * (WIDE / sizeof(float));
    t.q = t.valid + 1;
    t.tags = (t.q + t.pooled) * sizeof(float);
    t.saved_bytes = t.tags + t.pooled;
    t.r = t.N * t.blocks * SIZE * SUMS * t.Mp;
    t.partials = (t.r + t.N * t.Mp) * (WIDE / sizeof(float));
    t.scratch_bytes = (t.partials + 2 * t.items) * sizeof(float);
    t.options = facts ? options_of(facts) : "";
    return t;
}

static encnet_status infer(encnet__node_shape *shape)
{
    encnet_status rc = ENCNET_OK;
    const encnet__rmi_attr *a = shape->attr;
    encnet__shape z = shape->in[0], t = shape->in[1];
    const int least = SIDE * (SIDE - 1) + 1;

    if (!(a->alpha > 0) || !(a->balance >= 0 && a->balance <= 1))
        FAIL(ENCNET_E_SHAPE, "rmi: alpha %g is not positive, or balance %g is not in 0..1",
             (double)a->alpha, (double)a->balance);
    if (!encnet__shape_equal(t, (encnet__shape){z.n, z.h, z.w, 1}))
        FAIL(ENCNET_E_SHAPE,
             "rmi: logits are " SHAPE_FMT ", labels " SHAPE_FMT ", not [%d,%d,%d,1]", SHAPE_ARG(z),
             SHAPE_ARG(t), z.n, z.h, z.w);
    if (z.h < least || z.w < least)
        FAIL(ENCNET_E_SHAPE,
             "rmi: " SHAPE_FMT " is smaller than %dx%d, one window of the pooled map", SHAPE_ARG(z),
             least, least);
    if (encnet__shape_count(z) > UINT32_MAX / 4)
        FAIL(ENCNET_E_SHAPE, "rmi: " SHAPE_FMT " is too large", SHAPE_ARG(z));
    shape->out = (encnet__shape){1, 1, 1, 1};
done:
    return rc;
}

static size_t saved_bytes(const encnet__node_shape *shape)
{
    return layout_of(shape->in[0], shape->dev).saved_bytes;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    layout t = layout_of(shape->in[0], shape->dev);

    return backward ? t.pooled * sizeof(float) : t.scratch_bytes;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(0) | ENCNET__READS_IN(1);
}

static encnet_status regions(const encnet__call *call, const layout *t, float alpha)
{
    encnet_status rc = ENCNET_OK;

    TRY(LAUNCH(call->dev, "rmi", "rmi_moments", t->options,
               ((encnet__grid){{t->vectors, SIZE, t->N * t->blocks}, {1, 1, 1}}),
               BUF(call->scratch), BUF(call->saved), UINT(t->q), BUF(call->saved), UINT(t->tags),
               INT(t->h), INT(t->w), UINT(t->Mp), UINT(t->blocks)));
    TRY(LAUNCH(call->dev, "rmi", "rmi_solve", t->options, ((encnet__grid){{t->Mp, t->N}, {1, 1}}),
               BUF(call->scratch), UINT(t->r), BUF(call->saved), BUF(call->scratch), INT(t->h),
               INT(t->w), UINT(t->Mp), UINT(t->blocks), FLOAT(alpha)));
done:
    return rc;
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    const encnet__rmi_attr *a = call->attr;
    encnet__shape z = call->in[0].shape;
    layout t = layout_of(z, call->dev);

    TRY(LAUNCH(call->dev, "rmi", "rmi_pool", t.options, GRID1(t.items, GROUP), BUF(call->saved),
               UINT(t.q), BUF(call->saved), UINT(t.tags), BUF(call->scratch), UINT(t.partials),
               BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(t.N), INT(z.h), INT(z.w),
               UINT(t.M), INT(t.h), INT(t.w), UINT(t.Mp), UINT(t.items)));
    TRY(regions(call, &t, a->alpha));
    TRY(LAUNCH(call->dev, "rmi", "rmi_sum", t.options, GRID1(ALL, ALL), BUF(call->out.buffer),
               BUF(call->saved), UINT(t.valid), BUF(call->scratch), UINT(t.partials), UINT(t.items),
               BUF(call->scratch), UINT(t.r), UINT(t.N), UINT(t.M), UINT(t.Mp), FLOAT(a->balance)));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    const encnet__rmi_attr *a = call->attr;
    encnet__shape z = call->in[0].shape;
    layout t = layout_of(z, call->dev);

    TRY(LAUNCH(call->dev, "rmi", "rmi_bwd_pool", t.options,
               ((encnet__grid){{t.vectors, t.w, t.N * t.h}, {1, 1, 1}}), BUF(call->scratch),
               BUF(call->saved), BUF(call->saved), UINT(t.q), BUF(call->saved), UINT(t.tags),
               INT(t.h), INT(t.w), UINT(t.Mp)));
    TRY(LAUNCH(call->dev, "rmi", "rmi_bwd", t.options, GRID1(t.P, GROUP), BUF(call->din[0].buffer),
               BUF(call->dout.buffer), BUF(call->scratch), BUF(call->saved), UINT(t.valid),
               BUF(call->saved), UINT(t.tags), BUF(call->in[0].buffer), BUF(call->in[1].buffer),
               UINT(t.N), INT(z.h), INT(z.w), UINT(t.M), INT(t.h), INT(t.w), UINT(t.Mp),
               FLOAT(a->balance)));
done:
    return rc;
}

/* -- reference: what cancels is long double, so that its differences are those of the formula ---- */

typedef long double matrix[SIZE][SIZE];

/* The lower triangle of `a` becomes its Cholesky factor. */
static void factor(matrix a)
{
    for (int j = 0; j < SIZE; j++)
        for (int i = j; i < SIZE; i++) {
            for (int k = 0; k < j; k++) a[i][j] -= a[i][k] * a[j][k];
            a[i][j] = i == j ? sqrtl(a[i][j]) : a[i][j] / a[j][j];
        }
}

/* x = L^-1 x, of each column. */
static void solve(matrix x, matrix l)
{
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            for (int k = 0; k < i; k++) x[i][j] -= l[i][k] * x[k][j];
            x[i][j] /= l[i][i];
        }
}

/* sum over the places of the window of (a[i] - mean) (b[j] - mean), of two maps [h,w] with `step`
 * between neighbours. */
static void covariance(matrix out, const double *a, const double *b, const layout *t)
{
    size_t h = t->h - (SIDE - 1), w = t->w - (SIDE - 1);

    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j < SIZE; j++) {
            long double mean_a = 0, mean_b = 0;
            const double *x = a + (i / SIDE * t->w + i % SIDE) * t->M;
            const double *y = b + (j / SIDE * t->w + j % SIDE) * t->M;
            out[i][j] = 0;
            for (size_t p = 0; p < h * w; p++) {
                size_t at = (p / w * t->w + p % w) * t->M;
                mean_a += (long double)x[at] / (long double)(h * w);
                mean_b += (long double)y[at] / (long double)(h * w);
            }
            for (size_t p = 0; p < h * w; p++) {
                size_t at = (p / w * t->w + p % w) * t->M;
                out[i][j] += (x[at] - mean_a) * (y[at] - mean_b);
            }
        }
}

/* r of one class of one image. */
static long double region(const double *y, const double *q, const layout *t, double alpha)
{
    matrix yy, qy, qq;
    long double sum = 0;

    covariance(yy, y, y, t);
    covariance(qy, q, y, t);
    covariance(qq, q, q, t);
    for (int i = 0; i < SIZE; i++) qq[i][i] += alpha;
    factor(qq);
    solve(qy, qq); /* Y Q' (Q Q' + alpha I)^-1 Q Y' is its own square now */
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            for (int k = 0; k < SIZE; k++) yy[i][j] -= qy[k][i] * qy[k][j];
            if (i == j) yy[i][i] += alpha;
        }
    factor(yy);
    for (int i = 0; i < SIZE; i++) sum += logl(yy[i][i] + 1e-8L);
    return sum;
}

/* The maximum of a pooled pixel. */
static double pool(const double *x, size_t n, size_t i, size_t j, size_t m, encnet__shape z)
{
    double best = -INFINITY;

    for (int h = SIDE * (int)i - 1; h <= SIDE * (int)i + 1; h++)
        for (int w = SIDE * (int)j - 1; w <= SIDE * (int)j + 1; w++)
            if (h >= 0 && h < z.h && w >= 0 && w < z.w)
                best = fmax(
                    best,
                    x[((n * (size_t)z.h + (size_t)h) * (size_t)z.w + (size_t)w) * (size_t)z.c + m]);
    return best;
}

/* sum_m mean_n r / 9; y and p are [N,H,W,M], a and b room for their pooled maps. */
static double all_regions(const double *y, const double *p, double *a, double *b, const layout *t,
                          encnet__shape z, double alpha)
{
    long double sum = 0;

    for (size_t at = 0; at < t->N * t->h * t->w * t->M; at++) {
        size_t m = at % t->M, j = at / t->M % t->w, i = at / t->M / t->w % t->h,
               n = at / t->M / t->w / t->h;
        a[at] = pool(y, n, i, j, m, z);
        b[at] = pool(p, n, i, j, m, z);
    }
    for (size_t n = 0; n < t->N; n++)
        for (size_t m = 0; m < t->M; m++) {
            size_t at = n * t->h * t->w * t->M + m;
            sum += region(a + at, b + at, t, alpha);
        }
    return (double)(sum / (long double)(SIZE * t->N));
}

/* Fills y and p; returns the cross-entropy. */
static double each_class(double *y, double *p, const double *const *in, const layout *t)
{
    double sum = 0, valid = 0;

    for (size_t at = 0; at < t->P * t->M; at++) {
        double label = in[1][at / t->M], z = in[0][at];
        bool v = label >= 0 && label < (double)t->M && label != ENCNET_IGNORE;
        y[at] = v && label == (double)(at % t->M);
        p[at] = v / (1 + exp(-z)) + 1e-6;
        if (v) sum += fmax(z, 0) - z * y[at] + log1p(exp(-fabs(z)));
        if (at % t->M == 0) valid += v;
    }
    return sum / (valid + 1);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__rmi_attr *a = shape->attr;
    layout t = layout_of(shape->in[0], NULL);
    double *maps = encnet__alloc(4 * t.P * t.M, sizeof *maps), balance = (double)a->balance, bce;
    size_t count = t.P * t.M;

    out[0] = NAN;
    if (!maps) return;
    bce = each_class(maps, maps + count, in, &t);
    out[0] = balance * bce + (1 - balance) * all_regions(maps, maps + count, maps + 2 * count,
                                                         maps + 3 * count, &t, shape->in[0],
                                                         (double)a->alpha);
    encnet__free(maps);
}

static double flops(const encnet__node_shape *shape)
{
    layout t = layout_of(shape->in[0], NULL);

    return (double)t.M * (10.0 * (double)t.P + 2.0 * SIZE * SUMS * (double)(t.N * t.h * t.w));
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_KINKED, ENCNET__FILL_LABELS};
static const encnet__rmi_attr usual = {1e-3f, 0.5f}, smooth = {0.5f, 0.5f},
                              regions_only = {1e-2f, 0}, classes_only = {1e-3f, 1};

#define ROW(N, H, W, M) .n_in = 2, .in = {{N, H, W, M}, {N, H, W, 1}}
static const encnet__case cases[] = {
    {.what = "one place", .attr = &usual, ROW(1, 7, 7, 1), .classes = 1},
    {.what = "one class", .attr = &usual, ROW(2, 13, 10, 1), .classes = 2},
    {.what = "fewer places than rows", .attr = &usual, ROW(2, 10, 13, 3)},
    {.what = "odd", .attr = &usual, ROW(1, 25, 31, 5), .big = true},
    {.what = "odd, smooth", .attr = &smooth, ROW(3, 11, 8, 3)},
    {.what = "pixels that are not pooled", .attr = &usual, ROW(1, 12, 9, 2)},
    {.what = "regions only", .attr = &regions_only, ROW(1, 16, 19, 1), .classes = 2, .big = true},
    {.what = "cross-entropy only", .attr = &classes_only, ROW(1, 7, 8, 17)},
    {.what = "a block of rows", .attr = &smooth, ROW(1, 28, 8, 1), .classes = 2, .big = true},
    {.what = "a block of rows + 1", .attr = &smooth, ROW(1, 31, 7, 1), .classes = 2},
    {.what = "labels beyond the classes", .attr = &usual, ROW(1, 10, 8, 4), .classes = 8},
    {.what = "classes of two vectors", .attr = &smooth, ROW(1, 13, 13, 16), .big = true},
    {.what = "Cityscapes classes", .attr = &usual, ROW(1, 22, 25, 19), .big = true},
};

const encnet__op encnet__op_rmi = {
    .name = "rmi",
    .n_in = 2,
    .gradients = 1,
    .integers = 2,
    .infer = infer,
    .saved_bytes = saved_bytes,
    .scratch_bytes = scratch_bytes,
    .backward_reads = backward_reads,
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
