/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* arithmetic.c - what the operators of Python do with numbers, texts and lists. */
#include <math.h>
#include <string.h>

#include "mmseg/python.h"

typedef encnet__py value;

enum { MAX_REPEATED = 4096, MAX_TEXT = 1 << 20 };

static encnet_status no_operation(const value **out, encnet__py_memory *m, const value *a)
{
    return encnet__py_new_unknown(out, m, a->file, "an operation that is not evaluated", a->line);
}

static encnet_status join_texts(const value **out, encnet__py_memory *m, const value *a,
                                const value *b)
{
    size_t first = strlen(a->text), second = strlen(b->text);
    char *all = first + second < MAX_TEXT ? encnet__py_alloc(m, first + second + 1, 1) : NULL;

    if (!all) return encnet__fail(ENCNET_E_NOMEM, "%s:%d: no memory for a text", a->file, a->line);
    memcpy(all, a->text, first);
    memcpy(all + first, b->text, second);
    return encnet__py_new_text(out, m, a->file, all, a->line);
}

static encnet_status join_lists(const value **out, encnet__py_memory *m, const value *a,
                                const value *b)
{
    encnet_status rc = ENCNET_OK;
    value *all;

    all = encnet__py_new(m, a->kind, a->file, a->line);
    if (!all) FAIL(ENCNET_E_NOMEM, "%s:%d: no memory for a list", a->file, a->line);
    TRY(encnet__py_append_all(m, all, a, a->line));
    TRY(encnet__py_append_all(m, all, b, a->line));
    *out = all;
done:
    return rc;
}

encnet_status encnet__py_add(const value **out, encnet__py_memory *m, const value *a,
                             const value *b)
{
    double x, y;
    int64_t sum;

    if (a->kind == ENCNET__PY_TEXT && b->kind == ENCNET__PY_TEXT) return join_texts(out, m, a, b);
    if (encnet__py_is_list(a) && a->kind == b->kind) return join_lists(out, m, a, b);
    if (!encnet__py_number(&x, a) || !encnet__py_number(&y, b)) return no_operation(out, m, a);
    if (a->kind == ENCNET__PY_INT && b->kind == ENCNET__PY_INT &&
        !__builtin_add_overflow(a->integer, b->integer, &sum))
        return encnet__py_new_int(out, m, a->file, sum, a->line);
    return encnet__py_new_real(out, m, a->file, x + y, a->line);
}

encnet_status encnet__py_negate(const value **out, encnet__py_memory *m, const value *a)
{
    if (a->kind == ENCNET__PY_INT && a->integer != INT64_MIN)
        return encnet__py_new_int(out, m, a->file, -a->integer, a->line);
    if (a->kind == ENCNET__PY_REAL) return encnet__py_new_real(out, m, a->file, -a->real, a->line);
    return no_operation(out, m, a);
}

static encnet_status repeat(const value **out, encnet__py_memory *m, const value *list,
                            const value *times)
{
    encnet_status rc = ENCNET_OK;
    value *all;

    all = encnet__py_new(m, list->kind, list->file, list->line);
    if (!all) FAIL(ENCNET_E_NOMEM, "%s:%d: no memory for a list", list->file, list->line);
    if (times->integer > MAX_REPEATED)
        FAIL(ENCNET_E_CONFIG, "%s:%d: a list repeated too often", list->file, list->line);
    for (int64_t i = 0; i < times->integer && list->n; i++)
        TRY(encnet__py_append_all(m, all, list, list->line));
    *out = all;
done:
    return rc;
}

encnet_status encnet__py_multiply(const value **out, encnet__py_memory *m, const value *a,
                                  const value *b)
{
    double x, y;
    int64_t product;

    if (encnet__py_is_list(a) && b->kind == ENCNET__PY_INT) return repeat(out, m, a, b);
    if (encnet__py_is_list(b) && a->kind == ENCNET__PY_INT) return repeat(out, m, b, a);
    if (!encnet__py_number(&x, a) || !encnet__py_number(&y, b)) return no_operation(out, m, a);
    if (a->kind == ENCNET__PY_INT && b->kind == ENCNET__PY_INT &&
        !__builtin_mul_overflow(a->integer, b->integer, &product))
        return encnet__py_new_int(out, m, a->file, product, a->line);
    return encnet__py_new_real(out, m, a->file, x * y, a->line);
}

/* a / b, a // b and, as Python rounds, towards minus infinity. */
encnet_status encnet__py_divide(const value **out, encnet__py_memory *m, const value *a,
                                const value *b, bool floored)
{
    double x, y;

    if (!encnet__py_number(&x, a) || !encnet__py_number(&y, b)) return no_operation(out, m, a);
    if (y == 0) return encnet__fail(ENCNET_E_CONFIG, "%s:%d: a division by zero", a->file, a->line);
    if (floored && a->kind == ENCNET__PY_INT && b->kind == ENCNET__PY_INT && b->integer > 0) {
        int64_t q = a->integer / b->integer;
        return encnet__py_new_int(out, m, a->file, q - (a->integer % b->integer < 0), a->line);
    }
    return encnet__py_new_real(out, m, a->file, floored ? floor(x / y) : x / y, a->line);
}

encnet_status encnet__py_power(const value **out, encnet__py_memory *m, const value *a,
                               const value *b)
{
    encnet_status rc = ENCNET_OK;
    double x, y;

    if (!encnet__py_number(&x, a) || !encnet__py_number(&y, b)) return no_operation(out, m, a);
    if (a->kind != ENCNET__PY_INT || b->kind != ENCNET__PY_INT || b->integer < 0 || b->integer > 63)
        return encnet__py_new_real(out, m, a->file, pow(x, y), a->line);
    TRY(encnet__py_new_int(out, m, a->file, 1, a->line));
    for (int64_t i = 0; i < b->integer; i++) TRY(encnet__py_multiply(out, m, *out, a));
done:
    return rc;
}
