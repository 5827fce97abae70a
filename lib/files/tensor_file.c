/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* tensor_file.c - an open file: its bytes, its tensors by name, and the functions that parsers
 * build it with. */
#define _POSIX_C_SOURCE 200809L
#include "files/tensor_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/format.h"

bool encnet__file_tensor_pack(encnet__file_tensor *t)
{
    uint64_t room = (uint64_t)INT64_MAX / encnet__type_bytes(t->type);
    bool fits = true;

    t->count = 1;
    for (int d = t->n_dims - 1; d >= 0; d--) {
        t->strides[d] = t->count;
        fits = fits && !__builtin_mul_overflow(t->count, t->dims[d], &t->count);
    }
    return fits && t->count <= room;
}

uint64_t encnet__file_tensor_bytes(const encnet__file_tensor *t)
{
    return t->count * encnet__type_bytes(t->type);
}

/* -- what parsers build with ------------------------------------------------------------------- */

encnet_status encnet__file_bytes(const encnet__tensor_file *f, void *out, uint64_t at, size_t size)
{
    char *to = out;

    if (at > f->bytes || size > f->bytes - at)
        return encnet__fail(ENCNET_E_CHECKPOINT,
                            "%s: truncated: %zu bytes at %llu are wanted, the file has %llu",
                            f->path, size, (unsigned long long)at, (unsigned long long)f->bytes);
    if (f->fd < 0) {
        if (size) memcpy(out, f->memory + at, size);
        return ENCNET_OK;
    }
    while (size) {
        ssize_t got = pread(f->fd, to, size, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return encnet__fail(ENCNET_E_IO, "%s: %s", f->path, strerror(errno));
        if (got == 0)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: it shrank while it was read", f->path);
        to += got;
        at += (uint64_t)got;
        size -= (size_t)got;
    }
    return ENCNET_OK;
}

encnet_status encnet__file_crc(const encnet__tensor_file *f, uint32_t *out, uint64_t at,
                               uint64_t size)
{
    encnet_status rc = ENCNET_OK;
    uint8_t chunk[65536];
    uint32_t crc = 0;

    for (uint64_t i = 0, n; i < size; i += n) {
        n = size - i < sizeof chunk ? size - i : sizeof chunk;
        TRY(encnet__file_bytes(f, chunk, at + i, (size_t)n));
        crc = encnet__crc(ENCNET__CRC32, crc, chunk, (size_t)n);
    }
    *out = crc;
done:
    return rc;
}

struct encnet__file_block {
    encnet__file_block *next;
    max_align_t bytes[];
};

void *encnet__file_memory(encnet__tensor_file *f, size_t size)
{
    encnet__file_block *block =
        size > SIZE_MAX - sizeof *block ? NULL : encnet__alloc(sizeof *block + size, 1);

    if (!block) return NULL;
    block->next = f->blocks;
    f->blocks = block;
    return block->bytes;
}

static encnet_status no_memory(const encnet__tensor_file *f)
{
    return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its names", f->path);
}

encnet_status encnet__file_add_tensor(encnet__tensor_file *f, const encnet__file_tensor *t)
{
    encnet__file_tensor *tensors =
        encnet__grow(f->tensors, &f->tensor_room, f->n_tensors + 1, sizeof *tensors);

    if (!tensors) return no_memory(f);
    f->tensors = tensors;
    tensors[f->n_tensors++] = *t;
    return ENCNET_OK;
}

encnet_status encnet__file_add_pair(encnet__tensor_file *f, encnet__pair pair)
{
    encnet__pair *pairs = encnet__grow(f->pairs, &f->pair_room, f->n_pairs + 1, sizeof *pairs);

    if (!pairs) return no_memory(f);
    f->pairs = pairs;
    pairs[f->n_pairs++] = pair;
    return ENCNET_OK;
}

/* -- closing ----------------------------------------------------------------------------------- */

void encnet__tensor_file_close(encnet__tensor_file *f)
{
    if (!f) return;
    if (f->fd >= 0) close(f->fd);
    while (f->blocks) {
        encnet__file_block *next = f->blocks->next;
        encnet__free(f->blocks);
        f->blocks = next;
    }
    encnet__free(f->tensors);
    encnet__free(f->pairs);
    encnet__free(f->by_name);
    encnet__free(f->path);
    encnet__free(f);
}

/* -- names ------------------------------------------------------------------------------------- */

typedef struct named {
    const char *name;
    size_t index;
} named;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

encnet_status encnet__tensor_file_sort(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    named *names = encnet__alloc(f->n_tensors, sizeof *names);
    size_t *sorted = encnet__alloc(f->n_tensors, sizeof *sorted);

    if (!names || !sorted) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", f->path);
    for (size_t i = 0; i < f->n_tensors; i++) names[i] = (named){f->tensors[i].name, i};
    qsort(names, f->n_tensors, sizeof *names, by_name);
    for (size_t i = 0; i < f->n_tensors; i++) {
        sorted[i] = names[i].index;
        if (i && strcmp(names[i].name, names[i - 1].name) == 0)
            FAIL(ENCNET_E_CHECKPOINT, "%s: two tensors are named %s", f->path, names[i].name);
    }
    encnet__free(f->by_name);
    f->by_name = sorted;
    sorted = NULL;
done:
    encnet__free(names);
    encnet__free(sorted);
    return rc;
}

const encnet__file_tensor *encnet__tensor_file_find(const encnet__tensor_file *f, const char *name)
{
    size_t low = 0, high = f->n_tensors;

    assert(f->by_name); /* sorted since the last rename */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const encnet__file_tensor *t = &f->tensors[f->by_name[middle]];
        int order = strcmp(name, t->name);
        if (order == 0) return t;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *encnet__tensor_file_metadata(const encnet__tensor_file *f, const char *key)
{
    for (size_t i = 0; i < f->n_pairs; i++)
        if (strcmp(f->pairs[i].key, key) == 0) return f->pairs[i].value;
    return NULL;
}

int64_t encnet__tensor_file_iteration(const encnet__tensor_file *f)
{
    const char *text = encnet__tensor_file_metadata(f, ENCNET__ITERATION_KEY);
    char *end;
    long long n;

    if (!text || *text < '0' || *text > '9') return -1;
    n = strtoll(text, &end, 10); /* too large a number becomes the largest */
    return *end ? -1 : n;
}

encnet_status encnet__tensor_file_rename(encnet__tensor_file *f, size_t i, const char *name)
{
    size_t size = strlen(name) + 1;
    char *kept = encnet__file_memory(f, size);

    if (!kept) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its names", f->path);
    f->tensors[i].name = memcpy(kept, name, size);
    encnet__free(f->by_name);
    f->by_name = NULL;
    return ENCNET_OK;
}

void encnet__tensor_file_transpose(encnet__tensor_file *f, size_t i)
{
    encnet__file_tensor *t = &f->tensors[i];
    uint64_t rows = t->dims[0], stride = t->strides[0];

    assert(t->n_dims == 2);
    t->dims[0] = t->dims[1];
    t->strides[0] = t->strides[1];
    t->dims[1] = rows;
    t->strides[1] = stride;
}

encnet_status encnet__tensor_file_verify(const encnet__tensor_file *f)
{
    return f->format->verify ? f->format->verify(f) : ENCNET_OK;
}
