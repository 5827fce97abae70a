/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/checkpoint.h - what a checkpoint says of itself: its network, classes, iterations and scores.
 *
 * No OpenCL device is needed.
 */
#ifndef ENCNET_CHECKPOINT_H
#define ENCNET_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <encnet/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A class of the network. */
typedef struct encnet_checkpoint_class {
    char name[64];
    uint8_t rgb[3];
} encnet_checkpoint_class;

/* A score of the checkpoint itself, "mIoU" or "top1" and others of encnet_scores_mean(). */
typedef struct encnet_checkpoint_score {
    const char *name;
    double percent;
} encnet_checkpoint_score;

/* What is known of a checkpoint.  Strings and `class_list` are owned by it. */
typedef struct encnet_checkpoint_info {
    char *path;         /* the file with the weights */
    const char *format; /* of encnet_checkpoint_format_at(), "safetensors" */
    char program[128];  /* what wrote it, "encnet-cl 0.1.0"; "" if nothing tells */
    char network[64];   /* a value of model.network; "" if nothing tells */
    char backbone[96];  /* a value of model.backbone, or words if it is guessed; "" likewise */
    bool guessed;       /* from names and shapes of the weights: the file does not say it */
    char missing[768];  /* why the file does not describe its network, or "" */
    int classes;        /* 0 if nothing tells */
    int named;          /* how many of `class_list` there are: `classes`, or 0 */
    bool coloured;      /* they have colours */
    encnet_checkpoint_class *class_list;
    uint64_t bytes;      /* of the file */
    uint64_t parameters; /* numbers in it that training changes by gradients */
    int tensors;
    int64_t iteration;                 /* training steps done; negative if nothing tells */
    int64_t max_iters;                 /* of the training that it belongs to; negative likewise */
    double loss;                       /* of the last iteration; NaN if nothing tells */
    encnet_checkpoint_score scores[4]; /* that the log of the training has for this iteration */
    int n_scores;
    const char *score; /* what `best` is: "mIoU" or "top1" */
    double best;       /* the best score of the training until then, in percent; NaN likewise */
    int64_t best_iteration; /* where that was; negative likewise */
} encnet_checkpoint_info;

/*
 * Describes a checkpoint.
 *
 *   out   owned by the caller; free it with encnet_checkpoint_info_free().  Untouched on failure
 *   path  a checkpoint directory; a work directory, of which the latest checkpoint is described; or a
 *         file in a format of encnet_checkpoint_format_at().  Checksums are compared
 *
 * ENCNET_E_CHECKPOINT  it is missing, damaged or no checkpoint
 * ENCNET_E_IO          a file cannot be read
 * ENCNET_E_NOMEM       not enough memory
 */
ENCNET_API encnet_status encnet_checkpoint_describe(encnet_checkpoint_info **out,
                                                    const char *path) ENCNET_MUST_CHECK;

/* NULL is accepted. */
ENCNET_API void encnet_checkpoint_info_free(encnet_checkpoint_info *info);

#ifdef __cplusplus
}
#endif
#endif
