/*
 * list.h - names of files: folders walked, list files read.
 */
#ifndef ENCNET__LIST_H
#define ENCNET__LIST_H

#include "data/data.h"

/* One file of a folder, or one line of a list file. */
typedef struct encnet__entry {
    char *path;  /* below the folder; as written in a list file */
    char *label; /* the second word of a list file's line, else NULL */
    int stem;    /* characters of `path` without the ending */
    bool used;
} encnet__entry;

/* Start with {0}. */
typedef struct encnet__entries {
    encnet__entry *at;
    int count, capacity;
} encnet__entries;

void encnet__entries_free(encnet__entries *e);

/* Files below `folder`, at any depth, whose names end in `ending` (NULL: .png .jpg .jpeg in any
 * case), sorted by the bytes of their paths.  Hidden files and folders are left out.  ENCNET_E_DATA
 * when the folder cannot be read. */
encnet_status encnet__list_folder(encnet__entries *out, const char *folder,
                                  const char *ending) ENCNET_MUST_CHECK;

/* Lines "image" or "image label", split at a tab if there is one, else at the first space; empty
 * lines are skipped.  Sorted like folders.  `name` stands in messages. */
encnet_status encnet__list_parse(encnet__entries *out, const char *text, size_t size,
                                 const char *name) ENCNET_MUST_CHECK;

/* Sorts by stem, for encnet__entries_find. */
void encnet__entries_index(encnet__entries *e);
/* The entry with this stem, or NULL. */
encnet__entry *encnet__entries_find(encnet__entries *e, const char *stem, int size);

#endif
