/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* layout.c - says what a data set lacks: what was looked for, and what is there instead. */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 8 }; /* names of a folder in a sentence */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds what a file is if it is a picture of a format that is not read. */
static void add_format(encnet__text *out, const char *folder, const char *name)
{
    char *path = encnet__path_join(folder, name);
    const char *what = NULL;

    if (path && !encnet__picture_is(path, &what) && what)
        encnet__text_add(out, " (%s is %s, which is not read: convert it to PNG)", name, what);
    encnet__free(path);
}

/* Adds "a, b, c and 14 more", the visible entries of a folder in order, or "nothing". */
static void add_entries(encnet__text *out, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char **names = NULL, **grown;
    int count = 0, capacity = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        grown = encnet__grow(names, &capacity, count + 1, sizeof *names);
        if (!grown) break; /* the sentence then shows fewer names */
        names = grown;
        names[count] = encnet__strdup(entry->d_name);
        if (!names[count]) break;
        count++;
    }
    if (count) qsort(names, (size_t)count, sizeof *names, by_name);
    for (int i = 0; i < count && i < SHOWN; i++)
        encnet__text_add(out, "%s%s", i ? ", " : "", names[i]);
    if (count > SHOWN) encnet__text_add(out, " and %d more", count - SHOWN);
    if (count)
        add_format(out, folder, names[0]);
    else
        encnet__text_add(out, "nothing");
    for (int i = 0; i < count; i++) encnet__free(names[i]);
    encnet__free(names);
    if (dir) closedir(dir);
}

/* Cuts components off the end of `path` until it names a folder; "." when none is left. */
static void to_existing_folder(char *path)
{
    struct stat st;
    char *slash;

    while (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        slash = strrchr(path, '/');
        if (!slash) {
            strcpy(path, "."); /* a path has at least one character */
            return;
        }
        slash[slash == path] = '\0'; /* "/" stays */
        if (slash == path) return;
    }
}

void encnet__layout_missing(encnet__problems *p, const encnet__dataset_type *type, const char *what,
                            const char *key, const char *path)
{
    encnet__text holds = {0};
    char *folder = encnet__strdup(path);

    if (folder) {
        to_existing_folder(folder);
        encnet__text_add(&holds, "; %s holds ", folder);
        add_entries(&holds, folder);
    }
    encnet__problem(p, "data.type=%s: looked for the %s in %s, which is not there (%s)%s",
                    type->name, what, path, key, holds.data && !holds.failed ? holds.data : "");
    encnet__text_free(&holds);
    encnet__free(folder);
}

void encnet__layout_empty(encnet__problems *p, const char *folder, const char *what,
                          const char *const endings[2], const char *key)
{
    encnet__text holds = {0};

    add_entries(&holds, folder);
    encnet__problem(p, "%s: looked for %s that end in %s%s%s (%s); the folder holds %s", folder,
                    what, endings[0] ? endings[0] : endings[1],
                    endings[0] && endings[1] ? " or " : "",
                    endings[0] && endings[1] ? endings[1] : "", key,
                    holds.data && !holds.failed ? holds.data : "other files");
    encnet__text_free(&holds);
}
