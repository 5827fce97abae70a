/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * list.h - names of files, from folders and from list files.
 */
#ifndef ENCNET__LIST_H
#define ENCNET__LIST_H

#include "data/data.h"

/* One file of a folder, or one line of a list. */
typedef struct encnet__entry {
    char *path;  /* below the folder; as written in a list */
    char *label; /* the second word of a line, else NULL */
    int stem;    /* characters of `path` without the ending */
    bool used;   /* for the caller */
} encnet__entry;

/* Start with {0}. */
typedef struct encnet__entries {
    encnet__entry *at;
    int count, capacity;
} encnet__entries;

void encnet__entries_free(encnet__entries *e);

/* Lists the files below `folder`, at any depth, whose names end in `ending` (NULL: .png, .jpg or
 * .jpeg) in upper or lower case.  They are sorted by the bytes of their paths.  Hidden files and
 * folders are left out.  ENCNET_E_DATA: the folder cannot be read. */
encnet_status encnet__list_folder(encnet__entries *out, const char *folder,
                                  const char *ending) ENCNET_MUST_CHECK;

/* Lists the lines "image" or "image label" of a text.  A line is split at a tab if it has one, else
 * at its first space; empty lines are skipped.  The order is as for folders.  `name` stands for the
 * file's path in messages. */
encnet_status encnet__list_parse(encnet__entries *out, const char *text, size_t size,
                                 const char *name) ENCNET_MUST_CHECK;

/* Lists the lines of a text, each of which is the name of an image without its ending, in the same
 * order. */
encnet_status encnet__names_parse(encnet__entries *out, const char *text, size_t size,
                                  const char *name) ENCNET_MUST_CHECK;

/* Whether `path` has this ending, in upper or lower case, behind at least one character. */
bool encnet__has_ending(const char *path, const char *ending);

/* Sorts by stem, for encnet__entries_find. */
void encnet__entries_index(encnet__entries *e);
/* The entry with this stem, or NULL. */
encnet__entry *encnet__entries_find(encnet__entries *e, const char *stem, int size);

#endif
