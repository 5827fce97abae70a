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
} encnet__wanted;

/* Working memory on the device. */
typedef struct encnet__results {
    encnet_device *dev;      /* borrowed */
    const atomic_bool *stop; /* borrowed: bands end with ENCNET_E_STOPPED when it is set; or NULL */
    encnet__buffer *band, *mid, *probs, *planes, *classes, *bytes, *colours, *bad, *palette;
    uint8_t has_palette[768];
    bool palette_is_set;
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
/* The bytes of working memory for results of H x W from a pass of h x w: class ids and, with `probs`,
 * probabilities. */
size_t encnet__results_bytes(int h, int w, int H, int W, int M, bool probs);
/* Takes the memory for all kinds of results of images up to H x W, of a pass of h x w with scores of that
 * shape. */
encnet_status encnet__results_reserve(encnet__results *r, const encnet__shape *scores, int h, int w,
                                      int H, int W) ENCNET_MUST_CHECK;
size_t encnet__results_held(const encnet__results *r); /* bytes on the device */
void encnet__results_free(encnet__results *r); /* what it owns, not itself; it can be used again */

/* -- parts of it, for scores that are merged first (merge.h) ------------------------------------ */

/* A run of rows of one image, at the size of the results. */
typedef struct encnet__band {
    int image; /* of the scores and of the pictures */
    int place; /* of the image in the results */
    int y, rows;
    size_t pixels;
} encnet__band;

/* The rows of W pixels of M floats that make a band; at least one. */
int encnet__band_rows(int H, int W, int M);
/* The most bytes of a band of any image up to H x W, and of the rows of a pass that it is made of, where
 * a pass of an image of H x W is h x w. */
size_t encnet__band_bytes(int H, int W, int M);
size_t encnet__band_of_pass(int h, int w, int H, int W, int M);

/* Runs what follows with every band `b` of H x W; its image and its place are those of `begin`. */
#define ENCNET__EACH_BAND(b, H, W, M, begin)                                                       \
    for (encnet__band b = {.image = (begin).image,                                                 \
                          .place = (begin).place,                                                  \
                          .rows = encnet__band_rows((H), (W), (M))};                               \
         b.y < (H) && (b.rows = b.rows < (H)-b.y ? b.rows : (H)-b.y,                               \
                      b.pixels = (size_t)b.rows * (size_t)(W), true);                              \
         b.y += b.rows)

/* No pixel is bad yet. */
encnet_status encnet__results_begin(encnet__results *r) ENCNET_MUST_CHECK;
/* r->band [rows,W,M] = rows of the scores, first resized to h x w, then to H x W. */
encnet_status encnet__results_resize(encnet__results *r, const encnet__score_map *s, int h, int w,
                                     int H, int W, const encnet__band *b) ENCNET_MUST_CHECK;
/* Passes `from` [pixels,M] of the band on; a result is [M,H,W] unless classes_last. */
encnet_status encnet__results_put_classes(encnet__results *r, const encnet__sink *to,
                                          encnet__buffer *from, bool classes_last, int M,
                                          const encnet__band *b, int H, int W) ENCNET_MUST_CHECK;
/* r->probs [pixels,M] = softmax of r->band. */
encnet_status encnet__results_softmax(encnet__results *r, int M, int W,
                                      const encnet__band *b) ENCNET_MUST_CHECK;
/* What is wanted of `from` [rows,W,M]: logits or, with are_probs, probabilities. */
encnet_status encnet__results_reduce(encnet__results *r, encnet__buffer *from, bool are_probs,
                                     int M, int H, int W, const encnet__wanted *wanted,
                                     const encnet__pictures *pictures,
                                     const encnet__band *b) ENCNET_MUST_CHECK;
/* Whether anything is wanted that reduce() makes. */
bool encnet__results_are_reduced(const encnet__wanted *wanted);
/* Waits for everything, and says how many pixels are bad.  After a failure, nothing writes to the memory
 * of the caller any more. */
encnet_status encnet__results_end(encnet__results *r, size_t *bad,
                                  encnet_status rc) ENCNET_MUST_CHECK;

#endif
