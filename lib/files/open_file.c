/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* open_file.c - opens a file of any format: finds the format, runs its parser, and checks what
 * holds for all formats. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/format.h"

static const encnet__file_format *const formats[] = {
#define FORMAT(name) &encnet__format_##name,
#include "files/formats.def"
#undef FORMAT
};

/* Files that are often taken for checkpoints but cannot be read, and what to do about them. */
static const struct {
    size_t at;
    const char *begins, *advice;
} others[] = {
    {257, "ustar",
     "a tar archive, as PyTorch wrote checkpoints until 2017; load it with torch.load() and write "
     "it "
     "again with torch.save(), or take the newer file that its source offers"},
    {0, "\x1f\x8b", "compressed with gzip; unpack it first"},
    {0, "<!DOCTYPE", "a web page, not a checkpoint; the download went wrong"},
    {0, "{",
     "a JSON text, such as the list of a checkpoint in several files; name a file of weights"},
    {0, "<html", "a web page, not a checkpoint; the download went wrong"},
    {0, "version https://git-lfs", "a Git LFS pointer, not the file itself; run git lfs pull"},
};

/* All tensors together may have this many times the bytes of the file.  Views may share storages,
 * but a few bytes that claim to be a tensor of terabytes are no checkpoint. */
#define MAX_EXPANSION 16u

const encnet__file_format *encnet__file_format_at(int index)
{
    return index >= 0 && (size_t)index < COUNT_OF(formats) ? formats[index] : NULL;
}

static encnet_status find_format(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    uint8_t head[ENCNET__SNIFF_BYTES] = {0};
    size_t size = f->bytes < sizeof head ? (size_t)f->bytes : sizeof head;
    encnet__text names = {0};

    TRY(encnet__file_bytes(f, head, 0, size));
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        f->format = formats[i];
        if (f->format->sniff(head, size)) goto done;
        encnet__text_add(&names, "%s%s", i ? ", " : "", f->format->name);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (others[i].at + strlen(others[i].begins) <= size &&
            memcmp(head + others[i].at, others[i].begins, strlen(others[i].begins)) == 0)
            FAIL(ENCNET_E_CHECKPOINT, "%s: %s", f->path, others[i].advice);
    FAIL(ENCNET_E_CHECKPOINT, "%s: no checkpoint: its %llu bytes begin like none of %s", f->path,
         (unsigned long long)f->bytes, names.data ? names.data : "the formats");
done:
    encnet__text_free(&names);
    return rc;
}

/* Each tensor lies within the file, which its parser has checked; this checks their sum. */
static encnet_status check_expansion(const encnet__tensor_file *f)
{
    uint64_t total = 0,
             most = f->bytes > UINT64_MAX / MAX_EXPANSION ? UINT64_MAX : f->bytes * MAX_EXPANSION;

    for (size_t i = 0; i < f->n_tensors; i++) {
        uint64_t bytes = encnet__file_tensor_bytes(&f->tensors[i]);
        if (bytes > most - total)
            return encnet__fail(ENCNET_E_CHECKPOINT,
                                "%s: its tensors up to %s would take %llu bytes, more than %u "
                                "times the file's %llu",
                                f->path, f->tensors[i].name, (unsigned long long)(total + bytes),
                                MAX_EXPANSION, (unsigned long long)f->bytes);
        total += bytes;
    }
    return ENCNET_OK;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const encnet__pair *)a)->key, ((const encnet__pair *)b)->key);
}

/* Fails if the metadata has a key twice. */
static encnet_status check_pairs(const encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    encnet__pair *pairs = encnet__alloc(f->n_pairs, sizeof *pairs);

    if (!pairs) FAIL(ENCNET_E_NOMEM, "%s: no memory for its metadata", f->path);
    for (size_t i = 0; i < f->n_pairs; i++) pairs[i] = f->pairs[i];
    qsort(pairs, f->n_pairs, sizeof *pairs, by_key);
    for (size_t i = 1; i < f->n_pairs; i++)
        if (strcmp(pairs[i].key, pairs[i - 1].key) == 0)
            FAIL(ENCNET_E_CHECKPOINT, "%s: the metadata has two values for %s", f->path,
                 pairs[i].key);
done:
    encnet__free(pairs);
    return rc;
}

static encnet_status load(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;

    TRY(find_format(f));
    TRY(f->format->parse(f));
    TRY(check_expansion(f));
    TRY(check_pairs(f));
    TRY(encnet__tensor_file_sort(f));
done:
    return rc;
}

static encnet_status new_file(encnet__tensor_file **out, const char *path)
{
    encnet__tensor_file *f = encnet__alloc(1, sizeof *f);

    if (f) f->path = encnet__strdup(path);
    if (!f || !f->path) {
        encnet__free(f);
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    }
    f->fd = -1;
    *out = f;
    return ENCNET_OK;
}

encnet_status encnet__tensor_file_open(encnet__tensor_file **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;
    struct stat st;

    TRY(new_file(&f, path));
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        FAIL(errno == ENOENT || errno == ENOTDIR ? ENCNET_E_CHECKPOINT : ENCNET_E_IO, "%s: %s",
             path, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ENCNET_E_CHECKPOINT, "%s: not a regular file", path);
    f->bytes = (uint64_t)st.st_size;
    TRY(load(f));
    *out = f;
    f = NULL;
done:
    encnet__tensor_file_close(f);
    return rc;
}

encnet_status encnet__tensor_file_open_memory(encnet__tensor_file **out, const void *bytes,
                                              size_t size, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;

    TRY(new_file(&f, name));
    f->memory = bytes;
    f->bytes = size;
    TRY(load(f));
    *out = f;
    f = NULL;
done:
    encnet__tensor_file_close(f);
    return rc;
}
