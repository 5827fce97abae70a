/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * photos.h - the files that a prediction comes across: an image, a tree of images or a list of images.
 *
 * The names of all outputs are computed before the first image is read, so that of two images with the
 * same output only one is predicted, and an output that is an input is refused before anything is written.
 */
#ifndef ENCNET__PHOTOS_H
#define ENCNET__PHOTOS_H

#include "data/data.h"
#include "eval/eval.h"

#include <sys/stat.h>

typedef struct encnet__photo {
    char *path;
    char *name;       /* of the output, without ending */
    bool is_read;     /* it begins like a picture of a format that is read */
    const char *list; /* the file that names it in `line`; NULL: none does */
    int line;
    encnet_outcome outcome;
    encnet_status status; /* of one that failed */
    char *why;
} encnet__photo;

/* Start with {0}, or with hooks. */
typedef struct encnet__photos {
    encnet__photo *at;
    int count, capacity;
    struct stat out; /* the output folder, which is skipped in a tree */
    bool has_out;
    /* Set before: nothing is written for a picture, so two may differ in their endings alone. */
    bool writes_none;
    const char *list; /* the file that is being read, and the line; NULL: none is */
    int line;
    const encnet_eval_hooks *hooks; /* may be NULL */
} encnet__photos;

/* ENCNET_E_STOPPED if it is time to stop: what comes before the first image takes long where there are many. */
encnet_status encnet__photos_check_stop(const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/* Finds the files, sorted by their names.  ENCNET_E_DATA: there is nothing to predict. */
encnet_status encnet__photos_gather(encnet__photos *list, const char *path,
                                    const char *out_dir) ENCNET_MUST_CHECK;
void encnet__photos_free(encnet__photos *list);

/* Notes what became of a file, and why: the last error. */
void encnet__photo_set_outcome(encnet__photo *in, encnet_outcome outcome, encnet_status status);

/* Fails if an output is an input, under whatever name. */
encnet_status encnet__photos_check_outputs(const encnet__photos *list, encnet__guard *guard,
                                           const char *out_dir,
                                           const char *ending) ENCNET_MUST_CHECK;

#endif
