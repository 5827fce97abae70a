/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* zip.c - reads the directory of a ZIP archive: end records, central directory, local headers. */
#include "files/zip.h"

#include <stdlib.h>
#include <string.h>

#include "files/format.h"

#define MAX_ENTRIES 200000u
#define MAX_NAME 1024u
#define MAX_DIRECTORY (64u << 20)

enum {
    END_BYTES = 22,     /* size of the end record, without its comment */
    END64_BYTES = 56,   /* size of the ZIP64 end record */
    LOCATOR_BYTES = 20, /* size of its locator, which precedes the end record */
    CENTRAL_BYTES = 46, /* size of an entry of the directory, without name and extra fields */
    LOCAL_BYTES = 30,   /* size of a local header, likewise */
    MAX_COMMENT = 65535
};

#define END_SIGNATURE 0x06054b50u
#define END64_SIGNATURE 0x06064b50u
#define LOCATOR_SIGNATURE 0x07064b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define LOCAL_SIGNATURE 0x04034b50u

/* The central directory: n entries in bytes [at, at + bytes) of the file. */
typedef struct directory {
    uint64_t n, at, bytes;
} directory;

/* -- the end ----------------------------------------------------------------------------------- */

/* Finds the last end record whose comment ends with the file. */
static encnet_status find_end(const encnet__tensor_file *f, uint8_t end[END_BYTES],
                              uint64_t *end_at)
{
    encnet_status rc = ENCNET_OK;
    size_t size = f->bytes < END_BYTES + MAX_COMMENT ? (size_t)f->bytes : END_BYTES + MAX_COMMENT;
    uint8_t *tail = encnet__alloc(size, 1);

    if (!tail) FAIL(ENCNET_E_NOMEM, "%s: no memory to read its end", f->path);
    TRY(encnet__file_bytes(f, tail, f->bytes - size, size));
    for (size_t comment = 0; comment + END_BYTES <= size; comment++) {
        const uint8_t *at = tail + size - END_BYTES - comment;
        if (encnet__little(at, 4) != END_SIGNATURE || encnet__little(at + 20, 2) != comment)
            continue;
        memcpy(end, at, END_BYTES);
        *end_at = f->bytes - END_BYTES - comment;
        goto done;
    }
    FAIL(ENCNET_E_CHECKPOINT, "%s: truncated: a zip archive without its end (%llu bytes)", f->path,
         (unsigned long long)f->bytes);
done:
    encnet__free(tail);
    return rc;
}

/* Reads the ZIP64 end record, if a locator precedes the end record. */
static encnet_status read_end64(const encnet__tensor_file *f, directory *d, uint64_t *end_at)
{
    encnet_status rc = ENCNET_OK;
    uint8_t locator[LOCATOR_BYTES], end[END64_BYTES];
    uint64_t at;

    if (*end_at < LOCATOR_BYTES) goto done;
    TRY(encnet__file_bytes(f, locator, *end_at - LOCATOR_BYTES, sizeof locator));
    if (encnet__little(locator, 4) != LOCATOR_SIGNATURE) goto done;
    at = encnet__little(locator + 8, 8);
    if (at > *end_at - LOCATOR_BYTES || *end_at - LOCATOR_BYTES - at < END64_BYTES)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its zip64 end record is said to be at byte %llu of %llu",
             f->path, (unsigned long long)at, (unsigned long long)f->bytes);
    TRY(encnet__file_bytes(f, end, at, sizeof end));
    if (encnet__little(end, 4) != END64_SIGNATURE)
        FAIL(ENCNET_E_CHECKPOINT, "%s: no zip64 end record at byte %llu", f->path,
             (unsigned long long)at);
    *d = (directory){encnet__little(end + 32, 8), encnet__little(end + 48, 8),
                     encnet__little(end + 40, 8)};
    *end_at = at;
done:
    return rc;
}

static encnet_status find_directory(const encnet__tensor_file *f, directory *d)
{
    encnet_status rc = ENCNET_OK;
    uint8_t end[END_BYTES] = {0};
    uint64_t end_at = 0;

    TRY(find_end(f, end, &end_at));
    if (encnet__little(end + 4, 2) != encnet__little(end + 6, 2))
        FAIL(ENCNET_E_CHECKPOINT, "%s: one disk of a zip archive on several", f->path);
    *d = (directory){encnet__little(end + 10, 2), encnet__little(end + 16, 4),
                     encnet__little(end + 12, 4)};
    TRY(read_end64(f, d, &end_at));
    if (d->at > end_at || d->bytes != end_at - d->at || d->bytes > MAX_DIRECTORY ||
        d->n > MAX_ENTRIES || d->n > d->bytes / CENTRAL_BYTES)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: its directory of %llu entries is said to have %llu bytes at %llu, in front of "
             "%llu",
             f->path, (unsigned long long)d->n, (unsigned long long)d->bytes,
             (unsigned long long)d->at, (unsigned long long)end_at);
done:
    return rc;
}

/* -- entries ----------------------------------------------------------------------------------- */

/* Reads the next value of a ZIP64 extra field, which has only the values that do not fit into 32
 * bits. */
static bool take64(uint64_t *number, const uint8_t **at, const uint8_t *end)
{
    if (*number != UINT32_MAX) return true;
    if (end - *at < 8) return false;
    *number = encnet__little(*at, 8);
    *at += 8;
    return true;
}

/* Reads sizes and an offset beyond 32 bits from the extra fields. */
static bool read_extra(const uint8_t *extra, size_t size, uint64_t *bytes, uint64_t *stored,
                       uint64_t *header_at)
{
    enum { ZIP64 = 1 };

    while (size >= 4) {
        size_t length = (size_t)encnet__little(extra + 2, 2);
        const uint8_t *at = extra + 4;
        if (length > size - 4) return false;
        if (encnet__little(extra, 2) == ZIP64)
            return take64(bytes, &at, at + length) && take64(stored, &at, extra + 4 + length) &&
                   take64(header_at, &at, extra + 4 + length);
        extra += 4 + length;
        size -= 4 + length;
    }
    return *bytes != UINT32_MAX && *stored != UINT32_MAX && *header_at != UINT32_MAX;
}

static encnet_status check_stored(const encnet__tensor_file *f, const char *name, const uint8_t *at,
                                  uint64_t bytes, uint64_t stored)
{
    enum { ENCRYPTED = 1 };
    unsigned flags = (unsigned)encnet__little(at + 8, 2),
             method = (unsigned)encnet__little(at + 10, 2);

    if (flags & ENCRYPTED)
        return encnet__fail(ENCNET_E_CHECKPOINT,
                            "%s: entry %s is encrypted; decrypt the file first", f->path, name);
    if (method != 0)
        return encnet__fail(
            ENCNET_E_CHECKPOINT,
            "%s: entry %s is compressed (method %u): no file of PyTorch; if this is "
            "an archive with a checkpoint in it, unpack it first",
            f->path, name, method);
    if (bytes != stored)
        return encnet__fail(ENCNET_E_CHECKPOINT,
                            "%s: entry %s has %llu bytes and is stored in %llu", f->path, name,
                            (unsigned long long)bytes, (unsigned long long)stored);
    return ENCNET_OK;
}

/* Reads the entry at `at` of the directory; *size is its size there. */
static encnet_status read_central(encnet__tensor_file *f, encnet__zip_entry *e, const uint8_t *at,
                                  size_t room, size_t *size)
{
    encnet_status rc = ENCNET_OK;
    size_t name_bytes, extra_bytes;
    uint64_t stored;
    char *name;

    if (room < CENTRAL_BYTES || encnet__little(at, 4) != CENTRAL_SIGNATURE)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its zip directory is damaged", f->path);
    name_bytes = (size_t)encnet__little(at + 28, 2);
    extra_bytes = (size_t)encnet__little(at + 30, 2);
    *size = CENTRAL_BYTES + name_bytes + extra_bytes + (size_t)encnet__little(at + 32, 2);
    if (*size > room || name_bytes > MAX_NAME)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its zip directory is damaged: a name of %zu bytes", f->path,
             name_bytes);
    name = encnet__file_memory(f, name_bytes + 1);
    if (!name) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", f->path);
    memcpy(name, at + CENTRAL_BYTES, name_bytes);
    if (strlen(name) != name_bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: the name of an entry holds a zero", f->path);
    e->name = name;
    e->crc = (uint32_t)encnet__little(at + 16, 4);
    stored = encnet__little(at + 20, 4);
    e->bytes = encnet__little(at + 24, 4);
    e->header_at = encnet__little(at + 42, 4);
    if (!read_extra(at + CENTRAL_BYTES + name_bytes, extra_bytes, &e->bytes, &stored,
                    &e->header_at))
        FAIL(ENCNET_E_CHECKPOINT, "%s: entry %s lacks its sizes", f->path, name);
    TRY(check_stored(f, name, at, e->bytes, stored));
done:
    return rc;
}

/* Checks that the local header is where the directory says and names the same entry, and that the
 * data after it ends before the directory. */
static encnet_status read_local(const encnet__tensor_file *f, encnet__zip_entry *e,
                                const directory *d)
{
    encnet_status rc = ENCNET_OK;
    uint8_t header[LOCAL_BYTES + MAX_NAME];
    size_t name_bytes = strlen(e->name);

    if (e->header_at > d->at || d->at - e->header_at < LOCAL_BYTES + name_bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: entry %s is said to be at byte %llu of %llu", f->path,
             e->name, (unsigned long long)e->header_at, (unsigned long long)d->at);
    TRY(encnet__file_bytes(f, header, e->header_at, LOCAL_BYTES + name_bytes));
    if (encnet__little(header, 4) != LOCAL_SIGNATURE || encnet__little(header + 8, 2) != 0 ||
        encnet__little(header + 26, 2) != name_bytes ||
        memcmp(header + LOCAL_BYTES, e->name, name_bytes) != 0)
        FAIL(ENCNET_E_CHECKPOINT, "%s: entry %s is not at byte %llu, where it is said to be",
             f->path, e->name, (unsigned long long)e->header_at);
    e->at = e->header_at + LOCAL_BYTES + name_bytes + encnet__little(header + 28, 2);
    if (e->at > d->at || e->bytes > d->at - e->at)
        FAIL(ENCNET_E_CHECKPOINT, "%s: entry %s is said to have %llu bytes at %llu of %llu",
             f->path, e->name, (unsigned long long)e->bytes, (unsigned long long)e->at,
             (unsigned long long)d->at);
done:
    return rc;
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = ((const encnet__zip_entry *)a)->header_at;
    uint64_t y = ((const encnet__zip_entry *)b)->header_at;

    return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const encnet__zip_entry *const *)a)->name,
                  (*(const encnet__zip_entry *const *)b)->name);
}

/* Fails if two entries overlap or share a name. */
static encnet_status check_entries(const encnet__tensor_file *f, encnet__zip *z)
{
    qsort(z->entries, z->n, sizeof *z->entries, by_place);
    for (size_t i = 1; i < z->n; i++) {
        const encnet__zip_entry *e = &z->entries[i - 1];
        if (e->at + e->bytes > z->entries[i].header_at)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: entries %s and %s overlap", f->path,
                                e->name, z->entries[i].name);
    }
    for (size_t i = 0; i < z->n; i++) z->by_name[i] = &z->entries[i];
    qsort(z->by_name, z->n, sizeof *z->by_name, by_name);
    for (size_t i = 1; i < z->n; i++)
        if (strcmp(z->by_name[i - 1]->name, z->by_name[i]->name) == 0)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: two entries are named %s", f->path,
                                z->by_name[i]->name);
    return ENCNET_OK;
}

encnet_status encnet__zip_read(encnet__zip *out, encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    directory d = {0};
    encnet__zip z = {0};
    uint8_t *bytes = NULL;
    size_t at = 0;

    TRY(find_directory(f, &d));
    bytes = encnet__alloc((size_t)d.bytes, 1);
    z.n = (size_t)d.n;
    z.entries = encnet__file_memory(f, z.n * sizeof *z.entries);
    z.by_name = encnet__file_memory(f, z.n * sizeof *z.by_name);
    if (!bytes || !z.entries || !z.by_name)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for its directory", f->path);
    TRY(encnet__file_bytes(f, bytes, d.at, (size_t)d.bytes));
    for (size_t i = 0, size = 0; i < z.n; i++, at += size) {
        TRY(read_central(f, &z.entries[i], bytes + at, (size_t)d.bytes - at, &size));
        TRY(read_local(f, &z.entries[i], &d));
    }
    if (at != d.bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its zip directory has %llu bytes, its %zu entries take %zu",
             f->path, (unsigned long long)d.bytes, z.n, at);
    TRY(check_entries(f, &z));
    *out = z;
done:
    encnet__free(bytes);
    return rc;
}

static int name_against(const void *name, const void *entry)
{
    return strcmp(name, (*(const encnet__zip_entry *const *)entry)->name);
}

const encnet__zip_entry *encnet__zip_find(const encnet__zip *z, const char *name)
{
    const encnet__zip_entry **found =
        bsearch(name, z->by_name, z->n, sizeof *z->by_name, name_against);

    return found ? *found : NULL;
}

encnet_status encnet__zip_verify(const encnet__tensor_file *f, const encnet__zip_entry *e)
{
    encnet_status rc = ENCNET_OK;
    uint32_t crc = 0;

    if (e->crc == 0) goto done; /* PyTorch can be told not to compute any */
    TRY(encnet__file_crc(f, &crc, e->at, e->bytes));
    if (crc != e->crc)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: damaged: the %llu bytes of entry %s have checksum %08x, not %08x", f->path,
             (unsigned long long)e->bytes, e->name, (unsigned)crc, (unsigned)e->crc);
done:
    return rc;
}
