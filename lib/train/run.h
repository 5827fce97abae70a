/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* run.h - the state of one call of encnet_train(), and what the files of this room do with it. */
#ifndef ENCNET__RUN_H
#define ENCNET__RUN_H

#include "comm/comm.h"
#include "data/data.h"
#include "eval/eval.h"
#include "models/models.h"
#include "ops/ranks.h"
#include "train/exchange.h"
#include "train/train.h"

/* Sums over the iterations since the last record of the log. */
typedef struct encnet__sums {
    char names[ENCNET__MAX_TERMS + 1][64]; /* the terms of the graph, then "loss" */
    double values[ENCNET__MAX_TERMS + 1], seconds, data_seconds;
    int n_terms, n_batches, n_iters;
} encnet__sums;

typedef struct encnet__run {
    /* what encnet_train() was called with; borrowed */
    encnet_device *device;
    const encnet_options *options;
    const encnet_train_hooks *hooks;
    const encnet_train_start *start;
    const encnet_comm *comm;

    /* the work directory, on rank 0 */
    char *work_dir, *config;
    char *resumed_from; /* the checkpoint directory; NULL = a new run */
    char *saved;        /* the last checkpoint that was saved or resumed from */
    int saved_iter;     /* its iteration; -1 = none */
    int failed_saves;   /* since then, in a row */
    bool whole;         /* the weights are those after state.iter iterations */
    encnet__text notes; /* lines for the log, collected before it is open */
    encnet__lock *lock;
    bool settled; /* the work directory is this run's; before that, nothing but the lock is in it */
    encnet__log *log;

    encnet_model *model;
    double *mults, *decays; /* per weight: factors of the learning rate and of weight decay */
    int max_iters;          /* of the run */
    int epoch_iters;        /* of an epoch, at least 1 */
    encnet__dataset *data;
    encnet__dataset *val; /* until the run begins; NULL: it does not evaluate */
    encnet__loader *loader;
    encnet__batch batch; /* the current batch, or the next one if `has_batch` */
    bool has_batch;      /* `batch` has been read but not used */

    float grad_scale;       /* what the optimiser multiplies the gradients of this step by */
    bool updates;           /* each weight is updated within the backward pass */
    encnet__buffer *answer; /* of encnet__gradients_finite(); NULL = losses are not scaled */
    encnet__train_state state;
    encnet__sums sums;
    int first_iter; /* state.iter when this process began */
    double began;
    bool stops; /* a rank wants to stop, and all ranks know it */

    encnet__part part;          /* this rank's part of every batch */
    encnet__ranks *ranks;       /* NULL = a single rank */
    encnet__exchange *exchange; /* of gradients; NULL = a single rank */
    double *all_terms;          /* [ranks] terms of the loss, and whether the rank wants to stop */
    float *staging;             /* host memory for exchanges */
    size_t staging_count;
} encnet__run;

/* Does everything before the first iteration: lock, resume, data, plan, model, logs. */
encnet_status encnet__run_begin(encnet__run *r) ENCNET_MUST_CHECK;
/* Makes a model whose graphs use r->ranks, and looks up the learning rates of its weights. */
encnet_status encnet__run_make_model(encnet__run *r) ENCNET_MUST_CHECK;
/* Sets max_iters and epoch_iters, with so many training images. */
encnet_status encnet__run_set_length(encnet__run *r, int images) ENCNET_MUST_CHECK;
/* An interval of evaluations or checkpoints, which are epochs with train.epochs, in iterations. */
int encnet__run_iters(const encnet__run *r, int interval);
void encnet__run_end(encnet__run *r);

/* loop.c: one step of the optimiser with the batches it accumulates.  Without a loader every batch
 * is r->batch. */
encnet_status encnet__run_iterate(encnet__run *r) ENCNET_MUST_CHECK;

/* snapshot.c: writes the first validation image, its label and its prediction as a TensorBoard
 * event.  The inference graphs of the model must be up to date. */
encnet_status encnet__snapshot(encnet__run *r) ENCNET_MUST_CHECK;

/* -- ranks.c: collectives of a run; with a single rank they do nothing ------------------------- */

/* Whether this rank reads and writes the work directory. */
bool encnet__run_is_leader(const encnet__run *r);
/* Divides the batch among the ranks. */
encnet_status encnet__run_init_ranks(encnet__run *r) ENCNET_MUST_CHECK;
void encnet__run_free_ranks(encnet__run *r);
/* Sends what rank 0 has read to all ranks. */
encnet_status encnet__run_share_state(encnet__run *r) ENCNET_MUST_CHECK;
encnet_status encnet__run_share_weights(encnet__run *r) ENCNET_MUST_CHECK;
/* encnet__graph_backward(); after the `last` batch of a step the gradients are those of all
 * ranks. */
encnet_status encnet__run_backward(encnet__run *r, encnet__graph *g, bool add,
                                   bool last) ENCNET_MUST_CHECK;
/* Turns the terms of this rank's part into those of the whole batch, and sets r->stops if any rank
 * wants to stop. */
encnet_status encnet__run_reduce_terms(encnet__run *r, encnet__term *terms, int n, double *total,
                                       bool wants_stop) ENCNET_MUST_CHECK;
/* With model.norm = local: sends the running statistics of rank 0 to all ranks, as mmcv does before
 * an evaluation. */
encnet_status encnet__run_share_statistics(encnet__run *r) ENCNET_MUST_CHECK;
/* ENCNET_E_COMM if the weights are not the same bits on all ranks. */
encnet_status encnet__run_check_same(encnet__run *r) ENCNET_MUST_CHECK;

/* start.c: the stem of the log files. */
const char *encnet__run_name(const encnet__run *r);

#endif
