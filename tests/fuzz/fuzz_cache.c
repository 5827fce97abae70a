/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_cache - entries of the kernel cache: the parser never looks outside, and what it accepts
 * lies inside.
 *
 * The first byte gives the size of the key; the entry follows, and its last bytes are the key. */
#include "device/internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t key_size, offset = 0, got = 0;
    char *entry, *key;

    if (size == 0) return 0;
    key_size = data[0] < size - 1 ? data[0] : size - 1;
    entry = malloc(size); /* exact sizes, so that the sanitizer sees the edges */
    key = malloc(key_size + 1);
    if (!entry || !key) abort();
    memcpy(entry, data + 1, size - 1);
    memcpy(key, data + size - key_size, key_size);
    if (encnet__cache_parse(&offset, &got, entry, size - 1, key, key_size) &&
        (offset > size - 1 || got != size - 1 - offset))
        abort();
    free(key);
    free(entry);
    return 0;
}
