/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * class_cross_entropy - cross-entropy of the class of each image with smoothed labels, averaged
 * (Szegedy et al., arXiv:1512.00567; torch.nn.CrossEntropyLoss with label_smoothing).
 *
 *   l[n]    = log sum_m exp(z[n,m])                        z [N,1,1,M], t = label[n]
 *   loss    = 1/N sum_n l[n] - (1 - eps) z[n,t] - eps/M sum_m z[n,m]
 *   dz[n,m] = dloss / N (softmax(z[n])[m] - (1 - eps) [m = t] - eps/M)
 *
 * An image whose label lies outside 0 .. M-1 adds nothing to the sum and has no gradient.  Every
 * number of 0 .. M-1 is a class, ENCNET_IGNORE too: images have more classes than pixels.  Backward
 * needs z and the labels.
 */
#include "ops/ops.h"

#include <math.h>

#include "ops/attr.h"

enum { GROUP = 64, ALL = 256 }; /* as in class_cross_entropy.cl */

static encnet_status infer(encnet__node_shape *shape)
{
    encnet__shape z = shape->in[0], t = shape->in[1];
    const encnet__class_cross_entropy_attr *attr = shape->attr;

    if (z.h != 1 || z.w != 1 || !encnet__shape_equal(t, (encnet__shape){z.n, 1, 1, 1}))
        return encnet__fail(ENCNET_E_SHAPE,
                            "class_cross_entropy: logits are " SHAPE_FMT ", labels " SHAPE_FMT
                            ", not [N,1,1,M] and [N,1,1,1]",
                            SHAPE_ARG(z), SHAPE_ARG(t));
    if (!(attr->smoothing >= 0 && attr->smoothing < 1))
        return encnet__fail(ENCNET_E_SHAPE,
                            "class_cross_entropy: smoothing %g does not lie in [0, 1)",
                            (double)attr->smoothing);
    shape->out = (encnet__shape){1, 1, 1, 1};
    return ENCNET_OK;
}

static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    return backward ? 0 : (size_t)shape->in[0].n * sizeof(float);
}

static unsigned backward_reads(const encnet__node_shape *shape)
{
    (void)shape;
    return ENCNET__READS_IN(0) | ENCNET__READS_IN(1);
}

static encnet_status forward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    const encnet__class_cross_entropy_attr *attr = call->attr;
    encnet__shape z = call->in[0].shape;

    TRY(LAUNCH(call->dev, "class_cross_entropy", "class_cross_entropy_fwd", "", GRID1(z.n, GROUP),
               BUF(call->scratch), BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(z.n),
               UINT(z.c), FLOAT(attr->smoothing)));
    TRY(LAUNCH(call->dev, "class_cross_entropy", "class_cross_entropy_mean", "", GRID1(ALL, ALL),
               BUF(call->out.buffer), BUF(call->scratch), UINT(z.n)));
done:
    return rc;
}

static encnet_status backward(const encnet__call *call)
{
    const encnet__class_cross_entropy_attr *attr = call->attr;
    encnet__shape z = call->in[0].shape;

    return LAUNCH(call->dev, "class_cross_entropy", "class_cross_entropy_bwd", "",
                  GRID1(z.n, GROUP), BUF(call->din[0].buffer), BUF(call->dout.buffer),
                  BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(z.n), UINT(z.c),
                  FLOAT(attr->smoothing));
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    const encnet__class_cross_entropy_attr *attr = shape->attr;
    size_t N = (size_t)shape->in[0].n, M = (size_t)shape->in[0].c;
    double eps = (double)attr->smoothing, total = 0;

    for (size_t n = 0; n < N; n++) {
        const double *z = in[0] + n * M;
        double t = in[1][n], largest = -INFINITY, sum = 0, mean = 0;
        if (t < 0 || t >= (double)M) continue;
        for (size_t m = 0; m < M; m++) largest = fmax(largest, z[m]);
        for (size_t m = 0; m < M; m++) sum += exp(z[m] - largest);
        for (size_t m = 0; m < M; m++) mean += z[m] / (double)M;
        total += log(sum) + largest - (1 - eps) * z[(size_t)t] - eps * mean;
    }
    out[0] = total / (double)N;
}

static double flops(const encnet__node_shape *shape)
{
    return 4.0 * (double)encnet__shape_count(shape->in[0]); /* maximum, difference, exp, sum */
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_LABELS};
static const encnet__class_cross_entropy_attr plain = {0}, smooth = {0.1f};

#define ROW(attribute, N, M) .attr = &attribute, .n_in = 2, .in = {{N, 1, 1, M}, {N, 1, 1, 1}}
static const encnet__case cases[] = {
    {.what = "one class", ROW(plain, 1, 1)},
    {.what = "odd", ROW(plain, 3, 5)},
    {.what = "CIFAR-10", ROW(plain, 33, 10)},
    {.what = "a vector, smoothed", ROW(smooth, 4, 16)},
    {.what = "a vector + 1, a group + 1, smoothed", ROW(smooth, GROUP + 1, 17)},
    {.what = "more images than the last group has items", ROW(smooth, ALL + 3, 3)},
    {.what = "ImageNet, smoothed", ROW(smooth, 4, 1000)},
    {.what = "labels beyond the classes", ROW(smooth, 19, 4), .classes = 8},
};

const encnet__op encnet__op_class_cross_entropy = {
    .name = "class_cross_entropy",
    .n_in = 2,
    .gradients = 1,
    .integers = 2,
    .infer = infer,
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
