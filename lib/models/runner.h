/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * runner.h - pictures through a model, on one queue: to the device, through a graph, to results.
 *
 * Every model has a runner of its own on the queue of its device, and every session one on a lane.
 */
#ifndef ENCNET__RUNNER_H
#define ENCNET__RUNNER_H

#include "models/graphs.h"
#include "models/merge.h"
#include "models/models.h"
#include "models/results.h"

typedef struct encnet__runner {
    encnet_model *model;    /* borrowed */
    encnet_device *device;  /* borrowed */
    encnet__graphs *graphs; /* borrowed */
    encnet__pictures pictures;
    encnet__results results;
    encnet__merge merge;
} encnet__runner;

/* `r` is zeroed; to be freed also on failure of what follows. */
void encnet__runner_init(encnet__runner *r, encnet_model *model, encnet_device *device,
                         encnet__graphs *graphs);
void encnet__runner_free(encnet__runner *r); /* what it owns, not itself */

/* Enqueues the inference graph of this part of the pictures that were loaded and resized
 * (r->pictures).  The graph is borrowed until the runner runs again. */
encnet_status encnet__runner_forward(encnet__graph **out, encnet__runner *r,
                                     const encnet__cutout *part, unsigned wants) ENCNET_MUST_CHECK;
/* Computes what is wanted, at the size H x W, from the scores of a graph for images of h x w, and
 * waits.  *bad is the number of pixels whose logits are not finite. */
encnet_status encnet__runner_results(encnet__runner *r, size_t *bad, const encnet__graph *g, int h,
                                     int w, int H, int W,
                                     const encnet__wanted *wanted) ENCNET_MUST_CHECK;
/* After a run: gives device memory back until the runner holds no more than eval.held_mb, or than
 * `reserved` bytes if that is more.  The sizes that were used least recently go first. */
void encnet__runner_trim(encnet__runner *r, const encnet_eval_options *o, size_t reserved);
/* The bytes of device memory that the runner holds for the sizes that it has run. */
size_t encnet__runner_held(const encnet__runner *r);
/* Reads an output of a graph, all of it. */
encnet_status encnet__runner_read(float *out, const encnet__graph *g,
                                  const char *name) ENCNET_MUST_CHECK;

/* The runner of the model's own. */
encnet__runner *encnet__model_runner(encnet_model *m);
/* Another one, on a lane: `graphs` is zeroed, and borrowed by the runner. */
void encnet__runner_beside(encnet__runner *r, encnet__graphs *graphs, encnet_model *m,
                           encnet_device *lane, const atomic_bool *stop);
const encnet_options *encnet__model_options(const encnet_model *m);

#endif
