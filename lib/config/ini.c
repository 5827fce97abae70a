/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ini.c - INI text to entries.
 *
 * libinih parses, and a reader passes it one line at a time.  As Debian builds it, libinih cuts a
 * line at 199 bytes and reads the rest as another line, does not tell its handler the number of the
 * line, and takes a line that begins with a blank as a continuation of the key before.  The reader
 * counts lines, refuses those that are not text, and removes indentation; it puts a blank in front of
 * the lines that a backslash continues, so that libinih takes just these as continuations.  A longer
 * line is handed out in pieces, the second and those behind it as continuations.
 */
#include "config/ini.h"
#include "options/options.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    const encnet__ini_hooks *hooks;
    const char *at, *end;
    const char *rest; /* of a line whose beginning has been handed out */
    size_t rest_size;
    int line;
    bool waiting;   /* the line handed out last should have become an entry */
    bool continued; /* the line handed out last goes on with the one before */
    bool goes_on;   /* ... ended in a backslash */
    bool skip;      /* in a section that does not count */
} reader;

static void problem(const reader *r, const char *sentence)
{
    r->hooks->problem(r->hooks->user, r->line, sentence);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Why the bytes of a line are no text; NULL when they are. */
static const char *byte_fault(const char *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (s[i] == '\0') return "a zero byte: this is no text file";
        if (s[i] == '\r') return "a carriage return without a line feed";
        if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 127)
            return "a control character";
    }
    return encnet__is_utf8(s, size) ? NULL : "not UTF-8";
}

/* "[name]" and nothing but a comment behind it. */
static void begin_section(reader *r, const char *s, size_t size)
{
    const char *close = memchr(s, ']', size);
    char name[ENCNET__LINE_MAX + 1];

    r->skip = true;
    if (!close) {
        problem(r, "a section without its ]");
        return;
    }
    for (const char *p = close + 1; p < s + size && *p != ';'; p++) {
        if (blank(*p)) continue;
        problem(r, "something stands behind the ] of a section");
        return;
    }
    snprintf(name, sizeof name, "%.*s", (int)(close - s - 1), s + 1);
    r->skip = !r->hooks->section(r->hooks->user, r->line, name);
}

/* How many bytes of a long text make its first piece: libinih trims blanks, and a piece must not look
 * like a comment.  0: the text cannot be divided. */
static size_t piece_of(const char *s, size_t size)
{
    if (size <= ENCNET__LINE_MAX) return size;
    for (size_t i = ENCNET__LINE_MAX; i > 0; i--)
        if (!blank(s[i]) && !blank(s[i - 1]) && s[i] != ';' && s[i] != '#') return i;
    return 0;
}

/* The size of a text without the comment behind it, which begins with a blank and a semicolon. */
static size_t without_comment(const char *s, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (s[i] == ';' && blank(s[i - 1])) {
            while (i && blank(s[i - 1])) i--;
            return i;
        }
    return size;
}

/* Divides a long line: returns the size of the first piece and keeps the rest; 0, with a problem, if
 * that is not possible. */
static size_t divide(reader *r, const char *s, size_t size)
{
    size_t piece = piece_of(s, size), most = size < ENCNET__LINE_MAX ? size : ENCNET__LINE_MAX;
    bool named = r->continued || memchr(s, '=', most) || memchr(s, ':', most);
    bool whole = r->continued || memchr(s, '=', piece) || memchr(s, ':', piece);

    r->rest = s + piece;
    r->rest_size = size - piece;
    if (piece && whole) return piece;
    problem(r, named ? "more than 190 blanks in a row" : "a key of more than 190 bytes");
    r->rest_size = 0;
    r->waiting = false;
    return 0;
}

/* Returns how many bytes of a line, from *s on, libinih is to see. */
static size_t inspect(reader *r, const char **s, size_t size)
{
    const char *fault = byte_fault(*s, size);
    bool goes_on = r->goes_on;
    size_t kept;

    r->continued = r->goes_on = false;
    while (size && blank((*s)[size - 1])) size--;
    for (; size && blank(**s); size--) ++*s;
    if (!fault && (size == 0 || **s == ';' || **s == '#')) {
        if (goes_on) problem(r, "the line before ends in a backslash, but does not go on here");
        return 0;
    }
    if (!fault && size > ENCNET__LINE_MAX && **s == '[' && !goes_on)
        fault = "a section of more than 190 bytes";
    if (fault) {
        problem(r, fault);
        return 0;
    }
    if (**s == '[' && !goes_on) {
        begin_section(r, *s, size);
        return r->skip ? 0 : size;
    }
    r->continued = goes_on;
    r->goes_on = (*s)[size - 1] == '\\';
    r->waiting = true;
    size -= r->goes_on;
    if (size <= ENCNET__LINE_MAX) return size;
    kept = without_comment(*s, size);
    return divide(r, *s, kept);
}

/* libinih's fgets. */
static char *next_line(char *out, int capacity, void *stream)
{
    reader *r = stream;
    const char *s = r->at, *newline;
    size_t size;

    if (r->waiting) problem(r, "neither [section] nor key = value");
    r->waiting = false;
    if (r->rest_size) {
        r->continued = r->waiting = true;
        s = r->rest;
        size = divide(r, s, r->rest_size);
        goto out;
    }
    if (r->at == r->end) {
        if (r->goes_on) problem(r, "the last line ends in a backslash");
        r->goes_on = false;
        return NULL;
    }
    newline = memchr(s, '\n', (size_t)(r->end - s));
    r->at = newline ? newline + 1 : r->end;
    r->line++;
    size = (size_t)((newline ? newline : r->end) - s);
    if (size && newline && s[size - 1] == '\r') size--;
    size = inspect(r, &s, size);
out:
    if (snprintf(out, (size_t)capacity, "%s%.*s\n", r->continued ? " " : "", (int)size, s) >=
        capacity)
        problem(r, "more than this libinih takes"); /* its limit is chosen when it is built */
    return out;
}

static int on_entry(void *user, const char *section, const char *key, const char *value)
{
    reader *r = user;

    r->waiting = false;
    if (r->skip) return 1;
    if (r->continued)
        r->hooks->more(r->hooks->user, value);
    else
        r->hooks->entry(r->hooks->user, r->line, section, key, value);
    return 1;
}

void encnet__ini_read(const char *text, size_t size, const encnet__ini_hooks *hooks)
{
    reader r = {.hooks = hooks, .at = text, .end = text + size};

    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) r.at += 3;
    /* It returns the number of the first bad line; the reader has already reported all. */
    (void)ini_parse_stream(next_line, &r, on_entry, &r);
}
