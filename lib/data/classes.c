/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* classes.c - names and colours of classes: from a file, from the data set, or numbered. */
#define _POSIX_C_SOURCE 200809L
#include "data/class_line.h"

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

/* -- the file ---------------------------------------------------------------------------------- */

enum { LINE = 256 };

/* Copies the next line to `line`, without blanks around it, and moves *text behind it. */
static encnet_status next_line(char line[LINE], const char **text, const char *end,
                               const char *name, int at)
{
    const char *from = *text, *stop = memchr(from, '\n', (size_t)(end - from));

    *text = stop ? stop + 1 : end;
    if (!stop) stop = end;
    if (memchr(from, '\0', (size_t)(stop - from)))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: a zero byte", name, at);
    if (!encnet__is_utf8(from, (size_t)(stop - from)))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: no UTF-8", name, at);
    while (stop > from && strchr(" \t\r", stop[-1])) stop--;
    while (stop > from && *from == ' ') from++;
    if (stop - from >= LINE)
        return encnet__fail(ENCNET_E_DATA, "%s:%d: a line of %zu characters", name, at,
                            (size_t)(stop - from));
    memcpy(line, from, (size_t)(stop - from));
    line[stop - from] = '\0';
    return ENCNET_OK;
}

/* Whether the lines of a file begin with the index of a class, or with its name: of the first lines, two
 * may be headings. */
static bool has_indices(const char *text, const char *end)
{
    char line[LINE];

    for (int lines = 0; text < end && lines < 3;) {
        if (next_line(line, &text, end, "", 0) != ENCNET_OK) return false;
        if (encnet__class_line_is_indexed(line)) return true;
        lines += *line != '\0';
    }
    return false;
}

/* What a file is whose lines are not of classes, or NULL. */
static const char *another_file(const char *line)
{
    if (line[0] == '{' || (line[0] == '[' && (!line[1] || strchr("{[\" ", line[1])))) return "JSON";
    return line[0] == '<' ? "XML" : NULL;
}

/* Takes the line of class `index` over. */
static encnet_status take_class(encnet__class *out, encnet__class *ignored, bool *seen, int n,
                                int first_id, int index, const encnet__class_line *l,
                                const char *name, int at)
{
    encnet__class *class;

    if (index >= n && (index != ENCNET_IGNORE || !ignored))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: class %d, but model.classes=%d", name, at, index,
                            n);
    if (seen[index])
        return encnet__fail(ENCNET_E_DATA, "%s:%d: class %d for the second time", name, at, index);
    if (!*l->name || strlen(l->name) >= sizeof class->name)
        return encnet__fail(ENCNET_E_DATA,
                            "%s:%d: the name of class %d has %zu characters, 1 to %zu are possible",
                            name, at, index, strlen(l->name), sizeof class->name - 1);
    seen[index] = true;
    class = index < n ? &out[index] : ignored;
    numbered(class, index, index + first_id);
    snprintf(class->name, sizeof class->name, "%s", l->name);
    class->in_labels = l->has_rgb;
    if (l->has_rgb) memcpy(class->rgb, l->rgb, 3);
    class->has_id = l->submit_id >= 0;
    if (class->has_id) class->submit_id = l->submit_id;
    return ENCNET_OK;
}

encnet_status encnet__classes_parse(encnet__class *out, encnet__class *ignored, int n, int first_id,
                                    const char *text, size_t size, const char *name)
{
    encnet_status rc = ENCNET_OK;
    bool seen[ENCNET_MAX_CLASSES + 1] = {false};
    const char *end = text + size;
    bool indexed = has_indices(text, end), begun = false;
    int next = 0; /* the index of a line that states none */
    encnet__class_line class;
    char line[LINE];

    for (int at = 1; text < end; at++) {
        TRY(next_line(line, &text, end, name, at));
        if (!*line || *line == '#') continue;
        if (!begun && another_file(line))
            FAIL(ENCNET_E_DATA, "%s: %s, and not lines of index,name,r,g,b", name,
                 another_file(line));
        if (!begun &&
            (indexed ? !encnet__class_line_is_indexed(line) : encnet__class_line_is_heading(line)))
            continue;
        TRY(encnet__class_line_parse(&class, line, indexed, name, at));
        if (!begun && !indexed && strcmp(class.name, "__ignore__") == 0) continue; /* labelme's */
        begun = true;
        TRY(take_class(out, ignored, seen, n, first_id, indexed ? class.index : next++, &class,
                       name, at));
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
