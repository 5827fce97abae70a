/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* export.c - writes a data set as folders of PNG files, which data.type=folder, or imagefolder where
 * whole images are labelled, and other programs read. */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"

#include <string.h>

#include "options/options.h"

typedef struct export
{
    const char *dir;
    encnet__class classes[ENCNET_MAX_CLASSES];
    uint8_t palette[768];
    void (*progress)(void *user, int done, int all);
    void *user;
    int done, all;
}
export;

/* Writes dir/kind/split/name.png, and makes its folder. */
static encnet_status write_picture(const export *e, const char *kind, const char *split,
                                   const char *name, const encnet__picture *p,
                                   const uint8_t *palette)
{
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};
    char *slash;

    encnet__text_add(&path, "%s/%s/%s/%s.png", e->dir, kind, split, name);
    if (path.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", name);
    slash = strrchr(path.data, '/');
    *slash = '\0';
    TRY(encnet__make_dirs(path.data));
    *slash = '/';
    TRY(encnet__picture_write(path.data, p, palette));
done:
    encnet__text_free(&path);
    return rc;
}

/* Refuses to write over anything that is read. */
static encnet_status check_split(encnet__guard *guard, const export *e, const encnet__dataset *d,
                                 const char *split)
{
    static const char *const kinds[] = {"images", "annotations"};
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};
    bool whole = encnet__dataset_labels_images(d);

    for (int i = 0; i < encnet__dataset_size(d); i++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++) {
            path.size = 0;
            encnet__text_add(&path, "%s/%s/%s/%s.png", e->dir, whole ? split : kinds[k],
                             whole ? e->classes[encnet__dataset_class(d, i)].name : split,
                             encnet__dataset_name(d, i));
            if (path.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", e->dir);
            TRY(encnet__guard_check(guard, path.data));
        }
done:
    encnet__text_free(&path);
    return rc;
}

static encnet_status write_split(export *e, const encnet__dataset *d, const char *split)
{
    encnet__picture image = {0}, label = {0};
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < encnet__dataset_size(d); i++) {
        const char *name = encnet__dataset_name(d, i);
        TRY(encnet__dataset_read(d, i, &image, &label));
        if (encnet__dataset_labels_images(d)) {
            const encnet__class *class = &e->classes[encnet__dataset_class(d, i)];
            TRY(write_picture(e, split, class->name, name, &image, NULL));
        } else {
            TRY(write_picture(e, "images", split, name, &image, NULL));
            TRY(write_picture(e, "annotations", split, name, &label, e->palette));
        }
        if (e->progress) e->progress(e->user, ++e->done, e->all);
    }
done:
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    return rc;
}

static encnet_status export_data(const encnet_options *options, const char *dir,
                                 void (*progress)(void *user, int done, int all), void *user)
{
    static const char *const names[2] = {"train", "val"};
    export e = {.dir = dir, .progress = progress, .user = user};
    encnet__dataset *split[2] = {NULL, NULL};
    encnet_status rc = ENCNET_OK;
    encnet__guard guard = {.options = options};
    char *path = NULL;

    TRY(encnet__classes_of(e.classes, options));
    encnet__palette_of(e.palette, e.classes, options->model.classes);
    for (int i = 0; i < 2; i++) {
        TRY(encnet__dataset_open(&split[i], options, (encnet__split)i));
        e.all += encnet__dataset_size(split[i]);
    }
    path = encnet__path_join(dir, "classes.csv");
    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for classes.csv", dir);
    TRY(encnet__guard_check(&guard, path));
    for (int i = 0; i < 2; i++) TRY(check_split(&guard, &e, split[i], names[i]));
    TRY(encnet__make_dirs(dir));
    TRY(encnet__classes_write(path, e.classes, options->model.classes));
    for (int i = 0; i < 2; i++) TRY(write_split(&e, split[i], names[i]));
done:
    encnet__free(path);
    encnet__guard_free(&guard);
    encnet__dataset_close(split[0]);
    encnet__dataset_close(split[1]);
    return rc;
}

encnet_status encnet_data_export(const encnet_options *options, const char *dir,
                                 void (*progress)(void *user, int done, int all), void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    char *strings = NULL;

    NEED(options);
    NEED(dir);
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(export_data(&copy, dir, progress, user));
done:
    encnet__free(strings);
    return rc;
}
