/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * records.h - data sets whose pictures lie in files of records: CIFAR's binary batches.
 *
 * A record is a few bytes of labels and a picture of 32 x 32 pixels: all red values, all green ones,
 * all blue ones.
 */
#ifndef ENCNET__RECORDS_H
#define ENCNET__RECORDS_H

#include "data/dataset.h"

struct encnet__records {
    /* of training and validation, below data.root, unless the options name others */
    const char *files[ENCNET__SPLITS];
    int label_bytes; /* in front of a picture */
    int label_at;    /* which of them is the class */
};

/* The `find` and `read` of such a kind.  A file of `files` that is not there is left out, as long as
 * there is one. */
encnet_status encnet__records_find(encnet__dataset *d, const encnet_options *options,
                                   encnet__problems *problems) ENCNET_MUST_CHECK;
encnet_status encnet__records_read(const encnet__dataset *d, int i, encnet__picture *image,
                                   encnet__picture *label) ENCNET_MUST_CHECK;

#endif
