/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* installed.c - finds configurations by name in the folders where they are installed. */
#define _GNU_SOURCE /* dladdr */
#include "config/reader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <encnet/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".ini"
#define SOURCES "configs/" /* before its name in the sources, and so in the documentation */

enum {
    MAX_DIRS = 16,
    MAX_ABOUT = 512,
    MAX_FILE = 1 << 20,
    NEAR = 3 /* edits, of a name that was probably meant */
};

/* -- where ----------------------------------------------------------------------------------- */

/* The folders that exist, in the order in which they are searched; each owned. */
typedef struct folders {
    char *at[MAX_DIRS];
    int n;
} folders;

static void folders_free(folders *f)
{
    for (int i = 0; i < f->n; i++) encnet__free(f->at[i]);
}

static bool is_there(const folders *f, const struct stat *st)
{
    struct stat other;

    for (int i = 0; i < f->n; i++)
        if (stat(f->at[i], &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino)
            return true;
    return false;
}

/* Adds a folder that exists and is none of the others. */
__attribute__((format(printf, 2, 3))) static void add(folders *f, const char *format, ...)
{
    char path[4096], *real;
    struct stat st;
    va_list ap;
    int size;

    va_start(ap, format);
    size = encnet__vprint(path, sizeof path, format, ap);
    va_end(ap);
    if (size <= 0 || (size_t)size >= sizeof path || f->n == MAX_DIRS) return;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || is_there(f, &st)) return;
    real = realpath(path, NULL); /* without the ".." of the library's folder */
    f->at[f->n] = encnet__strdup(real ? real : path);
    free(real);
    if (f->at[f->n]) f->n++;
}

static void find_folders(folders *f)
{
    const char *own = getenv("ENCNET_CONFIGS"), *slash;
    Dl_info here;

    *f = (folders){.n = 0};
    for (size_t length; own && *own; own += length + (own[length] == ':')) {
        length = strcspn(own, ":");
        if (length) add(f, "%.*s", (int)length, own);
    }
    if (dladdr((void *)encnet_config_list, &here) && here.dli_fname &&
        (slash = strrchr(here.dli_fname, '/'))) {
        int length = (int)(slash - here.dli_fname);
        add(f, "%.*s/" ENCNET__CONFIGS_FROM_LIBRARY, length, here.dli_fname);
        add(f, "%.*s/configs", length, here.dli_fname); /* of a build folder */
    }
    add(f, "%s", ENCNET__CONFIGS);
}

/* -- by name --------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* DIR/NAME, or that with the ending; NULL: there is none. */
static char *look(const char *dir, const char *name)
{
    static const char *const endings[] = {"", ENDING};
    encnet__text path = {0};

    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        path.size = 0;
        if (*dir) encnet__text_add(&path, "%s/", dir);
        encnet__text_add(&path, "%s%s", name, endings[i]);
        if (!path.failed && is_file(path.data)) return path.data;
    }
    encnet__text_free(&path);
    return NULL;
}

char *encnet__config_find(const char *path, const char *name)
{
    char *found = look("", path);
    folders f;

    if (found || *name == '/') return found;
    if (strncmp(name, SOURCES, strlen(SOURCES)) == 0) name += strlen(SOURCES);
    find_folders(&f);
    for (int i = 0; i < f.n && !found; i++) found = look(f.at[i], name);
    folders_free(&f);
    return found;
}

/* -- the list -------------------------------------------------------------------------------- */

static int is_ini(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), n = strlen(ENDING);

    return size > n && strcmp(entry->d_name + size - n, ENDING) == 0;
}

/* The text of the comment in the first line. */
static void first_comment(char out[MAX_ABOUT], const char *path)
{
    char *text = NULL;
    const char *from;
    size_t size;

    *out = '\0';
    if (encnet__text_file_read(&text, &size, path, MAX_FILE) == ENCNET_OK) {
        from = text;
        if (*from == '#' || *from == ';') {
            from++;
            while (*from == ' ') from++;
            snprintf(out, MAX_ABOUT, "%.*s", (int)strcspn(from, "\n"), from);
        }
    }
    encnet__free(text);
}

static void list_folder(const char *dir,
                        void (*row)(void *user, const char *name, const char *path,
                                    const char *about),
                        void *user)
{
    char about[MAX_ABOUT], name[256];
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_ini, alphasort);

    for (int i = 0; i < n; i++) {
        char *path = encnet__path_join(dir, entries[i]->d_name);
        size_t size = strlen(entries[i]->d_name) - strlen(ENDING);
        snprintf(name, sizeof name, "%.*s", (int)size, entries[i]->d_name);
        if (path && is_file(path)) {
            first_comment(about, path);
            row(user, name, path, about);
        }
        encnet__free(path);
        free(entries[i]);
    }
    free(entries);
}

encnet_status encnet_config_list(void (*row)(void *user, const char *name, const char *path,
                                             const char *about),
                                 void *user)
{
    encnet_status rc = ENCNET_OK;
    folders f;

    NEED(row);
    find_folders(&f);
    for (int i = 0; i < f.n; i++) list_folder(f.at[i], row, user);
    if (f.n == 0)
        rc = encnet__fail(ENCNET_E_IO, "no installed configurations: " ENCNET__CONFIGS
                                       " is no folder, and ENCNET_CONFIGS names none that exists");
    folders_free(&f);
    return rc;
}

/* -- what was meant -------------------------------------------------------------------------- */

typedef struct nearest {
    const char *wrong;
    int distance;
    char name[256];
} nearest;

static void compare(void *user, const char *name, const char *path, const char *about)
{
    nearest *n = user;
    int distance = encnet__distance(n->wrong, name);

    (void)path, (void)about;
    if (distance >= n->distance) return;
    n->distance = distance;
    snprintf(n->name, sizeof n->name, "%s", name);
}

void encnet__config_searched(encnet__text *out, const char *name)
{
    nearest n = {name, NEAR + 1, ""};
    folders f;

    find_folders(&f);
    encnet__text_add(out, f.n ? "; nor is there an installed configuration of this name in "
                              : "; and no configurations are installed in " ENCNET__CONFIGS);
    for (int i = 0; i < f.n; i++) encnet__text_add(out, "%s%s", i ? ", " : "", f.at[i]);
    for (int i = 0; i < f.n; i++) list_folder(f.at[i], compare, &n);
    if (*n.name) encnet__text_add(out, "; the nearest is %s", n.name);
    folders_free(&f);
}
