/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* textfile.c - text files as any editor and spreadsheet writes them (lists, tables of classes,
 * configurations), and paths as people write them. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

static bool begins(const char *text, size_t size, const char *with, size_t n)
{
    return size >= n && memcmp(text, with, n) == 0;
}

encnet_status encnet__text_clean(char *text, size_t *size, const char *name)
{
    size_t from = 0, to = 0;
    bool lone_cr = *size && !memchr(text, '\n', *size); /* of a Mac of the last century */

    /* with a mark, or of letters and blanks without one */
    if (begins(text, *size, "\xff\xfe", 2) || begins(text, *size, "\xfe\xff", 2) ||
        (*size >= 4 && !text[0] != !text[1] && !text[2] == !text[0] && !text[3] == !text[1]))
        return encnet__fail(ENCNET_E_DATA, "%s: UTF-16 text; save it as UTF-8", name);
    if (begins(text, *size, "\xef\xbb\xbf", 3)) from = 3;
    for (; from < *size; from++) {
        if (text[from] == '\r' && from + 1 < *size && text[from + 1] == '\n') continue;
        text[to++] = text[from] == '\r' && lone_cr ? '\n' : text[from];
    }
    text[to] = '\0';
    *size = to;
    return ENCNET_OK;
}

encnet_status encnet__text_file_read(char **text, size_t *size, const char *path, size_t max_bytes)
{
    encnet_status rc = ENCNET_OK;
    char *data = NULL;

    TRY(encnet__file_read(&data, size, path, max_bytes));
    TRY(encnet__text_clean(data, size, path));
    *text = data;
    data = NULL;
done:
    encnet__free(data);
    return rc;
}

static bool is_name(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Appends the value of the variable whose name follows the dollar sign at *at, and moves *at behind
 * it. */
static encnet_status add_variable(encnet__text *out, const char **at, const char *path)
{
    const char *from = *at + 1, *value;
    bool braces = *from == '{';
    char name[256];
    size_t n = 0;

    if (braces) from++;
    while (is_name(from[n])) n++;
    if (n == 0 || n >= sizeof name || (braces && from[n] != '}'))
        return encnet__fail(ENCNET_E_CONFIG,
                            "%s: no name of a variable behind $; $$ is a dollar sign", path);
    memcpy(name, from, n);
    name[n] = '\0';
    value = getenv(name);
    if (!value)
        return encnet__fail(ENCNET_E_CONFIG, "%s: the environment has no %s; $$ is a dollar sign",
                            path, name);
    encnet__text_add(out, "%s", value);
    *at = from + n + braces;
    return ENCNET_OK;
}

encnet_status encnet__path_expand(char **out, const char *path)
{
    const char *at = path, *end = path + strlen(path), *home = getenv("HOME");
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};

    encnet__text_bytes(&t, "", 0);
    if (end - path > 2 && *path == '"' && end[-1] == '"') {
        at++;
        end--;
    }
    if (*at == '~' && (at[1] == '/' || at + 1 == end)) {
        if (!home || !*home) FAIL(ENCNET_E_CONFIG, "%s: the environment has no HOME", path);
        encnet__text_add(&t, "%s", home);
        at++;
    }
    while (at < end) {
        if (*at != '$' || at[1] == '$') {
            encnet__text_bytes(&t, at, 1);
            at += *at == '$' ? 2 : 1;
        } else {
            TRY(add_variable(&t, &at, path));
        }
    }
    if (t.failed || !(*out = encnet__strdup(t.data ? t.data : "")))
        FAIL(ENCNET_E_NOMEM, "%s: no memory for it", path);
done:
    encnet__text_free(&t);
    return rc;
}
