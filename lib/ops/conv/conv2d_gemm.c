/*
 * conv2d_gemm - 1x1 convolutions of stride 1 as one matrix product in CLBlast.
 *
 * Channels last, a map is the matrix [N*H*W,C] as it lies: y = x w, dx = dy w', dw = x' dy.  Bias,
 * addend and ReLU follow in a kernel of their own.
 */
#include "ops/conv/engine.h"

enum { GROUP = 256 };

/* CLBlast's kernels count in 32 bits. */
static bool applicable(const encnet__conv *conv, encnet__conv_direction direction,
                       const encnet__device_facts *facts)
{
    int64_t pixels = (int64_t)conv->n * conv->h * conv->w;

    (void)direction;
    (void)facts;
    return encnet__conv_is_gemm(conv) && pixels * conv->c <= INT32_MAX &&
           pixels * conv->k <= INT32_MAX;
}

static encnet_status run_forward(const encnet__conv_call *call, const encnet__gemm *product)
{
    size_t count = product->m * product->n;
    encnet_status rc = encnet__gemm_run(call->dev, product);

    if (rc != ENCNET_OK || (!call->b && !call->a && !call->relu)) return rc;
    return LAUNCH(call->dev, "conv2d", "conv2d_epilogue", "", GRID1(count, GROUP), BUF(call->out),
                  BUF(call->b), BUF(call->a), INT(call->relu), INT(call->conv.k), UINT(count));
}

static encnet_status run(const encnet__conv_call *call)
{
    const encnet__conv *t = &call->conv;
    size_t pixels = (size_t)t->n * (size_t)t->h * (size_t)t->w, c = (size_t)t->c, k = (size_t)t->k;
    encnet__gemm product = {.alpha = 1, .beta = 0, .c = call->out};

    if (call->direction == ENCNET__CONV_FORWARD) {
        product.m = pixels, product.n = k, product.k = c;
        product.a = call->x, product.lda = c;
        product.b = call->w, product.ldb = k;
        product.ldc = k;
        return run_forward(call, &product);
    }
    if (call->direction == ENCNET__CONV_DATA) {
        product.m = pixels, product.n = c, product.k = k;
        product.a = call->dy, product.lda = k;
        product.b = call->w, product.ldb = k, product.trans_b = true;
        product.ldc = c;
    } else {
        product.m = c, product.n = k, product.k = pixels;
        product.a = call->x, product.lda = c, product.trans_a = true;
        product.b = call->dy, product.ldb = k;
        product.ldc = k;
    }
    return encnet__gemm_run(call->dev, &product);
}

const encnet__conv_algorithm encnet__conv_gemm = {
    .name = "gemm", .applicable = applicable, .run = run};
