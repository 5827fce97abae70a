/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d - two-dimensional convolution (cross-correlation, as in PyTorch).
 *
 *   y[n,i,j,k] = relu?(sum_{r,s,c} x[n,h,w, g*C/G + c] w[r,s,c,k] + b[k] + a[n,i,j,k]),
 *                h = i*stride + r*dilation - pad, w = j*stride + s*dilation - pad, zeros outside x,
 *                g = k / (K/G)
 *   dx, dw     the same sum with the roles changed (lib/ops/conv2d.md)
 *   db[k]      = sum_{n,i,j} dy[n,i,j,k]
 *
 *   x  [N,H,W,C]    w  [R,S,C/G,K], G groups    b  [K], optional
 *   a  [N,H',W',K], optional, and relu: inference only, backward refuses them
 *   y  [N,H',W',K]  H' = (H + 2 pad - dilation (R-1) - 1) / stride + 1, rounded down
 *
 * Backward needs x for dw and w for dx.  The engine, lib/ops/conv/engine.h, chooses the algorithm
 * of each direction.
 */
#include "ops/attr.h"
#include "ops/conv/engine.h"

#include <math.h>
#include <string.h>

enum { X, W, B, A }; /* inputs */

enum {
    BIAS_GROUP = 64,
    BIAS_RUN = 256,  /* least number of pixels that a work-item sums for db */
    BIAS_PARTS = 256 /* largest number of runs */
};

/* -- shapes ------------------------------------------------------------------------------------ */

/* Returns the extent of the output along an axis; below 1 if the kernel exceeds the padded
 * input. */
static int64_t extent(int size, int kernel, const encnet__conv2d_attr *attr)
{
    int64_t room = size + 2 * (int64_t)attr->pad - (int64_t)attr->dilation * (kernel - 1) - 1;

    return room < 0 ? 0 : room / attr->stride + 1;
}

static encnet_status check_operands(const encnet__node_shape *shape)
{
    const encnet__conv2d_attr *attr = shape->attr;
    encnet__shape x = shape->in[X], w = shape->in[W], b = shape->in[B];

    if (attr->stride < 1 || attr->pad < 0 || attr->dilation < 1 || attr->groups < 1)
        return encnet__fail(ENCNET_E_ARG, "conv2d: stride %d, pad %d, dilation %d, groups %d",
                            attr->stride, attr->pad, attr->dilation, attr->groups);
    if (x.c % attr->groups || w.c % attr->groups || w.w != x.c / attr->groups)
        return encnet__fail(ENCNET_E_SHAPE,
                            "conv2d: x has C=%d, w has C/groups=%d and K=%d, groups is %d", x.c,
                            w.w, w.c, attr->groups);
    if (b.c && !encnet__shape_equal(b, (encnet__shape){1, 1, 1, w.c}))
        return encnet__fail(ENCNET_E_SHAPE, "conv2d: w has K=%d, b is " SHAPE_FMT, w.c,
                            SHAPE_ARG(b));
    return ENCNET_OK;
}

static encnet_status infer(encnet__node_shape *shape)
{
    const encnet__conv2d_attr *attr = shape->attr;
    encnet__shape x = shape->in[X], w = shape->in[W], a = shape->in[A];
    int64_t rows, cols;
    encnet_status rc = ENCNET_OK;

    TRY(check_operands(shape));
    rows = extent(x.h, w.n, attr);
    cols = extent(x.w, w.h, attr);
    if (rows < 1 || cols < 1 || rows > INT32_MAX || cols > INT32_MAX)
        FAIL(ENCNET_E_SHAPE,
             "conv2d: a kernel of %dx%d, dilation %d, does not fit x of %dx%d with padding %d", w.n,
             w.h, attr->dilation, x.h, x.w, attr->pad);
    shape->out = (encnet__shape){x.n, (int)rows, (int)cols, w.c};
    if (!encnet__shape_valid(shape->out))
        FAIL(ENCNET_E_SHAPE, "conv2d: the output " SHAPE_FMT " is too large",
             SHAPE_ARG(shape->out));
    if (a.c && !encnet__shape_equal(a, shape->out))
        FAIL(ENCNET_E_SHAPE, "conv2d: the output is " SHAPE_FMT ", a is " SHAPE_FMT,
             SHAPE_ARG(shape->out), SHAPE_ARG(a));
done:
    return rc;
}

static encnet__conv describe(const encnet__node_shape *shape)
{
    const encnet__conv2d_attr *attr = shape->attr;
    encnet__shape x = shape->in[X], w = shape->in[W], y = shape->out;

    return (encnet__conv){.n = x.n,
                          .h = x.h,
                          .w = x.w,
                          .c = x.c,
                          .k = w.c,
                          .r = w.n,
                          .s = w.h,
                          .stride = attr->stride,
                          .pad = attr->pad,
                          .dilation = attr->dilation,
                          .groups = attr->groups,
                          .out_h = y.h,
                          .out_w = y.w,
                          .bias = shape->in[B].c > 0,
                          .addend = shape->in[A].c > 0,
                          .relu = attr->relu,
                          .storage = shape->type,
                          .tf32 =
                              shape->dev && shape->type == ENCNET__F32 &&
                              !strcmp(encnet__device_options_of(shape->dev)->precision, "tf32")};
}

/* -- the plan ---------------------------------------------------------------------------------- */

typedef struct conv_plan {
    encnet__conv_pass passes[ENCNET__CONV_DIRECTIONS];
    encnet__conv_steps bias; /* the gradient of b */
    size_t bias_bytes;       /* its scratch */
} conv_plan;

static void plan_free(void *plan)
{
    conv_plan *p = plan;

    for (int i = 0; i < ENCNET__CONV_DIRECTIONS; i++) encnet__conv_pass_free(&p->passes[i]);
    encnet__conv_steps_free(&p->bias);
    encnet__free(p);
}

/* Sums runs of pixels in chains, and then the runs. */
static encnet_status plan_bias(conv_plan *p, const encnet__conv *conv)
{
    int64_t pixels = (int64_t)conv->n * conv->out_h * conv->out_w,
            run = (pixels + BIAS_PARTS - 1) / BIAS_PARTS;
    int parts;
    encnet__grid grid = {{(size_t)encnet__ceil_div(conv->k, BIAS_GROUP)}, {BIAS_GROUP, 1}};
    encnet_status rc = ENCNET_OK;

    p->bias.storage = conv->storage;
    if (run < BIAS_RUN) run = BIAS_RUN;
    parts = (int)((pixels + run - 1) / run);
    grid.groups[1] = (size_t)parts;
    TRY(STEP(&p->bias, "conv2d", "conv2d_bias_parts", "", grid, OPERAND(CONV_SCRATCH),
             OPERAND(CONV_DY), INT(conv->k), INT(pixels), INT(run)));
    TRY(encnet__conv_add_sum(&p->bias, parts, (size_t)conv->k));
    p->bias_bytes = sizeof(float) * (size_t)conv->k * (size_t)parts;
done:
    return rc;
}

static encnet_status plan_passes(conv_plan *p, const encnet__node_shape *shape,
                                 const encnet__conv *conv)
{
    const bool runs[ENCNET__CONV_DIRECTIONS] = {true, shape->wanted >> X & 1,
                                                shape->wanted >> W & 1};
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < ENCNET__CONV_DIRECTIONS; i++) {
        encnet__conv_pass *pass = &p->passes[i];
        if (!runs[i]) continue;
        *pass = (encnet__conv_pass){.dev = shape->dev, .conv = *conv, .direction = i};
        pass->prepares = i == ENCNET__CONV_FORWARD && (shape->constant >> W & 1);
        TRY(encnet__conv_plan_pass(pass, shape->name));
    }
done:
    return rc;
}

static encnet_status plan(void **out, const encnet__node_shape *shape)
{
    encnet__conv conv = describe(shape);
    conv_plan *p = encnet__alloc(1, sizeof *p);
    encnet_status rc = ENCNET_OK;

    if (!p) FAIL(ENCNET_E_NOMEM, "no host memory to plan a convolution");
    if (shape->wanted && (conv.relu || conv.addend))
        FAIL(ENCNET_E_ARG,
             "conv2d: an addend or a ReLU within the convolution has no backward pass");
    if (conv.bias && (shape->wanted >> B & 1)) TRY(plan_bias(p, &conv));
    TRY(plan_passes(p, shape, &conv));
    *out = p;
    p = NULL;
done:
    if (p) plan_free(p);
    return rc;
}

static void list_plan(const encnet__node_shape *shape,
                      void (*row)(void *user, const encnet_plan_row *row), void *user)
{
    const conv_plan *p = shape->plan;

    for (int i = 0; i < ENCNET__CONV_DIRECTIONS; i++)
        if (p->passes[i].row) encnet__conv_list(&p->passes[i], shape->name, row, user);
}

/* Gradients that are computed in one call come one after another and share their scratch. */
static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    const conv_plan *p = shape->plan;
    const size_t gradients[] = {[X] = p->passes[ENCNET__CONV_DATA].scratch_bytes,
                                [W] = p->passes[ENCNET__CONV_FILTER].scratch_bytes,
                                [B] = p->bias_bytes};
    size_t bytes = 0;

    if (!backward) return p->passes[ENCNET__CONV_FORWARD].scratch_bytes;
    for (int i = X; i <= B; i++)
        if ((shape->wanted >> i & 1) && gradients[i] > bytes) bytes = gradients[i];
    return bytes;
}

static size_t prepared_bytes(const encnet__node_shape *shape)
{
    const conv_plan *p = shape->plan;

    return p->passes[ENCNET__CONV_FORWARD].prepared_bytes;
}

static uint64_t prepared_key(const encnet__node_shape *shape)
{
    const conv_plan *p = shape->plan;

    return encnet__conv_steps_hash(&p->passes[ENCNET__CONV_FORWARD].prepare);
}

/* Not in 16 bits, where y is what is left of it when it is written. */
static bool takes_coefficients(const encnet__node_shape *shape)
{
    static const encnet__conv_direction reading[] = {ENCNET__CONV_FORWARD, ENCNET__CONV_FILTER};
    const conv_plan *p = shape->plan;

    for (size_t i = 0; i < COUNT_OF(reading); i++) {
        const encnet__conv_row *row = p->passes[reading[i]].row;
        if (row && !(row->algorithm->normalises >> reading[i] & 1)) return false;
    }
    return shape->type == ENCNET__F32;
}

/* Not in 16 bits, where every gradient that is added is rounded first. */
static unsigned adds(const encnet__node_shape *shape)
{
    const conv_plan *p = shape->plan;
    const encnet__conv_row *row = p->passes[ENCNET__CONV_DATA].row;

    return row && row->algorithm->adds && shape->type == ENCNET__F32 ? 1u << X : 0;
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    unsigned reads = shape->wanted >> W & 1 ? ENCNET__READS_IN(X) : 0;

    return reads | (shape->wanted >> X & 1 ? ENCNET__READS_IN(W) : 0);
}

/* -- passes ------------------------------------------------------------------------------------ */

static encnet_status prepare(const encnet__call *call)
{
    const conv_plan *p = call->plan;
    encnet__buffer *const operands[CONV_OPERANDS] = {
        [CONV_W] = call->in[W].buffer, [CONV_PREPARED] = call->prepared};

    return encnet__conv_run(call->dev, &p->passes[ENCNET__CONV_FORWARD].prepare, operands);
}

static encnet_status forward(const encnet__call *call)
{
    const conv_plan *p = call->plan;
    encnet__buffer *const operands[CONV_OPERANDS] = {
        [CONV_OUT] = call->out.buffer,    [CONV_X] = call->in[X].buffer,
        [CONV_W] = call->in[W].buffer,    [CONV_B] = call->in[B].buffer,
        [CONV_A] = call->in[A].buffer,    [CONV_SCRATCH] = call->scratch,
        [CONV_PREPARED] = call->prepared, [CONV_COEFFICIENTS] = call->coefficients};

    return encnet__conv_run(call->dev, &p->passes[ENCNET__CONV_FORWARD].run, operands);
}

static encnet_status backward(const encnet__call *call)
{
    const conv_plan *p = call->plan;
    const encnet__conv_steps *const steps[] = {[X] = &p->passes[ENCNET__CONV_DATA].run,
                                               [W] = &p->passes[ENCNET__CONV_FILTER].run,
                                               [B] = &p->bias};
    encnet__buffer *operands[CONV_OPERANDS] = {[CONV_X] = call->in[X].buffer,
                                               [CONV_W] = call->in[W].buffer,
                                               [CONV_DY] = call->dout.buffer,
                                               [CONV_SCRATCH] = call->scratch,
                                               [CONV_COEFFICIENTS] = call->coefficients};
    encnet_status rc = ENCNET_OK;

    for (int i = X; i <= B; i++) {
        operands[CONV_OUT] = call->din[i].buffer;
        operands[CONV_A] = call->adds >> i & 1 ? operands[CONV_OUT] : NULL;
        if (operands[CONV_OUT]) TRY(encnet__conv_run(call->dev, steps[i], operands));
    }
done:
    return rc;
}

static double flops(const encnet__node_shape *shape)
{
    encnet__conv conv = describe(shape);

    return encnet__conv_flops(&conv);
}

/* -- what the checks need ---------------------------------------------------------------------- */

/* Sums the products of output (n,i,j,k). */
static double element(const double *x, const double *w, const encnet__conv *t, int n, int i, int j,
                      int k)
{
    int group = t->c / t->groups, first = k / (t->k / t->groups) * group;
    double sum = 0;

    for (int r = 0; r < t->r; r++)
        for (int s = 0; s < t->s; s++) {
            int h = i * t->stride + r * t->dilation - t->pad,
                v = j * t->stride + s * t->dilation - t->pad;
            const double *xp, *wp = w + (size_t)(r * t->s + s) * (size_t)group * (size_t)t->k + k;

            if (h < 0 || h >= t->h || v < 0 || v >= t->w) continue;
            xp =
                x +
                (((size_t)n * (size_t)t->h + (size_t)h) * (size_t)t->w + (size_t)v) * (size_t)t->c +
                first;
            for (int c = 0; c < group; c++) sum += xp[c] * wp[(size_t)c * (size_t)t->k];
        }
    return sum;
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__conv2d_attr *attr = shape->attr;
    encnet__conv t = describe(shape);
    size_t at = 0;

    for (int n = 0; n < t.n; n++)
        for (int i = 0; i < t.out_h; i++)
            for (int j = 0; j < t.out_w; j++)
                for (int k = 0; k < t.k; k++, at++) {
                    double y = element(in[X], in[W], &t, n, i, j, k);
                    if (in[B]) y += in[B][k];
                    if (in[A]) y += in[A][at];
                    out[at] = attr->relu && y < 0 ? 0 : y;
                }
}

/* Relative, of an operand that is rounded to the storage type, or to TF32. */
static double operand_rounding(encnet__type storage)
{
    return storage == ENCNET__BF16 ? 0x1p-8 : 0x1p-11;
}

/* A chain of m terms rounds m times.  The errors are independent, so they grow with sqrt(m); the
 * factor 6 covers the products, the bias, the addend and rare outliers.  m is the longest sum of
 * the three directions.  An algorithm that rounds its operands changes every product by up to two
 * roundings, but not all in the same way. */
static double tolerance(const encnet__node_shape *shape, double scale)
{
    const conv_plan *p = shape->plan;
    encnet__conv t = describe(shape);
    double taps = (double)t.r * t.s, m = taps * t.c / t.groups, rounding = 1, operands = 0;

    m = fmax(m, taps * t.k / t.groups);
    m = fmax(m, (double)t.n * t.out_h * t.out_w);
    for (int i = 0; i < ENCNET__CONV_DIRECTIONS; i++) {
        const encnet__conv_row *row = p->passes[i].row;
        if (!row) continue;
        rounding = fmax(rounding, row->algorithm->rounding);
        if (row->algorithm->rounds_operands) operands = 4 * operand_rounding(t.storage);
    }
    return (rounding * (6 + sqrt(m)) * 0x1p-24 + operands) * scale;
}

static const encnet__conv2d_attr plain = {1, 0, 1, 1, false}, same = {1, 1, 1, 1, false},
                                 half = {2, 1, 1, 1, false}, skip = {2, 0, 1, 1, false},
                                 third = {3, 0, 1, 1, false}, stem = {2, 3, 1, 1, false},
                                 apart2 = {1, 2, 2, 1, false}, apart4 = {1, 4, 4, 1, false},
                                 half_apart2 = {2, 2, 2, 1, false},
                                 half_apart3 = {2, 3, 3, 1, false}, wide = {1, 5, 1, 1, false},
                                 pairs = {1, 1, 1, 2, false}, quads = {2, 1, 1, 4, false},
                                 depthwise = {1, 2, 2, 10, false},
                                 depthwise_same = {1, 1, 1, 19, false},
                                 depthwise_parts = {1, 1, 1, 5, false},
                                 depthwise_half = {2, 2, 1, 34, false},
                                 depthwise_skip = {2, 2, 3, 6, false},
                                 depthwise_far = {1, 12, 12, 3, false},
                                 depthwise_farther = {1, 36, 36, 5, false},
                                 depthwise_relu = {1, 1, 1, 67, true},
                                 twelve = {1, 12, 12, 1, false}, far24 = {1, 24, 24, 1, false},
                                 twice = {1, 1, 1, 6, false}, triples_relu = {2, 1, 1, 3, true},
                                 infer_relu = {1, 1, 1, 1, true}, infer_plain = {1, 0, 1, 1, true},
                                 infer_groups = {1, 1, 1, 2, true};

/* Tiles: 12 pixels, 12 and 32 channels (packed); 64 or 128 of each (tiled); 4x4 pixels, 12 of them
 * and 32 channels (winograd), 8 or 16 of them and 6 channels (winograd_lanes); 12 pairs of pixels and twice 32
 * channels (strassen). */
static const encnet__case cases[] = {
    {"one", &plain, 2, {{1, 1, 1, 1}, {1, 1, 1, 1}}},
    {"one row", &plain, 2, {{1, 1, 9, 5}, {1, 3, 5, 4}}},
    {"one column", &plain, 2, {{1, 9, 1, 5}, {3, 1, 5, 4}}},
    {"kernel as large as x", &plain, 3, {{2, 3, 4, 6}, {3, 4, 6, 5}, {1, 1, 1, 5}}},
    {"odd sizes, 19 out", &same, 3, {{2, 7, 5, 3}, {3, 3, 3, 19}, {1, 1, 1, 19}}},
    {"2 out", &same, 2, {{1, 5, 5, 7}, {3, 3, 7, 2}}},
    {"a vector of tiles inside of the map", &same, 2, {{1, 9, 190, 3}, {3, 3, 3, 5}}},
    {"18 to 18", &same, 2, {{1, 4, 6, 18}, {3, 3, 18, 18}}},
    {"150 out", &plain, 3, {{1, 4, 4, 32}, {1, 1, 32, 150}, {1, 1, 1, 150}}},
    {"stride 2", &half, 3, {{2, 9, 8, 12}, {3, 3, 12, 33}, {1, 1, 1, 33}}},
    {"stride 2, even kernel", &skip, 2, {{1, 7, 8, 5}, {2, 2, 5, 16}}},
    {"stride 2, 1x1", &skip, 2, {{2, 7, 6, 13}, {1, 1, 13, 16}}},
    {"stride 3, 2x2", &third, 2, {{1, 9, 11, 4}, {2, 2, 4, 20}}},
    {"stem, 7x7", &stem, 2, {{1, 15, 14, 3}, {7, 7, 3, 24}}},
    {"dilation 2", &apart2, 2, {{1, 9, 10, 16}, {3, 3, 16, 32}}},
    {"dilation 4", &apart4, 2, {{2, 10, 9, 8}, {3, 3, 8, 18}}},
    {"dilation 4, small map", &apart4, 2, {{1, 3, 3, 8}, {3, 3, 8, 8}}},
    {"stride 2, dilation 2", &half_apart2, 2, {{1, 10, 9, 6}, {3, 3, 6, 17}}},
    {"stride 2, dilation 3", &half_apart3, 2, {{1, 10, 9, 6}, {3, 3, 6, 17}}},
    {"wide padding", &wide, 2, {{1, 4, 3, 4}, {3, 3, 4, 16}}},
    {"1x1", &plain, 3, {{2, 6, 6, 20}, {1, 1, 20, 33}, {1, 1, 1, 33}}},
    {"packed tile", &plain, 2, {{1, 3, 4, 12}, {1, 1, 12, 32}}},
    {"packed tile + 1", &plain, 2, {{1, 1, 13, 13}, {1, 1, 13, 33}}},
    {"tile 64", &plain, 2, {{1, 8, 8, 16}, {1, 1, 16, 64}}},
    {"tile 128 of dw + 2", &plain, 2, {{1, 5, 7, 66}, {1, 1, 66, 130}}},
    {"tile 64 + 1", &plain, 2, {{1, 5, 13, 17}, {1, 1, 17, 65}}},
    {"halves, a tile of pairs", &plain, 2, {{1, 4, 6, 64}, {1, 1, 64, 64}}},
    {"halves, a tile + 1, two images", &plain, 3, {{2, 5, 5, 64}, {1, 1, 64, 128}, {1, 1, 1, 128}}},
    {"groups", &pairs, 3, {{1, 5, 6, 8}, {3, 3, 4, 6}, {1, 1, 1, 6}}},
    {"groups, stride 2", &quads, 2, {{1, 5, 6, 4}, {3, 3, 1, 8}}},
    {"depthwise, dilation 2", &depthwise, 2, {{1, 6, 5, 10}, {3, 3, 1, 10}}},
    {"depthwise, tails", &depthwise_same, 3, {{2, 5, 9, 19}, {3, 3, 1, 19}, {1, 1, 1, 19}}},
    {"depthwise, 5x5, stride 2", &depthwise_half, 2, {{1, 9, 8, 34}, {5, 5, 1, 34}}},
    {"depthwise, stride 2, dilation 3", &depthwise_skip, 2, {{1, 9, 10, 6}, {3, 3, 1, 6}}},
    {"depthwise, dilation 12", &depthwise_far, 2, {{1, 14, 26, 3}, {3, 3, 1, 3}}},
    {"depthwise, all but one outside", &depthwise_farther, 2, {{1, 6, 7, 5}, {3, 3, 1, 5}}},
    {"depthwise, bias, addend, ReLU",
     &depthwise_relu,
     4,
     {{1, 4, 5, 67}, {3, 3, 1, 67}, {1, 1, 1, 67}, {1, 4, 5, 67}},
     .forward_only = true},
    {"groups of one channel, twice", &twice, 2, {{1, 5, 4, 6}, {3, 3, 1, 12}}},
    {"groups, tiles", &pairs, 2, {{1, 5, 4, 10}, {3, 3, 5, 32}}},
    {"groups, bias, addend, ReLU",
     &triples_relu,
     4,
     {{1, 7, 6, 9}, {3, 3, 3, 12}, {1, 1, 1, 12}, {1, 4, 3, 12}},
     .forward_only = true},
    {"dilation 12, rows and columns outside", &twelve, 2, {{1, 17, 15, 4}, {3, 3, 4, 5}}},
    {"dilation 24, all but one outside", &far24, 2, {{2, 9, 8, 3}, {3, 3, 3, 6}}},
    {"bias, addend, ReLU",
     &infer_relu,
     4,
     {{1, 6, 7, 24}, {3, 3, 24, 40}, {1, 1, 1, 40}, {1, 6, 7, 40}},
     .forward_only = true},
    {"bias, addend, ReLU, 1x1",
     &infer_plain,
     4,
     {{1, 6, 7, 24}, {1, 1, 24, 20}, {1, 1, 1, 20}, {1, 6, 7, 20}},
     .forward_only = true},
    {"bias, addend, ReLU, halves",
     &infer_plain,
     4,
     {{2, 3, 5, 64}, {1, 1, 64, 128}, {1, 1, 1, 128}, {2, 3, 5, 128}},
     .forward_only = true},
    {"ReLU in groups", &infer_groups, 2, {{1, 3, 5, 6}, {3, 3, 3, 4}}, .forward_only = true},
    {"addend, panels in parts",
     &infer_relu,
     4,
     {{1, 3, 3, 1000}, {3, 3, 1000, 5}, {0}, {1, 3, 3, 5}},
     .big = true,
     .forward_only = true},
    {"output channels in parts",
     &infer_relu,
     4,
     {{1, 2, 3, 520}, {3, 3, 520, 600}, {1, 1, 1, 600}, {1, 2, 3, 600}},
     .big = true,
     .forward_only = true},
    {"depthwise, parts", &depthwise_parts, 2, {{1, 45, 6, 5}, {3, 3, 1, 5}}, .big = true},
    {"dilation 12, several tiles", &twelve, 2, {{1, 27, 26, 2}, {3, 3, 2, 3}}, .big = true},
    {"tile 128 + 1", &same, 2, {{1, 13, 10, 16}, {3, 3, 16, 129}}, .big = true},
    {"panels in parts", &same, 2, {{1, 2, 3, 1000}, {3, 3, 1000, 8}}, .big = true},
    {"several chunks", &plain, 2, {{1, 11, 10, 2048}, {1, 1, 2048, 8}}, .big = true},
    {"halves, two chains", &plain, 2, {{1, 3, 5, 320}, {1, 1, 320, 192}}, .big = true},
    {"split pixels", &plain, 3, {{1, 40, 41, 4}, {1, 1, 4, 20}, {1, 1, 1, 20}}, .big = true},
    {"split pixels, 3x3, 3 out", &same, 2, {{2, 30, 31, 3}, {3, 3, 3, 3}}, .big = true},
    {"several sweeps", &plain, 2, {{1, 24, 25, 500}, {1, 1, 500, 16}}, .big = true},
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    const encnet__conv2d_attr *a = node->shape.attr;
    encnet__onnx_value y = encnet__onnx_apply(
        m, "Conv", INPUTS(node->in[X], node->in[W], node->in[B]),
        ATTRS(ATTR_INTS("kernel_shape", node->shape.in[W].n, node->shape.in[W].h),
              ATTR_INTS("strides", a->stride, a->stride),
              ATTR_INTS("pads", a->pad, a->pad, a->pad, a->pad),
              ATTR_INTS("dilations", a->dilation, a->dilation), ATTR_INT("group", a->groups)));

    return encnet__onnx_finish(m, y, node->in[A], a->relu);
}

const encnet__op encnet__op_conv2d = {
    .name = "conv2d",
    .n_in = 4,
    .optional = 1u << B | 1u << A,
    .gradients = 1u << X | 1u << W | 1u << B,
    .narrow = 1u << X | 1u << A,
    .out_is_narrow = true,
    .infer = infer,
    .plan = plan,
    .plan_free = plan_free,
    .list_plan = list_plan,
    .scratch_bytes = scratch_bytes,
    .backward_reads = backward_reads,
    .forward = forward,
    .recompute = forward,
    .costly = true,
    .takes_coefficients = takes_coefficients,
    .backward = backward,
    .adds = adds,
    .apart = 1u << W | 1u << B,
    .prepared_inputs = 1u << W,
    .prepared_bytes = prepared_bytes,
    .prepared_key = prepared_key,
    .prepare = prepare,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .tolerance = tolerance,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
