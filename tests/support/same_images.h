/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* same_images.h - two ranks that have the same images, in one process, and a step of a network on such an image. */
#ifndef TEST_SAME_IMAGES_H
#define TEST_SAME_IMAGES_H

#include "models/models.h"
#include "ops/ranks.h"

/* A communicator of two ranks, whose other rank contributes what this one does; how often it was called. */
extern const encnet_comm same_images;
extern int same_images_gathers, same_images_sums;

/* Forward and backward on one square image of a formula with labels of all classes.  `set` sets the weights of the new
 * model, which the caller frees; `ranks` may be NULL. */
encnet_model *same_images_step(const encnet_options *o, void (*set)(encnet__weights *w),
                               encnet__ranks *ranks);

#endif
