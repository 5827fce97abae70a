/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * source.c - the text of a kernel file, embedded or, during development, from ENCNET_KERNEL_DIR.
 *
 * A line `#include "NAME.clh"` is replaced by that file.  #line directives make messages of a
 * driver refer to cl/NAME.cl:LINE.
 */
#include "device/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_SOURCE_BYTES = 1 << 22 };

static encnet_status add_file(encnet__text *out, const char *name, int depth);

/* Finds the name in a line `#include "NAME"`; its size is 0 in any other line. */
static size_t included(const char **name, const char *line, size_t size)
{
    static const char directive[] = "#include \"";
    const size_t lead = sizeof directive - 1;
    const char *quote;

    if (size <= lead || memcmp(line, directive, lead) != 0) return 0;
    *name = line + lead;
    quote = memchr(*name, '"', size - lead);
    return quote ? (size_t)(quote - *name) : 0;
}

static encnet_status add_lines(encnet__text *out, const char *file, const char *text, size_t size,
                               int depth)
{
    encnet_status rc = ENCNET_OK;
    const char *end = text + size, *name = NULL;
    int number = 1;

    encnet__text_add(out, "#line 1 \"cl/%s\"\n", file);
    for (const char *line = text; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *next = newline ? newline + 1 : end;
        size_t name_size = included(&name, line, (size_t)(next - line));
        if (name_size) {
            char header[64];
            if (name_size >= sizeof header)
                FAIL(ENCNET_E_KERNEL, "cl/%s:%d: the included name is too long", file, number);
            memcpy(header, name, name_size);
            header[name_size] = '\0';
            TRY(add_file(out, header, depth + 1));
            encnet__text_add(out, "#line %d \"cl/%s\"\n", number + 1, file);
        } else {
            encnet__text_bytes(out, line, (size_t)(next - line));
        }
        line = next;
    }
    if (size && end[-1] != '\n') encnet__text_add(out, "\n");
done:
    return rc;
}

static const encnet__kernel_source *embedded(const char *name)
{
    for (const encnet__kernel_source *s = encnet__kernel_sources; s->name; s++)
        if (strcmp(s->name, name) == 0) return s;
    return NULL;
}

static encnet_status add_file(encnet__text *out, const char *name, int depth)
{
    encnet_status rc = ENCNET_OK;
    const char *dir = getenv("ENCNET_KERNEL_DIR");
    const encnet__kernel_source *source;
    char *path = NULL, *data = NULL;
    size_t size = 0;

    if (depth > MAX_DEPTH) FAIL(ENCNET_E_KERNEL, "cl/%s: included %d deep", name, depth);
    if (dir && *dir) {
        path = encnet__path_join(dir, name);
        if (!path) FAIL(ENCNET_E_NOMEM, "no memory for the path of %s", name);
        TRY(encnet__file_read(&data, &size, path, MAX_SOURCE_BYTES));
        TRY(add_lines(out, name, data, size, depth));
    } else {
        source = embedded(name);
        if (!source) FAIL(ENCNET_E_KERNEL, "there is no kernel file cl/%s", name);
        TRY(add_lines(out, name, source->text, source->size, depth));
    }
done:
    encnet__free(data);
    encnet__free(path);
    return rc;
}

encnet_status encnet__source_load(encnet__text *out, const char *program)
{
    encnet_status rc = ENCNET_OK;
    char file[80];

    if (strlen(program) > sizeof file - sizeof ".cl")
        FAIL(ENCNET_E_INTERNAL, "the name of kernel file %s is too long", program);
    strcpy(file, program);
    strcat(file, ".cl");
    TRY(add_file(out, file, 0));
    if (out->failed) FAIL(ENCNET_E_NOMEM, "no memory for the source of cl/%s", file);
done:
    return rc;
}

void encnet__source_locate(char *complaint, size_t size, const char *source)
{
    char file[64] = "", *said = NULL;
    int number, wanted, line = 0, skip = 0;

    if (sscanf(complaint, "<kernel>:%d:%n", &wanted, &skip) != 1 || !skip) return;
    for (number = 1; *source && number <= wanted; number++) {
        if (sscanf(source, "#line %d \"%63[^\"]\"", &line, file) == 2)
            line--;
        else
            line++;
        source += strcspn(source, "\n");
        source += *source == '\n';
    }
    if (number <= wanted || !*file) return;
    said = encnet__strdup(complaint + skip);
    if (said) snprintf(complaint, size, "%s:%d:%s", file, line, said);
    encnet__free(said);
}
