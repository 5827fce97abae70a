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
    int line;    /* of a list, from 1; 0 in a folder */
    bool used;   /* for the caller */
} encnet__entry;

/* Start with {0}. */
typedef struct encnet__entries {
    encnet__entry *at;
    int count, capacity;
} encnet__entries;

void encnet__entries_free(encnet__entries *e);

/* Whether a name in a folder is none of the user's: hidden, or what a file server or an archive of macOS
 * puts beside pictures. */
bool encnet__is_clutter(const char *name);

/* The length of `name` without its ending, in upper or lower case; -1 if it has another.  NULL: any that
 * pictures have, also of formats that are not read. */
int encnet__picture_stem(const char *name, const char *ending);

/* Lists the files below `folder`, at any depth, whose names end in `ending` in upper or lower case; NULL:
 * those of pictures, which their names or first bytes tell, also of formats that are not read.  They are
 * sorted by the bytes of their paths.  Clutter is left out.  ENCNET_E_DATA: the folder cannot be read. */
encnet_status encnet__list_folder(encnet__entries *out, const char *folder,
                                  const char *ending) ENCNET_MUST_CHECK;

/* Lists the lines "image" or "image label" of a text.  Columns may stand in quotes; a line is split at a tab
 * if it has one, else at the blank, comma, semicolon or bar behind the ending of a picture, else at its
 * first blank.  Empty lines are skipped.  The order is as for folders.  `name` stands for the file's path in
 * messages. */
encnet_status encnet__list_parse(encnet__entries *out, const char *text, size_t size,
                                 const char *name) ENCNET_MUST_CHECK;

/* Lists the lines of a text, each of which is the name of an image, in quotes or not, in the same order. */
encnet_status encnet__names_parse(encnet__entries *out, const char *text, size_t size,
                                  const char *name) ENCNET_MUST_CHECK;

/* The path of a file that a list names: below `root`, also if the name begins with a slash or has
 * backslashes, or as it stands; where there is none, that below `root`.  Owned by the caller; NULL: no
 * memory. */
char *encnet__listed_path(const char *root, const char *name);

/* The same of a line of a list, of which the first column counts, in the current folder. */
char *encnet__line_path(const char *line);

/* Whether `path` has this ending, in upper or lower case, behind at least one character. */
bool encnet__has_ending(const char *path, const char *ending);

/* Of the images and the labels of one folder, a file is a label if there is an image whose name is its own
 * without the ending, and else an image.  `labels` is indexed. */
void encnet__entries_divide(encnet__entries *images, encnet__entries *labels, const char *ending);
/* Removes what lies below a folder. */
void encnet__entries_leave(encnet__entries *e, const char *folder);

/* Sorts by stem, for encnet__entries_find. */
void encnet__entries_index(encnet__entries *e);
/* The entry with this stem, or NULL. */
encnet__entry *encnet__entries_find(encnet__entries *e, const char *stem, int size);

#endif
