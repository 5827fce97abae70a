/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* value.c - values of Python and the memory that they live in. */
#include "mmseg/python.h"

#include <math.h>
#include <string.h>

#include "options/options.h"

enum {
    BLOCK = 64 << 10,
    MAX_BYTES = 32 << 20,
    MAX_ITEMS = 4096, /* of a list */
    MAX_KEYS = 1024,  /* of a dictionary, in which they are searched one by one */
    MAX_DEPTH = 100,
    MAX_PRINTED = 200
};

typedef struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
} block;

struct encnet__py_memory {
    block *blocks;
    size_t total;
};

/* -- memory ------------------------------------------------------------------------------------ */

encnet__py_memory *encnet__py_memory_new(void)
{
    return encnet__alloc(1, sizeof(encnet__py_memory));
}

void encnet__py_memory_free(encnet__py_memory *m)
{
    while (m && m->blocks) {
        block *next = m->blocks->next;
        encnet__free(m->blocks);
        m->blocks = next;
    }
    encnet__free(m);
}

static block *add_block(encnet__py_memory *m, size_t size)
{
    block *b;

    if (size < BLOCK) size = BLOCK;
    if (size > MAX_BYTES - m->total) return NULL;
    b = encnet__alloc(1, sizeof *b + size);
    if (!b) return NULL;
    *b = (block){.next = m->blocks, .size = size};
    m->total += size;
    m->blocks = b;
    return b;
}

void *encnet__py_alloc(encnet__py_memory *m, size_t count, size_t size)
{
    block *b = m->blocks;
    size_t bytes;
    void *p;

    if (!encnet__mul(&bytes, count, size) || bytes > MAX_BYTES) return NULL;
    bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!b || bytes > b->size - b->used) b = add_block(m, bytes);
    if (!b) return NULL;
    p = (char *)b->bytes + b->used;
    b->used += bytes;
    return p;
}

char *encnet__py_text(encnet__py_memory *m, const char *text, size_t size)
{
    char *copy = encnet__py_alloc(m, size + 1, 1);

    if (copy) memcpy(copy, text, size);
    return copy;
}

/* -- building ---------------------------------------------------------------------------------- */

encnet__py *encnet__py_new(encnet__py_memory *m, encnet__py_kind kind, const char *file, int line)
{
    encnet__py *v = encnet__py_alloc(m, 1, sizeof *v);

    if (v) {
        v->kind = kind;
        v->file = file;
        v->line = line;
    }
    return v;
}

static encnet_status new_value(encnet__py **out, encnet__py_memory *m, encnet__py_kind kind,
                               const char *file, int line)
{
    *out = encnet__py_new(m, kind, file, line);
    return *out ? ENCNET_OK
                : encnet__fail(ENCNET_E_NOMEM, "%s:%d: no memory, or too many values", file, line);
}

encnet_status encnet__py_new_unknown(const encnet__py **out, encnet__py_memory *m, const char *file,
                                     const char *x, int line)
{
    encnet_status rc = ENCNET_OK;
    encnet__py *v;

    TRY(new_value(&v, m, ENCNET__PY_UNKNOWN, file, line));
    v->text = x;
    *out = v;
done:
    return rc;
}

encnet_status encnet__py_new_int(const encnet__py **out, encnet__py_memory *m, const char *file,
                                 int64_t x, int line)
{
    encnet_status rc = ENCNET_OK;
    encnet__py *v;

    TRY(new_value(&v, m, ENCNET__PY_INT, file, line));
    v->integer = x;
    *out = v;
done:
    return rc;
}

encnet_status encnet__py_new_text(const encnet__py **out, encnet__py_memory *m, const char *file,
                                  const char *x, int line)
{
    encnet_status rc = ENCNET_OK;
    encnet__py *v;

    TRY(new_value(&v, m, ENCNET__PY_TEXT, file, line));
    v->text = x;
    *out = v;
done:
    return rc;
}

encnet_status encnet__py_new_real(const encnet__py **out, encnet__py_memory *m, const char *file,
                                  double x, int line)
{
    encnet_status rc = ENCNET_OK;
    encnet__py *v;

    if (!isfinite(x))
        return encnet__py_new_unknown(out, m, file, "a number that is not finite", line);
    TRY(new_value(&v, m, ENCNET__PY_REAL, file, line));
    v->real = x;
    *out = v;
done:
    return rc;
}

static encnet_status no_memory(const encnet__py *v)
{
    return encnet__fail(ENCNET_E_NOMEM, "%s:%d: no memory, or more than %d MiB of values", v->file,
                        v->line, MAX_BYTES >> 20);
}

/* Makes room for one more item, and notes how deep it is. */
static encnet_status extend(encnet__py_memory *m, encnet__py *v, const encnet__py *item)
{
    int room = v->room ? 2 * v->room : 8, most = v->kind == ENCNET__PY_DICT ? MAX_KEYS : MAX_ITEMS;
    const encnet__py **items;
    const char **keys;

    if (v->n >= most)
        return encnet__fail(ENCNET_E_CONFIG, "%s:%d: more than %d items", v->file, v->line, most);
    if (item->depth >= v->depth) v->depth = item->depth + 1;
    if (v->depth > MAX_DEPTH)
        return encnet__fail(ENCNET_E_CONFIG, "%s:%d: more than %d levels of lists and dictionaries",
                            item->file, item->line, MAX_DEPTH);
    if (v->n < v->room) return ENCNET_OK;
    items = encnet__py_alloc(m, (size_t)room, sizeof *items);
    keys = v->kind == ENCNET__PY_DICT ? encnet__py_alloc(m, (size_t)room, sizeof *keys) : NULL;
    if (!items || (v->kind == ENCNET__PY_DICT && !keys)) return no_memory(v);
    if (v->n) memcpy(items, v->items, (size_t)v->n * sizeof *items);
    if (v->n && keys) memcpy(keys, v->keys, (size_t)v->n * sizeof *keys);
    v->items = items;
    v->keys = keys;
    v->room = room;
    return ENCNET_OK;
}

encnet_status encnet__py_append(encnet__py_memory *m, encnet__py *list, const encnet__py *item)
{
    encnet_status rc = extend(m, list, item);

    if (rc == ENCNET_OK) list->items[list->n++] = item;
    return rc;
}

static int index_of(const encnet__py *dict, const char *key)
{
    for (int i = 0; i < dict->n; i++)
        if (strcmp(dict->keys[i], key) == 0) return i;
    return -1;
}

encnet_status encnet__py_set(encnet__py_memory *m, encnet__py *dict, const char *key,
                             const encnet__py *value)
{
    int i = index_of(dict, key);
    encnet_status rc = extend(m, dict, value);

    if (rc != ENCNET_OK) return rc;
    if (i < 0) {
        i = dict->n++;
        dict->keys[i] = key;
    }
    dict->items[i] = value;
    return ENCNET_OK;
}

encnet_status encnet__py_append_all(encnet__py_memory *m, encnet__py *list, const encnet__py *from,
                                    int line)
{
    encnet_status rc = ENCNET_OK;

    if (!encnet__py_is_list(from))
        FAIL(ENCNET_E_CONFIG, "%s:%d: * in front of what is no list", list->file, line);
    for (int i = 0; i < from->n; i++) TRY(encnet__py_append(m, list, from->items[i]));
done:
    return rc;
}

/* -- looking ----------------------------------------------------------------------------------- */

bool encnet__py_is(const encnet__py *v, encnet__py_kind kind)
{
    return v && v->kind == kind;
}

bool encnet__py_is_list(const encnet__py *v)
{
    return encnet__py_is(v, ENCNET__PY_LIST) || encnet__py_is(v, ENCNET__PY_TUPLE);
}

const encnet__py *encnet__py_get(const encnet__py *dict, const char *key)
{
    int i = encnet__py_is(dict, ENCNET__PY_DICT) ? index_of(dict, key) : -1;

    return i < 0 ? NULL : dict->items[i];
}

const encnet__py *encnet__py_item(const encnet__py *list, int i)
{
    return encnet__py_is_list(list) && i >= 0 && i < list->n ? list->items[i] : NULL;
}

bool encnet__py_number(double *out, const encnet__py *v)
{
    if (encnet__py_is(v, ENCNET__PY_REAL))
        *out = v->real;
    else if (encnet__py_is(v, ENCNET__PY_INT))
        *out = (double)v->integer;
    else
        return false;
    return true;
}

bool encnet__py_true(const encnet__py *v)
{
    if (!v) return false;
    switch (v->kind) {
    case ENCNET__PY_NONE:
        return false;
    case ENCNET__PY_BOOL:
    case ENCNET__PY_INT:
        return v->integer != 0;
    case ENCNET__PY_REAL:
        return v->real != 0;
    case ENCNET__PY_TEXT:
        return *v->text != '\0';
    case ENCNET__PY_LIST:
    case ENCNET__PY_TUPLE:
    case ENCNET__PY_DICT:
        return v->n > 0;
    case ENCNET__PY_UNKNOWN:
        break;
    }
    return true;
}

/* -- printing ---------------------------------------------------------------------------------- */

static void print_number(encnet__text *out, double value, bool plain)
{
    size_t start = out->size;

    encnet__number_print(out, value);
    if (!plain && !out->failed && !strpbrk(out->data + start, ".en")) encnet__text_add(out, ".0");
}

static void print(encnet__text *out, const encnet__py *v, bool plain, size_t end);

static void print_items(encnet__text *out, const encnet__py *v, bool plain, size_t end)
{
    bool dict = v->kind == ENCNET__PY_DICT, tuple = v->kind == ENCNET__PY_TUPLE && !plain;

    encnet__text_add(out, dict ? "{" : tuple ? "(" : "[");
    for (int i = 0; i < v->n && out->size < end; i++) {
        encnet__text_add(out, "%s", i ? ", " : "");
        if (dict) encnet__text_add(out, "'%s': ", v->keys[i]);
        print(out, v->items[i], plain, end);
    }
    if (tuple && v->n == 1) encnet__text_add(out, ",");
    encnet__text_add(out, dict ? "}" : tuple ? ")" : "]");
}

static void print(encnet__text *out, const encnet__py *v, bool plain, size_t end)
{
    switch (v->kind) {
    case ENCNET__PY_NONE:
        encnet__text_add(out, "None");
        break;
    case ENCNET__PY_BOOL:
        encnet__text_add(out, v->integer ? "True" : "False");
        break;
    case ENCNET__PY_INT:
        encnet__text_add(out, "%lld", (long long)v->integer);
        break;
    case ENCNET__PY_REAL:
        print_number(out, v->real, plain);
        break;
    case ENCNET__PY_TEXT:
        encnet__text_add(out, "'%.*s'", MAX_PRINTED, v->text);
        break;
    case ENCNET__PY_UNKNOWN:
        encnet__text_add(out, "%s", v->text);
        break;
    case ENCNET__PY_LIST:
    case ENCNET__PY_TUPLE:
    case ENCNET__PY_DICT:
        if (out->size < end)
            print_items(out, v, plain, end);
        else
            encnet__text_add(out, "...");
        break;
    }
}

void encnet__py_print(encnet__text *out, const encnet__py *v, bool plain)
{
    print(out, v, plain, out->size + MAX_PRINTED);
}
