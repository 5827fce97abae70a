/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * dataset.h - what a kind of data set is, and what the files of this room share to list and read
 * one.
 *
 * A kind of data set is a row of datasets.def and a file in datasets/.  The file ends with an
 * encnet__dataset_type, which says which classes there are, how the samples of a split are found
 * and how one of them is read.  Most kinds are folders of pictures and labels: they describe their
 * layout and leave the rest to encnet__pairs_find() and encnet__pairs_read() (pairs.c).  A kind
 * that draws its pictures, or keeps many of them in one file, brings functions of its own.
 */
#ifndef ENCNET__DATASET_H
#define ENCNET__DATASET_H

#include "data/data.h"

/* -- problems ---------------------------------------------------------------------------------- */

/* Collects what is wrong with a data set.  The first sentence is kept, each is reported. */
typedef struct encnet__problems {
    void (*report)(void *user, const char *line); /* may be NULL */
    void *user;
    int count;
    char first[1024];
} encnet__problems;

void encnet__problem(encnet__problems *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -- kinds of data sets ------------------------------------------------------------------------ */

/* How the files of a data set lie below data.root. */
typedef struct encnet__layout {
    /* The folders of each split, unless the options name others.  NULL, of the test split alone: there
     * is none but what the options name. */
    const char *images[ENCNET__SPLITS], *labels[ENCNET__SPLITS];
    /* A file of names, one a line: the images of the split.  NULL: all images of the folder. */
    const char *lists[ENCNET__SPLITS];
    /* With data.train_extra, training also has the images that this list names, with the labels of
     * this folder.  NULL: there are none. */
    const char *extra_labels, *extra_list;
    const char *image_ending; /* NULL: .png, .jpg or .jpeg */
    const char *label_ending;
    /* An image without such a label may have one with this ending.  Its values are submission ids,
     * and those below n_raw_ids that belong to no class are ignored. */
    const char *raw_label_ending;
    int n_raw_ids;
} encnet__layout;

typedef struct encnet__records encnet__records;

/* One kind of data set. */
typedef struct encnet__dataset_type {
    const char *name; /* the value of data.type */

    /* A kind with a table of classes has exactly those; any other has model.classes of them, which
     * name_class() names, or else class_0, class_1 and so on. */
    const encnet__class *classes;
    int n_classes;
    void (*name_class)(encnet__class *out, int index, int classes);
    /* Names the model.classes classes, if what is on disk says their names.  NULL: it does not. */
    encnet_status (*name_classes)(encnet__class *out, const encnet_options *options);
    bool labels_images;  /* a sample has one class for the whole image, and no label picture */
    bool has_background; /* data.reduce_zero_label leaves out class 0, the background */

    /* What the PNG files of a submission to its benchmark hold, in words; NULL: there is no such
     * format.  is_indexed: they have VOC's palette. */
    const char *submission;
    bool is_indexed;

    encnet__layout layout;
    const encnet__records *records; /* of a kind that keeps many pictures in a file (records.h) */
    bool reduce_zero_label; /* always: value 0 of a label is ignored, value v is class v - 1 */

    /* Adds the samples of d->split to `d`.  A file that is missing becomes a problem; the samples
     * that are whole are kept. */
    encnet_status (*find)(encnet__dataset *d, const encnet_options *options,
                          encnet__problems *problems);
    /* Reads sample i; several threads may call it at once. */
    encnet_status (*read)(const encnet__dataset *d, int i, encnet__picture *image,
                          encnet__picture *label);
} encnet__dataset_type;

/* The row with this name, or NULL. */
const encnet__dataset_type *encnet__dataset_type_named(const char *name);
/* The row of options->data.type.  ENCNET_E_CONFIG: there is no such row, in which case the message
 * lists the names; it has another number of classes than model.classes; or data.reduce_zero_label
 * or data.train_extra asks for what this kind does not have. */
encnet_status encnet__dataset_type_of(const encnet__dataset_type **out,
                                      const encnet_options *options) ENCNET_MUST_CHECK;

/* -- splits ------------------------------------------------------------------------------------ */

/* What messages call a split: "training", "validation", "test". */
const char *encnet__split_word(encnet__split split);

/* What the options say of a split, where empty is the layout, and the keys that say it. */
typedef struct encnet__split_options {
    const char *images, *labels, *list;
    const char *images_key, *labels_key, *list_key;
} encnet__split_options;

encnet__split_options encnet__split_options_of(const encnet_data_options *o, encnet__split split);

/* ENCNET_E_CONFIG: this kind has no such split unless the key names one. */
encnet_status encnet__split_missing(const encnet__dataset_type *type, encnet__split split,
                                    const char *key) ENCNET_MUST_CHECK;

/* -- an open data set -------------------------------------------------------------------------- */

typedef struct encnet__sample {
    char *name, *image, *label; /* the paths are NULL where a sample is no pair of files */
    bool is_raw;                /* the label has the layout's raw ending */
    int class_index;            /* of the whole image, where the type labels images */
    int record;                 /* of the file `image`, where that is a file of records */
} encnet__sample;

enum { ENCNET__NO_CLASS = 256 }; /* what a stored value means that is no class */

/* The colours of classes, for labels that are stored in them. */
typedef struct encnet__colours {
    struct encnet__colour {
        uint32_t rgb;    /* 0xRRGGBB, ascending */
        uint16_t stands; /* for this class, or for ENCNET_IGNORE */
    } at[ENCNET_MAX_CLASSES + 1];
    int count;
    bool only;    /* labels are colours, whatever they look like */
    int clash[2]; /* two classes of one colour, if clash[0] < clash[1] */
} encnet__colours;

struct encnet__dataset {
    const encnet__dataset_type *type;
    encnet__split split;
    encnet__sample *samples;
    int count, capacity;
    int classes;
    int64_t max_pixels;
    bool in_check; /* --check-data reads it, and no message has to advise that */
    encnet__reading image_reading, label_reading;
    /* [is_raw][stored value]: a class, ENCNET_IGNORE, or ENCNET__NO_CLASS */
    uint16_t class_of[2][256];
    encnet__colours colours;
    void *own; /* what the kind keeps besides; freed with encnet__free() */
};

/* Appends a sample.  The strings are taken over, also on failure; a NULL name means that there was
 * no memory for it. */
encnet_status encnet__dataset_add(encnet__dataset *d, encnet__sample sample) ENCNET_MUST_CHECK;

/* Reports a folder or file that a data set of this kind needs, and what the folder that should have
 * it holds instead.  `what` is such as "training images", and `key` the option that names another
 * place. */
void encnet__layout_missing(encnet__problems *p, const encnet__dataset_type *type, const char *what,
                            const char *key, const char *path);
/* Reports a folder without files of the endings; the second one may be NULL, and `key` is the option that
 * names another. */
void encnet__layout_empty(encnet__problems *p, const char *folder, const char *what,
                          const char *const endings[2], const char *key);

/* The `find` and `read` of kinds that are pairs of files in folders, or in a list file. */
encnet_status encnet__pairs_find(encnet__dataset *d, const encnet_options *options,
                                 encnet__problems *problems) ENCNET_MUST_CHECK;
encnet_status encnet__pairs_read(const encnet__dataset *d, int i, encnet__picture *image,
                                 encnet__picture *label) ENCNET_MUST_CHECK;

/* As encnet__dataset_open(), except that files which are missing or left over become problems, and
 * the other samples are kept. */
encnet_status encnet__dataset_scan(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split,
                                   encnet__problems *problems) ENCNET_MUST_CHECK;

/* -- label values ------------------------------------------------------------------------------ */

/* Fills d->class_of: first data.ignore_labels are left out, by the values in the file; then, where
 * it applies, the zero label is taken out; what is left must be a class. */
encnet_status encnet__labels_learn(encnet__dataset *d,
                                   const encnet_options *options) ENCNET_MUST_CHECK;
/* Puts the colours in order, and notes two classes of the same one. */
void encnet__colours_sort(encnet__colours *c);
/* Stored values become classes, in place; a label of three channels becomes one of one channel.
 * ENCNET_E_DATA names the first value or colour that is none, and where it stands first. */
encnet_status encnet__labels_translate(const encnet__dataset *d, encnet__picture *label,
                                       const encnet__sample *sample) ENCNET_MUST_CHECK;

/* -- parsers, which are also fuzzed ------------------------------------------------------------ */

/* Reads lines of classes (class_line.h), with every index 0..n-1 once, and 255 for what is ignored, unless
 * `ignored` is NULL.  Lines of a file without indices are numbered.  The colour may be missing; a class
 * without a submission id has index + first_id. */
encnet_status encnet__classes_parse(encnet__class *out, encnet__class *ignored, int n, int first_id,
                                    const char *text, size_t size,
                                    const char *name) ENCNET_MUST_CHECK;
/* The classes of a configuration, and the colour of what is ignored, which a class file may state
 * as class 255; ignored->in_labels is false if there is none. */
encnet_status encnet__classes_and_ignored(encnet__class *out, encnet__class *ignored,
                                          const encnet_options *options) ENCNET_MUST_CHECK;

#endif
