/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* config.c - statements NAME = VALUE, files in _base_, and how both are merged. */
#define _POSIX_C_SOURCE 200809L
#include "mmseg/config.h"

#include <string.h>

#define BASE "_base_"
#define DELETE "_delete_"

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 8, MAX_FILES = 64, MAX_MERGES = 2000 };

typedef encnet__py value;

/* One configuration under way. */
typedef struct load {
    encnet__py_memory *memory;
    int files, merges;
    bool has_files;               /* false: a text alone, which can have no _base_ */
    const encnet__visit *reading; /* NULL before the first file */
} load;

/* -- merging ----------------------------------------------------------------------------------- */

static encnet_status merge(const value **out, load *l, const value *over, const value *under);

/* Sets one key of a merged dictionary: a dictionary is merged with the one below it, unless it says
 * _delete_; anything else replaces what is below. */
static encnet_status merge_key(load *l, value *to, const char *key, const value *over)
{
    encnet_status rc = ENCNET_OK;
    const value *under = encnet__py_get(to, key);

    if (strcmp(key, BASE) == 0) return ENCNET_OK;
    if (under && over->kind == ENCNET__PY_DICT && !encnet__py_true(encnet__py_get(over, DELETE))) {
        if (under->kind != ENCNET__PY_DICT)
            FAIL(ENCNET_E_CONFIG,
                 "%s:%d: %s is a dictionary here and none in %s:%d, which it inherits from; "
                 "_delete_=True would replace it",
                 over->file, over->line, key, under->file, under->line);
        TRY(merge(&over, l, over, under));
    }
    TRY(encnet__py_set(l->memory, to, key, over));
done:
    return rc;
}

/* The keys of `under`, which may be NULL, and those of `over` over them. */
static encnet_status merge(const value **out, load *l, const value *over, const value *under)
{
    encnet_status rc = ENCNET_OK;
    value *to = encnet__py_new(l->memory, ENCNET__PY_DICT, over->file, over->line);

    if (!to) FAIL(ENCNET_E_NOMEM, "%s:%d: no memory for it", over->file, over->line);
    if (++l->merges > MAX_MERGES)
        FAIL(ENCNET_E_CONFIG, "%s:%d: more than %d dictionaries to merge", over->file, over->line,
             MAX_MERGES);
    for (int i = 0; under && i < under->n; i++)
        TRY(encnet__py_set(l->memory, to, under->keys[i], under->items[i]));
    for (int i = 0; i < over->n; i++) TRY(merge_key(l, to, over->keys[i], over->items[i]));
    *out = to;
done:
    return rc;
}

/* -- _base_ ------------------------------------------------------------------------------------ */

static encnet_status read_file(const value **out, load *l, const char *path);

/* Adds the names of one file in _base_; two such files may not have the same. */
static encnet_status add_base(load *l, value *bases, const value *path, const char *file)
{
    encnet_status rc = ENCNET_OK;
    const char *slash = strrchr(file, '/');
    encnet__text full = {0};
    const value *base;

    if (!encnet__py_is(path, ENCNET__PY_TEXT))
        FAIL(ENCNET_E_CONFIG, "%s:%d: " BASE " must be a path or a list of paths", path->file,
             path->line);
    if (l->reading && l->reading->depth > MAX_DEPTH)
        FAIL(ENCNET_E_CONFIG, "%s:%d: more than %d files deep", path->file, path->line, MAX_DEPTH);
    if (slash && *path->text != '/') encnet__text_bytes(&full, file, (size_t)(slash - file) + 1);
    encnet__text_add(&full, "%s", path->text);
    if (full.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for a path", file);
    rc = read_file(&base, l, full.data);
    if (rc == ENCNET_E_IO) FAIL(rc, "%s:%d: %s", path->file, path->line, encnet_last_error());
    TRY(rc);
    for (int i = 0; i < base->n; i++) {
        if (encnet__py_get(bases, base->keys[i]))
            FAIL(ENCNET_E_CONFIG, "%s:%d: %s has %s, which another file in " BASE " has, too",
                 path->file, path->line, full.data, base->keys[i]);
        TRY(encnet__py_set(l->memory, bases, base->keys[i], base->items[i]));
    }
done:
    encnet__text_free(&full);
    return rc;
}

static encnet_status read_bases(const value **out, load *l, const value *paths, const char *file)
{
    encnet_status rc = ENCNET_OK;
    value *bases = encnet__py_new(l->memory, ENCNET__PY_DICT, file, paths->line);

    if (!bases) FAIL(ENCNET_E_NOMEM, "%s: no memory for it", file);
    if (!l->has_files)
        FAIL(ENCNET_E_CONFIG, "%s:%d: " BASE " names files, which a text alone cannot have",
             paths->file, paths->line);
    if (encnet__py_is_list(paths))
        for (int i = 0; i < paths->n; i++) TRY(add_base(l, bases, paths->items[i], file));
    else
        TRY(add_base(l, bases, paths, file));
    *out = bases;
done:
    return rc;
}

/* -- statements -------------------------------------------------------------------------------- */

static encnet_status no_assignment(const encnet__py_reader *r, const char *word, size_t size,
                                   int line)
{
    static const char *const keywords[] = {"import", "from",   "def",    "class", "if",
                                           "for",    "while",  "with",   "try",   "assert",
                                           "del",    "return", "global", "print", "raise"};

    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (strlen(keywords[i]) == size && memcmp(keywords[i], word, size) == 0)
            return encnet__fail(ENCNET_E_CONFIG,
                                "%s:%d: %s: a configuration is read, not executed, and may only "
                                "have NAME = VALUE",
                                r->file, line, keywords[i]);
    return encnet__fail(ENCNET_E_CONFIG,
                        "%s:%d: %.*s %.*s: only NAME = VALUE is understood at the beginning of a "
                        "line",
                        r->file, line, size < 60 ? (int)size : 60, word,
                        r->token.size < 10 ? (int)r->token.size : 10, r->token.at);
}

static encnet_status end_statement(encnet__py_reader *r)
{
    if (r->token.kind == ENCNET__PY_END) return ENCNET_OK;
    if (r->token.kind == ENCNET__PY_NEWLINE || encnet__py_at(r, ";")) return encnet__py_next(r);
    return encnet__fail(ENCNET_E_CONFIG, "%s:%d: unexpected %.*s", r->file, r->token.line,
                        r->token.size < 40 ? (int)r->token.size : 40, r->token.at);
}

static encnet_status assignment(load *l, encnet__py_reader *r, value *names)
{
    encnet_status rc = ENCNET_OK;
    const char *word = r->token.at;
    size_t size = r->token.size;
    int line = r->token.line;
    const value *v;
    char *name = encnet__py_text(l->memory, word, size);

    if (!name) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->file);
    TRY(encnet__py_next(r));
    if (!encnet__py_at(r, "=")) TRY(no_assignment(r, word, size, line));
    TRY(encnet__py_next(r));
    TRY(encnet__py_expression(&v, r));
    if (strcmp(name, BASE) == 0) TRY(read_bases(&v, l, v, r->file));
    TRY(encnet__py_set(l->memory, names, name, v));
done:
    return rc;
}

static encnet_status statement(load *l, encnet__py_reader *r, value *names)
{
    encnet_status rc = ENCNET_OK;
    const value *ignored;

    if (r->token.kind == ENCNET__PY_QUOTED) /* a comment of sorts */
        TRY(encnet__py_expression(&ignored, r));
    else if (r->token.kind == ENCNET__PY_WORD)
        TRY(assignment(l, r, names));
    TRY(end_statement(r));
done:
    return rc;
}

static encnet_status parse(const value **out, load *l, const char *name, const char *text,
                           size_t size)
{
    encnet_status rc = ENCNET_OK;
    encnet__py_reader r = {.memory = l->memory};
    value *names;

    r.file = encnet__py_text(l->memory, name, strlen(name));
    names = r.file ? encnet__py_new(l->memory, ENCNET__PY_DICT, r.file, 1) : NULL;
    if (!names) FAIL(ENCNET_E_NOMEM, "%s: no memory to read it", name);
    r.names = names;
    TRY(encnet__py_begin(&r, text, size));
    while (r.token.kind != ENCNET__PY_END) TRY(statement(l, &r, names));
    TRY(merge(out, l, names, encnet__py_get(names, BASE)));
done:
    return rc;
}

/* -- files ------------------------------------------------------------------------------------- */

static encnet_status read_file(const value **out, load *l, const char *path)
{
    encnet_status rc = ENCNET_OK;
    const encnet__visit *up = l->reading;
    encnet__visit here;
    char *text = NULL;
    size_t size;

    if (++l->files > MAX_FILES)
        FAIL(ENCNET_E_CONFIG, "%s: more than %d files in all", path, MAX_FILES);
    if (!encnet__visit_begin(&here, path, up))
        FAIL(ENCNET_E_CONFIG, "%s: its own " BASE ", directly or by others", path);
    l->reading = &here;
    TRY(encnet__file_read(&text, &size, path, MAX_BYTES));
    TRY(parse(out, l, path, text, size));
done:
    l->reading = up;
    encnet__free(text);
    return rc;
}

encnet_status encnet__py_config_read(const value **out, encnet__py_memory *m, const char *path)
{
    load l = {.memory = m, .has_files = true};

    return read_file(out, &l, path);
}

encnet_status encnet__py_config_parse(const value **out, encnet__py_memory *m, const char *name,
                                      const char *text, size_t size)
{
    load l = {.memory = m};

    return parse(out, &l, name, text, size);
}
