/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_gemm - products of every orientation against the host, and what is refused before CLBlast
 * sees it. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "support/support.h"
#include "device/device.h"

#include <CL/cl.h>
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>

static encnet_device *dev;
static int
    buffers; /* made by anybody, CLBlast included: this function stands in front of the driver's */

cl_mem clCreateBuffer(cl_context c, cl_mem_flags flags, size_t size, void *host, cl_int *err)
{
    buffers++;
    return ((__typeof__(&clCreateBuffer))(uintptr_t)dlsym(RTLD_NEXT, "clCreateBuffer"))(
        c, flags, size, host, err);
}

typedef struct problem {
    size_t m, n, k, pad; /* `pad` floats behind every row and in front of every matrix */
    float alpha, beta;
} problem;

static const problem problems[] = {
    {1, 1, 1, 0, 1, 0},        {5, 7, 3, 2, 1, 0},     {64, 64, 64, 0, 1, 0},
    {65, 33, 129, 0, 2, 0.5f}, {96, 128, 64, 0, 1, 1}, {70, 90, 110, 3, -1, 1},
    {33, 256, 257, 0, 1, 0},
};

static float noise(size_t i)
{
    return (float)((i * 2654435761u >> 8) % 2001) / 1000 - 1;
}

static encnet__buffer *upload(const float *host, size_t count)
{
    encnet__buffer *b;

    assert_ok(encnet__buffer_new(&b, dev, count * sizeof *host));
    assert_ok(encnet__write(b, 0, host, count * sizeof *host));
    return b;
}

static void compare(const problem *p, bool trans_a, bool trans_b, bool with_scratch)
{
    size_t a_rows = trans_a ? p->k : p->m, a_columns = trans_a ? p->m : p->k;
    size_t b_rows = trans_b ? p->n : p->k, b_columns = trans_b ? p->k : p->n;
    encnet__gemm g = {.trans_a = trans_a,
                      .trans_b = trans_b,
                      .m = p->m,
                      .n = p->n,
                      .k = p->k,
                      .alpha = p->alpha,
                      .beta = p->beta,
                      .a_offset = p->pad,
                      .b_offset = p->pad,
                      .c_offset = p->pad,
                      .lda = a_columns + p->pad,
                      .ldb = b_columns + p->pad,
                      .ldc = p->n + p->pad};
    size_t a_size = g.a_offset + a_rows * g.lda, b_size = g.b_offset + b_rows * g.ldb;
    size_t c_size = g.c_offset + p->m * g.ldc, scratch_bytes;
    float *a = malloc(a_size * 4), *b = malloc(b_size * 4), *c = malloc(c_size * 4);
    float *out = malloc(c_size * 4);

    for (size_t i = 0; i < a_size; i++) a[i] = noise(i);
    for (size_t i = 0; i < b_size; i++) b[i] = noise(i + 77777);
    for (size_t i = 0; i < c_size; i++) c[i] = p->beta == 0 ? NAN : noise(i + 555);
    g.a = upload(a, a_size);
    g.b = upload(b, b_size);
    g.c = upload(c, c_size);
    if (with_scratch) {
        assert_ok(encnet__gemm_scratch(&scratch_bytes, dev, &g));
        if (scratch_bytes) assert_ok(encnet__buffer_new(&g.scratch, dev, scratch_bytes));
    }
    assert_ok(encnet__gemm_run(dev, &g));
    assert_ok(encnet__read(out, g.c, 0, c_size * 4));
    for (size_t i = 0; i < c_size; i++) {
        size_t row = i < p->pad ? 0 : (i - p->pad) / g.ldc,
               column = i < p->pad ? p->n : (i - p->pad) % g.ldc;
        double sum = 0;
        if (column >= p->n) { /* padding stays as it was */
            assert_memory_equal(&out[i], &c[i], 4);
            continue;
        }
        for (size_t k = 0; k < p->k; k++)
            sum += (double)a[p->pad + (trans_a ? k * g.lda + row : row * g.lda + k)] *
                   (double)b[p->pad + (trans_b ? column * g.ldb + k : k * g.ldb + column)];
        sum = (double)p->alpha * sum + (p->beta == 0 ? 0 : (double)p->beta * (double)c[i]);
        /* k + 2 roundings of terms of at most |alpha| + |beta| */
        if (!is_close(out[i], sum, ((double)p->k + 2) * 0x1p-24 * (double)p->k * 3))
            fail_msg("%zux%zux%zu trans %d%d: C[%zu] is %g, not %g", p->m, p->n, p->k, trans_a,
                     trans_b, i, (double)out[i], sum);
    }
    encnet__buffer_free(g.scratch);
    encnet__buffer_free(g.a);
    encnet__buffer_free(g.b);
    encnet__buffer_free(g.c);
    free(a);
    free(b);
    free(c);
    free(out);
}

static void multiplies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(problems); i++)
        for (int orientation = 0; orientation < 4; orientation++)
            compare(&problems[i], orientation & 1, orientation >> 1, i % 2 == 1);
}

static void refuses(void **state)
{
    encnet__buffer *b;
    encnet__gemm good, g;

    (void)state;
    assert_ok(encnet__buffer_new(&b, dev, 64 * sizeof(float)));
    good = (encnet__gemm){
        .m = 8, .n = 8, .k = 8, .alpha = 1, .a = b, .b = b, .c = b, .lda = 8, .ldb = 8, .ldc = 8};
    g = good, g.k = 0;
    assert_fails(encnet__gemm_run(dev, &g), ENCNET_E_INTERNAL, "extent of 0");
    g = good, g.ldb = 7;
    assert_fails(encnet__gemm_run(dev, &g), ENCNET_E_INTERNAL, "B has rows of 7, but 8 columns");
    g = good, g.c_offset = 1;
    assert_fails(encnet__gemm_run(dev, &g), ENCNET_E_INTERNAL,
                 "C ends at float 65 of a buffer of 64");
    g = good, g.lda = (size_t)1 << 30;
    assert_fails(encnet__gemm_run(dev, &g), ENCNET_E_ARG, "2^31");
    g = good, g.a_offset = SIZE_MAX - 4;
    assert_fails(encnet__gemm_run(dev, &g), ENCNET_E_ARG, "2^31");
    g = good, g.a = NULL;
    assert_fails(encnet__gemm_run(dev, &g), ENCNET_E_INTERNAL, "A is no buffer");
    encnet__buffer_free(b);
}

/* With the scratch that it wants, a warm product makes no buffer. */
static void a_warm_product_makes_no_buffer(void **state)
{
    encnet__gemm g = {.m = 70, .n = 75, .k = 80, .alpha = 1, .lda = 80, .ldb = 75, .ldc = 75};
    size_t scratch_bytes;
    int made;

    (void)state;
    assert_ok(encnet__buffer_new(&g.a, dev, 80 * 80 * sizeof(float)));
    assert_ok(encnet__buffer_new(&g.c, dev, 80 * 80 * sizeof(float)));
    assert_ok(encnet__gemm_scratch(&scratch_bytes, dev, &g));
    if (scratch_bytes) assert_ok(encnet__buffer_new(&g.scratch, dev, scratch_bytes));
    g.b = g.a;
    assert_ok(encnet__gemm_run(dev, &g));
    made = buffers;
    for (int i = 0; i < 3; i++) assert_ok(encnet__gemm_run(dev, &g));
    assert_int_equal(buffers, made);
    assert_true(made > 0);
    encnet__buffer_free(g.scratch);
    encnet__buffer_free(g.a);
    encnet__buffer_free(g.c);
}

enum { THREADS = 4 };
static pthread_barrier_t all_ready;

static void *open_and_multiply(void *arg)
{
    const char *select = getenv("TEST_DEVICE");
    encnet_device *mine = NULL;
    encnet__gemm g = {.m = 72, .n = 72, .k = 72, .alpha = 1, .lda = 72, .ldb = 72, .ldc = 72};
    float x = 0;
    bool *good = arg;

    *good = encnet_device_open(&mine, &(encnet_device_options){.select = select}) == ENCNET_OK &&
            encnet__buffer_new(&g.a, mine, 72 * 72 * 4) == ENCNET_OK &&
            encnet__buffer_new(&g.c, mine, 72 * 72 * 4) == ENCNET_OK &&
            encnet__fill(g.a, 1.0f) == ENCNET_OK;
    g.b = g.a;
    pthread_barrier_wait(&all_ready);
    for (int i = 0; i < 5; i++) *good = *good && encnet__gemm_run(mine, &g) == ENCNET_OK;
    *good = *good && encnet__read(&x, g.c, 72 * 71 * 4, 4) == ENCNET_OK && x == 72;
    encnet__buffer_free(g.a);
    encnet__buffer_free(g.c);
    encnet_device_close(mine);
    return NULL;
}

/* CLBlast's own start is not safe on several threads. */
static void threads_may_start_together(void **state)
{
    pthread_t threads[THREADS];
    bool good[THREADS] = {false};

    (void)state;
    assert_int_equal(pthread_barrier_init(&all_ready, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_multiply, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&all_ready);
    for (int i = 0; i < THREADS; i++) assert_true(good[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_may_start_together), /* before anything else has used CLBlast */
        cmocka_unit_test(a_warm_product_makes_no_buffer),
        cmocka_unit_test(refuses),
        cmocka_unit_test(multiplies),
    };
    int failed;

    dev = test_open_device();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(dev);
    return failed;
}
