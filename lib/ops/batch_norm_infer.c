/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * batch_norm_infer - batch normalisation with the running statistics, with an optional addend and
 * ReLU.
 *
 *   y = relu?(gamma (z - mean) / sqrt(var + eps) + beta + a?)
 *
 * Forward only, with the kernels of batch_norm.  After a convolution, the graph folds the
 * normalisation into the weights instead (bn_fold_weight, bn_fold_bias).
 */
#include "ops/attr.h"
#include "ops/batch_norm.h"
#include "ops/tiles.h"

static encnet_status infer(encnet__node_shape *shape)
{
    return encnet__batch_norm_infer_shape(shape, "batch_norm_infer", 1u << ENCNET__BN_A);
}

/* mean [C], 1 / sqrt(var + eps) [C] */
static size_t scratch_bytes(const encnet__node_shape *shape, bool backward)
{
    (void)backward;
    return 2 * sizeof(float) * (size_t)shape->in[ENCNET__BN_Z].c;
}

static encnet_status forward(const encnet__call *call)
{
    const encnet__batch_norm_attr *attr = call->attr;
    encnet_status rc;
    size_t channels = (size_t)call->in[ENCNET__BN_Z].shape.c;

    TRY(LAUNCH(call->dev, "batch_norm", "bn_running",
               encnet__width_dividing(call->dev, channels).options,
               encnet__tiles_vectors(call->dev, channels), BUF(call->scratch),
               BUF(call->in[ENCNET__BN_MEAN].buffer), BUF(call->in[ENCNET__BN_VAR].buffer),
               UINT(channels), FLOAT(attr->eps)));
    TRY(encnet__batch_norm_apply(call, call->scratch));
done:
    return rc;
}

static double flops(const encnet__node_shape *shape)
{
    return 4 * (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    encnet__batch_norm_reference(out, in, in[ENCNET__BN_MEAN], in[ENCNET__BN_VAR], shape);
}

static const encnet__fill_kind fill[] = {ENCNET__FILL_NORMAL, ENCNET__FILL_POSITIVE,
                                         ENCNET__FILL_NORMAL, ENCNET__FILL_NORMAL,
                                         ENCNET__FILL_NORMAL, ENCNET__FILL_POSITIVE};

static const encnet__batch_norm_attr plain = {1e-5f, 0.1f, false}, with_relu = {1e-5f, 0.1f, true};

/* clang-format off */
#define ROW(name, attribute, N, H, W, C, ...)                                                      \
    {.what = name, .attr = &attribute, .n_in = ENCNET__BN_INPUTS,                                  \
     .in = {{N, H, W, C}, {1, 1, 1, C}, {1, 1, 1, C}, __VA_ARGS__, {1, 1, 1, C}, {1, 1, 1, C}}}
#define ADD(N, H, W, C) {N, H, W, C}
#define NO_ADD {0}
/* clang-format on */

static const encnet__case cases[] = {
    ROW("one", plain, 1, 1, 1, 1, NO_ADD),
    ROW("odd, relu", with_relu, 2, 5, 7, 3, NO_ADD),
    ROW("odd, add", plain, 2, 5, 7, 3, ADD(2, 5, 7, 3)),
    ROW("more than a tile, add, relu", with_relu, 1, 3, 1, 2064, ADD(1, 3, 1, 2064)),
};

static encnet__onnx_value to_onnx(encnet__onnx *m, const encnet__onnx_node *node)
{
    const encnet__batch_norm_attr *attr = node->shape.attr;
    const encnet__onnx_value *in = node->in;
    encnet__onnx_value y =
        encnet__onnx_apply(m, "BatchNormalization",
                           INPUTS(in[ENCNET__BN_Z], in[ENCNET__BN_GAMMA], in[ENCNET__BN_BETA],
                                  in[ENCNET__BN_MEAN], in[ENCNET__BN_VAR]),
                           ATTRS(ATTR_FLOAT("epsilon", attr->eps)));

    return encnet__onnx_finish(m, y, in[ENCNET__BN_A], attr->relu);
}

const encnet__op encnet__op_batch_norm_infer = {
    .name = "batch_norm_infer",
    .n_in = ENCNET__BN_INPUTS,
    .optional = 1u << ENCNET__BN_A,
    .narrow = 1u << ENCNET__BN_Z | 1u << ENCNET__BN_A,
    .out_is_narrow = true,
    .infer = infer,
    .scratch_bytes = scratch_bytes,
    .forward = forward,
    .flops = flops,
    .to_onnx = to_onnx,
    .reference = reference,
    .fill = fill,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
