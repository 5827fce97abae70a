/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* memory.c - counts and refuses allocations. */
#include "support/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static atomic_long count, refused;
static long first, last; /* of `count` */

static bool refuses(void)
{
    long k = ++count;

    if (k < first || k > last) return false;
    refused++;
    return true;
}

extern __typeof__(calloc) __real_calloc, __wrap_calloc;
void *__wrap_calloc(size_t n, size_t size)
{
    return refuses() ? NULL : __real_calloc(n, size);
}

extern __typeof__(realloc) __real_realloc, __wrap_realloc;
void *__wrap_realloc(void *p, size_t size)
{
    return refuses() ? NULL : __real_realloc(p, size);
}

long memory_count(void)
{
    return count;
}

void memory_refuse(long from, long to)
{
    refused = 0;
    first = from ? count + from : 0;
    last = to ? count + to : 0;
}

long memory_refused(void)
{
    return refused;
}
