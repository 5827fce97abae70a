/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * results.h - class ids, probabilities and the like from the scores of a network, by bands of rows.
 *
 * Nothing of the size [H,W,M] is ever in device memory as a whole: a band of rows is resized and
 * reduced, and its results go to where they are wanted.
 */
#ifndef ENCNET__RESULTS_H
#define ENCNET__RESULTS_H

#include "models/image.h"
#include "ops/ops.h"

/* Where a result goes: host memory, or device memory from its beginning; neither: it is not wanted. */
typedef struct encnet__sink {
    void *host;
    encnet__buffer *device;
} encnet__sink;

static inline bool encnet__sink_is_wanted(const encnet__sink *s)
{
    return s->host || s->device;
}

typedef struct encnet__wanted {
    /* [N,H,W] bytes and floats; [N,M,H,W] floats three times; [N,H,W,3] bytes */
    encnet__sink ids, top, probs, logits, features, overlay;
    encnet__sink input_logits; /* [N,h,w,M], at the size of the network's input */
    bool classes_last;         /* probs, logits, features are [N,H,W,M] */
    const uint8_t *palette;    /* [256,3], of overlay */
    /* receives the probabilities [rows,W,M] of rows y .. y + rows - 1, borrowed for the call; NULL = not
     * wanted */
    void (*each_probs)(void *user, const float *probs, int y, int rows);
    void *user;
} encnet__wanted;

/* Working memory on the device. */
typedef struct encnet__results {
    encnet_device *dev; /* borrowed */
    encnet__buffer *band, *mid, *probs, *planes, *classes, *bytes, *colours, *bad, *palette;
    uint8_t has_palette[768];
    bool palette_is_set;
    float *host; /* probabilities of a band */
    size_t host_bytes;
} encnet__results;

/* The scores of n images that entered the network as h x w; results are at the size H x W. */
typedef struct encnet__score_map {
    encnet__tensor scores; /* [n,.,.,M] */
    int h, w, H, W;
    bool align_corners;
} encnet__score_map;

/* Enqueues everything and waits.  `pictures` are those of the run, for `overlay`; H x W is their size
 * then.  *bad is the number of pixels whose logits are not finite. */
encnet_status encnet__results_make(encnet__results *r, size_t *bad, const encnet__score_map *s,
                                   const encnet__wanted *wanted,
                                   const encnet__pictures *pictures) ENCNET_MUST_CHECK;
/* The overlay of picture `image` alone, whose ids [H,W] are on the host.  Waits. */
encnet_status encnet__results_overlay(encnet__results *r, const encnet__wanted *wanted, int image,
                                      const uint8_t *ids,
                                      const encnet__pictures *pictures) ENCNET_MUST_CHECK;
/* The bytes of the scores of a band of rows, of which one is worked on at a time. */
size_t encnet__results_band(int H, int W, int M);
/* The bytes of working memory for results of H x W from a pass of h x w: class ids and, with `probs`,
 * probabilities. */
size_t encnet__results_bytes(int h, int w, int H, int W, int M, bool probs);
/* Takes the memory for class ids of images up to this size. */
encnet_status encnet__results_reserve(encnet__results *r, int H, int W, int M) ENCNET_MUST_CHECK;
void encnet__results_free(encnet__results *r); /* what it owns, not itself */

#endif
