/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* base.c - the last error, memory, shapes, text, checksums, clock. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char last_error[65536];

encnet_status encnet__fail(encnet_status code, const char *format, ...)
{
    char text[sizeof last_error]; /* an argument may point to the last error */
    va_list ap;

    va_start(ap, format);
    encnet__vprint(text, sizeof text, format, ap);
    va_end(ap);
    /* names come from files that may be hostile; build logs have several lines */
    for (char *c = text; *c; c++)
        if (((unsigned char)*c < ' ' || *c == 127) &&
            !(code == ENCNET_E_KERNEL && strchr(" \t\n\v\f\r", *c)))
            *c = '?';
    memcpy(last_error, text, sizeof text);
    return code;
}

const char *encnet_last_error(void)
{
    return last_error;
}

const char *encnet_status_text(encnet_status status)
{
    switch (status) {
#define ROW(name, value, exit_code, text)                                                          \
    case ENCNET_##name:                                                                            \
        return text;
        ENCNET_STATUS_LIST(ROW)
#undef ROW
    }
    return "unknown status";
}

int encnet_status_exit_code(encnet_status status)
{
    switch (status) {
#define ROW(name, value, exit_code, text)                                                          \
    case ENCNET_##name:                                                                            \
        return exit_code;
        ENCNET_STATUS_LIST(ROW)
#undef ROW
    }
    return 1;
}

const char *encnet_version(void)
{
    return ENCNET_VERSION;
}

void encnet_free(void *memory)
{
    encnet__free(memory);
}

void *encnet__alloc(size_t count, size_t size)
{
    return calloc(count ? count : 1, size ? size : 1);
}

void *encnet__realloc(void *p, size_t count, size_t size)
{
    size_t bytes;

    if (!encnet__mul(&bytes, count, size)) return NULL;
    return realloc(p, bytes ? bytes : 1);
}

void *encnet__grow(void *items, int *capacity, size_t needed, size_t size)
{
    enum { FIRST = 4 };
    size_t wanted = *capacity ? 2 * (size_t)*capacity : FIRST;

    if (items && needed <= (size_t)*capacity) return items;
    if (wanted < needed) wanted = needed;
    if (wanted > INT_MAX) return NULL;
    items = encnet__realloc(items, wanted, size);
    if (items) *capacity = (int)wanted;
    return items;
}

encnet_status encnet__check_bytes(size_t size, const char *what)
{
    if (size <= PTRDIFF_MAX) return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG, "%s: %zu bytes are more than there can be in memory", what,
                        size);
}

void encnet__free(void *p)
{
    free(p);
}

char *encnet__strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = encnet__alloc(size, 1);

    if (copy) memcpy(copy, s, size);
    return copy;
}

bool encnet__mul(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool encnet__shape_equal(encnet__shape a, encnet__shape b)
{
    return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c;
}

size_t encnet__shape_count(encnet__shape s)
{
    return (size_t)s.n * (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

bool encnet__shape_valid(encnet__shape s)
{
    size_t count;

    return s.n >= 1 && s.h >= 1 && s.w >= 1 && s.c >= 1 &&
           encnet__mul(&count, (size_t)s.n, (size_t)s.h) &&
           encnet__mul(&count, count, (size_t)s.w) && encnet__mul(&count, count, (size_t)s.c) &&
           count <= (SIZE_MAX >> 4);
}

void encnet__text_bytes(encnet__text *t, const void *bytes, size_t size)
{
    if (t->size + size + 1 > t->capacity) {
        size_t capacity = (t->size + size + 1) * 2;
        char *data = encnet__realloc(t->data, capacity, 1);
        if (!data) {
            t->failed = true;
            return;
        }
        t->data = data;
        t->capacity = capacity;
    }
    if (size) memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void encnet__text_add(encnet__text *t, const char *format, ...)
{
    char line[512], *big = NULL;
    va_list ap;
    int size;

    va_start(ap, format);
    size = encnet__vprint(line, sizeof line, format, ap);
    va_end(ap);
    if (size < 0) return;
    if ((size_t)size < sizeof line) {
        encnet__text_bytes(t, line, (size_t)size);
        return;
    }
    big = encnet__alloc((size_t)size + 1, 1);
    if (!big) {
        t->failed = true;
        return;
    }
    va_start(ap, format);
    encnet__vprint(big, (size_t)size + 1, format, ap);
    va_end(ap);
    encnet__text_bytes(t, big, (size_t)size);
    encnet__free(big);
}

void encnet__text_little(encnet__text *t, uint64_t value, size_t bytes)
{
    uint8_t out[8];

    for (size_t i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> (8 * i));
    encnet__text_bytes(t, out, bytes);
}

uint64_t encnet__little(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    while (size--) value = value << 8 | bytes[size];
    return value;
}

void encnet__text_free(encnet__text *t)
{
    encnet__free(t->data);
    memset(t, 0, sizeof *t);
}

int encnet__distance(const char *a, const char *b)
{
    int row[64], n = (int)strnlen(a, 63), m = (int)strnlen(b, 63);

    for (int j = 0; j <= m; j++) row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

/* The tables of one polynomial.  Row k advances a byte over k more bytes of zeros, so that eight
 * bytes are processed at once. */
typedef struct crc_tables {
    uint32_t polynomial; /* 0 = not computed yet */
    uint32_t row[8][256];
} crc_tables;

static const crc_tables *crc_tables_of(uint32_t polynomial)
{
    static _Thread_local crc_tables t; /* of the polynomial that was used last */

    if (t.polynomial == polynomial) return &t;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? polynomial ^ (c >> 1) : c >> 1;
        t.row[0][i] = c;
    }
    for (int k = 1; k < 8; k++)
        for (int i = 0; i < 256; i++) {
            uint32_t c = t.row[k - 1][i];
            t.row[k][i] = t.row[0][c & 255] ^ (c >> 8);
        }
    t.polynomial = polynomial;
    return &t;
}

uint32_t encnet__crc(uint32_t polynomial, uint32_t crc, const void *data, size_t size)
{
    const crc_tables *t = crc_tables_of(polynomial);
    const unsigned char *p = data;

    crc = ~crc;
    for (; size >= 8; size -= 8, p += 8) {
        uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                              (uint32_t)p[3] << 24);
        crc = t->row[7][low & 255] ^ t->row[6][low >> 8 & 255] ^ t->row[5][low >> 16 & 255] ^
              t->row[4][low >> 24] ^ t->row[3][p[4]] ^ t->row[2][p[5]] ^ t->row[1][p[6]] ^
              t->row[0][p[7]];
    }
    for (; size; size--) crc = t->row[0][(crc ^ *p++) & 255] ^ (crc >> 8);
    return ~crc;
}

uint64_t encnet__hash(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < size; i++) hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

double encnet__now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct timespec encnet__deadline(double seconds)
{
    struct timespec t;
    double whole;

    clock_gettime(CLOCK_MONOTONIC, &t);
    seconds = seconds < 1e9 ? seconds : 1e9;
    whole = (double)(time_t)seconds;
    t.tv_sec += (time_t)whole;
    t.tv_nsec += (long)((seconds - whole) * 1e9);
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}
