/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* lexer.c - Python text to tokens. */
#include <string.h>

#include "mmseg/python.h"

static encnet_status wrong(const encnet__py_reader *r, const char *what)
{
    return encnet__fail(ENCNET_E_CONFIG, "%s:%d: %s", r->file, r->line, what);
}

static bool is_letter(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c > 127;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

/* The character `n` places ahead; 0 behind the end. */
static char ahead(const encnet__py_reader *r, size_t n)
{
    return n < (size_t)(r->end - r->at) ? r->at[n] : '\0';
}

/* -- blanks ------------------------------------------------------------------------------------ */

/* The bytes of a line break that begins here; 0: none. */
static size_t line_break(const encnet__py_reader *r)
{
    if (ahead(r, 0) == '\n') return 1;
    return ahead(r, 0) == '\r' ? 1 + (ahead(r, 1) == '\n') : 0;
}

static void skip_comment(encnet__py_reader *r)
{
    while (r->at < r->end && !line_break(r)) r->at++;
}

/* Skips blanks, comments, continued lines, and line breaks that end no statement. */
static encnet_status skip_blanks(encnet__py_reader *r)
{
    bool indented = false;

    while (r->at < r->end) {
        size_t n = line_break(r);
        if (n && (r->fresh || r->brackets)) {
            r->at += n;
            r->line++;
            indented = false;
        } else if (is_blank(*r->at)) {
            r->at++;
            indented = r->fresh;
        } else if (*r->at == '#') {
            skip_comment(r);
        } else if (*r->at == '\\') {
            r->at++;
            n = line_break(r);
            if (!n) return wrong(r, "a backslash within a line");
            r->at += n;
            r->line++;
        } else {
            break;
        }
    }
    if (indented && r->at < r->end) return wrong(r, "unexpected indentation");
    return ENCNET_OK;
}

/* -- strings ----------------------------------------------------------------------------------- */

/* Whether a string begins here; the bytes of its prefix. */
static bool begins_string(const encnet__py_reader *r, size_t *prefix)
{
    for (*prefix = 0; *prefix < 3; ++*prefix) {
        char c = ahead(r, *prefix);
        if (c == '\'' || c == '"') return true;
        if (!c || !strchr("rRbBuUfF", c)) return false;
    }
    return false;
}

static size_t quote_size(const char *at, const char *end)
{
    return end - at >= 3 && at[1] == *at && at[2] == *at ? 3 : 1;
}

static encnet_status unclosed(const encnet__py_reader *r)
{
    return encnet__fail(ENCNET_E_CONFIG, "%s:%d: a string without its closing quote", r->file,
                        r->token.line);
}

static encnet_status take_string(encnet__py_reader *r, size_t prefix)
{
    const char *start = r->at, *quote = start + prefix;
    size_t size = quote_size(quote, r->end);

    r->token.line = r->line;
    r->at = quote + size;
    while ((size_t)(r->end - r->at) >= size && memcmp(r->at, quote, size) != 0) {
        if (*r->at == '\\' && r->at + 1 < r->end) r->at++;
        if (*r->at == '\n' && size == 1 && r->at[-1] != '\\') return unclosed(r);
        if (*r->at == '\n') r->line++;
        r->at++;
    }
    if ((size_t)(r->end - r->at) < size) return unclosed(r);
    r->at += size;
    r->token.kind = ENCNET__PY_QUOTED;
    r->token.at = start;
    r->token.size = (size_t)(r->at - start);
    return ENCNET_OK;
}

static int digit_of(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Reads up to `most` digits of a base; false if there are fewer than `least`. */
static bool take_code(uint32_t *code, const char **at, const char *end, uint32_t base, int least,
                      int most)
{
    int n = 0;

    for (*code = 0; n < most && *at < end && digit_of(**at) < (int)base; n++)
        *code = *code * base + (uint32_t)digit_of(*(*at)++);
    return n >= least;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 63));
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

/* Decodes the escape behind a backslash.  What it stands for is never longer than it is written. */
static bool unescape(char **to, const char **at, const char *end)
{
    static const char names[] = "abfnrtv\\'\"", codes[] = "\a\b\f\n\r\t\v\\'\"";
    const char *hit;
    uint32_t code;
    char c = *(*at)++;

    if (c == '\n') return true;
    if (c == 'x' || c == 'u' || c == 'U') {
        int n = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        if (!take_code(&code, at, end, 16, n, n)) return false;
        if (!code || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
        *to = put_utf8(*to, code);
    } else if (c >= '0' && c <= '7') {
        --*at;
        if (!take_code(&code, at, end, 8, 1, 3) || !code) return false;
        *to = put_utf8(*to, code);
    } else if ((hit = strchr(names, c))) {
        *(*to)++ = codes[hit - names];
    } else {
        *(*to)++ = '\\'; /* as Python keeps an escape that it does not know */
        *(*to)++ = c;
    }
    return true;
}

encnet_status encnet__py_unquote(const char **out, const char **what, const encnet__py_reader *r)
{
    const char *at = r->token.at, *end = at + r->token.size;
    bool raw = false;
    size_t quote;
    char *text, *to;

    *out = *what = NULL;
    for (; *at != '\'' && *at != '"'; at++) {
        if (strchr("bB", *at)) *what = "bytes";
        if (strchr("fF", *at)) *what = "an f-string";
        raw |= *at == 'r' || *at == 'R';
    }
    if (*what) return ENCNET_OK;
    quote = quote_size(at, end);
    at += quote;
    end -= quote;
    to = text = encnet__py_alloc(r->memory, (size_t)(end - at) + 1, 1);
    if (!text) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its texts", r->file);
    while (at < end) {
        char c = *at++;
        if (c != '\\' || raw || at == end)
            *to++ = c;
        else if (!unescape(&to, &at, end))
            return encnet__fail(ENCNET_E_CONFIG, "%s:%d: a string with a wrong escape", r->file,
                                r->token.line);
    }
    *out = text;
    return ENCNET_OK;
}

/* -- tokens ------------------------------------------------------------------------------------ */

static void take(encnet__py_reader *r, encnet__py_token_kind kind, size_t size)
{
    r->token.kind = kind;
    r->token.at = r->at;
    r->token.size = size;
    r->token.line = r->line;
    r->at += size;
}

static void take_digits(encnet__py_reader *r)
{
    size_t n = 0;
    bool hex = ahead(r, 0) == '0' && (ahead(r, 1) == 'x' || ahead(r, 1) == 'X');

    for (;; n++) {
        char c = ahead(r, n), before = n ? ahead(r, n - 1) : '\0';
        bool sign = (c == '+' || c == '-') && !hex && (before == 'e' || before == 'E');
        if (!is_letter(c) && !is_digit(c) && c != '.' && !sign) break;
    }
    take(r, ENCNET__PY_DIGITS, n);
}

static size_t sign_size(const encnet__py_reader *r)
{
    static const char *const signs[] = {
        "**=", "//=", "<<=", ">>=", "...", "**", "//", "==", "!=", "<=", ">=", "<<",
        ">>",  ":=",  "->",  "+=",  "-=",  "*=", "/=", "%=", "|=", "&=", "^=", "@="};

    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        size_t n = strlen(signs[i]);
        if ((size_t)(r->end - r->at) >= n && memcmp(r->at, signs[i], n) == 0) return n;
    }
    return strchr("()[]{}=,:;.+-*/%<>@&|^~", ahead(r, 0)) ? 1 : 0;
}

/* "{{_base_.name}}": the bytes of it; 0: two braces of something else. */
static size_t reference_size(const encnet__py_reader *r)
{
    static const char name[] = "_base_.";
    size_t n = 2;

    if (ahead(r, 0) != '{' || ahead(r, 1) != '{') return 0;
    while (is_blank(ahead(r, n))) n++;
    for (size_t i = 0; name[i]; i++, n++)
        if (ahead(r, n) != name[i]) return 0;
    while (is_letter(ahead(r, n)) || is_digit(ahead(r, n)) || ahead(r, n) == '.') n++;
    while (is_blank(ahead(r, n))) n++;
    return ahead(r, n) == '}' && ahead(r, n + 1) == '}' ? n + 2 : 0;
}

static encnet_status take_sign(encnet__py_reader *r)
{
    size_t n = reference_size(r);
    char c = ahead(r, 0);

    if (n) {
        take(r, ENCNET__PY_REFERENCE, n);
        return ENCNET_OK;
    }
    n = c ? sign_size(r) : 0;
    if (!n)
        return encnet__fail(ENCNET_E_CONFIG, "%s:%d: the character %.1s is no Python", r->file,
                            r->line, c > ' ' && c < 127 ? &c : "?");
    if (strchr("([{", c)) r->brackets++;
    if (strchr(")]}", c) && r->brackets) r->brackets--;
    take(r, ENCNET__PY_SIGN, n);
    return ENCNET_OK;
}

encnet_status encnet__py_next(encnet__py_reader *r)
{
    encnet_status rc = ENCNET_OK;
    size_t n = 0;

    TRY(skip_blanks(r));
    if (r->at == r->end) {
        if (r->brackets) TRY(wrong(r, "the text ends within brackets"));
        take(r, r->fresh ? ENCNET__PY_END : ENCNET__PY_NEWLINE, 0);
        r->fresh = true;
        goto done;
    }
    if ((n = line_break(r))) {
        take(r, ENCNET__PY_NEWLINE, n);
        r->line++;
        r->fresh = true;
        goto done;
    }
    r->fresh = false;
    if (begins_string(r, &n)) {
        TRY(take_string(r, n));
    } else if (is_letter(*r->at)) {
        for (n = 1; is_letter(ahead(r, n)) || is_digit(ahead(r, n)); n++) continue;
        take(r, ENCNET__PY_WORD, n);
    } else if (is_digit(*r->at) || (*r->at == '.' && is_digit(ahead(r, 1)))) {
        take_digits(r);
    } else {
        TRY(take_sign(r));
    }
done:
    return rc;
}

encnet_status encnet__py_begin(encnet__py_reader *r, const char *text, size_t size)
{
    r->at = text;
    r->end = text + size;
    r->line = 1;
    r->fresh = true;
    r->brackets = 0;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) r->at += 3;
    if (memchr(text, '\0', size)) return wrong(r, "a zero byte: this is no Python text");
    if (!encnet__is_utf8(text, size)) return wrong(r, "not UTF-8");
    return encnet__py_next(r);
}

bool encnet__py_at(const encnet__py_reader *r, const char *text)
{
    return (r->token.kind == ENCNET__PY_WORD || r->token.kind == ENCNET__PY_SIGN) &&
           r->token.size == strlen(text) && memcmp(r->token.at, text, r->token.size) == 0;
}
