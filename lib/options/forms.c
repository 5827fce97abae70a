/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* forms.c - what texts of a form look like. */
#include "options/options.h"

#include <string.h>

#define MAX_FACTOR 1e6

bool encnet__form_path(const char *text)
{
    (void)text; /* whether it is there is for those to say who open it */
    return true;
}

/* "decode_head.conv_seg,auxiliary_head" */
bool encnet__form_names(const char *text)
{
    size_t size = strlen(text);

    return size == 0 || (text[0] != ',' && text[size - 1] != ',' && !strstr(text, ",,") &&
                         !strpbrk(text, " \t"));
}

bool encnet__factor_read(encnet__factor *out, const char **at)
{
    const char *end;

    out->prefix = *at + strspn(*at, " \t");
    out->length = strcspn(out->prefix, ":, \t");
    if (out->length == 0 || out->prefix[out->length] != ':') return false;
    if (!encnet__number(&out->factor, out->prefix + out->length + 1, &end)) return false;
    if (!(out->factor >= 0 && out->factor <= MAX_FACTOR)) return false;
    end += strspn(end, " \t");
    if (*end != '\0' && (*end != ',' || *++end == '\0')) return false;
    *at = end;
    return true;
}

/* "backbone:0.1,decode_head.conv_seg:10" */
bool encnet__form_factors(const char *text)
{
    encnet__factor factor;

    while (*text)
        if (!encnet__factor_read(&factor, &text)) return false;
    return true;
}
