/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* segment.h - pictures through a model in the passes that [eval] options ask for. */
#ifndef ENCNET__SEGMENT_H
#define ENCNET__SEGMENT_H

#include "eval/eval.h"
#include "models/runner.h"

/* Runs pictures through a model in the passes of its options. */
typedef struct encnet__segmenter encnet__segmenter;

/* `runner` and `options` are borrowed until the segmenter is freed.  ENCNET_E_ARG if the model has
 * another number of classes than the options. */
encnet_status encnet__segmenter_new(encnet__segmenter **out, encnet__runner *runner,
                                    const encnet_options *options) ENCNET_MUST_CHECK;
void encnet__segmenter_free(encnet__segmenter *s); /* takes NULL */
/* Whether there is one whole pass, which stays on the device. */
bool encnet__segmenter_is_single(const encnet__segmenter *s);
/* The size of the first pass of a picture of H x W. */
encnet_status encnet__segmenter_size(int *h, int *w, const encnet__segmenter *s, int H,
                                     int W) ENCNET_MUST_CHECK;

/* Takes the memory for the passes over `count` pictures of H x W. */
encnet_status encnet__segmenter_reserve(encnet__segmenter *s, int count, int H,
                                        int W) ENCNET_MUST_CHECK;

/* Computes what is wanted of pictures that have been checked (encnet__images_check) at their own size.
 * wanted.features and input_logits are of a single pass only, and features of a whole one.  *bad is the
 * number of pixels whose logits are not finite. */
encnet_status encnet__segment_images(size_t *bad, encnet__segmenter *s, const encnet_image *images,
                                     int count, const encnet__wanted *wanted) ENCNET_MUST_CHECK;

/* Segments a picture into ids[H,W] of its own size; `ids` may be NULL.  ENCNET_E_DIVERGED: logits are
 * not finite.  Unless `dump_dir` is NULL, also writes the logits to NAME.npy in it; of several passes,
 * the logarithms of the mean probabilities. */
encnet_status encnet__segment(encnet__segmenter *s, uint8_t *ids, const encnet__picture *image,
                              const char *dump_dir, const char *name) ENCNET_MUST_CHECK;

/* passes.c: the windows of a pass of h x w; of a whole pass, one of its size. */
encnet__pass_shape encnet__pass_shape_of(const encnet__passes *p, int h, int w, bool is_mirrored);

encnet_image encnet__image_of(const encnet__picture *p);

#endif
