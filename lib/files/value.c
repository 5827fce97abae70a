/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* value.c - looks into the values of a pickle. */
#include "files/unpickle.h"

#include <string.h>

typedef encnet__value value;

bool encnet__value_is(const value *v, encnet__value_kind kind)
{
    return v && v->kind == kind;
}

const char *encnet__value_text(const value *v)
{
    return encnet__value_is(v, ENCNET__VALUE_STRING) ? v->string.text : NULL;
}

bool encnet__value_count(uint64_t *out, const value *v)
{
    if (!encnet__value_is(v, ENCNET__VALUE_INT) || v->integer < 0) return false;
    *out = (uint64_t)v->integer;
    return true;
}

const value *encnet__value_item(const value *v, size_t i)
{
    if (!encnet__value_is(v, ENCNET__VALUE_LIST) && !encnet__value_is(v, ENCNET__VALUE_TUPLE))
        return NULL;
    return i < v->n ? v->items[i] : NULL;
}

const value *encnet__value_get(const value *v, const char *key)
{
    if (!encnet__value_is(v, ENCNET__VALUE_DICT)) return NULL;
    for (size_t i = v->n; i; i -= 2) { /* the last one set counts */
        const char *text = encnet__value_text(v->items[i - 2]);
        if (text && strcmp(text, key) == 0) return v->items[i - 1];
    }
    return NULL;
}

const value *encnet__value_call_of(const value *v, const char *module, const char *name)
{
    size_t size = strlen(module);
    const value *callee;

    if (!encnet__value_is(v, ENCNET__VALUE_CALL)) return NULL;
    callee = v->call.callee;
    if (callee->kind != ENCNET__VALUE_GLOBAL || strcmp(callee->global.name, name) != 0 ||
        strncmp(callee->global.module, module, size) != 0 ||
        (callee->global.module[size] && callee->global.module[size] != '.'))
        return NULL;
    return v->call.args;
}
