/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/data.h - check the files of a data set, and write a data set out as plain files.
 */
#ifndef ENCNET_DATA_H
#define ENCNET_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A kind of data set: one value of data.type. */
typedef struct encnet_dataset_info {
    const char *name, *about;
    int classes;         /* 0: as many as model.classes says */
    bool has_background; /* class 0 is the background, which data.reduce_zero_label leaves out */
    /* Folders below data.root, for the training and the validation split, unless the options name
     * others; NULL: this kind has no such folders. */
    const char *images[2], *labels[2];
    /* Files below data.root with the names of the images of a split, one a line; NULL: all images
     * of the folder. */
    const char *lists[2];
    /* What the PNG files of a submission to its benchmark hold, for encnet_predict(); NULL: there is
     * no such format. */
    const char *submission;
    const char *image_ending; /* NULL: .png, .jpg or .jpeg */
    const char *label_ending;
} encnet_dataset_info;

/* Kind `index`; false behind the last.  Strings are static. */
ENCNET_API bool encnet_dataset_at(int index, encnet_dataset_info *out);

/* What encnet_data_check() found. */
typedef struct encnet_data_summary {
    int images[2];      /* training images, validation images */
    int problems;       /* how many files or lines are wrong */
    bool labels_images; /* what counts are images, not pixels */
    /* Per class, in both splits; of pixels, [ENCNET_IGNORE] = ignored. */
    uint64_t pixels[ENCNET_MAX_CLASSES];
    char (*class_name)[64]; /* [model.classes]; empty if the classes file cannot be read */
    char advice[2048];      /* lines about what is right, but looks odd; each ends in a newline */
} encnet_data_summary;

/*
 * Reads every image and every label of both splits, and looks at the ids of all labels together.
 *
 *   options   name the data set; borrowed for the call
 *   summary   filled, also when there are problems; free it with encnet_data_summary_free(), also
 *             on failure, for which it begins as one of zeros; may be NULL
 *   problem   called for each problem with one line that names the file; may be NULL
 *   progress  called from time to time with the number of samples read and of all samples; may be
 *             NULL
 *   user      passed to both callbacks, which are called in the thread of the caller
 *
 * ENCNET_E_DATA   there are problems; the message says how many and quotes the first
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_data_check(const encnet_options *options,
                                           encnet_data_summary *summary,
                                           void (*problem)(void *user, const char *line),
                                           void (*progress)(void *user, int done, int all),
                                           void *user) ENCNET_MUST_CHECK;

/* Frees what a summary holds and sets it to zeros.  NULL and a summary of zeros are accepted. */
ENCNET_API void encnet_data_summary_free(encnet_data_summary *summary);

/*
 * Writes both splits in the layout that data.type = folder reads:
 *
 *   DIR/images/{train,val}/NAME.png       RGB
 *   DIR/annotations/{train,val}/NAME.png  indexed; value = class, 255 = ignored
 *   DIR/classes.csv                       index, name and colour of every class
 *
 * or, of a data set that labels whole images, in that of data.type = imagefolder:
 *
 *   DIR/{train,val}/CLASS/NAME.png        RGB
 *   DIR/classes.csv
 *
 *   options   name the data set; borrowed for the call
 *   dir       created if missing
 *   progress  called with the number of samples written and of all samples; may be NULL
 *   user      passed to `progress`
 *
 * ENCNET_E_DATA   an image or a label cannot be read; the message names it
 * ENCNET_E_IO     a file cannot be written; the message names it
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_data_export(const encnet_options *options, const char *dir,
                                            void (*progress)(void *user, int done, int all),
                                            void *user) ENCNET_MUST_CHECK;

/*
 * Whether a program may write the file `path` for a run with these options.
 *
 * ENCNET_E_ARG  it is an image, a label, a list, a file of classes or a checkpoint that the run reads, by
 *               whatever name; the message says which
 */
ENCNET_API encnet_status encnet_output_check(const encnet_options *options,
                                             const char *path) ENCNET_MUST_CHECK;

/*
 * Writes a file as the library writes its own: it appears whole or not at all, a link stays a link, and a
 * device or a pipe is written into as it stands.
 *
 *   data  [size] bytes, borrowed for the call
 *
 * ENCNET_E_IO     the file cannot be written; the message names it
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_output_write(const char *path, const void *data,
                                             size_t size) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
