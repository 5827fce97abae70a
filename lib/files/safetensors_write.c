/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* safetensors_write.c - writes a safetensors file, tensor by tensor. */
#include "files/safetensors.h"

#include <stdio.h>

#define DATA_ALIGN 64u
#define NO_CRC "00000000" /* overwritten by the checksum when the data is complete */

struct encnet__st_writer {
    char *path;
    encnet__atomic_file *file;
    encnet__file_tensor *tensors; /* borrowed */
    size_t n, *order, written;    /* order: the indices of the tensors in the order of the data */
    uint64_t at;                  /* bytes written */
    uint64_t crc_at;              /* the position of the checksum's digits in the file */
    uint32_t crc;
};

/* Lays out the data: large elements first, so that every tensor is aligned to its elements, and
 * otherwise in the order of the caller. */
static encnet_status lay_out(encnet__st_writer *w)
{
    uint64_t at = 0;
    size_t k = 0;

    for (size_t bytes = 8; bytes; bytes /= 2) {
        for (size_t i = 0; i < w->n; i++) {
            encnet__file_tensor *t = &w->tensors[i];
            if (encnet__type_bytes(t->type) != bytes) continue;
            if (!encnet__file_tensor_pack(t))
                return encnet__fail(ENCNET_E_INTERNAL, "%s: the shape of %s overflows", w->path,
                                    t->name);
            t->offset = at;
            at += encnet__file_tensor_bytes(t);
            w->order[k++] = i;
        }
    }
    return k == w->n ? ENCNET_OK : encnet__fail(ENCNET_E_INTERNAL, "%s: an unknown dtype", w->path);
}

/* Writes the JSON, in the order of the caller; *crc_at is the position of the checksum's digits. */
static encnet_status make_header(encnet__text *out, size_t *crc_at, const encnet__st_writer *w,
                                 const encnet__pair *pairs, size_t n_pairs)
{
    encnet__text_add(out, "{\"__metadata__\":{\"%s\":\"", ENCNET__ST_CRC_KEY);
    *crc_at = out->size;
    encnet__text_add(out, "%s\"", NO_CRC);
    for (size_t i = 0; i < n_pairs; i++) {
        encnet__text_add(out, ",");
        encnet__text_json(out, pairs[i].key);
        encnet__text_add(out, ":");
        encnet__text_json(out, pairs[i].value);
    }
    encnet__text_add(out, "}");
    for (size_t i = 0; i < w->n; i++) {
        const encnet__file_tensor *t = &w->tensors[i];
        encnet__text_add(out, ",");
        encnet__text_json(out, t->name);
        encnet__text_add(out, ":{\"dtype\":\"%s\",\"shape\":[", encnet__type_name(t->type));
        for (int d = 0; d < t->n_dims; d++)
            encnet__text_add(out, "%s%llu", d ? "," : "", (unsigned long long)t->dims[d]);
        encnet__text_add(out, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)t->offset,
                         (unsigned long long)(t->offset + encnet__file_tensor_bytes(t)));
    }
    encnet__text_add(out, "}");
    while ((out->size + 8) % DATA_ALIGN && !out->failed) encnet__text_add(out, " ");
    return out->failed ? encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its header", w->path)
                       : ENCNET_OK;
}

encnet_status encnet__st_writer_new(encnet__st_writer **out, const char *path,
                                    encnet__file_tensor *tensors, size_t n,
                                    const encnet__pair *pairs, size_t n_pairs)
{
    encnet_status rc = ENCNET_OK;
    encnet__st_writer *w = encnet__alloc(1, sizeof *w);
    encnet__text header = {0};
    uint64_t data_bytes = 0;
    size_t crc_at = 0;
    uint8_t head[8];

    if (!w) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    w->tensors = tensors;
    w->n = n;
    w->path = encnet__strdup(path);
    w->order = encnet__alloc(n, sizeof *w->order);
    if (!w->path || !w->order) FAIL(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    TRY(lay_out(w));
    TRY(make_header(&header, &crc_at, w, pairs, n_pairs));
    for (size_t i = 0; i < n; i++) data_bytes += encnet__file_tensor_bytes(&tensors[i]);
    for (int i = 0; i < 8; i++) head[i] = (uint8_t)((uint64_t)header.size >> (8 * i));

    w->crc_at = 8 + crc_at;
    TRY(encnet__atomic_file_open(&w->file, path));
    TRY(encnet__atomic_file_reserve(w->file, 8 + header.size + data_bytes));
    TRY(encnet__atomic_file_put(w->file, head, sizeof head, 0));
    TRY(encnet__atomic_file_put(w->file, header.data, header.size, sizeof head));
    w->at = sizeof head + header.size;
    *out = w;
    w = NULL;
done:
    encnet__text_free(&header);
    encnet__st_writer_free(w);
    return rc;
}

int encnet__st_writer_next(const encnet__st_writer *w)
{
    return w->written < w->n ? (int)w->order[w->written] : -1;
}

encnet_status encnet__st_writer_put(encnet__st_writer *w, const void *data, size_t bytes)
{
    int i = encnet__st_writer_next(w);
    uint64_t at = w->at;

    if (i < 0 || bytes != encnet__file_tensor_bytes(&w->tensors[i]))
        return encnet__fail(ENCNET_E_INTERNAL, "%s: %zu bytes for %s, which has %llu", w->path,
                            bytes, i < 0 ? "no tensor" : w->tensors[i].name,
                            i < 0 ? 0ull
                                  : (unsigned long long)encnet__file_tensor_bytes(&w->tensors[i]));
    w->crc = encnet__crc(ENCNET__CRC32, w->crc, data, bytes);
    w->written++;
    w->at += bytes;
    return encnet__atomic_file_put(w->file, data, bytes, at);
}

encnet_status encnet__st_writer_commit(encnet__st_writer *w)
{
    encnet_status rc = ENCNET_OK;
    char digits[sizeof NO_CRC];

    if (w->written != w->n)
        FAIL(ENCNET_E_INTERNAL, "%s: %zu of %zu tensors were written", w->path, w->written, w->n);
    snprintf(digits, sizeof digits, "%08x", (unsigned)w->crc);
    TRY(encnet__atomic_file_put(w->file, digits, sizeof digits - 1, w->crc_at));
    TRY(encnet__atomic_file_commit(w->file));
done:
    return rc;
}

void encnet__st_writer_free(encnet__st_writer *w)
{
    if (!w) return;
    encnet__atomic_file_free(w->file);
    encnet__free(w->path);
    encnet__free(w->order);
    encnet__free(w);
}
