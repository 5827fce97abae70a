/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* print.c - prints options as INI text that loads to the same options. */
#include "config/config.h"
#include "config/reader.h"

#include <string.h>

enum { PIECE = 150 }; /* bytes of a long value in one line */

/* Returns where a long value may be broken: not within a character, not beside a blank, which would
 * be trimmed, and not before a character that would begin a comment. */
static size_t piece_length(const char *value, size_t size)
{
    size_t last = 0;

    if (size <= PIECE) return size;
    for (size_t i = 1; i <= PIECE; i++) {
        bool whole = ((unsigned char)value[i] & 0xC0) != 0x80;
        if (!whole || strchr(" \t;#", value[i]) || strchr(" \t", value[i - 1])) continue;
        last = i;
        if (value[i - 1] == ',' && i > PIECE / 2) return i;
    }
    return last;
}

/* Appends "key = value", with a long value in several lines that end in a backslash.  Sets
 * *column to the length of the line, or to 0 if there are several. */
static encnet_status print_entry(encnet__text *out, size_t *column, const char *key,
                                 const char *value)
{
    size_t size = strlen(value), start = out->size, length = piece_length(value, size);

    encnet__text_add(out, "%s = %.*s", key, (int)length, value);
    *column = out->size - start;
    while (length && length < size) {
        value += length;
        size -= length;
        length = piece_length(value, size);
        encnet__text_add(out, "\\\n    %.*s", (int)length, value);
        *column = 0;
    }
    return size && !length ? encnet__fail(ENCNET_E_ARG, "%s: 150 blanks in a row", key) : ENCNET_OK;
}

/* What may stand in a comment of a file that must be UTF-8 without control characters. */
static void print_origin(encnet__text *out, const char *origin)
{
    bool valid = encnet__is_utf8(origin, strlen(origin));

    for (; *origin; origin++) {
        bool odd = (unsigned char)*origin < ' ' || *origin == 127 ||
                   (!valid && (unsigned char)*origin > 127);
        encnet__text_bytes(out, odd ? "?" : origin, 1);
    }
}

/* Appends a comment after the value if the line stays short enough, else in a line of its own. */
static void print_line(encnet__text *out, const char *entry, size_t column, const char *origin)
{
    enum { COMMENT_COLUMN = 44 };

    if (origin && column && column + strlen(origin) + 8 <= ENCNET__LINE_MAX) {
        int pad = column < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - column) : 1;
        encnet__text_add(out, "%s%*s; ", entry, pad, "");
        print_origin(out, origin);
    } else {
        if (origin) {
            encnet__text_add(out, "; ");
            print_origin(out, origin);
            encnet__text_add(out, "\n");
        }
        encnet__text_bytes(out, entry, strlen(entry));
    }
    encnet__text_add(out, "\n");
}

/* A path as it is written, so that reading it replaces nothing. */
static void protect(encnet__text *path)
{
    encnet__text out = {0};

    if (path->size && *path->data == '~') encnet__text_add(&out, "./");
    for (size_t i = 0; i < path->size; i++)
        encnet__text_add(&out, path->data[i] == '$' ? "$$" : "%c", path->data[i]);
    encnet__text_bytes(&out, "", 0);
    out.failed = out.failed || path->failed;
    encnet__text_free(path);
    *path = out;
}

/* Appends one option, and where its value came from unless `origin` is NULL. */
static encnet_status print_option(encnet__text *out, const encnet_options *options,
                                  const encnet__option *row, const char *origin)
{
    encnet__text value = {0}, entry = {0};
    encnet_status rc = ENCNET_OK;
    const char *fault;
    size_t column = 0;

    encnet__option_print(&value, options, row);
    if (value.failed) FAIL(ENCNET_E_NOMEM, "no memory for the configuration as text");
    if (row->form == encnet__form_path && strpbrk(value.data, "~$")) protect(&value);
    if (value.failed) FAIL(ENCNET_E_NOMEM, "no memory for the configuration as text");
    fault = row->kind == ENCNET__KIND_TEXT ? encnet__option_text_fault(value.data) : NULL;
    if (fault) FAIL(ENCNET_E_ARG, "%s.%s: the text %s", row->section, row->key, fault);
    TRY(print_entry(&entry, &column, row->key, value.data));
    if (entry.failed) FAIL(ENCNET_E_NOMEM, "no memory for the configuration as text");
    print_line(out, entry.data, column, origin);
done:
    encnet__text_free(&value);
    encnet__text_free(&entry);
    return rc;
}

/* Whether an option of the section has an origin. */
static bool is_set(const encnet_config *config, const char *section)
{
    const encnet__option *row;

    for (int i = 0; (row = encnet__option_at(i)); i++)
        if (strcmp(row->section, section) == 0 && encnet__config_origin(config, i)) return true;
    return false;
}

encnet_status encnet__config_print_set(encnet__text *out, const encnet_config *config)
{
    encnet_status rc = ENCNET_OK;
    const encnet__section *section;
    const encnet__option *row;

    for (int s = 0; (section = encnet__section_at(s)); s++) {
        if (!is_set(config, section->name)) continue;
        encnet__text_add(out, "%s[%s]\n", out->size ? "\n" : "", section->name);
        for (int i = 0; (row = encnet__option_at(i)); i++)
            if (strcmp(row->section, section->name) == 0 && encnet__config_origin(config, i))
                TRY(print_option(out, encnet_config_options(config), row, NULL));
    }
    if (out->failed) FAIL(ENCNET_E_NOMEM, "no memory for the configuration as text");
done:
    return rc;
}

static encnet_status print_options(encnet__text *out, const encnet_options *options,
                                   const encnet_config *origins)
{
    encnet_status rc = ENCNET_OK;
    const encnet__section *section;
    const encnet__option *row;

    for (int s = 0; (section = encnet__section_at(s)); s++) {
        encnet__text_add(out, "%s[%s]\n", s ? "\n" : "", section->name);
        for (int i = 0; (row = encnet__option_at(i)); i++) {
            const char *origin = origins ? encnet__config_origin(origins, i) : NULL;
            if (strcmp(row->section, section->name) != 0) continue;
            TRY(print_option(out, options, row, origin || !origins ? origin : "default"));
        }
    }
    if (out->failed) FAIL(ENCNET_E_NOMEM, "no memory for the configuration as text");
done:
    return rc;
}

char *encnet_options_print(const encnet_options *options)
{
    encnet__text out = {0};

    if (!options) {
        (void)encnet__fail(ENCNET_E_ARG, "encnet_options_print: options is NULL");
        return NULL;
    }
    if (print_options(&out, options, NULL) != ENCNET_OK) encnet__text_free(&out);
    return out.data;
}

const char *encnet_config_print(encnet_config *config, bool origins)
{
    encnet__text *out = config ? encnet__config_text(config) : NULL;

    if (!out) {
        (void)encnet__fail(ENCNET_E_ARG, "encnet_config_print: config is NULL");
        return NULL;
    }
    encnet__text_free(out);
    if (print_options(out, encnet_config_options(config), origins ? config : NULL) != ENCNET_OK)
        encnet__text_free(out);
    return out->data;
}
