/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* rows.c - the rows of options.def as tables, and what is done with all options together. */
#include "options/options.h"

#include <string.h>

/* -- the tables -------------------------------------------------------------------------------- */

#define ROW(s, k, field, d, value_scope, h, ...)                                                   \
    {.section = #s,                                                                                \
     .key = #k,                                                                                    \
     .default_text = d,                                                                            \
     .help = h,                                                                                    \
     .scope = ENCNET__SCOPE_##value_scope,                                                         \
     .is_field = true,                                                                             \
     .offset = offsetof(encnet_options, s.field),                                                  \
     __VA_ARGS__},
#define RANGE(type, lo, hi) .kind = ENCNET__KIND_##type, .least = lo, .most = hi
#define TEXT .kind = ENCNET__KIND_TEXT

#define ENCNET_SECTION(s, h)
#define ENCNET_END(s)
#define ENCNET_INT(s, k, d, lo, hi, scope, h) ROW(s, k, k, d, scope, h, RANGE(INT, lo, hi))
#define ENCNET_INT64(s, k, d, lo, hi, scope, h) ROW(s, k, k, d, scope, h, RANGE(INT64, lo, hi))
#define ENCNET_UINT64(s, k, d, scope, h) ROW(s, k, k, d, scope, h, .kind = ENCNET__KIND_UINT64)
#define ENCNET_REAL(s, k, d, lo, hi, scope, h) ROW(s, k, k, d, scope, h, RANGE(REAL, lo, hi))
#define ENCNET_BOOL(s, k, d, scope, h) ROW(s, k, k, d, scope, h, .kind = ENCNET__KIND_BOOL)
#define ENCNET_TEXT(s, k, d, scope, h) ROW(s, k, k, d, scope, h, TEXT)
#define ENCNET_FORM(s, k, d, name, words, scope, h)                                                \
    ROW(s, k, k, d, scope, h, TEXT, .form = encnet__form_##name, .values = words)
#define LIST(few, many, lo, hi, words, names)                                                      \
    TEXT, .fewest_numbers = few, .most_numbers = many, .least = lo, .most = hi, .choices = words,  \
          .values = names
#define ENCNET_INTS(s, k, d, few, many, lo, hi, words, names, scope, h)                            \
    ROW(s, k, k, d, scope, h, LIST(few, many, lo, hi, words, names), .whole = true)
#define ENCNET_REALS(s, k, d, few, many, lo, hi, words, names, scope, h)                           \
    ROW(s, k, k, d, scope, h, LIST(few, many, lo, hi, words, names))
#define ENCNET_CHOICE(s, k, d, list, scope, h) ROW(s, k, k, d, scope, h, TEXT, .choices = list)
#define ENCNET_NAMED(s, k, d, list, scope, h)                                                      \
    ROW(s, k, k, d, scope, h, TEXT, .choice = encnet__##list##_name)
#define ENCNET_NAMES(s, k, d, list, scope, h)                                                      \
    ROW(s, k, k, d, scope, h, TEXT, .choice = encnet__##list##_name, .several = true)
#define ENCNET_INT2(s, k, a, b, d, lo, hi, names, scope, h)                                        \
    ROW(s, k, a, d, scope, h, RANGE(INT, lo, hi), .count = 2, .values = names)
#define ENCNET_REAL2(s, k, a, b, d, lo, hi, names, scope, h)                                       \
    ROW(s, k, a, d, scope, h, RANGE(REAL, lo, hi), .count = 2, .values = names)
#define ENCNET_REAL3(s, k, d, lo, hi, names, scope, h)                                             \
    ROW(s, k, k, d, scope, h, RANGE(REAL, lo, hi), .count = 3, .values = names)
static const encnet__option fields[] = {
#include <encnet/options.def>
};

const encnet__option_table encnet__option_fields = {fields, COUNT_OF(fields)};

/* clang-format off */
#define ENCNET_SECTION(s, h) {#s, h},
#define ENCNET_END(s)
#define ENCNET_INT(...)
#define ENCNET_INT64(...)
#define ENCNET_UINT64(...)
#define ENCNET_REAL(...)
#define ENCNET_BOOL(...)
#define ENCNET_TEXT(...)
#define ENCNET_FORM(...)
#define ENCNET_INTS(...)
#define ENCNET_REALS(...)
#define ENCNET_CHOICE(...)
#define ENCNET_NAMED(...)
#define ENCNET_NAMES(...)
#define ENCNET_INT2(...)
#define ENCNET_REAL2(...)
#define ENCNET_REAL3(...)
static const encnet__section sections[] = {
#include <encnet/options.def>
};
/* clang-format on */

const encnet__option *encnet__option_of_field(size_t offset)
{
    const encnet__option *row = fields;

    while (row->offset != offset) row++; /* every field has a row */
    return row;
}

/* -- all options ------------------------------------------------------------------------------- */

void encnet_options_default(encnet_options *options)
{
    if (!options) return;
    memset(options, 0, sizeof *options);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        /* A default that its own row refuses is a bug of the row; the tests look at every row. */
        if (encnet__option_set(options, &fields[i], fields[i].default_text) != ENCNET_OK) continue;
    }
}

encnet_status encnet__options_check(const encnet_options *options, const char *section)
{
    encnet_status rc = ENCNET_OK;

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!section || strcmp(fields[i].section, section) == 0)
            TRY(encnet__option_check(options, &fields[i]));
    for (int i = 0; i < ENCNET_MAX_OWNED_OPTIONS && options->owned[i].row; i++)
        TRY(encnet__option_check(options, options->owned[i].row));
done:
    return rc;
}

/* The text `index` of the options, over all fields and then all owned options; NULL: that option
 * is no text. */
static const char **text_at(encnet_options *options, size_t index)
{
    const encnet__option *row;

    if (index < COUNT_OF(fields)) {
        row = &fields[index];
        return row->kind == ENCNET__KIND_TEXT
                   ? (const char **)(void *)((char *)options + row->offset)
                   : NULL;
    }
    row = options->owned[index - COUNT_OF(fields)].row;
    return row && row->kind == ENCNET__KIND_TEXT
               ? &options->owned[index - COUNT_OF(fields)].value.text
               : NULL;
}

encnet_status encnet__options_copy(encnet_options *to, char **strings, const encnet_options *from)
{
    size_t count = COUNT_OF(fields) + ENCNET_MAX_OWNED_OPTIONS, size = 1;
    char *block, *next;

    *to = *from;
    for (size_t i = 0; i < count; i++) {
        const char **text = text_at(to, i);
        if (text && *text) size += strlen(*text) + 1;
    }
    block = next = encnet__alloc(size, 1);
    if (!block) return encnet__fail(ENCNET_E_NOMEM, "no host memory for the options");
    for (size_t i = 0; i < count; i++) {
        const char **text = text_at(to, i);
        size_t length = text && *text ? strlen(*text) : 0;
        if (!text) continue;
        if (length) memcpy(next, *text, length + 1);
        *text = length ? next : "";
        if (length) next += length + 1;
    }
    *strings = block;
    return ENCNET_OK;
}

encnet_status encnet__options_take(encnet_options *to, char **strings, const encnet_options *from)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__options_copy(to, strings, from));
    /* no learning rate is too high to be tried: the loss tells */
    for (size_t i = 0; rc == ENCNET_OK && i < COUNT_OF(sections); i++)
        if (strcmp(sections[i].name, "optimizer") != 0)
            rc = encnet__options_check(to, sections[i].name);
    if (rc != ENCNET_OK) {
        encnet__free(*strings);
        *strings = NULL;
    }
done:
    return rc;
}

/* -- finding ----------------------------------------------------------------------------------- */

int encnet__option_find(encnet__option_list *list, const char *section, const char *key)
{
    const encnet__option *row;

    for (int i = 0; (row = list(i)); i++)
        if (strcmp(row->section, section) == 0 && strcmp(row->key, key) == 0) return i;
    return -1;
}

/* Whether so many changes to a name can be a slip: one in three letters. */
static bool is_slip(const char *name, int changes)
{
    return changes <= 1 + (int)strlen(name) / 3;
}

/* A key in the wrong section is nearer than any misspelling. */
const encnet__option *encnet__option_nearest(encnet__option_list *list, const char *section,
                                             const char *key)
{
    const encnet__option *row, *best = NULL;
    int least = 0;

    for (int i = 0; (row = list(i)); i++) {
        int changes = encnet__distance(key, row->key);
        int distance = 2 * changes + (strcmp(section, row->section) != 0);
        if (!is_slip(key, changes) || (best && distance >= least)) continue;
        best = row;
        least = distance;
    }
    return best;
}

const encnet__section *encnet__section_at(int index)
{
    return index >= 0 && index < (int)COUNT_OF(sections) ? &sections[index] : NULL;
}

bool encnet__section_known(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        if (strcmp(sections[i].name, name) == 0) return true;
    return false;
}

const char *encnet__section_nearest(const char *name)
{
    const char *best = NULL;
    int least = 0;

    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        int changes = encnet__distance(name, sections[i].name);
        if (!is_slip(name, changes) || (best && changes >= least)) continue;
        best = sections[i].name;
        least = changes;
    }
    return best;
}
