/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * torch_legacy.c - the format of torch.save() before 1.6: five pickles, then the storages.
 *
 *   pickle 1   a magic number
 *   pickle 2   the version, 1001
 *   pickle 3   {'protocol_version': 1001, 'little_endian': True, 'type_sizes': {...}}
 *   pickle 4   the object
 *   pickle 5   the keys of the storages, in the order of the file
 *   for each   the number of its elements, as int64, then their bytes
 */
#include <string.h>

#include "files/format.h"
#include "files/torch.h"

#define VERSION 1001
#define MAX_KEYS 100000u

typedef encnet__value value;

/* LONG1 of 10 bytes: the magic number 0x1950a86a20f9469cfc6c, then STOP. */
static const uint8_t magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

static bool sniff(const uint8_t *head, size_t size)
{
    enum { PROTO = 2, FRAME = 9 }; /* bytes that may precede it */

    return (size >= PROTO + sizeof magic && memcmp(head + PROTO, magic, sizeof magic) == 0) ||
           (size >= PROTO + FRAME + sizeof magic &&
            memcmp(head + PROTO + FRAME, magic, sizeof magic) == 0);
}

/* Reads the pickle at byte *at, and moves *at behind it. */
static encnet_status next(encnet__unpickled **out, const encnet__tensor_file *f, uint64_t *at)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__unpickle_read(out, f, *at, f->bytes));
    *at = encnet__unpickle_end(*out);
done:
    return rc;
}

/* Reads the first three pickles, and refuses another version or byte order. */
static encnet_status check_preamble(const encnet__tensor_file *f, uint64_t *at)
{
    encnet_status rc = ENCNET_OK;
    encnet__unpickled *first = NULL, *version = NULL, *system = NULL;
    const value *little;
    uint64_t number = 0;

    TRY(next(&first, f, at));
    TRY(next(&version, f, at));
    if (!encnet__value_count(&number, encnet__unpickle_root(version)) || number != VERSION)
        FAIL(ENCNET_E_CHECKPOINT, "%s: version %llu of PyTorch's legacy format, %d is read",
             f->path, (unsigned long long)number, VERSION);
    TRY(next(&system, f, at));
    little = encnet__value_get(encnet__unpickle_root(system), "little_endian");
    if (!encnet__value_is(little, ENCNET__VALUE_BOOL) || !little->integer)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: written on a machine of another byte order; save it on a little-endian one",
             f->path);
done:
    encnet__unpickle_free(first);
    encnet__unpickle_free(version);
    encnet__unpickle_free(system);
    return rc;
}

/* Places the storage `key` at byte *at, where its count is, and moves *at behind it. */
static encnet_status place_one(const encnet__torch_storages *s, const encnet__tensor_file *f,
                               const char *key, uint64_t *at)
{
    encnet_status rc = ENCNET_OK;
    encnet__torch_storage *storage = encnet__torch_storage_find(s, key);
    uint64_t count, bytes;
    uint8_t head[8];

    if (!storage || !storage->has_type || storage->is_placed)
        FAIL(ENCNET_E_CHECKPOINT, "%s: storage %.60s is listed %s", f->path,
             key ? key : "(no text)",
             storage && storage->is_placed ? "twice" : "and of no type that is known");
    TRY(encnet__file_bytes(f, head, *at, sizeof head));
    count = encnet__little(head, sizeof head);
    *at += sizeof head;
    if (count != storage->count)
        FAIL(ENCNET_E_CHECKPOINT, "%s: storage %s has %llu elements, not the %llu of its tensors",
             f->path, key, (unsigned long long)count, (unsigned long long)storage->count);
    if (__builtin_mul_overflow(count, encnet__type_bytes(storage->type), &bytes) ||
        bytes > f->bytes - *at)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: truncated: storage %s of %llu elements of %s at byte %llu, the file has %llu",
             f->path, key, (unsigned long long)count, encnet__type_name(storage->type),
             (unsigned long long)*at, (unsigned long long)f->bytes);
    storage->at = *at;
    storage->is_placed = true;
    *at += bytes;
done:
    return rc;
}

static encnet_status parse(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    encnet__unpickled *object = NULL, *keys = NULL;
    encnet__torch_storages storages = {0};
    const value *list;
    uint64_t at = 0;

    TRY(check_preamble(f, &at));
    TRY(next(&object, f, &at));
    TRY(next(&keys, f, &at));
    TRY(encnet__torch_storages_of(&storages, f, object));
    list = encnet__unpickle_root(keys);
    if (!encnet__value_is(list, ENCNET__VALUE_LIST) || list->n > MAX_KEYS)
        FAIL(ENCNET_E_CHECKPOINT, "%s: no list of at most %u storages behind the object", f->path,
             MAX_KEYS);
    for (size_t i = 0; i < list->n; i++)
        TRY(place_one(&storages, f, encnet__value_text(list->items[i]), &at));
    if (at != f->bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %llu bytes follow the last storage", f->path,
             (unsigned long long)(f->bytes - at));
    TRY(encnet__torch_add_weights(f, object, &storages));
done:
    encnet__unpickle_free(object);
    encnet__unpickle_free(keys);
    return rc;
}

const encnet__file_format encnet__format_torch_legacy = {
    .name = "PyTorch legacy",
    .ending = ".pth",
    .about = "PyTorch 1.5 and before, such as the published EncNet checkpoints of 2020",
    .sniff = sniff,
    .parse = parse,
};
