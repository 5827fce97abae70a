/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* torch_write.c - pickles tensors as PyTorch does, and writes the archive around them. */
#include "files/torch_write.h"

#include <stdio.h>

#include "files/zip_write.h"

/* The folder name that PyTorch uses if it does not know the name of the file. */
#define PREFIX "archive/"
#define FORMAT_VERSION "3\n"

struct encnet__torch_writer {
    char *path;
    encnet__zip_writer *zip;
    encnet__pickle object;
    uint64_t *bytes; /* of each storage */
    size_t n_storages, written;
    int room;
};

/* The storage class of a type, if every version of PyTorch has one, or NULL. */
static const char *storage_class(encnet__type type)
{
    switch (type) {
    case ENCNET__BOOL:
        return "BoolStorage";
    case ENCNET__U8:
        return "ByteStorage";
    case ENCNET__I8:
        return "CharStorage";
    case ENCNET__I16:
        return "ShortStorage";
    case ENCNET__I32:
        return "IntStorage";
    case ENCNET__I64:
        return "LongStorage";
    case ENCNET__F16:
        return "HalfStorage";
    case ENCNET__BF16:
        return "BFloat16Storage";
    case ENCNET__F32:
        return "FloatStorage";
    case ENCNET__F64:
        return "DoubleStorage";
    default:
        return NULL;
    }
}

encnet_status encnet__torch_writer_new(encnet__torch_writer **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__torch_writer *w = encnet__alloc(1, sizeof *w);

    if (!w) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    w->path = encnet__strdup(path);
    if (!w->path) FAIL(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    TRY(encnet__zip_writer_new(&w->zip, path));
    encnet__pickle_begin(&w->object);
    *out = w;
    w = NULL;
done:
    encnet__torch_writer_free(w);
    return rc;
}

encnet__pickle *encnet__torch_writer_object(encnet__torch_writer *w)
{
    return &w->object;
}

static encnet_status add_storage(encnet__torch_writer *w, uint64_t bytes)
{
    uint64_t *grown = encnet__grow(w->bytes, &w->room, w->n_storages + 1, sizeof *grown);

    if (!grown)
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for %zu tensors", w->path,
                            w->n_storages + 1);
    w->bytes = grown;
    grown[w->n_storages++] = bytes;
    return ENCNET_OK;
}

/* Writes a tuple of n integers. */
static void add_numbers(encnet__pickle *p, const uint64_t *numbers, int n)
{
    encnet__pickle_mark(p);
    for (int i = 0; i < n; i++) encnet__pickle_int(p, (int64_t)numbers[i]);
    encnet__pickle_tuple(p);
}

/* Writes ("storage", class, number, "cpu", count), which a reader replaces with the storage. */
static void add_reference(encnet__pickle *p, const char *class_name, size_t number, uint64_t count)
{
    char key[24];

    snprintf(key, sizeof key, "%zu", number);
    encnet__pickle_mark(p);
    encnet__pickle_text(p, "storage");
    encnet__pickle_global(p, "torch", class_name);
    encnet__pickle_text(p, key);
    encnet__pickle_text(p, "cpu");
    encnet__pickle_int(p, (int64_t)count);
    encnet__pickle_tuple(p);
    encnet__pickle_persistent(p);
}

/* Writes the call _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, OrderedDict()).
 */
encnet_status encnet__torch_writer_tensor(encnet__torch_writer *w, const encnet__file_tensor *t)
{
    encnet_status rc = ENCNET_OK;
    encnet__pickle *p = &w->object;
    encnet__file_tensor packed = *t;
    const char *class_name = storage_class(t->type);

    if (!class_name)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s is of type %s, which PyTorch 1.6 does not know", w->path,
             t->name, encnet__type_name(t->type));
    if (!encnet__file_tensor_pack(&packed))
        FAIL(ENCNET_E_INTERNAL, "%s: %s is too large", w->path, t->name);
    encnet__pickle_global(p, "torch._utils", "_rebuild_tensor_v2");
    encnet__pickle_mark(p);
    add_reference(p, class_name, w->n_storages, packed.count);
    encnet__pickle_int(p, 0);
    add_numbers(p, packed.dims, packed.n_dims);
    add_numbers(p, packed.strides, packed.n_dims);
    encnet__pickle_bool(p, false);
    encnet__pickle_ordered_dict(p);
    encnet__pickle_tuple(p);
    encnet__pickle_call(p);
    TRY(add_storage(w, encnet__file_tensor_bytes(&packed)));
done:
    return rc;
}

encnet_status encnet__torch_writer_begin(encnet__torch_writer *w)
{
    encnet_status rc = ENCNET_OK;
    uint64_t size = w->object.size;

    encnet__pickle_end(&w->object);
    if (w->object.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for what it describes", w->path);
    for (size_t i = 0; i < w->n_storages; i++) size += w->bytes[i];
    TRY(encnet__zip_writer_reserve(w->zip, size));
    TRY(encnet__zip_writer_add(w->zip, PREFIX "data.pkl", w->object.data, w->object.size));
done:
    return rc;
}

encnet_status encnet__torch_writer_put(encnet__torch_writer *w, const void *data, size_t bytes)
{
    char name[48];

    if (w->written == w->n_storages || bytes != w->bytes[w->written])
        return encnet__fail(ENCNET_E_INTERNAL, "%s: %zu bytes for storage %zu of %zu", w->path,
                            bytes, w->written, w->n_storages);
    snprintf(name, sizeof name, PREFIX "data/%zu", w->written++);
    return encnet__zip_writer_add(w->zip, name, data, bytes);
}

encnet_status encnet__torch_writer_commit(encnet__torch_writer *w)
{
    encnet_status rc = ENCNET_OK;

    if (w->written != w->n_storages)
        FAIL(ENCNET_E_INTERNAL, "%s: %zu of %zu tensors were written", w->path, w->written,
             w->n_storages);
    TRY(encnet__zip_writer_add(w->zip, PREFIX "version", FORMAT_VERSION,
                               sizeof FORMAT_VERSION - 1));
    TRY(encnet__zip_writer_commit(w->zip));
done:
    return rc;
}

void encnet__torch_writer_free(encnet__torch_writer *w)
{
    if (!w) return;
    encnet__zip_writer_free(w->zip);
    encnet__text_free(&w->object);
    encnet__free(w->bytes);
    encnet__free(w->path);
    encnet__free(w);
}
