/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* json.c - text as a JSON string, as a field of CSV, or in HTML. */
#include "base/base.h"

#include <string.h>

/* Bytes of the character that begins at s: 1 for what is no UTF-8. */
static size_t character(const char *s, bool *valid)
{
    unsigned char c = (unsigned char)*s;
    size_t size = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

    for (size_t i = 1; i < size; i++)
        if (((unsigned char)s[i] & 0xC0) != 0x80) size = 1; /* also at the end of the text */
    *valid = encnet__is_utf8(s, size);
    return *valid ? size : 1;
}

void encnet__text_json(encnet__text *t, const char *s)
{
    bool valid;

    encnet__text_bytes(t, "\"", 1);
    for (size_t size; *s; s += size) {
        unsigned char c = (unsigned char)*s;
        size = character(s, &valid);
        if (c == '"' || c == '\\')
            encnet__text_add(t, "\\%c", c);
        else if (c == '\n')
            encnet__text_add(t, "\\n");
        else if (c == '\t')
            encnet__text_add(t, "\\t");
        else if (c < 0x20)
            encnet__text_add(t, "\\u%04x", c);
        else if (valid)
            encnet__text_bytes(t, s, size);
        else
            encnet__text_add(t, "\\ufffd"); /* what stands for an unknown character */
    }
    encnet__text_bytes(t, "\"", 1);
}

void encnet__text_csv(encnet__text *t, const char *s)
{
    size_t size = strcspn(s, ",\"\r\n");

    if (!s[size]) {
        encnet__text_bytes(t, s, size);
        return;
    }
    encnet__text_bytes(t, "\"", 1);
    for (; *s; s++) encnet__text_bytes(t, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
    encnet__text_bytes(t, "\"", 1);
}

void encnet__text_html(encnet__text *t, const char *s)
{
    bool valid;

    for (size_t size; *s; s += size) {
        unsigned char c = (unsigned char)*s;
        size = character(s, &valid);
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            encnet__text_add(t, "&#%d;", c);
        else if (valid && (c >= ' ' || c == '\t' || c == '\n'))
            encnet__text_bytes(t, s, size);
        else
            encnet__text_add(t, "&#xfffd;"); /* what stands for an unknown character */
    }
}
