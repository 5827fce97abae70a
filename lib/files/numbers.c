/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* numbers.c - reads the elements of a tensor in row-major order, whatever its strides, and converts
 * them to float or int64. */
#include <math.h>
#include <string.h>

#include "files/format.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "numbers.c: files are little endian and are read as they are"
#endif

/* A part of a view is read in one piece if that takes at most MAX_WASTE times its own bytes plus
 * WASTE_BYTES. */
#define MAX_WASTE 4u
#define WASTE_BYTES 4096u

/* -- gathering a view -------------------------------------------------------------------------- */

static encnet_status fetch(const encnet__tensor_file *f, const encnet__file_tensor *t, void *out,
                           uint64_t at, uint64_t bytes)
{
    if (!t->memory) return encnet__file_bytes(f, out, at, (size_t)bytes);
    memcpy(out, t->memory + at, (size_t)bytes);
    return ENCNET_OK;
}

/* Copies the elements of dims d and up, the first of which is at `from`; returns where the next
 * ones go. */
static uint8_t *pick(uint8_t *out, const uint8_t *from, const encnet__file_tensor *t, int d)
{
    size_t size = encnet__type_bytes(t->type);

    if (d == t->n_dims) {
        memcpy(out, from, size);
        return out + size;
    }
    for (uint64_t i = 0; i < t->dims[d]; i++)
        out = pick(out, from + i * t->strides[d] * size, t, d + 1);
    return out;
}

/*
 * The same from the file, in which the first element is at byte `at`.  Elements that are close
 * together are read in one piece and picked out in memory; otherwise each part along dim d is read
 * by itself.  Whatever the strides, memory and bytes read are at most a constant factor more than
 * the elements themselves.
 */
static encnet_status gather(const encnet__tensor_file *f, const encnet__file_tensor *t, int d,
                            uint64_t at, uint8_t **out)
{
    encnet_status rc = ENCNET_OK;
    uint64_t size = encnet__type_bytes(t->type), bytes = size, extent = size;
    uint8_t *piece = NULL;

    for (int k = d; k < t->n_dims; k++) {
        bytes *= t->dims[k];
        extent += (t->dims[k] - 1) * t->strides[k] * size;
    }
    if (extent > MAX_WASTE * bytes + WASTE_BYTES) {
        for (uint64_t i = 0; i < t->dims[d]; i++)
            TRY(gather(f, t, d + 1, at + i * t->strides[d] * size, out));
        goto done;
    }
    piece = encnet__alloc((size_t)extent, 1);
    if (!piece)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for %llu bytes of %s", f->path,
             (unsigned long long)extent, t->name);
    TRY(fetch(f, t, piece, at, extent));
    *out = pick(*out, piece, t, d);
done:
    encnet__free(piece);
    return rc;
}

static bool is_packed(const encnet__file_tensor *t)
{
    uint64_t stride = 1;

    for (int d = t->n_dims - 1; d >= 0; stride *= t->dims[d--])
        if (t->dims[d] != 1 && t->strides[d] != stride) return false;
    return true;
}

encnet_status encnet__tensor_file_read(const encnet__tensor_file *f, const encnet__file_tensor *t,
                                       void *out)
{
    uint8_t *to = out;

    if (t->count == 0) return ENCNET_OK;
    if (is_packed(t)) return fetch(f, t, out, t->offset, encnet__file_tensor_bytes(t));
    return gather(f, t, 0, t->offset, &to);
}

/* -- conversion -------------------------------------------------------------------------------- */

/* Widens one integer, which is signed if its type is. */
static int64_t to_integer(const uint8_t *in, encnet__type type)
{
    size_t size = encnet__type_bytes(type);
    bool is_signed =
        type == ENCNET__I8 || type == ENCNET__I16 || type == ENCNET__I32 || type == ENCNET__I64;
    uint64_t value = 0;

    memcpy(&value, in, size);
    if (is_signed && size < 8 && value >> (8 * size - 1)) value |= UINT64_MAX << (8 * size);
    return (int64_t)value;
}

static encnet_status bad_type(const encnet__tensor_file *f, const encnet__file_tensor *t,
                              const char *wanted)
{
    return encnet__fail(ENCNET_E_CHECKPOINT, "%s: %s holds %s, %s are wanted", f->path, t->name,
                        encnet__type_name(t->type), wanted);
}

/* Reads the elements unconverted into new memory, owned by the caller. */
static encnet_status read_raw(uint8_t **out, const encnet__tensor_file *f,
                              const encnet__file_tensor *t)
{
    encnet_status rc = ENCNET_OK;
    uint8_t *raw = encnet__alloc((size_t)encnet__file_tensor_bytes(t), 1);

    if (!raw)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for %llu bytes of %s", f->path,
             (unsigned long long)encnet__file_tensor_bytes(t), t->name);
    TRY(encnet__tensor_file_read(f, t, raw));
    *out = raw;
    raw = NULL;
done:
    encnet__free(raw);
    return rc;
}

encnet_status encnet__tensor_file_read_floats(const encnet__tensor_file *f,
                                              const encnet__file_tensor *t, float *out)
{
    encnet_status rc = ENCNET_OK;
    size_t size = encnet__type_bytes(t->type);
    uint8_t *raw = NULL;

    if (t->type == ENCNET__F32) return encnet__tensor_file_read(f, t, out);
    if (t->type != ENCNET__F16 && t->type != ENCNET__BF16 && t->type != ENCNET__F64)
        return bad_type(f, t, "floating-point numbers");
    TRY(read_raw(&raw, f, t));
    for (uint64_t i = 0; i < t->count; i++)
        out[i] = (float)encnet__number_read(raw + i * size, t->type);
done:
    encnet__free(raw);
    return rc;
}

encnet_status encnet__tensor_file_read_ints(const encnet__tensor_file *f,
                                            const encnet__file_tensor *t, int64_t *out)
{
    encnet_status rc = ENCNET_OK;
    size_t size = encnet__type_bytes(t->type);
    uint8_t *raw = NULL;

    switch (t->type) {
    case ENCNET__F8_E5M2:
    case ENCNET__F8_E4M3:
    case ENCNET__F16:
    case ENCNET__BF16:
    case ENCNET__F32:
    case ENCNET__F64:
        return bad_type(f, t, "integers");
    default:
        break;
    }
    TRY(read_raw(&raw, f, t));
    for (uint64_t i = 0; i < t->count; i++) {
        out[i] = to_integer(raw + i * size, t->type);
        if (t->type == ENCNET__U64 && out[i] < 0)
            FAIL(ENCNET_E_CHECKPOINT, "%s: %s holds a number beyond 63 bits", f->path, t->name);
    }
done:
    encnet__free(raw);
    return rc;
}

bool encnet__tensor_is_sound(const char *name, const float *x, size_t count, size_t *at)
{
    bool is_variance = encnet__ends_in(name, ".running_var");

    for (*at = 0; *at < count; ++*at)
        if (!isfinite(x[*at]) || (is_variance && x[*at] < 0)) return false;
    return true;
}
