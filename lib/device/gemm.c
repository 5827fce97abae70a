/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * gemm.c - matrix products through CLBlast.
 *
 * CLBlast keeps its parameters of each device for the whole process and fills them in without a
 * lock when a device is first used, so the first product of each device runs under a lock.  That
 * product is also compared with the host: a driver that miscompiles CLBlast is refused before a
 * network trains on it.
 */
#include "device/internal.h"

#include <clblast_c.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t first_call = PTHREAD_MUTEX_INITIALIZER;

static const char *status_name(int status)
{
    switch (status) {
    case CLBlastNotImplemented:
        return "not implemented";
    case CLBlastInvalidDimension:
        return "an extent is 0";
    case CLBlastInvalidLeadDimA:
        return "the leading dimension of A is too small";
    case CLBlastInvalidLeadDimB:
        return "the leading dimension of B is too small";
    case CLBlastInvalidLeadDimC:
        return "the leading dimension of C is too small";
    case CLBlastInsufficientMemoryA:
        return "the buffer of A is too small";
    case CLBlastInsufficientMemoryB:
        return "the buffer of B is too small";
    case CLBlastInsufficientMemoryC:
        return "the buffer of C is too small";
    case CLBlastInsufficientMemoryTemp:
        return "the scratch buffer is too small";
    case CLBlastInvalidLocalMemUsage:
        return "not enough local memory";
    case CLBlastDatabaseError:
        return "no parameters for this device";
    case CLBlastUnknownError:
    case CLBlastUnexpectedError:
        return "an unexpected error";
    default:
        return encnet__cl_error_name(status);
    }
}

static encnet_status product_fail(const encnet_device *dev, const encnet__gemm *g, int status)
{
    return encnet__fail(ENCNET_E_DEVICE, "%s: CLBlast, %zux%zux%zu: %s (%d)", dev->info.name, g->m,
                        g->n, g->k, status_name(status), status);
}

/* CLBlast's parameters for CPUs assume local memory.  These were measured with PoCL and are several
 * times faster. */
static encnet_status tune_for_cpu(encnet_device *dev)
{
    static const char *tile_names[] = {"GEMMK", "KREG",  "KWG",   "KWI", "MDIMA", "MDIMC",
                                       "MWG",   "NDIMB", "NDIMC", "NWG", "SA",    "SB",
                                       "STRM",  "STRN",  "VWM",   "VWN"};
    static const size_t tile[] = {0, 1, 16, 2, 2, 2, 32, 2, 2, 32, 0, 0, 0, 0, 8, 8};
    static const char *routine_names[] = {"XGEMM_MIN_INDIRECT_SIZE"};
    static const size_t routine[] = {64};
    static cl_device_id tuned[64]; /* of the process, as in CLBlast; guarded by first_call */
    static size_t n_tuned;
    encnet_status rc = ENCNET_OK;
    int status;

    for (size_t i = 0; i < n_tuned; i++)
        if (tuned[i] == dev->id) goto done;
    status = CLBlastOverrideParameters(dev->id, "Xgemm", CLBlastPrecisionSingle, COUNT_OF(tile),
                                       tile_names, tile);
    if (status == CLBlastSuccess)
        status = CLBlastOverrideParameters(dev->id, "GemmRoutine", CLBlastPrecisionSingle,
                                           COUNT_OF(routine), routine_names, routine);
    if (status != CLBlastSuccess)
        FAIL(ENCNET_E_DEVICE, "%s: CLBlast's parameters: %s (%d)", dev->info.name,
             status_name(status), status);
    if (n_tuned < COUNT_OF(tuned)) tuned[n_tuned++] = dev->id;
done:
    return rc;
}

/* -- checks that CLBlast would make too late */

static encnet_status check_matrix(const char *name, const encnet__buffer *b, size_t offset,
                                  size_t rows, size_t columns, size_t ld)
{
    size_t end;

    if (!b) return encnet__fail(ENCNET_E_INTERNAL, "gemm: %s is no buffer", name);
    if (ld < columns)
        return encnet__fail(ENCNET_E_INTERNAL, "gemm: %s has rows of %zu, but %zu columns", name,
                            ld, columns);
    if (!encnet__mul(&end, rows - 1, ld) || end > INT_MAX || columns > INT_MAX ||
        offset > INT_MAX || end + columns + offset > INT_MAX)
        return encnet__fail(
            ENCNET_E_ARG,
            "gemm: %s of %zux%zu floats (rows of %zu, from %zu) ends beyond the 2^31 "
            "elements that CLBlast can count; use a smaller crop or batch",
            name, rows, columns, ld, offset);
    end += columns + offset;
    if (end > b->size_bytes / sizeof(float))
        return encnet__fail(ENCNET_E_INTERNAL, "gemm: %s ends at float %zu of a buffer of %zu",
                            name, end, b->size_bytes / sizeof(float));
    return ENCNET_OK;
}

static encnet_status check(const encnet__gemm *g)
{
    encnet_status rc = ENCNET_OK;

    if (g->m == 0 || g->n == 0 || g->k == 0)
        FAIL(ENCNET_E_INTERNAL, "gemm: %zux%zux%zu has an extent of 0", g->m, g->n, g->k);
    if (g->trans_a)
        TRY(check_matrix("A", g->a, g->a_offset, g->k, g->m, g->lda));
    else
        TRY(check_matrix("A", g->a, g->a_offset, g->m, g->k, g->lda));
    if (g->trans_b)
        TRY(check_matrix("B", g->b, g->b_offset, g->n, g->k, g->ldb));
    else
        TRY(check_matrix("B", g->b, g->b_offset, g->k, g->n, g->ldb));
    TRY(check_matrix("C", g->c, g->c_offset, g->m, g->n, g->ldc));
done:
    return rc;
}

/* -- running */

static CLBlastTranspose transpose(bool yes)
{
    return yes ? CLBlastTransposeYes : CLBlastTransposeNo;
}

static encnet_status scratch_size(size_t *size_bytes, encnet_device *dev, const encnet__gemm *g)
{
    int status = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, transpose(g->trans_a), transpose(g->trans_b), g->m, g->n, g->k,
        g->a_offset, g->lda, g->b_offset, g->ldb, g->c_offset, g->ldc, &dev->queue, size_bytes);

    return status == CLBlastSuccess ? ENCNET_OK : product_fail(dev, g, status);
}

static encnet_status run(encnet_device *dev, const encnet__gemm *g)
{
    encnet_status rc = ENCNET_OK;
    cl_mem scratch = g->scratch ? g->scratch->mem : NULL;
    int status = IN_DRIVER(dev, CLBlastSgemmWithTempBuffer(
                                    CLBlastLayoutRowMajor, transpose(g->trans_a),
                                    transpose(g->trans_b), g->m, g->n, g->k, g->alpha, g->a->mem,
                                    g->a_offset, g->lda, g->b->mem, g->b_offset, g->ldb, g->beta,
                                    g->c->mem, g->c_offset, g->ldc, &dev->queue, NULL, scratch));

    if (status != CLBlastSuccess) TRY(product_fail(dev, g, status));
done:
    return rc;
}

enum { TRIAL_M = 70, TRIAL_N = 75, TRIAL_K = 80 }; /* above MIN_INDIRECT, not multiples of a tile */

/* Compares a product of known numbers with the host. */
static encnet_status trial(encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    encnet__gemm g = {.m = TRIAL_M, .n = TRIAL_N, .k = TRIAL_K, .alpha = 1};
    const size_t a_size = TRIAL_M * TRIAL_K, b_size = TRIAL_K * TRIAL_N, c_size = TRIAL_M * TRIAL_N;
    float *host = encnet__alloc(a_size + b_size + c_size, sizeof *host), *a = host, *b, *c;

    if (!host) FAIL(ENCNET_E_NOMEM, "no memory for a trial product");
    b = a + a_size;
    c = b + b_size;
    for (size_t i = 0; i < a_size + b_size; i++) host[i] = (float)((int)(i * 7919 % 31) - 15) / 16;
    TRY(encnet__buffer_new(&g.a, dev, a_size * sizeof *a));
    TRY(encnet__buffer_new(&g.b, dev, b_size * sizeof *b));
    TRY(encnet__buffer_new(&g.c, dev, c_size * sizeof *c));
    TRY(encnet__write(g.a, 0, a, a_size * sizeof *a));
    TRY(encnet__write(g.b, 0, b, b_size * sizeof *b));
    g.lda = TRIAL_K;
    g.ldb = g.ldc = TRIAL_N;
    TRY(run(dev, &g));
    TRY(encnet__read(c, g.c, 0, c_size * sizeof *c));
    for (size_t i = 0; i < c_size; i++) {
        double sum = 0; /* exact: every product is a multiple of 2^-8 and small */
        for (size_t k = 0; k < TRIAL_K; k++)
            sum += (double)a[i / TRIAL_N * TRIAL_K + k] * (double)b[k * TRIAL_N + i % TRIAL_N];
        if (!(fabs(sum - (double)c[i]) < 1e-6))
            FAIL(ENCNET_E_DEVICE, "%s: CLBlast computes %g instead of %g; use device.conv = tiled",
                 dev->info.name, (double)c[i], sum);
    }
done:
    encnet__buffer_free(g.a);
    encnet__buffer_free(g.b);
    encnet__buffer_free(g.c);
    encnet__free(host);
    return rc;
}

static encnet_status make_ready(encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;

    if (dev->gemm_ready) return ENCNET_OK;
    pthread_mutex_lock(&first_call);
    if (dev->info.is_cpu) TRY(tune_for_cpu(dev));
    TRY(trial(dev));
    dev->gemm_ready = true;
done:
    pthread_mutex_unlock(&first_call);
    return rc;
}

encnet_status encnet__gemm_scratch(size_t *size_bytes, encnet_device *dev, const encnet__gemm *g)
{
    encnet_status rc = ENCNET_OK;

    pthread_mutex_lock(&first_call);
    if (dev->info.is_cpu) TRY(tune_for_cpu(dev));
    TRY(scratch_size(size_bytes, dev, g));
done:
    pthread_mutex_unlock(&first_call);
    return rc;
}

encnet_status encnet__gemm_run(encnet_device *dev, const encnet__gemm *g)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *root = encnet__device_root(dev);
    double start = 0;

    TRY(check(g));
    TRY(make_ready(dev));
    if (dev->profile) { /* a product is several kernels, so it is timed by the host */
        TRY(encnet__finish(dev));
        start = encnet__now();
    }
    TRY(run(dev, g));
    if (dev->profile) {
        TRY(encnet__finish(dev));
        pthread_mutex_lock(&root->lock);
        root->gemm.seconds += encnet__now() - start;
        root->gemm.launches++;
        pthread_mutex_unlock(&root->lock);
    }
done:
    return rc;
}
