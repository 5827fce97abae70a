/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* classes.c - names and colours of classes: from a CSV file, from the data set, or numbered. */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void numbered(encnet__class *out, int index, int submit_id)
{
    *out = (encnet__class){.submit_id = submit_id};
    snprintf(out->name, sizeof out->name, "class_%d", index);
    encnet__voc_colour(out->rgb, index + 1); /* black is for what is ignored */
}

/* -- the CSV file ------------------------------------------------------------------------------ */

enum { COLUMNS = 6, LINE = 256 };

/* Takes the field at *line as RFC 4180 has it, in place: in double quotes, a doubled one stands for
 * one.  *line becomes what follows its separator, or NULL.  Returns what is wrong, or NULL. */
static const char *take_field(char **out, char **line, char separator)
{
    const char ends[] = {'"', separator, '\0'};
    char *from = *line, *to = from;

    *out = from;
    if (*from != '"') {
        from += strcspn(from, ends);
        if (*from == '"') return "a quote within a field that does not begin with one";
        to = from;
    } else {
        for (from++; *from != '"' || from[1] == '"'; *to++ = *from++) {
            if (*from == '\0') return "a quote that is not closed in its line";
            from += *from == '"';
        }
        from++;
        if (*from && *from != separator)
            return "something between a closing quote and the next field";
    }
    *line = *from ? from + 1 : NULL;
    *to = '\0';
    return NULL;
}

/* Splits a line in place.  What follows the first field separates all of them: a comma, or the
 * semicolon or tab of a spreadsheet.  Fields behind the last column are empty. */
static const char *split_line(char *fields[COLUMNS], int *count, char *line)
{
    char separator = line[strcspn(line, ",;\t")], *more;
    const char *fault = NULL;

    *count = 0;
    while (line && !fault) {
        fault = take_field(*count < COLUMNS ? &fields[*count] : &more, &line, separator);
        if (*count < COLUMNS)
            ++*count;
        else if (!fault && *more)
            return "more than six fields";
    }
    return fault;
}

/* Parses a number 0..max, which may have spaces around it. */
static bool number(int *out, const char *text, int max)
{
    char *end;
    long v = strtol(text, &end, 10);

    if (end == text || end[strspn(end, " \t")] || v < 0 || v > max) return false;
    *out = (int)v;
    return true;
}

/* Whether a line begins with a number, in quotes or not. */
static bool is_numbered(const char *line)
{
    return line[line[0] == '"'] >= '0' && line[line[0] == '"'] <= '9';
}

/* Whether the lines of a table begin with the index of a class, or with its name: of the first lines, two
 * may be headings. */
static bool has_indices(const char *text, const char *end)
{
    for (int lines = 0; text < end && lines < 3; text++) {
        if (end - text > 1 && is_numbered(text)) return true;
        text = memchr(text, '\n', (size_t)(end - text));
        if (!text) break;
        lines++;
    }
    return false;
}

/* Whether a line without an index names the columns, or the separator, as spreadsheets do. */
static bool is_heading(const char *line)
{
    static const char *const words[] = {"name",     "names",      "class",      "classes",
                                        "label",    "labels",     "class_name", "class name",
                                        "category", "label_name", "label name"};
    bool quoted = line[0] == '"';
    char first[16]; /* longer than every word */

    snprintf(first, sizeof first, "%.*s", (int)strcspn(line + quoted, quoted ? "\"" : ",;\t"),
             line + quoted);
    if (line[0] == '#' || strncmp(line, "sep=", strlen("sep=")) == 0) return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (encnet__same_word(first, words[i])) return true;
    return false;
}

/* Parses a line; `implied` is the index of one that states none, -1: each states its own. */
static encnet_status parse_row(encnet__class *out, encnet__class *ignored, bool *seen, int n,
                               int first_id, int implied, char *line, const char *name, int at)
{
    const int first = implied >= 0; /* without an index, the name is field 1 all the same */
    char *fields[COLUMNS + 1] = {NULL};
    int count, index = implied, v;
    encnet__class *class;
    const char *fault = split_line(fields + first, &count, line);

    if (fault) return encnet__fail(ENCNET_E_DATA, "%s:%d: %s", name, at, fault);
    count += first;
    if (count < 2 || (implied < 0 && !number(&index, fields[0], INT32_MAX)))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: expected index,name,r,g,b", name, at);
    if (index >= n && (index != ENCNET_IGNORE || !ignored))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: class %d, but model.classes=%d", name, at, index,
                            n);
    if (seen[index])
        return encnet__fail(ENCNET_E_DATA, "%s:%d: class %d for the second time", name, at, index);
    if (!*fields[1] || strlen(fields[1]) >= sizeof out->name)
        return encnet__fail(ENCNET_E_DATA,
                            "%s:%d: the name of class %d has %zu characters, 1 to %zu are possible",
                            name, at, index, strlen(fields[1]), sizeof out->name - 1);
    seen[index] = true;
    class = index < n ? &out[index] : ignored;
    numbered(class, index, index + first_id);
    snprintf(class->name, sizeof class->name, "%s", fields[1]);
    class->in_labels = count > 4;
    class->has_id = count > 5 && *fields[5];
    if (count == 3 || count == 4)
        return encnet__fail(ENCNET_E_DATA, "%s:%d: a colour is three numbers r,g,b", name, at);
    for (int c = 0; c < 3 && count > 4; c++) {
        if (!number(&v, fields[2 + c], 255))
            return encnet__fail(ENCNET_E_DATA, "%s:%d: \"%s\" is no colour 0..255", name, at,
                                fields[2 + c]);
        class->rgb[c] = (uint8_t)v;
    }
    if (class->has_id && !number(&class->submit_id, fields[5], 65535))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: \"%s\" is no submission id", name, at,
                            fields[5]);
    return ENCNET_OK;
}

encnet_status encnet__classes_parse(encnet__class *out, encnet__class *ignored, int n, int first_id,
                                    const char *text, size_t size, const char *name)
{
    encnet_status rc = ENCNET_OK;
    bool seen[ENCNET_MAX_CLASSES + 1] = {false};
    const char *end = text + size;
    int implied = has_indices(text, end) ? -1 : 0;
    bool begun = false;
    char line[LINE];

    for (int at = 1; text < end; at++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text)), *next = stop ? stop + 1 : end;
        size_t length = (size_t)((stop ? stop : end) - text);
        if (memchr(text, '\0', length)) FAIL(ENCNET_E_DATA, "%s:%d: a zero byte", name, at);
        if (!encnet__is_utf8(text, length)) FAIL(ENCNET_E_DATA, "%s:%d: no UTF-8", name, at);
        while (length && strchr(" \t\r", text[length - 1])) length--;
        if (length >= sizeof line)
            FAIL(ENCNET_E_DATA, "%s:%d: a line of %zu characters", name, at, length);
        memcpy(line, text, length);
        line[length] = '\0';
        text = next;
        if (length == 0) continue;
        if (!begun && (implied < 0 ? !is_numbered(line) : is_heading(line))) continue;
        begun = true;
        TRY(parse_row(out, ignored, seen, n, first_id, implied, line, name, at));
        implied += implied >= 0;
    }
    for (int i = 0; i < n; i++)
        if (!seen[i]) FAIL(ENCNET_E_DATA, "%s: class %d is missing, model.classes=%d", name, i, n);
done:
    return rc;
}

/* Reads data.classes_file, below data.root or, if it is not there, as its path is written. */
static encnet_status read_file(encnet__class *out, encnet__class *ignored,
                               const encnet_options *options, int first_id)
{
    encnet_status rc = ENCNET_OK;
    const char *file = options->data.classes_file;
    char *below = encnet__path_join(options->data.root ? options->data.root : ".", file);
    char *text = NULL;
    size_t size;

    if (!below) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", file);
    rc = encnet__text_file_read(&text, &size, below, 1 << 20);
    if (rc == ENCNET_E_IO && access(below, F_OK) != 0)
        rc = encnet__text_file_read(&text, &size, file, 1 << 20);
    if (rc == ENCNET_E_IO && access(below, F_OK) != 0 && access(file, F_OK) != 0)
        FAIL(ENCNET_E_DATA, "data.classes_file=%s is not there, neither as %s nor as it stands",
             file, below);
    if (rc == ENCNET_E_IO) FAIL(ENCNET_E_DATA, "data.classes_file: %s", encnet_last_error());
    TRY(rc);
    TRY(encnet__classes_parse(out, ignored, options->model.classes, first_id, text, size, file));
done:
    encnet__free(below);
    encnet__free(text);
    return rc;
}

encnet_status encnet__classes_and_ignored(encnet__class *out, encnet__class *ignored,
                                          const encnet_options *options)
{
    const encnet__dataset_type *type;
    int n = options->model.classes, first_id, skipped;
    encnet_status rc = ENCNET_OK;

    *ignored = (encnet__class){.in_labels = false};
    TRY(encnet__dataset_type_of(&type, options));
    first_id = options->data.reduce_zero_label || type->reduce_zero_label ? 1 : 0;
    skipped = type->n_classes ? type->n_classes - n : 0; /* the background, if it is left out */
    if (options->data.classes_file && *options->data.classes_file)
        TRY(read_file(out, ignored, options, first_id));
    else
        for (int i = 0; i < n; i++) {
            numbered(&out[i], i, i + first_id);
            if (type->classes) out[i] = type->classes[i + skipped];
            out[i].in_labels = type->classes != NULL;
            if (type->name_class) type->name_class(&out[i], i, n);
        }
    if (type->name_classes && !(options->data.classes_file && *options->data.classes_file))
        TRY(type->name_classes(out, options));
done:
    return rc;
}

encnet_status encnet__classes_of(encnet__class *out, const encnet_options *options)
{
    encnet__class ignored;

    return encnet__classes_and_ignored(out, &ignored, options);
}

encnet_status encnet__classes_write(const char *path, const encnet__class *classes, int n)
{
    encnet_status rc = ENCNET_OK;
    encnet__text csv = {0};

    encnet__text_add(&csv, "index,name,r,g,b\n");
    for (int i = 0; i < n; i++) {
        encnet__text_add(&csv, "%d,", i);
        encnet__text_csv(&csv, classes[i].name);
        encnet__text_add(&csv, ",%d,%d,%d\n", classes[i].rgb[0], classes[i].rgb[1],
                         classes[i].rgb[2]);
    }
    if (csv.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for it", path);
    TRY(encnet__file_write(path, csv.data, csv.size));
done:
    encnet__text_free(&csv);
    return rc;
}
