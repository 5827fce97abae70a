/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* text.c - which texts can stand in an INI file. */
#include "options/options.h"

#include <string.h>

const char *encnet__option_text_fault(const char *text)
{
    size_t size = strlen(text);

    if (size > ENCNET__TEXT_MAX) return "has more than 4095 bytes";
    if (!encnet__is_utf8(text, size)) return "is not UTF-8";
    for (size_t i = 0; i < size; i++) {
        bool blank = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t';
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127)
            return "holds a control character";
        if (blank && text[i] == ';') return "holds a ; that begins a comment";
    }
    if (size && strchr(" \t", text[0])) return "begins with a blank";
    if (size && strchr(" \t\\", text[size - 1])) return "ends in a blank or a backslash";
    return NULL;
}
