/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * imagefolder.c - data.type = imagefolder: a folder for each class in the folder of a split, or a
 * list file of "image class" lines for a split.
 *
 * The classes are the folders of the training split in the order of their names.  In a list file a
 * class is its index.
 */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"
#include "data/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct names {
    char **at;
    int count, capacity;
} names;

static void names_free(names *n)
{
    for (int i = 0; i < n->count; i++) encnet__free(n->at[i]);
    encnet__free(n->at);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The folders in `folder`, sorted; none if it cannot be opened. */
static encnet_status list_folders(names *out, const char *folder)
{
    encnet_status rc = ENCNET_OK;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char *path = NULL, **grown;

    while (dir) {
        TRY(encnet__dir_next(&entry, dir, folder));
        if (!entry) break;
        if (encnet__is_clutter(entry->d_name)) continue;
        encnet__free(path);
        path = encnet__path_join(folder, entry->d_name);
        grown = encnet__grow(out->at, &out->capacity, out->count + 1, sizeof *out->at);
        if (grown) out->at = grown;
        if (!path || !grown) FAIL(ENCNET_E_NOMEM, "%s: no memory for its folders", folder);
        if (!encnet__is_directory(path)) continue;
        if (!(out->at[out->count] = encnet__strdup(entry->d_name)))
            FAIL(ENCNET_E_NOMEM, "%s: no memory for its folders", folder);
        out->count++;
    }
    if (out->count) qsort(out->at, (size_t)out->count, sizeof *out->at, by_name);
done:
    encnet__free(path);
    if (dir) closedir(dir);
    return rc;
}

static const char *const folders[ENCNET__SPLITS] = {"train", "val", "test"};

/* Where the options or the layout put the images of a split; NULL: no memory. */
static char *place_of(const encnet_options *options, encnet__split split)
{
    const char *named = encnet__split_options_of(&options->data, split).images;
    const char *root = options->data.root;

    return encnet__path_join(root && *root ? root : ".", named && *named ? named : folders[split]);
}

/* -- samples ----------------------------------------------------------------------------------- */

/* Adds an image of a class.  Takes over its path, also on failure. */
static encnet_status add(encnet__dataset *d, const encnet__entry *e, char *image, int class)
{
    encnet__text name = {0};

    if (image) encnet__text_add(&name, "%.*s", e->stem, e->path);
    return encnet__dataset_add(
        d, (encnet__sample){.name = name.data, .image = image, .class_index = class});
}

/* The class of a line "image class"; -1: the second word is none. */
static int class_of_line(const encnet__entry *e, int classes)
{
    const char *end;
    int index;

    return e->label && encnet__digits(&index, e->label, classes - 1, &end) && !*end ? index : -1;
}

static encnet_status find_lines(encnet__dataset *d, encnet__problems *problems, const char *path,
                                const char *root)
{
    encnet_status rc = ENCNET_OK;
    encnet__entries lines = {0};
    char *text = NULL;
    size_t size;

    TRY(encnet__text_file_read(&text, &size, path, 1 << 28));
    TRY(encnet__list_parse(&lines, text, size, path));
    if (lines.count == 0) encnet__problem(problems, "%s: names no images", path);
    for (int i = 0; i < lines.count; i++) {
        const encnet__entry *e = &lines.at[i];
        int class = class_of_line(e, d->classes);
        if (class < 0)
            encnet__problem(problems, "%s:%d: %s has the class \"%s\", not one of 0..%d", path,
                            e->line, e->path, e->label ? e->label : "", d->classes - 1);
        else
            TRY(add(d, e, encnet__listed_path(root, e->path), class));
    }
done:
    encnet__free(text);
    encnet__entries_free(&lines);
    return rc;
}

/* The class of the folder that an image lies in; -1: there is no such class. */
static int class_of_folder(const names *classes, const char *path)
{
    size_t length = strcspn(path, "/");

    for (int i = 0; path[length] && i < classes->count; i++)
        if (strlen(classes->at[i]) == length && memcmp(classes->at[i], path, length) == 0) return i;
    return -1;
}

static encnet_status find_folders(encnet__dataset *d, encnet__problems *problems,
                                  const char *folder, const char *ending, const names *classes)
{
    encnet_status rc = ENCNET_OK;
    encnet__entries files = {0};

    if (classes->count != d->classes)
        FAIL(ENCNET_E_CONFIG,
             "data.type=%s: the training images are in %d folders, and model.classes is %d",
             d->type->name, classes->count, d->classes);
    TRY(encnet__list_folder(&files, folder, ending));
    if (files.count == 0)
        encnet__layout_empty(problems, folder, "images",
                             (const char *const[2]){ending ? ending : ".png, .jpg or .jpeg", NULL},
                             "data.image_suffix");
    for (int i = 0; i < files.count; i++) {
        int class = class_of_folder(classes, files.at[i].path);
        if (class < 0)
            encnet__problem(problems, "%s/%s: not in the folder of a class of the training images",
                            folder, files.at[i].path);
        else
            TRY(add(d, &files.at[i], encnet__path_join(folder, files.at[i].path), class));
    }
done:
    encnet__entries_free(&files);
    return rc;
}

static encnet_status find(encnet__dataset *d, const encnet_options *options,
                          encnet__problems *problems)
{
    static const char *const whats[ENCNET__SPLITS] = {"training images", "validation images",
                                                      "test images"};
    encnet_status rc = ENCNET_OK;
    const char *suffix = options->data.image_suffix, *root = options->data.root;
    char *path = place_of(options, d->split), *train = place_of(options, ENCNET__TRAIN);
    names classes = {0};
    struct stat st;

    if (!path || !train) FAIL(ENCNET_E_NOMEM, "no memory for the paths of a data set");
    if (stat(path, &st) != 0) {
        encnet__layout_missing(problems, d->type, whats[d->split],
                               encnet__split_options_of(&options->data, d->split).images_key, path);
    } else if (S_ISDIR(st.st_mode)) {
        TRY(list_folders(&classes, train));
        TRY(find_folders(d, problems, path, suffix && *suffix ? suffix : NULL, &classes));
    } else {
        TRY(find_lines(d, problems, path, root && *root ? root : "."));
    }
done:
    names_free(&classes);
    encnet__free(path);
    encnet__free(train);
    return rc;
}

static encnet_status read(const encnet__dataset *d, int i, encnet__picture *image,
                          encnet__picture *label)
{
    (void)label;
    return encnet__picture_read(image, d->samples[i].image, d->max_pixels, d->image_reading);
}

/* The folders of the training split, if there are as many as classes. */
static encnet_status name_classes(encnet__class *out, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    char *train = place_of(options, ENCNET__TRAIN);
    names classes = {0};

    if (!train) FAIL(ENCNET_E_NOMEM, "no memory for the path of the training images");
    TRY(list_folders(&classes, train));
    for (int i = 0; classes.count == options->model.classes && i < classes.count; i++)
        snprintf(out[i].name, sizeof out[i].name, "%s", classes.at[i]);
done:
    names_free(&classes);
    encnet__free(train);
    return rc;
}

const encnet__dataset_type encnet__dataset_imagefolder = {
    .name = "imagefolder",
    .labels_images = true,
    .name_classes = name_classes,
    .layout = {.images = {"train", "val", "test"}},
    .find = find,
    .read = read,
};
