/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * expression.c - expressions of Python to values: literals, dict(), list(), tuple() and sum(), names,
 * attributes and items of dictionaries, arithmetic on numbers, texts joined and lists repeated.
 *
 * What else Python has is skipped as far as it goes and becomes UNKNOWN.
 */
#include <string.h>

#include "mmseg/python.h"
#include "options/options.h"

typedef encnet__py value;
typedef encnet__py_reader reader;

enum { MAX_NESTING = 100, MAX_REPEATED = 4096, MAX_TEXT = 1 << 20 };

static encnet_status expression(const value **out, reader *r);

/* -- failures and values ----------------------------------------------------------------------- */

static encnet_status wrong(const reader *r, int line, const char *what)
{
    return encnet__fail(ENCNET_E_CONFIG, "%s:%d: %s", r->file, line, what);
}

static encnet_status no_memory(const reader *r)
{
    return encnet__fail(ENCNET_E_NOMEM, "%s:%d: no memory for its values, or too many of them",
                        r->file, r->line);
}

static encnet_status unexpected(const reader *r)
{
    if (r->token.kind == ENCNET__PY_END || r->token.kind == ENCNET__PY_NEWLINE)
        return wrong(r, r->token.line, "an expression that ends too early");
    return encnet__fail(ENCNET_E_CONFIG, "%s:%d: unexpected %.*s", r->file, r->token.line,
                        r->token.size < 40 ? (int)r->token.size : 40, r->token.at);
}

static encnet_status new_value(value **out, reader *r, encnet__py_kind kind, int line)
{
    *out = encnet__py_new(r->memory, kind, r->file, line);
    return *out ? ENCNET_OK : no_memory(r);
}

/* -- skipping ---------------------------------------------------------------------------------- */

static bool at(const reader *r, const char *text)
{
    return encnet__py_at(r, text);
}

static encnet_status take(reader *r, const char *sign)
{
    if (!at(r, sign)) return unexpected(r);
    return encnet__py_next(r);
}

/* Skips to the bracket that closes those around the token, or to the end of the line; with
 * `to_comma` also to a comma or colon, or to the "for" of a comprehension. */
static encnet_status skip(reader *r, bool to_comma)
{
    encnet_status rc = ENCNET_OK;
    int open = 0;

    while (r->token.kind != ENCNET__PY_END && r->token.kind != ENCNET__PY_NEWLINE) {
        if (!open && (at(r, ")") || at(r, "]") || at(r, "}"))) break;
        if (!open && to_comma && (at(r, ",") || at(r, ":") || at(r, "=") || at(r, "for"))) break;
        if (at(r, "(") || at(r, "[") || at(r, "{")) open++;
        if (at(r, ")") || at(r, "]") || at(r, "}")) open--;
        TRY(encnet__py_next(r));
    }
done:
    return rc;
}

/* What begins behind the element of a display and makes it a comprehension. */
static encnet_status skip_comprehension(bool *out, reader *r)
{
    *out = at(r, "for") || at(r, "async");
    return *out ? skip(r, false) : ENCNET_OK;
}

/* -- displays ---------------------------------------------------------------------------------- */

/* Appends what stands between two commas. */
static encnet_status element(reader *r, value *list)
{
    encnet_status rc = ENCNET_OK;
    bool all = at(r, "*");
    int line = r->token.line;
    const value *item;

    if (all) TRY(encnet__py_next(r));
    TRY(expression(&item, r));
    if (all)
        TRY(encnet__py_append_all(r->memory, list, item, line));
    else
        TRY(encnet__py_append(r->memory, list, item));
done:
    return rc;
}

/* The rest of a list, tuple or set, behind its opening bracket and, with `first`, its first
 * element. */
static encnet_status elements(const value **out, reader *r, value *list, const char *close)
{
    encnet_status rc = ENCNET_OK;
    bool skipped = false;

    while (!at(r, close)) {
        TRY(element(r, list));
        TRY(skip_comprehension(&skipped, r));
        if (!at(r, ",")) break;
        TRY(encnet__py_next(r));
    }
    TRY(take(r, close));
    *out = list;
    if (skipped)
        TRY(encnet__py_new_unknown(out, r->memory, r->file, "a comprehension", list->line));
done:
    return rc;
}

static encnet_status list_display(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    value *list;

    TRY(new_value(&list, r, ENCNET__PY_LIST, r->token.line));
    TRY(encnet__py_next(r));
    TRY(elements(out, r, list, "]"));
done:
    return rc;
}

/* An expression in parentheses, or a tuple. */
static encnet_status parentheses(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    int line = r->token.line;
    bool skipped;
    value *tuple;

    TRY(new_value(&tuple, r, ENCNET__PY_TUPLE, line));
    TRY(encnet__py_next(r));
    if (!at(r, ")")) {
        TRY(element(r, tuple));
        TRY(skip_comprehension(&skipped, r));
        if (skipped || (at(r, ")") && tuple->n == 1)) {
            *out = tuple->items[0];
            if (skipped) TRY(encnet__py_new_unknown(out, r->memory, r->file, "a generator", line));
            TRY(take(r, ")"));
            goto done;
        }
        if (!at(r, ")")) TRY(take(r, ","));
    }
    TRY(elements(out, r, tuple, ")"));
done:
    return rc;
}

static encnet_status set_all(reader *r, value *dict, const value *from, int line)
{
    encnet_status rc = ENCNET_OK;

    if (!encnet__py_is(from, ENCNET__PY_DICT))
        return wrong(r, line, "** in front of what is no dictionary");
    for (int i = 0; i < from->n; i++)
        TRY(encnet__py_set(r->memory, dict, from->keys[i], from->items[i]));
done:
    return rc;
}

/* The key of an item as a text; numbers are keys of other programs' tables. */
static encnet_status key_of(const char **out, reader *r, const value *key)
{
    encnet__text text = {0};

    if (key->kind == ENCNET__PY_TEXT) {
        *out = key->text;
        return ENCNET_OK;
    }
    encnet__py_print(&text, key, true);
    *out = text.failed ? NULL : encnet__py_text(r->memory, text.data, text.size);
    encnet__text_free(&text);
    return *out ? ENCNET_OK : no_memory(r);
}

/* One item of a dictionary or, when no colon follows its first value, of a set. */
static encnet_status item(reader *r, value *dict, value *set)
{
    encnet_status rc = ENCNET_OK;
    int line = r->token.line;
    const value *key, *v;
    const char *name;

    if (at(r, "**")) {
        TRY(encnet__py_next(r));
        TRY(expression(&v, r));
        TRY(set_all(r, dict, v, line));
        goto done;
    }
    TRY(expression(&key, r));
    if (at(r, ":")) {
        TRY(encnet__py_next(r));
        TRY(expression(&v, r));
        TRY(key_of(&name, r, key));
        TRY(encnet__py_set(r->memory, dict, name, v));
    } else {
        TRY(encnet__py_append(r->memory, set, key));
    }
done:
    return rc;
}

static encnet_status braces(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    bool skipped = false;
    value *dict, *set;

    TRY(new_value(&dict, r, ENCNET__PY_DICT, r->token.line));
    TRY(new_value(&set, r, ENCNET__PY_LIST, r->token.line));
    TRY(encnet__py_next(r));
    while (!at(r, "}")) {
        TRY(item(r, dict, set));
        TRY(skip_comprehension(&skipped, r));
        if (!at(r, ",")) break;
        TRY(encnet__py_next(r));
    }
    TRY(take(r, "}"));
    if (set->n && dict->n) TRY(wrong(r, dict->line, "half a dictionary, half a set"));
    *out = set->n ? set : dict;
    if (skipped)
        TRY(encnet__py_new_unknown(out, r->memory, r->file, "a comprehension", dict->line));
done:
    return rc;
}

/* -- calls ------------------------------------------------------------------------------------- */

/* An argument of dict(): NAME=VALUE, **DICT, or a dictionary; *known is false if it is anything
 * else. */
static encnet_status dict_argument(reader *r, value *dict, bool *known)
{
    encnet_status rc = ENCNET_OK;
    int line = r->token.line;
    const char *word = r->token.at;
    size_t size = r->token.size;
    bool all = at(r, "**"), named = r->token.kind == ENCNET__PY_WORD;
    reader before = *r;
    const value *v;
    char *key;

    if (named || all) TRY(encnet__py_next(r));
    if (named && !at(r, "=")) { /* an expression that begins with a name */
        *r = before;
        named = false;
    }
    if (named) TRY(encnet__py_next(r));
    TRY(expression(&v, r));
    if (!named && v->kind != ENCNET__PY_DICT) {
        *known = false;
        TRY(skip(r, false));
    } else if (named) {
        key = encnet__py_text(r->memory, word, size);
        if (!key) TRY(no_memory(r));
        TRY(encnet__py_set(r->memory, dict, key, v));
    } else {
        TRY(set_all(r, dict, v, line));
    }
done:
    return rc;
}

static encnet_status call_dict(const value **out, reader *r, int line)
{
    encnet_status rc = ENCNET_OK;
    bool known = true;
    value *dict;

    TRY(new_value(&dict, r, ENCNET__PY_DICT, line));
    TRY(take(r, "("));
    while (!at(r, ")")) {
        TRY(dict_argument(r, dict, &known));
        if (!at(r, ",")) break;
        TRY(encnet__py_next(r));
    }
    TRY(take(r, ")"));
    *out = dict;
    if (!known) TRY(encnet__py_new_unknown(out, r->memory, r->file, "a call of dict()", line));
done:
    return rc;
}

/* The sum of a list of numbers. */
static encnet_status sum_of(const value **out, reader *r, const value *list, int line)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__py_new_int(out, r->memory, r->file, 0, line));
    for (int i = 0; i < list->n; i++) TRY(encnet__py_add(out, r->memory, *out, list->items[i]));
done:
    return rc;
}

/* list(), tuple() and sum() of one list, or list() and tuple() of nothing. */
static encnet_status call_of_list(const value **out, reader *r, char function, int line)
{
    encnet_status rc = ENCNET_OK;
    encnet__py_kind kind = function == 't' ? ENCNET__PY_TUPLE : ENCNET__PY_LIST;
    const value *arguments, *list;
    value *v;

    TRY(new_value(&v, r, kind, line));
    TRY(take(r, "("));
    TRY(elements(&arguments, r, v, ")"));
    list = encnet__py_item(arguments, 0);
    if (!encnet__py_is(arguments, kind) || arguments->n > 1 ||
        (list && !encnet__py_is_list(list))) {
        TRY(encnet__py_new_unknown(out, r->memory, r->file, "a call", line));
    } else if (function == 's' && list) {
        TRY(sum_of(out, r, list, line));
    } else {
        TRY(new_value(&v, r, kind, line));
        if (list) TRY(encnet__py_append_all(r->memory, v, list, line));
        *out = v;
    }
done:
    return rc;
}

static encnet_status skip_call(const value **out, reader *r, int line)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__py_next(r));
    TRY(skip(r, false));
    TRY(encnet__py_next(r));
    TRY(encnet__py_new_unknown(out, r->memory, r->file, "a call of a function", line));
done:
    return rc;
}

/* -- names ------------------------------------------------------------------------------------- */

/* What a name of `size` bytes stands for; NULL: nothing. */
static encnet_status look_up(const value **out, reader *r, const value *in, const char *name,
                             size_t size)
{
    char *key = encnet__py_text(r->memory, name, size);

    if (!key) return no_memory(r);
    *out = encnet__py_get(in, key);
    return ENCNET_OK;
}

/* A name that stands for nothing, or for something that Python has. */
static encnet_status unknown_name(const value **out, reader *r, const char *word, size_t size,
                                  int line)
{
    encnet_status rc = ENCNET_OK;
    encnet__text what = {0};
    char *kept;

    encnet__text_add(&what, "the unknown name %.*s", size < 60 ? (int)size : 60, word);
    kept = what.failed ? NULL : encnet__py_text(r->memory, what.data, what.size);
    if (!kept) TRY(no_memory(r));
    TRY(encnet__py_new_unknown(out, r->memory, r->file, kept, line));
done:
    encnet__text_free(&what);
    return rc;
}

static encnet_status name(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    const char *word = r->token.at;
    size_t size = r->token.size;
    int line = r->token.line;
    value *constant;

    for (int i = 0; i < 3; i++) {
        static const char *const words[] = {"None", "False", "True"};
        if (!at(r, words[i])) continue;
        TRY(new_value(&constant, r, i ? ENCNET__PY_BOOL : ENCNET__PY_NONE, line));
        constant->integer = i == 2;
        *out = constant;
        TRY(encnet__py_next(r));
        goto done;
    }
    if (at(r, "lambda") || at(r, "not") || at(r, "await") || at(r, "yield")) {
        TRY(encnet__py_new_unknown(out, r->memory, r->file,
                                   *word == 'l' ? "a lambda" : "an operation", line));
        TRY(skip(r, *word != 'l'));
        goto done;
    }
    TRY(encnet__py_next(r));
    if (at(r, "(") && size == 4 && !memcmp(word, "dict", 4)) {
        TRY(call_dict(out, r, line));
    } else if (at(r, "(") && ((size == 4 && !memcmp(word, "list", 4)) ||
                              (size == 5 && !memcmp(word, "tuple", 5)) ||
                              (size == 3 && !memcmp(word, "sum", 3)))) {
        TRY(call_of_list(out, r, *word, line));
    } else if (at(r, "(")) {
        TRY(skip_call(out, r, line));
    } else {
        TRY(look_up(out, r, r->names, word, size));
        if (!*out) TRY(unknown_name(out, r, word, size, line));
    }
done:
    return rc;
}

/* "_base_.model.type" in braces, or in a text that is nothing else. */
static encnet_status reference(const value **out, reader *r, const char *text, const char *end,
                               int line)
{
    encnet_status rc = ENCNET_OK;
    const value *v = r->names;

    while (text < end && (*text == '{' || *text == ' ')) text++;
    while (end > text && (end[-1] == '}' || end[-1] == ' ')) end--;
    for (const char *part = text; v && part < end;) {
        const char *dot = memchr(part, '.', (size_t)(end - part));
        size_t size = (size_t)((dot ? dot : end) - part);
        TRY(look_up(&v, r, v, part, size));
        part += size + (dot != NULL);
    }
    if (!v)
        FAIL(ENCNET_E_CONFIG, "%s:%d: %.*s stands for nothing", r->file, line,
             end - text < 60 ? (int)(end - text) : 60, text);
    *out = v;
done:
    return rc;
}

/* -- atoms ------------------------------------------------------------------------------------- */

/* One text or several in a row, which are one. */
static encnet_status text(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__text all = {0};
    int line = r->token.line;
    const char *piece, *what = NULL;
    size_t size;
    char *kept;

    while (r->token.kind == ENCNET__PY_QUOTED) {
        const char *kind;
        TRY(encnet__py_unquote(&piece, &kind, r));
        if (kind) what = kind;
        if (piece) encnet__text_bytes(&all, piece, strlen(piece));
        TRY(encnet__py_next(r));
    }
    kept = all.failed ? NULL : encnet__py_text(r->memory, all.size ? all.data : "", all.size);
    if (!kept) TRY(no_memory(r));
    size = strlen(kept);
    if (what)
        TRY(encnet__py_new_unknown(out, r->memory, r->file, what, line));
    else if (strncmp(kept, "{{", 2) == 0 && strstr(kept, "_base_.") && strchr(kept, '}') &&
             strcmp(kept + size - 2, "}}") == 0)
        TRY(reference(out, r, kept, kept + size, line));
    else
        TRY(encnet__py_new_text(out, r->memory, r->file, kept, line));
done:
    encnet__text_free(&all);
    return rc;
}

/* Digits of base 2, 8 or 16 behind "0b", "0o" or "0x". */
static bool parse_base(int64_t *out, const char *digits, int base)
{
    *out = 0;
    for (; *digits; digits++) {
        int d = *digits <= '9' ? *digits - '0' : (*digits | 32) - 'a' + 10;
        if (d < 0 || d >= base) return false;
        if (__builtin_mul_overflow(*out, base, out) || __builtin_add_overflow(*out, d, out))
            return false;
    }
    return true;
}

static encnet_status number(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    int line = r->token.line, n = 0, base = 10;
    char digits[64];
    const char *end;
    int64_t integer;
    double real;

    for (size_t i = 0; i < r->token.size && n < (int)sizeof digits - 1; i++)
        if (r->token.at[i] != '_') digits[n++] = r->token.at[i];
    digits[n] = '\0';
    if (n > 2 && digits[0] == '0' && strchr("bBoOxX", digits[1]))
        base = (digits[1] | 32) == 'b' ? 2 : (digits[1] | 32) == 'o' ? 8 : 16;
    if (base != 10 ? parse_base(&integer, digits + 2, base)
                   : strspn(digits, "0123456789") == (size_t)n && parse_base(&integer, digits, 10))
        TRY(encnet__py_new_int(out, r->memory, r->file, integer, line));
    else if (base == 10 && encnet__number(&real, digits, &end) && !*end)
        TRY(encnet__py_new_real(out, r->memory, r->file, real, line));
    else
        FAIL(ENCNET_E_CONFIG, "%s:%d: the number %s", r->file, line, digits);
    TRY(encnet__py_next(r));
done:
    return rc;
}

static encnet_status atom(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;

    switch (r->token.kind) {
    case ENCNET__PY_WORD:
        return name(out, r);
    case ENCNET__PY_DIGITS:
        return number(out, r);
    case ENCNET__PY_QUOTED:
        return text(out, r);
    case ENCNET__PY_REFERENCE:
        TRY(reference(out, r, r->token.at, r->token.at + r->token.size, r->token.line));
        return encnet__py_next(r);
    case ENCNET__PY_SIGN:
        if (at(r, "[")) return list_display(out, r);
        if (at(r, "(")) return parentheses(out, r);
        if (at(r, "{")) return braces(out, r);
        break;
    case ENCNET__PY_END:
    case ENCNET__PY_NEWLINE:
        break;
    }
    rc = unexpected(r);
done:
    return rc;
}

/* -- attributes and items ---------------------------------------------------------------------- */

/* value[KEY] */
static encnet_status subscript(const value **out, reader *r, const value *of)
{
    encnet_status rc = ENCNET_OK;
    int line = r->token.line;
    const value *key = NULL, *found = NULL;
    const char *text_key;

    TRY(encnet__py_next(r));
    if (!at(r, ":")) TRY(expression(&key, r));
    if (!at(r, "]")) { /* a slice */
        TRY(skip(r, false));
        key = NULL;
    }
    TRY(take(r, "]"));
    if (!key || of->kind == ENCNET__PY_UNKNOWN || key->kind == ENCNET__PY_UNKNOWN)
        return encnet__py_new_unknown(out, r->memory, r->file,
                                      "a slice, or an item of something that is not known", line);
    if (of->kind == ENCNET__PY_DICT) {
        TRY(key_of(&text_key, r, key));
        found = encnet__py_get(of, text_key);
    } else if (encnet__py_is_list(of) && key->kind == ENCNET__PY_INT && key->integer < of->n &&
               key->integer >= -of->n) {
        found = of->items[key->integer < 0 ? key->integer + of->n : key->integer];
    }
    if (!found) TRY(wrong(r, line, "an item that is not there"));
    *out = found;
done:
    return rc;
}

/* value.NAME */
static encnet_status attribute(const value **out, reader *r, const value *of)
{
    encnet_status rc = ENCNET_OK;
    int line = r->token.line;
    const char *word;
    size_t size;

    TRY(encnet__py_next(r));
    if (r->token.kind != ENCNET__PY_WORD) return unexpected(r);
    word = r->token.at;
    size = r->token.size;
    TRY(encnet__py_next(r));
    if (at(r, "(")) return skip_call(out, r, line);
    if (of->kind == ENCNET__PY_UNKNOWN) {
        *out = of;
        goto done;
    }
    TRY(look_up(out, r, of, word, size));
    if (!*out)
        FAIL(ENCNET_E_CONFIG, "%s:%d: no key %.*s in what stands before it", r->file, line,
             size < 60 ? (int)size : 60, word);
done:
    return rc;
}

static encnet_status primary(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;

    TRY(atom(out, r));
    for (;;) {
        if (at(r, "["))
            TRY(subscript(out, r, *out));
        else if (at(r, "."))
            TRY(attribute(out, r, *out));
        else if (at(r, "("))
            TRY(skip_call(out, r, r->token.line));
        else
            break;
    }
done:
    return rc;
}

/* -- operators --------------------------------------------------------------------------------- */

/* Signs in front of a value, and powers behind it. */
static encnet_status signed_value(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    bool minus = at(r, "-"), sign = minus || at(r, "+") || at(r, "~");
    const value *exponent;

    if (++r->depth > MAX_NESTING) TRY(wrong(r, r->token.line, "nested too deeply"));
    if (sign) {
        bool inverted = at(r, "~");
        TRY(encnet__py_next(r));
        TRY(signed_value(out, r));
        if (minus) TRY(encnet__py_negate(out, r->memory, *out));
        if (inverted)
            TRY(encnet__py_new_unknown(out, r->memory, r->file, "an operation", (*out)->line));
    } else {
        TRY(primary(out, r));
        if (at(r, "**")) {
            TRY(encnet__py_next(r));
            TRY(signed_value(&exponent, r));
            TRY(encnet__py_power(out, r->memory, *out, exponent));
        }
    }
    r->depth--;
done:
    return rc;
}

static encnet_status product(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    const value *b;

    TRY(signed_value(out, r));
    while (at(r, "*") || at(r, "/") || at(r, "//") || at(r, "%") || at(r, "@")) {
        char sign = *r->token.at;
        bool floored = at(r, "//");
        TRY(encnet__py_next(r));
        TRY(signed_value(&b, r));
        if (sign == '*')
            TRY(encnet__py_multiply(out, r->memory, *out, b));
        else if (sign == '/')
            TRY(encnet__py_divide(out, r->memory, *out, b, floored));
        else
            TRY(encnet__py_new_unknown(out, r->memory, r->file, "an operation", (*out)->line));
    }
done:
    return rc;
}

static encnet_status expression(const value **out, reader *r)
{
    static const char *const others[] = {"if", "and", "or", "in", "is", "not", "==", "!=", "<",
                                         ">",  "<=",  ">=", "<<", ">>", "&",   "|",  "^",  ":="};
    encnet_status rc = ENCNET_OK;
    const value *b;
    bool minus;

    TRY(product(out, r));
    while ((minus = at(r, "-")) || at(r, "+")) {
        TRY(encnet__py_next(r));
        TRY(product(&b, r));
        if (minus) TRY(encnet__py_negate(&b, r->memory, b));
        TRY(encnet__py_add(out, r->memory, *out, b));
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (!at(r, others[i])) continue;
        TRY(encnet__py_new_unknown(out, r->memory, r->file,
                                   i ? "an operation" : "a conditional expression", r->token.line));
        TRY(skip(r, true));
        break;
    }
done:
    return rc;
}

encnet_status encnet__py_expression(const value **out, reader *r)
{
    encnet_status rc = ENCNET_OK;
    value *tuple;

    r->depth = 0;
    TRY(expression(out, r));
    if (!at(r, ",")) goto done;
    TRY(new_value(&tuple, r, ENCNET__PY_TUPLE, (*out)->line));
    TRY(encnet__py_append(r->memory, tuple, *out));
    while (at(r, ",")) {
        TRY(encnet__py_next(r));
        if (r->token.kind == ENCNET__PY_NEWLINE || r->token.kind == ENCNET__PY_END) break;
        TRY(element(r, tuple));
    }
    *out = tuple;
done:
    return rc;
}
