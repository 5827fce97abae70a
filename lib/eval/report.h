/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* report.h - what report.c has gathered, for itself and for report_page.c. */
#ifndef ENCNET__REPORT_H
#define ENCNET__REPORT_H

#include "eval/eval.h"

/* Pictures of a row.  Where whole images are labelled, ENCNET__ERRORS stays empty. */
enum { ENCNET__IMAGE, ENCNET__LABEL, ENCNET__PREDICTION, ENCNET__ERRORS, ENCNET__THUMBS };

typedef struct encnet__report_row {
    char name[128]; /* of the image; the end of a long one */
    encnet__picture thumb[ENCNET__THUMBS];
    int label, best;    /* of a whole image: its class, the most probable one, */
    double probability; /* and how probable that is */
} encnet__report_row;

struct encnet__report {
    char *dir;
    bool is_new; /* the folder was made for this report */
    int M;
    encnet__class classes[ENCNET_MAX_CLASSES];
    uint8_t palette[768];
    double opacity; /* of overlays */
    int n_rows, n_answers;
    encnet__report_row rows[ENCNET__REPORT_ROWS];
};

/* The caption of a row; `drawn`: with numbers in place of what the canvas cannot write. */
void encnet__report_caption(encnet__text *out, const encnet__report *r, int i, bool drawn);
/* Draws the confusion matrix into `out`, which is empty. */
encnet_status encnet__report_confusion(encnet__picture *out, const encnet__report *r,
                                       const encnet_scores *scores) ENCNET_MUST_CHECK;

#endif
