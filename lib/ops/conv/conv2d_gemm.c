/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_gemm - 1x1 convolutions of stride 1 as one matrix product in CLBlast.
 *
 * With channels last, a tensor in memory is the matrix [N*H*W,C]: y = x w, dx = dy w', dw = x' dy.
 * Bias, addend and ReLU follow in a kernel of their own.
 */
#include "ops/conv/engine.h"

enum { GROUP = 256 };

/* CLBlast's kernels count in 32 bits. */
static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int64_t pixels = (int64_t)conv->n * conv->h * conv->w;

    (void)direction;
    (void)facts;
    if (!encnet__conv_is_gemm(conv)) return "takes 1x1 kernels of stride 1, no padding, groups 1";
    if (conv->storage != ENCNET__F32) return "takes activations stored in float32";
    if (pixels * conv->c > INT32_MAX || pixels * conv->k > INT32_MAX)
        return "takes tensors of at most 2^31 elements";
    return NULL;
}

static encnet_status plan(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    size_t pixels = (size_t)t->n * (size_t)t->h * (size_t)t->w, c = (size_t)t->c, k = (size_t)t->k;
    encnet__gemm product = {.alpha = 1, .beta = 0};
    encnet__conv_operand a = CONV_X, b = CONV_W;
    encnet_status rc = ENCNET_OK;

    if (pass->direction == ENCNET__CONV_FORWARD) {
        product.m = pixels, product.n = k, product.k = c;
        product.lda = c, product.ldb = k;
    } else if (pass->direction == ENCNET__CONV_DATA) {
        a = CONV_DY;
        product.m = pixels, product.n = c, product.k = k;
        product.lda = k, product.ldb = k, product.trans_b = true;
    } else {
        b = CONV_DY;
        product.m = c, product.n = k, product.k = pixels;
        product.lda = c, product.trans_a = true, product.ldb = k;
    }
    product.ldc = product.n;
    TRY(encnet__gemm_scratch(&pass->scratch_bytes, pass->dev, &product));
    TRY(encnet__conv_add_product(&pass->run, &product, a, b));
    if (pass->direction == ENCNET__CONV_FORWARD && (t->bias || t->addend || t->relu))
        TRY(STEP(&pass->run, "conv2d_gemm", "conv2d_gemm_epilogue", "", GRID1(pixels * k, GROUP),
                 OPERAND(CONV_OUT), OPERAND(CONV_B), OPERAND(CONV_A), INT(t->relu), INT(k),
                 UINT(pixels * k)));
done:
    return rc;
}

const encnet__conv_algorithm encnet__conv_gemm = {.refuses = refuses, .plan = plan};
