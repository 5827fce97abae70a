/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * npy.c - float32 arrays as numpy reads them.
 *
 * Format 1.0: 6 bytes magic, version 1 0, a little-endian 16-bit header length, and a Python
 * dictionary padded with spaces so that the numbers start at a multiple of 64.
 */
#include "eval/eval.h"

#include <stdio.h>
#include <string.h>

#define NPY_ALIGN 64
#define NPY_PREFIX 10 /* magic, version, length */

/* Writes the header to `out` (room for 4 * NPY_ALIGN) and returns its size. */
static size_t header(uint8_t *out, int H, int W, int M)
{
    char text[2 * NPY_ALIGN];
    int size =
        snprintf(text, sizeof text,
                 "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d), }", M, H, W);
    size_t used = NPY_PREFIX + (size_t)size + 1; /* the header ends in a newline */
    size_t all = (used + NPY_ALIGN - 1) / NPY_ALIGN * NPY_ALIGN;

    memset(out, ' ', all);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (uint8_t)((all - NPY_PREFIX) & 0xff);
    out[9] = (uint8_t)((all - NPY_PREFIX) >> 8);
    memcpy(out + NPY_PREFIX, text, (size_t)size);
    out[all - 1] = '\n';
    return all;
}

/* Writes little-endian, whatever the host is. */
static void put_float(uint8_t *out, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(bits >> (8 * i));
}

encnet_status encnet__npy_write(const char *dir, const char *name, const float *x, int H, int W,
                                int M)
{
    encnet_status rc = ENCNET_OK;
    size_t P, count, size = 0;
    uint8_t head[4 * NPY_ALIGN], *bytes = NULL, *at;
    size_t head_size = header(head, H, W, M);
    char *path = NULL;

    TRY(encnet__output_path(&path, dir, name, ".npy"));
    if (!encnet__mul(&P, (size_t)H, (size_t)W) || !encnet__mul(&count, P, (size_t)M) ||
        !encnet__mul(&size, count, sizeof *x) || !(bytes = encnet__alloc(size + head_size, 1)))
        FAIL(ENCNET_E_NOMEM, "%s: no memory for %d x %d x %d logits", path, M, H, W);
    memcpy(bytes, head, head_size);
    at = bytes + head_size;
    for (size_t m = 0; m < (size_t)M; m++)
        for (size_t p = 0; p < P; p++, at += 4) put_float(at, x[p * (size_t)M + m]);
    TRY(encnet__file_write(path, bytes, size + head_size));
done:
    encnet__free(bytes);
    encnet__free(path);
    return rc;
}
