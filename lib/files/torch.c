/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* torch.c - finds the storages and the tensors in a PyTorch pickle. */
#include "files/torch.h"

#include <stdlib.h>
#include <string.h>

#include "files/checkpoint.h"
#include "files/format.h"

#define MAX_WRAPPINGS 4 /* calls around a tensor, such as that of a parameter */

typedef encnet__value value;

static const struct {
    const char *name; /* in torch or torch.cuda */
    encnet__type type;
} storage_types[] = {
    {"FloatStorage", ENCNET__F32},  {"HalfStorage", ENCNET__F16}, {"BFloat16Storage", ENCNET__BF16},
    {"DoubleStorage", ENCNET__F64}, {"LongStorage", ENCNET__I64}, {"IntStorage", ENCNET__I32},
    {"ShortStorage", ENCNET__I16},  {"CharStorage", ENCNET__I8},  {"ByteStorage", ENCNET__U8},
    {"BoolStorage", ENCNET__BOOL},
};

/* -- storages ---------------------------------------------------------------------------------- */

/* Reads ('storage', torch.FloatStorage, '7', 'cpu', 90, ...); returns false if `id` is something
 * else. */
static bool describe(encnet__torch_storage *s, const value *id)
{
    const char *what = encnet__value_text(encnet__value_item(id, 0));
    const value *type = encnet__value_item(id, 1);

    s->key = encnet__value_text(encnet__value_item(id, 2));
    if (!what || strcmp(what, "storage") != 0 || !s->key ||
        !encnet__value_is(type, ENCNET__VALUE_GLOBAL) ||
        !encnet__value_count(&s->count, encnet__value_item(id, 4)))
        return false;
    for (size_t i = 0; i < COUNT_OF(storage_types); i++) {
        if (strcmp(type->global.name, storage_types[i].name) != 0) continue;
        s->type = storage_types[i].type;
        s->has_type = true;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const encnet__torch_storage *)a)->key, ((const encnet__torch_storage *)b)->key);
}

/* Sorts the storages and merges those with the same key, which must be described alike. */
static encnet_status unite(encnet__torch_storages *s, const encnet__tensor_file *f)
{
    size_t n = 0;

    qsort(s->at, s->n, sizeof *s->at, by_key);
    for (size_t i = 0; i < s->n; i++) {
        const encnet__torch_storage *next = &s->at[i], *last = n ? &s->at[n - 1] : NULL;
        if (!last || strcmp(last->key, next->key) != 0)
            s->at[n++] = *next;
        else if (last->type != next->type || last->has_type != next->has_type ||
                 last->count != next->count)
            return encnet__fail(ENCNET_E_CHECKPOINT,
                                "%s: storage %s is given as %llu of one type and %llu of another",
                                f->path, last->key, (unsigned long long)last->count,
                                (unsigned long long)next->count);
    }
    s->n = n;
    return ENCNET_OK;
}

encnet_status encnet__torch_storages_of(encnet__torch_storages *out, encnet__tensor_file *f,
                                        const encnet__unpickled *p)
{
    encnet_status rc = ENCNET_OK;
    encnet__torch_storages s = {0};
    size_t n = 0;

    while (encnet__unpickle_persistent(p, n)) n++;
    s.at = encnet__file_memory(f, n * sizeof *s.at);
    if (!s.at) FAIL(ENCNET_E_NOMEM, "%s: no memory for its storages", f->path);
    for (size_t i = 0; i < n; i++)
        if (describe(&s.at[s.n], encnet__unpickle_persistent(p, i)->id)) s.n++;
    TRY(unite(&s, f));
    *out = s;
done:
    return rc;
}

encnet__torch_storage *encnet__torch_storage_find(const encnet__torch_storages *s, const char *key)
{
    encnet__torch_storage wanted = {.key = key};

    return key && s->n ? bsearch(&wanted, s->at, s->n, sizeof *s->at, by_key) : NULL;
}

/* -- tensors ----------------------------------------------------------------------------------- */

/* The arguments of the call that makes a tensor from a storage; NULL if `v` is no tensor. */
static const value *tensor_args(const value *v)
{
    const value *made_by;

    for (int i = 0; v && i < MAX_WRAPPINGS; i++) {
        const value *args = encnet__value_call_of(v, "torch", "_rebuild_tensor_v2");
        if (!args) args = encnet__value_call_of(v, "torch", "_rebuild_tensor");
        if (args) return args;
        args =
            encnet__value_call_of(v, "torch", "_rebuild_from_type_v2"); /* (call, type, args ...) */
        made_by = encnet__value_item(args, 0);
        if (encnet__value_is(made_by, ENCNET__VALUE_GLOBAL) &&
            strcmp(made_by->global.name, "_rebuild_tensor_v2") == 0)
            return encnet__value_item(args, 2);
        args = encnet__value_call_of(v, "torch", "_rebuild_parameter");
        if (!args) args = encnet__value_call_of(v, "torch", "_rebuild_parameter_with_state");
        if (!args) args = encnet__value_call_of(v, "torch", "Parameter");
        v = encnet__value_item(args, 0);
    }
    return NULL;
}

/* Reads dims and strides, and computes the count; returns false if they are wrong or overflow. */
static bool read_shape(encnet__file_tensor *t, const value *size, const value *stride)
{
    if (!encnet__value_is(size, ENCNET__VALUE_TUPLE) ||
        !encnet__value_is(stride, ENCNET__VALUE_TUPLE) || size->n != stride->n ||
        size->n > ENCNET__MAX_DIMS)
        return false;
    t->n_dims = (int)size->n;
    for (size_t i = 0; i < size->n; i++)
        if (!encnet__value_count(&t->dims[i], size->items[i])) return false;
    if (!encnet__file_tensor_pack(t)) return false;
    for (size_t i = 0; i < size->n; i++)
        if (!encnet__value_count(&t->strides[i], stride->items[i])) return false;
    return true;
}

/* Whether a view with these dims and strides, from element `offset` on, stays below `count`. */
static bool is_within(const encnet__file_tensor *t, uint64_t offset, uint64_t count)
{
    uint64_t last = offset, step;

    if (t->count == 0) return true;
    for (int d = 0; d < t->n_dims; d++)
        if (__builtin_mul_overflow(t->dims[d] - 1, t->strides[d], &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    return last < count;
}

/* The offset of a storage in the one that it is a view of, which is the last field of a legacy id.
 */
static uint64_t view_offset(const value *id)
{
    uint64_t offset;

    return encnet__value_count(&offset, encnet__value_item(encnet__value_item(id, 5), 1)) ? offset
                                                                                          : 0;
}

static encnet_status read_tensor(encnet__file_tensor *t, const encnet__tensor_file *f,
                                 const char *name, const value *args,
                                 const encnet__torch_storages *s)
{
    const value *storage = encnet__value_item(args, 0);
    const value *id = encnet__value_is(storage, ENCNET__VALUE_PERSISTENT) ? storage->id : NULL;
    const encnet__torch_storage *from =
        encnet__torch_storage_find(s, encnet__value_text(encnet__value_item(id, 2)));
    uint64_t offset, base;

    if (!from || !from->has_type)
        return encnet__fail(
            ENCNET_E_CHECKPOINT, "%s: %s is of a type that cannot be read: %s", f->path, name,
            from && encnet__value_is(encnet__value_item(id, 1), ENCNET__VALUE_GLOBAL)
                ? encnet__value_item(id, 1)->global.name
                : "it has no storage");
    if (!from->is_placed)
        return encnet__fail(ENCNET_E_CHECKPOINT, "%s: the storage %s of %s is not in the file",
                            f->path, from->key, name);
    t->type = from->type;
    base = view_offset(id);
    if (!encnet__value_count(&offset, encnet__value_item(args, 1)) ||
        !read_shape(t, encnet__value_item(args, 2), encnet__value_item(args, 3)) ||
        __builtin_add_overflow(offset, base, &offset) || !is_within(t, offset, from->count))
        return encnet__fail(ENCNET_E_CHECKPOINT,
                            "%s: %s is no view of its storage %s of %llu elements", f->path, name,
                            from->key, (unsigned long long)from->count);
    t->offset = from->at;
    if (t->count) t->offset += offset * encnet__type_bytes(t->type);
    return ENCNET_OK;
}

encnet_status encnet__torch_add_weights(encnet__tensor_file *f, const encnet__unpickled *p,
                                        const encnet__torch_storages *s)
{
    encnet_status rc = ENCNET_OK;
    const value *root = encnet__unpickle_root(p), *weights = NULL;

    TRY(encnet__checkpoint_weights(&weights, f, root));
    for (size_t i = 0; i < weights->n; i += 2) {
        const value *key = weights->items[i], *args = tensor_args(weights->items[i + 1]);
        encnet__file_tensor t = {0};
        if (!args) {
            TRY(encnet__checkpoint_may_skip(f, key, weights->items[i + 1]));
            continue;
        }
        TRY(read_tensor(&t, f, encnet__value_text(key) ? encnet__value_text(key) : "a tensor", args,
                        s));
        TRY(encnet__checkpoint_add(f, &t, key));
    }
    TRY(encnet__checkpoint_check(f, weights));
    TRY(encnet__checkpoint_add_meta(f, root));
done:
    return rc;
}
