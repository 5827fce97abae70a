/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* photos.c - the files that a prediction comes across. */
#define _POSIX_C_SOURCE 200809L
#include "eval/photos.h"

#include "data/list.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LIST_BYTES ((size_t)256 << 20)

encnet_status encnet__photos_check_stop(const encnet_eval_hooks *hooks)
{
    if (!hooks || !hooks->stop || !*hooks->stop) return ENCNET_OK;
    return encnet__fail(ENCNET_E_STOPPED, "stopped before the first image");
}

void encnet__photos_free(encnet__photos *list)
{
    for (int i = 0; i < list->count; i++) {
        encnet__free(list->at[i].path);
        encnet__free(list->at[i].name);
        encnet__free(list->at[i].why);
    }
    encnet__free(list->at);
}

void encnet__photo_set_outcome(encnet__photo *in, encnet_outcome outcome, encnet_status status)
{
    encnet__text why = {0};

    if (in->list) encnet__text_add(&why, "%s:%d: ", in->list, in->line);
    if (!strstr(encnet_last_error(), in->path)) encnet__text_add(&why, "%s: ", in->path);
    encnet__text_add(&why, "%s", encnet_last_error());
    in->outcome = outcome;
    in->status = status;
    in->why = why.data; /* without memory, there is no reason */
}

/* Adds a file, whose output is `name` with another ending.  `must`: it is to be predicted whatever it
 * is; otherwise it is left out if it is no picture. */
static encnet_status add(encnet__photos *list, const char *path, const char *name, bool must)
{
    encnet_status rc = ENCNET_OK;
    encnet__photo in = {.list = list->list, .line = list->line}, *at;
    struct stat st = {0};
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.'), *what = NULL;

    TRY(encnet__photos_check_stop(list->hooks));
    at = encnet__grow(list->at, &list->capacity, list->count + 1, sizeof *at);
    if (!at) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count + 1);
    list->at = at;
    in.path = encnet__strdup(path);
    in.name = encnet__strdup(name);
    if (!in.path || !in.name) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    if (dot && dot > (slash ? slash + 1 : name)) in.name[dot - name] = '\0';
    if (stat(path, &st) != 0)
        encnet__photo_set_outcome(&in, ENCNET_FAILED,
                                  encnet__fail(ENCNET_E_DATA, "%s: %s", path, strerror(errno)));
    else if (!S_ISREG(st.st_mode))
        encnet__photo_set_outcome(&in, must ? ENCNET_FAILED : ENCNET_LEFT_OUT,
                                  encnet__fail(ENCNET_E_DATA, "%s: not a file", path));
    else
        in.is_read = encnet__picture_is(path, &what);
    if (in.outcome == ENCNET_PREDICTED && !must && !in.is_read && !what &&
        encnet__picture_stem(name, NULL) < 0)
        encnet__photo_set_outcome(&in, ENCNET_LEFT_OUT,
                                  encnet__fail(ENCNET_E_DATA, "%s: not a picture", path));
    list->at[list->count++] = in;
    in = (encnet__photo){0};
done:
    encnet__free(in.path);
    encnet__free(in.name);
    return rc;
}

/* A folder that is being listed, and those that contain it. */
typedef struct level {
    const struct level *above;
    struct stat st;
} level;

/* Whether to list a folder.  Links are followed, but not into a folder that contains them and not
 * into the output. */
static bool enters(const encnet__photos *list, const level *around, const struct stat *st)
{
    if (list->has_out && st->st_dev == list->out.st_dev && st->st_ino == list->out.st_ino)
        return false;
    for (; around; around = around->above)
        if (st->st_dev == around->st.st_dev && st->st_ino == around->st.st_ino) return false;
    return true;
}

/* Adds a folder that cannot be listed; the last error says why. */
static encnet_status add_failure(encnet__photos *list, const char *path, const char *name)
{
    char *why = encnet__strdup(encnet_last_error());
    encnet_status rc = add(list, path, name, true);

    if (rc == ENCNET_OK) {
        encnet__free(list->at[list->count - 1].why);
        list->at[list->count - 1].why = why;
        why = NULL;
    }
    encnet__free(why);
    return rc;
}

/* Adds every file below `dir`, whose path below the root is `below`, "" for the root itself. */
static encnet_status add_tree(encnet__photos *list, const char *dir, const char *below,
                              const level *around)
{
    encnet_status rc = ENCNET_OK;
    level here = {.above = around};
    struct dirent *entry;
    struct stat st;
    char *path = NULL;
    encnet__text name = {0};
    DIR *d = opendir(dir);

    if (!d || stat(dir, &here.st) != 0) {
        rc = encnet__fail(ENCNET_E_DATA, "%s: %s", dir, strerror(errno));
        if (around) rc = add_failure(list, dir, below); /* the others can be read */
        goto done;
    }
    for (;;) {
        rc = encnet__dir_next(&entry, d, dir);
        if (rc == ENCNET_E_IO) rc = ENCNET_E_DATA;
        TRY(rc);
        if (!entry) break;
        if (encnet__is_clutter(entry->d_name)) continue;
        encnet__free(path);
        encnet__text_free(&name);
        path = encnet__path_join(dir, entry->d_name);
        encnet__text_add(&name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        if (!path || name.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", dir);
        if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
            TRY(add(list, path, name.data, false));
        } else if (enters(list, &here, &st)) {
            TRY(add_tree(list, path, name.data, &here));
        }
    }
done:
    if (d) closedir(d);
    encnet__free(path);
    encnet__text_free(&name);
    return rc;
}

/* Whether a path stays below the folder that it is relative to. */
static bool stays_below(const char *path)
{
    if (*path == '/') return false;
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0')) return false;
    }
    return true;
}

/* Adds the files of a list.  Outputs keep the subfolders of their paths unless these leave the
 * output folder. */
static encnet_status read_list(encnet__photos *list, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *text = NULL, *named = NULL, *next, *line;
    size_t size;
    int number = 0;

    TRY(encnet__text_file_read(&text, &size, path, MAX_LIST_BYTES));
    list->list = path;
    for (line = text; line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] ? line + length + 1 : NULL;
        list->line = ++number;
        if (line + length != text + size && line[length] == '\0')
            FAIL(ENCNET_E_DATA, "%s:%d: a zero byte, not a list of files", path, number);
        if (length > PATH_MAX)
            FAIL(ENCNET_E_DATA, "%s:%d: a line of %zu characters, longer than any path", path,
                 number, length);
        while (length && strchr(" \t\r", line[length - 1])) length--;
        line[length] = '\0';
        line += strspn(line, " \t");
        if (*line == '\0') continue;
        encnet__free(named);
        named = encnet__line_path(line);
        if (!named) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", path);
        line = named;
        while (line[0] == '.' && line[1] == '/') line += 2;
        TRY(add(list, line, stays_below(line) ? line : encnet__base_name(line), true));
    }
done:
    list->list = NULL;
    encnet__free(named);
    encnet__free(text);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const encnet__photo *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->path, y->path);
}

static bool is_list(const char *path)
{
    static const char *const endings[] = {".txt", ".lst", ".list", ".csv"};

    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (encnet__has_ending(path, endings[i])) return true;
    return false;
}

/* Of two files with the same output one is predicted, if it can be; returns it. */
static encnet__photo *choose_one(encnet__photo *a, encnet__photo *b)
{
    encnet__photo *kept = a->outcome == ENCNET_PREDICTED && (a->is_read || !b->is_read) ? a : b;
    encnet__photo *other = kept == a ? b : a;

    if (other->outcome == ENCNET_PREDICTED)
        encnet__photo_set_outcome(other, ENCNET_FAILED,
                                  encnet__fail(ENCNET_E_DATA,
                                               "%s: it would become %s as well as %s", other->path,
                                               other->name, kept->path));
    return kept;
}

encnet_status encnet__photos_gather(encnet__photos *list, const char *path, const char *out_dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__photo *before = NULL;
    struct stat st;

    list->has_out = out_dir && stat(out_dir, &list->out) == 0;
    if (stat(path, &st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        TRY(add_tree(list, path, "", NULL));
    else if (is_list(path))
        TRY(read_list(list, path));
    else
        TRY(add(list, path, encnet__base_name(path), true));
    if (list->count) qsort(list->at, (size_t)list->count, sizeof *list->at, by_name);
    for (int i = 0; i < list->count; i++) {
        encnet__photo *in = &list->at[i];
        if (in->outcome == ENCNET_LEFT_OUT) continue;
        if (before && !list->writes_none && strcmp(before->name, in->name) == 0)
            before = choose_one(before, in);
        else
            before = in;
    }
    if (!before) FAIL(ENCNET_E_DATA, "%s: no picture in it (%d other files)", path, list->count);
done:
    return rc;
}

/* Adds the files that are read. */
static encnet_status list_pictures(encnet__inputs *out, const encnet__photos *list)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < list->count; i++)
        if (list->at[i].outcome == ENCNET_PREDICTED) TRY(encnet__inputs_add(out, list->at[i].path));
    encnet__inputs_sort(out);
done:
    return rc;
}

encnet_status encnet__photos_check_outputs(const encnet__photos *list, encnet__guard *guard,
                                           const char *out_dir, const char *ending)
{
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};
    encnet__inputs pictures = {0};
    struct stat st;

    for (int i = 0; i < list->count; i++) {
        if (list->at[i].outcome == ENCNET_LEFT_OUT) continue;
        TRY(encnet__photos_check_stop(list->hooks));
        encnet__text_free(&path);
        encnet__text_add(&path, "%s/%s%s", *out_dir ? out_dir : ".", list->at[i].name, ending);
        if (path.failed) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count);
        if (stat(path.data, &st) != 0) continue; /* it does not exist yet */
        TRY(encnet__guard_check(guard, path.data));
        if (!pictures.sorted) TRY(list_pictures(&pictures, list));
        TRY(encnet__inputs_refuse(&pictures, path.data));
    }
done:
    encnet__inputs_free(&pictures);
    encnet__text_free(&path);
    return rc;
}
