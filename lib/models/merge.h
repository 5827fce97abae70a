/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * merge.h - one map of classes from several passes over an image, or from windows, on the device.
 *
 * What is kept of a pass are its scores, at the size at which the network yields them.  A band of rows of
 * the result is then made of all passes, and nothing of the size [H,W,M] is ever in memory as a whole.
 */
#ifndef ENCNET__MERGE_H
#define ENCNET__MERGE_H

#include "models/results.h"

enum { ENCNET__MAX_PASSES = 2 * ENCNET_MAX_SCALES };

/* A pass of h x w in windows of window_h x window_w; of a whole pass they are the same. */
typedef struct encnet__pass_shape {
    int h, w, window_h, window_w;
    int windows;
    bool is_mirrored;
} encnet__pass_shape;

/* What is kept of a pass. */
typedef struct encnet__kept_pass {
    encnet__pass_shape shape;
    encnet__shape scores;   /* of a window: [1,.,.,M] */
    encnet__buffer *buffer; /* [windows] of them */
    int (*at)[2];           /* [windows], row and column of each */
    int capacity, n;        /* of `at`; windows that are there */
} encnet__kept_pass;

/* To begin with zeros. */
typedef struct encnet__merge {
    encnet_device *dev; /* borrowed */
    encnet__kept_pass pass[ENCNET__MAX_PASSES];
    int n;
    encnet__buffer *sum, *window, *mid, *counts;
} encnet__merge;

/* Begins an image, whose passes follow. */
void encnet__merge_begin(encnet__merge *m);
/* Begins a pass, whose windows follow. */
encnet_status encnet__merge_pass(encnet__merge *m, const encnet__pass_shape *shape,
                                 encnet__shape scores) ENCNET_MUST_CHECK;
/* Enqueues a copy of the scores of the window at row y and column x of the pass. */
encnet_status encnet__merge_keep(encnet__merge *m, const encnet__tensor *scores, int y,
                                 int x) ENCNET_MUST_CHECK;
/*
 * Computes what is wanted and waits.  The logits of windows are summed and divided by how many cover a
 * pixel; the probabilities of several passes are averaged in the order of the passes.
 *
 * `begin` says which image of `pictures` it is, and which of the results.  wanted->features are not
 * wanted; input_logits, of a single pass only, are at its size.
 */
encnet_status encnet__merge_results(encnet__merge *m, encnet__results *r, size_t *bad,
                                    const encnet__wanted *wanted, const encnet__pictures *pictures,
                                    const encnet__band *begin,
                                    bool align_corners) ENCNET_MUST_CHECK;

/* The bytes that are kept of a pass. */
size_t encnet__merge_kept_bytes(const encnet__pass_shape *shape, encnet__shape scores);
/* The bytes of working memory for results of H x W beside those of the bands (encnet__results_bytes). */
size_t encnet__merge_bytes(const encnet__pass_shape *largest, int H, int W, int M);
/* The bytes that pass i has already, and those of all passes and the working memory. */
size_t encnet__merge_has(const encnet__merge *m, int i);
size_t encnet__merge_held(const encnet__merge *m);
/* Takes the memory for a pass, number i, and for results of up to H x W. */
encnet_status encnet__merge_reserve(encnet__merge *m, int i, const encnet__pass_shape *shape,
                                    encnet__shape scores, int H, int W) ENCNET_MUST_CHECK;
void encnet__merge_free(encnet__merge *m); /* what it owns, not itself; it can be used again */

#endif
