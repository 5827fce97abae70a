/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* zip_write.c - writes the entries of a ZIP archive, then its directory (PKWARE's APPNOTE 4.3). */
#include "files/zip_write.h"

#include <string.h>

#define DATA_ALIGN 64u
#define LOCAL_HEADER 30u     /* bytes before the name */
#define IN_ZIP64 0xFFFFFFFFu /* says that the value is in the ZIP64 field */
#define ZIP64_EXTRA 1
#define FILLER_EXTRA 0x4246 /* "FB" */
#define DATE 0x21           /* 1980-01-01 */

struct encnet__zip_writer {
    encnet__atomic_file *file;
    char *path;
    encnet__text directory; /* central headers so far */
    uint64_t at, n_entries;
};

static uint32_t capped(uint64_t value)
{
    return value < IN_ZIP64 ? (uint32_t)value : IN_ZIP64;
}

/* Adds the fields that local and central headers share, from the version to the sizes. */
static void add_facts(encnet__text *t, uint32_t crc, uint64_t size)
{
    encnet__text_little(t, 45, 2);       /* version needed: ZIP64 */
    encnet__text_little(t, 1u << 11, 2); /* flags: the name is UTF-8 */
    encnet__text_little(t, 0, 2);        /* stored */
    encnet__text_little(t, 0, 2);        /* time */
    encnet__text_little(t, DATE, 2);
    encnet__text_little(t, crc, 4);
    encnet__text_little(t, capped(size), 4); /* compressed */
    encnet__text_little(t, capped(size), 4);
}

/* Adds the local header, padded so that the data after it is aligned. */
static void add_local(encnet__text *t, const char *name, uint32_t crc, uint64_t size, uint64_t at)
{
    uint64_t zip64 = capped(size) == IN_ZIP64 ? 20 : 0;
    uint64_t end = at + LOCAL_HEADER + strlen(name) + zip64 + 4;
    size_t filler = (size_t)(-end % DATA_ALIGN);

    encnet__text_bytes(t, "PK\3\4", 4);
    add_facts(t, crc, size);
    encnet__text_little(t, strlen(name), 2);
    encnet__text_little(t, zip64 + 4 + filler, 2);
    encnet__text_add(t, "%s", name);
    if (zip64) {
        encnet__text_little(t, ZIP64_EXTRA, 2);
        encnet__text_little(t, 16, 2);
        encnet__text_little(t, size, 8);
        encnet__text_little(t, size, 8);
    }
    encnet__text_little(t, FILLER_EXTRA, 2);
    encnet__text_little(t, filler, 2);
    encnet__text_add(t, "%.*s", (int)filler,
                     "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

/* Adds the central header, whose ZIP64 field has only the values that do not fit into 32 bits. */
static void add_central(encnet__text *t, const char *name, uint32_t crc, uint64_t size, uint64_t at)
{
    bool long_size = capped(size) == IN_ZIP64, long_at = capped(at) == IN_ZIP64;
    uint64_t zip64 = (long_size ? 16u : 0u) + (long_at ? 8u : 0u);

    encnet__text_bytes(t, "PK\1\2", 4);
    encnet__text_little(t, 45, 2); /* made by version 4.5, on no particular system */
    add_facts(t, crc, size);
    encnet__text_little(t, strlen(name), 2);
    encnet__text_little(t, zip64 ? zip64 + 4 : 0, 2);
    encnet__text_little(t, 0, 2 + 2 + 2); /* comment, disk, internal attributes */
    encnet__text_little(t, 0, 4);         /* external attributes */
    encnet__text_little(t, capped(at), 4);
    encnet__text_add(t, "%s", name);
    if (zip64) {
        encnet__text_little(t, ZIP64_EXTRA, 2);
        encnet__text_little(t, zip64, 2);
    }
    if (long_size) {
        encnet__text_little(t, size, 8);
        encnet__text_little(t, size, 8);
    }
    if (long_at) encnet__text_little(t, at, 8);
}

/* Adds the ZIP64 end record, its locator, and the end record. */
static void add_end(encnet__text *t, uint64_t n_entries, uint64_t size, uint64_t at)
{
    uint64_t few = n_entries < 0xFFFF ? n_entries : 0xFFFF;

    encnet__text_bytes(t, "PK\6\6", 4);
    encnet__text_little(t, 44, 8); /* bytes of this record after this field */
    encnet__text_little(t, 45, 2);
    encnet__text_little(t, 45, 2);
    encnet__text_little(t, 0, 8); /* this disk, the directory's */
    encnet__text_little(t, n_entries, 8);
    encnet__text_little(t, n_entries, 8);
    encnet__text_little(t, size, 8);
    encnet__text_little(t, at, 8);

    encnet__text_bytes(t, "PK\6\7", 4);
    encnet__text_little(t, 0, 4);
    encnet__text_little(t, at + size, 8);
    encnet__text_little(t, 1, 4); /* disks */

    encnet__text_bytes(t, "PK\5\6", 4);
    encnet__text_little(t, 0, 4);
    encnet__text_little(t, few, 2);
    encnet__text_little(t, few, 2);
    encnet__text_little(t, capped(size), 4);
    encnet__text_little(t, capped(at), 4);
    encnet__text_little(t, 0, 2); /* comment */
}

encnet_status encnet__zip_writer_new(encnet__zip_writer **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__zip_writer *z = encnet__alloc(1, sizeof *z);

    if (!z) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    z->path = encnet__strdup(path);
    if (!z->path) FAIL(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    TRY(encnet__atomic_file_open(&z->file, path));
    *out = z;
    z = NULL;
done:
    encnet__zip_writer_free(z);
    return rc;
}

encnet_status encnet__zip_writer_reserve(encnet__zip_writer *z, uint64_t size)
{
    return encnet__atomic_file_reserve(z->file, size);
}

/* Appends a block of headers. */
static encnet_status put_headers(encnet__zip_writer *z, const encnet__text *t)
{
    encnet_status rc = ENCNET_OK;

    if (t->failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its headers", z->path);
    TRY(encnet__atomic_file_put(z->file, t->data, t->size, z->at));
    z->at += t->size;
done:
    return rc;
}

encnet_status encnet__zip_writer_add(encnet__zip_writer *z, const char *name, const void *data,
                                     size_t size)
{
    encnet_status rc = ENCNET_OK;
    encnet__text header = {0};
    uint32_t crc = encnet__crc(ENCNET__CRC32, 0, data, size);

    if (strlen(name) > 0xFFFF - LOCAL_HEADER - 2 * DATA_ALIGN)
        FAIL(ENCNET_E_INTERNAL, "%s: an entry whose name has %zu bytes", z->path, strlen(name));
    add_central(&z->directory, name, crc, size, z->at);
    add_local(&header, name, crc, size, z->at);
    TRY(put_headers(z, &header));
    TRY(encnet__atomic_file_put(z->file, data, size, z->at));
    z->at += size;
    z->n_entries++;
done:
    encnet__text_free(&header);
    return rc;
}

encnet_status encnet__zip_writer_commit(encnet__zip_writer *z)
{
    encnet_status rc = ENCNET_OK;

    add_end(&z->directory, z->n_entries, z->directory.size, z->at);
    TRY(put_headers(z, &z->directory));
    TRY(encnet__atomic_file_commit(z->file));
done:
    return rc;
}

void encnet__zip_writer_free(encnet__zip_writer *z)
{
    if (!z) return;
    encnet__atomic_file_free(z->file);
    encnet__free(z->path);
    encnet__text_free(&z->directory);
    encnet__free(z);
}
