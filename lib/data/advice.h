/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * advice.h - what labels hold as a whole, and which key would make sense of it.
 */
#ifndef ENCNET__ADVICE_H
#define ENCNET__ADVICE_H

#include "data/dataset.h"

/* What is stored in the labels that were looked at.  Start with {0}. */
typedef struct encnet__census {
    int files, id_files;   /* all, and those whose pixels are ids */
    uint64_t ids[2][256];  /* [is_raw]: pixels with a stored id */
    uint64_t classes[256]; /* pixels of a class, and [255] ignored; of labels without errors */
} encnet__census;

/* Reads the label of sample i into `label` and counts its pixels, also those that are no class.
 * ENCNET_E_DATA: it cannot be read. */
encnet_status encnet__census_add(encnet__census *c, const encnet__dataset *d, int i,
                                 encnet__picture *label) ENCNET_MUST_CHECK;

/* Appends a line about ids that are no classes, or that look as if they meant something else than
 * the options say; nothing if they make sense.  Returns false if there are ids that are no classes. */
bool encnet__advise_ids(encnet__text *out, const encnet__census *c, const encnet__dataset *d,
                        const encnet_options *options);
/* Appends a line about ids in data.ignore_labels that no label has; 255, which often is just in case, may lack.
 * Returns false if there are such.  The census has all files. */
bool encnet__advise_ignored(encnet__text *out, const encnet__census *c,
                            const encnet_options *options);
/* Appends a line about classes without pixels.  `complete`: the census has all files of the split.
 * Returns false if nothing can be learned or scored: no pixel is of a class, or in training all are of
 * one. */
bool encnet__advise_classes(encnet__text *out, const encnet__census *c, const encnet__dataset *d,
                            const encnet__class *classes, bool complete);

/* Does both for a sample of the files of a split, in seconds at most.  ENCNET_E_DATA: the labels make
 * no sense; the message is the last line. */
encnet_status encnet__data_look(encnet__text *out, const encnet__dataset *d,
                                const encnet_options *options) ENCNET_MUST_CHECK;

#endif
