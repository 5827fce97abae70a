/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* list.c - lists the names of files in a folder or in a list file. */
#define _POSIX_C_SOURCE 200809L
#include "data/list.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LINE = 2 * PATH_MAX /* an image and its label */ };

void encnet__entries_free(encnet__entries *e)
{
    for (int i = 0; i < e->count; i++) {
        encnet__free(e->at[i].path);
        encnet__free(e->at[i].label);
    }
    encnet__free(e->at);
    *e = (encnet__entries){0};
}

bool encnet__has_ending(const char *path, const char *ending)
{
    size_t size = strlen(path), n = strlen(ending);

    return size > n && path[size - n - 1] != '/' && encnet__same_word(path + size - n, ending);
}

bool encnet__is_clutter(const char *name)
{
    return name[0] == '.' || strcmp(name, "@eaDir") == 0 || strcmp(name, "__MACOSX") == 0;
}

/* What names of pictures end in.  Those of formats that are not read are among them: reading refuses them by
 * name. */
static const char *const pictures[] = {
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif",  ".tiff", ".webp", ".gif", ".ppm",
    ".pgm", ".pbm", ".pnm",  ".jp2", ".j2k",  ".jxl", ".avif", ".heic", ".heif", ".tga", ".pcx",
    ".ico", ".svg", ".psd",  ".exr", ".hdr",  ".dng", ".cr2",  ".nef",  ".arw",  ".dcm"};
enum { READ = 5 }; /* the first ones */

/* The length of `name` without the first of n endings that it has; -1: it has none of them. */
static int stem_before(const char *name, const char *const *endings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (encnet__has_ending(name, endings[i])) return (int)(strlen(name) - strlen(endings[i]));
    return -1;
}

int encnet__picture_stem(const char *name, const char *ending)
{
    return ending ? stem_before(name, &ending, 1) : stem_before(name, pictures, COUNT_OF(pictures));
}

/* The same of a file in a folder, where what it holds decides if its name does not. */
static int stem_of_file(const char *path, const char *name, const char *ending)
{
    const char *base = encnet__base_name(name), *dot = strrchr(base, '.'), *what;
    int stem = stem_before(name, ending ? &ending : pictures, ending ? 1 : READ);

    if (ending || stem >= 0) return stem;
    if (!encnet__picture_is(path, &what) && !what) return -1;
    return dot && dot > base ? (int)(dot - name) : (int)strlen(name);
}

/* Takes over `path` and `label`, also on failure. */
static encnet_status add(encnet__entries *e, char *path, char *label, int stem)
{
    encnet_status rc = ENCNET_OK;
    encnet__entry *at;

    if (!path) FAIL(ENCNET_E_NOMEM, "no memory for a list of files");
    at = encnet__grow(e->at, &e->capacity, e->count + 1, sizeof *at);
    if (!at) FAIL(ENCNET_E_NOMEM, "no memory for a list of %d files", e->count + 1);
    e->at = at;
    e->at[e->count++] = (encnet__entry){.path = path, .label = label, .stem = stem};
    return ENCNET_OK;
done:
    encnet__free(path);
    encnet__free(label);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    const encnet__entry *p = a, *q = b;
    int order = strcmp(p->path, q->path);

    return order ? order : p->line - q->line;
}

static int by_stem(const void *a, const void *b)
{
    const encnet__entry *p = a, *q = b;
    int n = p->stem < q->stem ? p->stem : q->stem, order = memcmp(p->path, q->path, (size_t)n);

    return order ? order : p->stem - q->stem;
}

/* Adds the files in `folder`/`below` and deeper, unless a link has led back to a folder that it is in;
 * `below` is "" or ends in a slash. */
static encnet_status walk(encnet__entries *out, const char *folder, const char *below,
                          const char *ending, const encnet__visit *up)
{
    encnet_status rc = ENCNET_OK;
    encnet__text full = {0}, sub = {0};
    struct dirent *file;
    struct stat st;
    encnet__visit here;
    DIR *dir = NULL;
    int stem;

    encnet__text_add(&full, "%s/%s", folder, below);
    if (full.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", folder);
    if (!encnet__visit_begin(&here, full.data, up)) goto done;
    dir = opendir(full.data);
    if (!dir) FAIL(ENCNET_E_DATA, "%s: %s", *below ? full.data : folder, strerror(errno));
    for (;;) {
        rc = encnet__dir_next(&file, dir, *below ? full.data : folder);
        if (rc == ENCNET_E_IO) rc = ENCNET_E_DATA; /* as for a picture that cannot be read */
        TRY(rc);
        if (!file) break;
        if (encnet__is_clutter(file->d_name)) continue;
        full.size = sub.size = 0;
        encnet__text_add(&full, "%s/%s%s", folder, below, file->d_name);
        encnet__text_add(&sub, "%s%s", below, file->d_name);
        if (full.failed || sub.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", folder);
        if (stat(full.data, &st) != 0) {
            if (errno == ENOENT || errno == ELOOP) continue; /* a dangling link */
            FAIL(ENCNET_E_DATA, "%s: %s", full.data, strerror(errno));
        }
        stem = S_ISREG(st.st_mode) ? stem_of_file(full.data, sub.data, ending) : -1;
        if (stem >= 0) {
            TRY(add(out, encnet__strdup(sub.data), NULL, stem));
        } else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) &&
                   encnet__picture_stem(sub.data, ending) >= 0) {
            FAIL(ENCNET_E_DATA, "%s: not a regular file", full.data);
        } else if (S_ISDIR(st.st_mode)) {
            encnet__text_add(&sub, "/");
            if (sub.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", folder);
            TRY(walk(out, folder, sub.data, ending, &here));
        }
    }
done:
    if (dir) closedir(dir);
    encnet__text_free(&full);
    encnet__text_free(&sub);
    return rc;
}

encnet_status encnet__list_folder(encnet__entries *out, const char *folder, const char *ending)
{
    encnet_status rc = walk(out, folder, "", ending, NULL);

    if (rc == ENCNET_OK && out->count) qsort(out->at, (size_t)out->count, sizeof *out->at, by_path);
    return rc;
}

/* A copy of `size` characters, owned by the caller. */
static char *copy_of(const char *text, size_t size)
{
    char *copy = encnet__alloc(size + 1, 1);

    if (copy) memcpy(copy, text, size);
    return copy;
}

/* Adds what one line of a text says, without the blanks around it. */
typedef encnet_status (*parser)(encnet__entries *out, const char *line, size_t size,
                                const char *name, int number);

/* Takes the quotes off a column that stands in quotes. */
static void unquote(const char **text, size_t *size)
{
    const char *t = *text;
    size_t n = *size;

    if (n < 3 || (t[0] != '"' && t[0] != '\'') || t[n - 1] != t[0]) return;
    *text = t + 1;
    *size = n - 2;
}

static encnet_status parse_name(encnet__entries *out, const char *line, size_t size,
                                const char *name, int number)
{
    if (memchr(line, '\0', size))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: not a text file", name, number);
    unquote(&line, &size);
    return add(out, copy_of(line, size), NULL, (int)size);
}

/* Whether a character may stand between the columns of a line. */
static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '|';
}

static bool is_picture_name(const char *line, size_t size)
{
    char tail[8]; /* longer than every ending */

    for (size_t i = 0; i < COUNT_OF(pictures); i++) {
        size_t n = strlen(pictures[i]);
        if (size <= n) continue;
        memcpy(tail, line + size - n, n);
        tail[n] = '\0';
        if (encnet__same_word(tail, pictures[i])) return true;
    }
    return false;
}

/* The size of the first column: what stands in quotes, else what stands before a tab, else up to the first
 * ending of a picture in front of a gap, because names have blanks, else up to a blank. */
static size_t first_column(const char *line, size_t size)
{
    const char *end = NULL;

    if (line[0] == '"' || line[0] == '\'') end = memchr(line + 1, line[0], size - 1);
    if (end && (end + 1 == line + size || is_gap(end[1]))) return (size_t)(end + 1 - line);
    end = memchr(line, '\t', size);
    if (end) return (size_t)(end - line);
    for (size_t i = 1; i < size; i++)
        if (is_gap(line[i]) && is_picture_name(line, i)) return i;
    end = is_picture_name(line, size) ? NULL : memchr(line, ' ', size);
    return end ? (size_t)(end - line) : size;
}

static encnet_status parse_pair(encnet__entries *out, const char *line, size_t size,
                                const char *name, int number)
{
    const char *second, *end = line + size;
    char *path, *label = NULL;
    size_t image, rest;
    int stem;

    if (memchr(line, '\0', size))
        return encnet__fail(ENCNET_E_DATA, "%s:%d: not a text file", name, number);
    image = first_column(line, size);
    for (second = line + image; second < end && is_gap(*second);) second++;
    rest = (size_t)(end - second);
    unquote(&line, &image);
    unquote(&second, &rest);
    if (rest && !(label = copy_of(second, rest)))
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory", name);
    path = copy_of(line, image);
    stem = path ? encnet__picture_stem(path, NULL) : 0;
    if (stem >= 0) return add(out, path, label, stem);
    encnet__free(path);
    encnet__free(label);
    return encnet__fail(
        ENCNET_E_DATA,
        "%s:%d: \"%.*s\" does not end in .png, .jpg or .jpeg; a line is the path of "
        "an image below data.root, or of an image and its label (a list of names "
        "without endings belongs into data.train_list or data.val_list, beside the "
        "folder of the images)",
        name, number, (int)(image < 200 ? image : 200), line);
}

static encnet_status parse(encnet__entries *out, const char *text, size_t size, const char *name,
                           parser line)
{
    encnet_status rc = ENCNET_OK;
    const char *end = text + size;

    for (int number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text)), *next = stop ? stop + 1 : end;
        if (!stop) stop = end;
        while (text < stop && (*text == ' ' || *text == '\t')) text++;
        while (stop > text && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t')) stop--;
        if (stop - text > MAX_LINE)
            FAIL(ENCNET_E_DATA, "%s:%d: a line of %zu characters, longer than any path", name,
                 number, (size_t)(stop - text));
        if (stop > text) {
            TRY(line(out, text, (size_t)(stop - text), name, number));
            out->at[out->count - 1].line = number;
        }
        text = next;
    }
    if (out->count) qsort(out->at, (size_t)out->count, sizeof *out->at, by_path);
done:
    return rc;
}

encnet_status encnet__list_parse(encnet__entries *out, const char *text, size_t size,
                                 const char *name)
{
    return parse(out, text, size, name, parse_pair);
}

encnet_status encnet__names_parse(encnet__entries *out, const char *text, size_t size,
                                  const char *name)
{
    return parse(out, text, size, name, parse_name);
}

/* root/NAME of a name that lists of other programs have: with backslashes, or a slash in front. */
static char *below_root(const char *root, const char *name)
{
    char *copy = encnet__strdup(name + strspn(name, "/\\")), *path;

    for (char *c = copy; c && *c; c++)
        if (*c == '\\') *c = '/';
    path = copy && *copy ? encnet__path_join(root, copy) : NULL;
    encnet__free(copy);
    return path;
}

char *encnet__listed_path(const char *root, const char *name)
{
    char *plain = encnet__path_join(root, name), *other;

    if (!plain || access(plain, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)) return plain;
    other = below_root(root, name);
    if (other && access(other, F_OK) != 0) {
        encnet__free(other);
        other = access(name, F_OK) == 0 ? encnet__strdup(name) : NULL;
    }
    if (!other) return plain;
    encnet__free(plain);
    return other;
}

char *encnet__line_path(const char *line)
{
    size_t size = first_column(line, strlen(line));
    char *column, *path;

    if (access(line, F_OK) == 0) return encnet__strdup(line);
    unquote(&line, &size);
    column = copy_of(line, size);
    path = column ? encnet__listed_path("", column) : NULL;
    encnet__free(column);
    return path;
}

void encnet__entries_index(encnet__entries *e)
{
    if (e->count) qsort(e->at, (size_t)e->count, sizeof *e->at, by_stem);
}

encnet__entry *encnet__entries_find(encnet__entries *e, const char *stem, int size)
{
    encnet__entry key = {.path = (char *)stem, .stem = size};

    return e->count ? bsearch(&key, e->at, (size_t)e->count, sizeof key, by_stem) : NULL;
}

/* -- one folder of pictures and labels --------------------------------------------------------- */

static void remove_used(encnet__entries *e)
{
    int kept = 0;

    for (int i = 0; i < e->count; i++) {
        if (!e->at[i].used) {
            e->at[kept++] = e->at[i];
            continue;
        }
        encnet__free(e->at[i].path);
        encnet__free(e->at[i].label);
    }
    e->count = kept;
}

/* The label that a picture is itself, by its name, or NULL. */
static encnet__entry *itself(encnet__entries *labels, const encnet__entry *picture,
                             const char *ending)
{
    if (!encnet__has_ending(picture->path, ending)) return NULL;
    return encnet__entries_find(labels, picture->path,
                                (int)(strlen(picture->path) - strlen(ending)));
}

void encnet__entries_divide(encnet__entries *images, encnet__entries *labels, const char *ending)
{
    encnet__entry *l;

    for (int i = 0; i < images->count; i++) {
        const encnet__entry *p = &images->at[i];
        l = encnet__entries_find(labels, p->path, p->stem);
        if (l && strcmp(l->path, p->path) != 0) l->used = true; /* it is one */
    }
    for (int i = 0; i < images->count; i++) {
        l = itself(labels, &images->at[i], ending);
        images->at[i].used = l && l->used;
    }
    remove_used(images);
    for (int i = 0; i < labels->count; i++) labels->at[i].used = false;
    for (int i = 0; i < images->count; i++)
        if ((l = itself(labels, &images->at[i], ending))) l->used = true;
    remove_used(labels);
}

void encnet__entries_leave(encnet__entries *e, const char *folder)
{
    size_t n = strlen(folder);

    for (int i = 0; i < e->count; i++)
        e->at[i].used = strncmp(e->at[i].path, folder, n) == 0 && e->at[i].path[n] == '/';
    remove_used(e);
}
