/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * paddle.c - .pdparams: one pickle of a dictionary from names to numpy arrays.
 *
 * An array is a call of numpy's _reconstruct with a state: (version, shape, dtype, whether it is in
 * Fortran order, bytes).  Protocol 2 has no type for bytes, so the data is text in which every
 * character stands for one byte; it is decoded into memory.  With later protocols the data is read
 * from the file.  Protocols before 4 cut arrays of more than 1 GiB into pieces, which are listed
 * under "UnpackBigParamInfor@@".
 */
#include <stdlib.h>
#include <string.h>

#include "files/checkpoint.h"
#include "files/format.h"

#define PIECES "UnpackBigParamInfor@@"
#define PIECE_MARK "@@." /* precedes the number in the name of a piece */
#define MAX_PIECES 256u  /* of 1 GiB each */

typedef encnet__value value;

static const struct {
    const char *name; /* numpy's, without the byte order */
    encnet__type type;
} array_types[] = {
    {"f2", ENCNET__F16},  {"f4", ENCNET__F32}, {"f8", ENCNET__F64}, {"i1", ENCNET__I8},
    {"i2", ENCNET__I16},  {"i4", ENCNET__I32}, {"i8", ENCNET__I64}, {"u1", ENCNET__U8},
    {"u2", ENCNET__BF16}, /* Paddle's bfloat16: it has no uint16 */
    {"b1", ENCNET__BOOL},
};

/* Reading one file. */
typedef struct reader {
    encnet__tensor_file *f;
    uint64_t taken; /* bytes of the arrays decoded into memory, at most those of the file */
    unsigned pieces;
} reader;

/* A pickle of protocol 2 to 5, whose next opcode begins a dictionary or a frame. */
static bool sniff(const uint8_t *head, size_t size)
{
    return size >= 3 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 &&
           (head[2] == '}' || head[2] == 'c' || head[2] == 0x95);
}

/* -- arrays ------------------------------------------------------------------------------------ */

/* The type in numpy's dtype('f4') with the state (3, '<', ...). */
static bool read_type(encnet__type *out, const value *v)
{
    const value *args = encnet__value_call_of(v, "numpy", "dtype");
    const char *name = encnet__value_text(encnet__value_item(args, 0));
    const char *order = name ? encnet__value_text(encnet__value_item(v->state, 1)) : NULL;

    if (!order || (strcmp(order, "<") != 0 && strcmp(order, "|") != 0)) return false;
    for (size_t i = 0; i < COUNT_OF(array_types); i++) {
        if (strcmp(array_types[i].name, name) != 0) continue;
        *out = array_types[i].type;
        return true;
    }
    return false;
}

static bool read_shape(encnet__file_tensor *t, const value *shape)
{
    if (!encnet__value_is(shape, ENCNET__VALUE_TUPLE) || shape->n > ENCNET__MAX_DIMS) return false;
    t->n_dims = (int)shape->n;
    for (size_t i = 0; i < shape->n; i++)
        if (!encnet__value_count(&t->dims[i], shape->items[i])) return false;
    return encnet__file_tensor_pack(t);
}

/* Sets the strides of Fortran order, in which the first dim is the fastest. */
static void set_fortran(encnet__file_tensor *t)
{
    uint64_t stride = 1;

    for (int d = 0; d < t->n_dims; d++) {
        t->strides[d] = stride;
        stride *= t->dims[d];
    }
}

/* Decodes text in which every character stands for a byte, and which is UTF-8 in the file. */
static encnet_status decode(const encnet__tensor_file *f, uint8_t *out, size_t size,
                            const value *text)
{
    encnet_status rc = ENCNET_OK;
    uint8_t chunk[16384];
    size_t n = 0;
    unsigned lead = 0; /* the first byte of a two-byte character, until the second is read */

    for (uint64_t i = 0, part; i < text->string.size; i += part) {
        part = text->string.size - i < sizeof chunk ? text->string.size - i : sizeof chunk;
        TRY(encnet__file_bytes(f, chunk, text->string.at + i, (size_t)part));
        for (size_t k = 0; k < part; k++) {
            unsigned c = chunk[k];
            bool second = lead != 0;
            if (second ? (c & 0xC0) != 0x80 : c >= 0x80 && c != 0xC2 && c != 0xC3)
                FAIL(ENCNET_E_CHECKPOINT, "%s: byte %llu: no latin-1 text", f->path,
                     (unsigned long long)(text->string.at + i + k));
            if (!second && c >= 0x80) {
                lead = c;
                continue;
            }
            if (n == size)
                FAIL(ENCNET_E_CHECKPOINT, "%s: an array has more than its %zu bytes", f->path,
                     size);
            out[n++] = (uint8_t)(second ? (lead & 3) << 6 | (c & 0x3F) : c);
            lead = 0;
        }
    }
    if (lead || n != size)
        FAIL(ENCNET_E_CHECKPOINT, "%s: an array has %zu of its %zu bytes", f->path, n, size);
done:
    return rc;
}

/* Takes memory for the data of an array. */
static encnet_status take(reader *r, uint8_t **out, uint64_t bytes, const char *name)
{
    if (bytes > r->f->bytes - r->taken)
        return encnet__fail(ENCNET_E_CHECKPOINT,
                            "%s: its arrays up to %s take more than its %llu bytes", r->f->path,
                            name, (unsigned long long)r->f->bytes);
    r->taken += bytes;
    *out = encnet__file_memory(r->f, (size_t)bytes);
    return *out ? ENCNET_OK
                : encnet__fail(ENCNET_E_NOMEM, "%s: no memory for %llu bytes of %s", r->f->path,
                               (unsigned long long)bytes, name);
}

/* Sets where the data of an array is: in the file, or decoded in memory. */
static encnet_status place(reader *r, encnet__file_tensor *t, const char *name, const value *data)
{
    encnet_status rc = ENCNET_OK;
    uint64_t bytes = encnet__file_tensor_bytes(t);
    const value *args = encnet__value_call_of(data, "_codecs", "encode");
    const value *text = encnet__value_item(args, 0);
    uint8_t *memory = NULL;

    if (bytes == 0) goto done;
    if (encnet__value_is(data, ENCNET__VALUE_STRING) && data->string.size == bytes) {
        t->offset = data->string.at;
        goto done;
    }
    if (!encnet__value_is(text, ENCNET__VALUE_STRING) || text->string.size < bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s has not the %llu bytes of its shape and type %s",
             r->f->path, name, (unsigned long long)bytes, encnet__type_name(t->type));
    TRY(take(r, &memory, bytes, name));
    TRY(decode(r->f, memory, (size_t)bytes, text));
    t->memory = memory;
done:
    return rc;
}

/* The array in a value that is one, or that is tuple((name, array)); NULL if it is neither. */
static const value *array_of(const value *v)
{
    const value *pair = encnet__value_item(encnet__value_call_of(v, "builtins", "tuple"), 0);

    if (!pair) pair = encnet__value_item(encnet__value_call_of(v, "__builtin__", "tuple"), 0);
    if (pair) v = encnet__value_item(pair, 1);
    return encnet__value_call_of(v, "numpy", "_reconstruct") ? v : NULL;
}

static encnet_status read_array(reader *r, encnet__file_tensor *t, const char *name,
                                const value *array)
{
    encnet_status rc = ENCNET_OK;
    const value *fortran = encnet__value_item(array->state, 3);

    if (!read_type(&t->type, encnet__value_item(array->state, 2)))
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s is of a type that cannot be read", r->f->path, name);
    if (!read_shape(t, encnet__value_item(array->state, 1)))
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s has no shape of at most %d dimensions and 63 bits",
             r->f->path, name, ENCNET__MAX_DIMS);
    if (encnet__value_is(fortran, ENCNET__VALUE_BOOL) && fortran->integer) set_fortran(t);
    TRY(place(r, t, name, encnet__value_item(array->state, 4)));
done:
    return rc;
}

/* -- pieces ------------------------------------------------------------------------------------ */

/* Joins one array from the pieces that {'OriginShape': (...), 'slices': ['w@@.0', ...]} lists. */
static encnet_status add_joined(reader *r, const value *weights, const value *key,
                                const value *info)
{
    encnet_status rc = ENCNET_OK;
    const char *name = encnet__value_text(key);
    const value *pieces = encnet__value_get(info, "slices");
    encnet__file_tensor whole = {0};
    uint64_t room = 0;
    uint8_t *memory = NULL;

    for (size_t i = 0; encnet__value_item(pieces, i); i++) {
        const char *piece = encnet__value_text(pieces->items[i]);
        const value *array = piece ? array_of(encnet__value_get(weights, piece)) : NULL;
        encnet__file_tensor t = {0};

        if (!array || !name || ++r->pieces > MAX_PIECES)
            FAIL(ENCNET_E_CHECKPOINT, "%s: piece %zu of %.100s is not there, or beyond %u",
                 r->f->path, i, name ? name : "an array", MAX_PIECES);
        TRY(read_array(r, &t, piece, array));
        if (i == 0) {
            whole.type = t.type;
            if (!read_shape(&whole, encnet__value_get(info, "OriginShape")))
                FAIL(ENCNET_E_CHECKPOINT, "%s: %s has no shape", r->f->path, name);
            room = encnet__file_tensor_bytes(&whole);
            TRY(take(r, &memory, room, name));
            whole.memory = memory;
        }
        if (t.type != whole.type || encnet__file_tensor_bytes(&t) > room)
            FAIL(ENCNET_E_CHECKPOINT, "%s: piece %s does not fit its array", r->f->path, piece);
        TRY(encnet__tensor_file_read(r->f, &t, memory));
        memory += encnet__file_tensor_bytes(&t);
        room -= encnet__file_tensor_bytes(&t);
    }
    if (room || !whole.memory)
        FAIL(ENCNET_E_CHECKPOINT, "%s: the pieces of %.100s lack %llu bytes", r->f->path,
             name ? name : "an array", (unsigned long long)room);
    TRY(encnet__checkpoint_add(r->f, &whole, key));
done:
    return rc;
}

/* -- the file ---------------------------------------------------------------------------------- */

static encnet_status add_arrays(reader *r, const value *weights)
{
    encnet_status rc = ENCNET_OK;
    const value *pieces = encnet__value_get(weights, PIECES);

    for (size_t i = 0; i < weights->n; i += 2) {
        const char *name = encnet__value_text(weights->items[i]);
        const value *array = array_of(weights->items[i + 1]);
        encnet__file_tensor t = {0};
        if (!array)
            TRY(encnet__checkpoint_may_skip(r->f, weights->items[i], weights->items[i + 1]));
        if (!array || (name && pieces && strstr(name, PIECE_MARK))) continue;
        TRY(read_array(r, &t, name ? name : "an array", array));
        TRY(encnet__checkpoint_add(r->f, &t, weights->items[i]));
    }
    if (!encnet__value_is(pieces, ENCNET__VALUE_DICT)) goto done;
    for (size_t i = 0; i < pieces->n; i += 2)
        TRY(add_joined(r, weights, pieces->items[i], pieces->items[i + 1]));
done:
    return rc;
}

static encnet_status parse(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    encnet__unpickled *p = NULL;
    const value *weights = NULL;
    reader r = {.f = f};

    TRY(encnet__unpickle_read(&p, f, 0, f->bytes));
    if (encnet__unpickle_end(p) != f->bytes)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %llu bytes follow its pickle", f->path,
             (unsigned long long)(f->bytes - encnet__unpickle_end(p)));
    TRY(encnet__checkpoint_weights(&weights, f, encnet__unpickle_root(p)));
    TRY(add_arrays(&r, weights));
    TRY(encnet__checkpoint_check(f, weights));
done:
    encnet__unpickle_free(p);
    return rc;
}

const encnet__file_format encnet__format_paddle = {
    .name = "Paddle",
    .ending = ".pdparams",
    .about = "Paddle's parameters, pickle protocols 2 to 4",
    .sniff = sniff,
    .parse = parse,
};
