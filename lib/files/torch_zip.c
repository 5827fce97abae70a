/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * torch_zip.c - the format of torch.save() since 1.6: a ZIP archive of stored entries.
 *
 *   NAME/data.pkl    the object, pickled; a tensor in it is a call with a persistent id
 *   NAME/data/KEY    the data of storage KEY
 *   NAME/byteorder   "little", since 2.1
 *   NAME/version ...
 */
#include <stdio.h>
#include <string.h>

#include "files/format.h"
#include "files/torch.h"
#include "files/zip.h"

#define PICKLE_NAME "data.pkl"
#define MAX_PICKLE (64u << 20)

static bool sniff(const uint8_t *head, size_t size)
{
    return size >= 4 && memcmp(head, "PK\3\4", 4) == 0;
}

/* Finds NAME by the entry NAME/data.pkl, of which there must be one. */
static encnet_status find_pickle(encnet__text *prefix, const encnet__tensor_file *f,
                                 const encnet__zip *z)
{
    for (size_t i = 0; i < z->n; i++) {
        const char *slash = strchr(z->entries[i].name, '/');
        if (!slash || strcmp(slash + 1, PICKLE_NAME) != 0) continue;
        encnet__text_bytes(prefix, z->entries[i].name, (size_t)(slash - z->entries[i].name));
        encnet__text_add(prefix, "%s", "");
        return prefix->failed ? encnet__fail(ENCNET_E_NOMEM, "%s: no memory for a name", f->path)
                              : ENCNET_OK;
    }
    return encnet__fail(
        ENCNET_E_CHECKPOINT,
        "%s: a zip archive of %zu entries without data.pkl, no file of PyTorch; if it "
        "has a checkpoint in it, unpack it first",
        f->path, z->n);
}

/* The entry NAME/rest, or NULL. */
static const encnet__zip_entry *entry_of(const encnet__zip *z, const char *prefix, const char *rest)
{
    encnet__text name = {0};
    const encnet__zip_entry *e;

    encnet__text_add(&name, "%s/%s", prefix, rest);
    e = name.failed ? NULL : encnet__zip_find(z, name.data);
    encnet__text_free(&name);
    return e;
}

static encnet_status check_kind(const encnet__tensor_file *f, const encnet__zip *z,
                                const char *prefix)
{
    encnet_status rc = ENCNET_OK;
    const encnet__zip_entry *order = entry_of(z, prefix, "byteorder");
    char text[6] = {0};

    if (entry_of(z, prefix, "constants.pkl"))
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: a TorchScript program, not a checkpoint; save its state_dict() instead", f->path);
    if (!order) goto done;
    TRY(encnet__file_bytes(f, text, order->at, order->bytes < 6 ? (size_t)order->bytes : 6));
    if (order->bytes != 6 || memcmp(text, "little", 6) != 0)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: written on a machine of another byte order; save it on a "
             "little-endian one",
             f->path);
done:
    return rc;
}

/* Places each storage at its entry, which must have the same size. */
static encnet_status place(const encnet__torch_storages *s, const encnet__tensor_file *f,
                           const encnet__zip *z, const char *prefix)
{
    for (size_t i = 0; i < s->n; i++) {
        encnet__torch_storage *storage = &s->at[i];
        encnet__text rest = {0};
        const encnet__zip_entry *e;
        uint64_t bytes;

        encnet__text_add(&rest, "data/%s", storage->key);
        e = rest.failed ? NULL : entry_of(z, prefix, rest.data);
        encnet__text_free(&rest);
        if (!e || !storage->has_type) continue; /* an error only if a weight is in it */
        if (__builtin_mul_overflow(storage->count, encnet__type_bytes(storage->type), &bytes) ||
            bytes != e->bytes)
            return encnet__fail(
                ENCNET_E_CHECKPOINT,
                "%s: storage %s has %llu bytes, its %llu elements of %s need others", f->path,
                storage->key, (unsigned long long)e->bytes, (unsigned long long)storage->count,
                encnet__type_name(storage->type));
        storage->at = e->at;
        storage->is_placed = true;
    }
    return ENCNET_OK;
}

static encnet_status parse(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    encnet__zip *z = encnet__file_memory(f, sizeof *z);
    encnet__torch_storages storages = {0};
    encnet__unpickled *p = NULL;
    encnet__text prefix = {0};
    const encnet__zip_entry *e;

    if (!z) FAIL(ENCNET_E_NOMEM, "%s: no memory for its directory", f->path);
    TRY(encnet__zip_read(z, f));
    f->format_data = z;
    TRY(find_pickle(&prefix, f, z));
    TRY(check_kind(f, z, prefix.data));
    e = entry_of(z, prefix.data, PICKLE_NAME);
    if (!e) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", f->path);
    if (e->bytes > MAX_PICKLE)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its data.pkl has %llu bytes, more than the %u that are read",
             f->path, (unsigned long long)e->bytes, MAX_PICKLE);
    TRY(encnet__zip_verify(f, e));
    TRY(encnet__unpickle_read(&p, f, e->at, e->at + e->bytes));
    TRY(encnet__torch_storages_of(&storages, f, p));
    TRY(place(&storages, f, z, prefix.data));
    TRY(encnet__torch_add_weights(f, p, &storages));
done:
    encnet__unpickle_free(p);
    encnet__text_free(&prefix);
    return rc;
}

static encnet_status verify(const encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    const encnet__zip *z = f->format_data;

    for (size_t i = 0; i < z->n; i++) TRY(encnet__zip_verify(f, &z->entries[i]));
done:
    return rc;
}

const encnet__file_format encnet__format_torch_zip = {
    .name = "PyTorch zip",
    .ending = ".pth",
    .about =
        "PyTorch 1.6 and later; views and shared storages are supported, checksums are verified",
    .sniff = sniff,
    .parse = parse,
    .verify = verify,
};
