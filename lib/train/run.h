/* run.h - what one call of encnet_train() holds; shared by start.c, which sets it up, and loop.c.
 */
#ifndef ENCNET__RUN_H
#define ENCNET__RUN_H

#include "comm/comm.h"
#include "data/data.h"
#include "eval/eval.h"
#include "models/models.h"
#include "ops/ranks.h"
#include "train/exchange.h"
#include "train/train.h"

/* Sums over the iterations since the last record in the logs. */
typedef struct encnet__sums {
    char names[ENCNET__MAX_TERMS + 1][64]; /* terms in the order of the graph, then "loss" */
    double values[ENCNET__MAX_TERMS + 1], seconds, data_seconds;
    int n_terms, n_batches, n_iters;
} encnet__sums;

typedef struct encnet__run {
    encnet_device *device;
    const encnet_options *options; /* borrowed, as the next two */
    const encnet_train_hooks *hooks;
    const encnet_train_start *start;
    char *work_dir, *config, *resumed_from; /* resumed_from: a checkpoint, or NULL */
    encnet__text notes;                     /* lines for the log, from before it is open */
    encnet__lock *lock;
    encnet__log *log;
    encnet_model *model;
    encnet__dataset *data;
    encnet__loader *loader;
    encnet__batch batch; /* the next one, or the one in work */
    bool has_batch;      /* `batch` was read ahead and not used yet */
    double *mults;       /* per weight: factor of the learning rate */
    encnet__train_state state;
    int saved_iter; /* of the last checkpoint made or resumed from; -1 = none */
    char *saved;    /* and its path */
    encnet__sums sums;
    const encnet_comm *comm;    /* borrowed */
    encnet__part part;          /* of every batch, that this rank makes */
    encnet__ranks *ranks;       /* NULL: one rank alone */
    encnet__exchange *exchange; /* of gradients; NULL: one rank alone */
    double *agreed;             /* terms and wishes of all ranks */
    float *staging;             /* what is exchanged, in host memory */
    size_t staging_count;
    bool stops;     /* some rank is to stop, and all know it */
    int first_iter; /* state.iter when this process began */
    double began;
} encnet__run;

/* Everything up to the first iteration: lock, resume, data, plan, model, logs. */
encnet_status encnet__run_begin(encnet__run *r) ENCNET_MUST_CHECK;
/* A new model for the ranks that have joined, and the learning rates of its weights. */
encnet_status encnet__run_make_model(encnet__run *r) ENCNET_MUST_CHECK;
void encnet__run_end(encnet__run *r);

/* loop.c: the batches of one step of the optimiser, forward and backward, and the step.  Without a
 * loader, r->batch each time. */
encnet_status encnet__run_iterate(encnet__run *r) ENCNET_MUST_CHECK;

/* The first validation image, its label and its prediction, as an event.  The model's inference
 * graphs are up to date. */
encnet_status encnet__snapshot(encnet__run *r) ENCNET_MUST_CHECK;

/* -- ranks.c: all ranks meet in every one of these; one alone does nothing else there -----------
 */

/* Whether this rank is the one that reads and writes the work directory. */
bool encnet__run_leads(const encnet__run *r);
/* Who makes which part of a batch. */
encnet_status encnet__run_join(encnet__run *r) ENCNET_MUST_CHECK;
void encnet__run_leave(encnet__run *r);
/* What rank 0 has read, to all. */
encnet_status encnet__run_share_state(encnet__run *r) ENCNET_MUST_CHECK;
encnet_status encnet__run_share_weights(encnet__run *r) ENCNET_MUST_CHECK;
/* encnet__graph_backward(); with the `last` part of a batch gradients become those of all ranks. */
encnet_status encnet__run_backward(encnet__run *r, encnet__graph *g, bool add,
                                   bool last) ENCNET_MUST_CHECK;
/* Terms of the loss of every rank's part to those of the batch, and r->stops where any rank wants
 * that. */
encnet_status encnet__run_agree(encnet__run *r, encnet__term *terms, int n, double *total,
                                bool wants_stop) ENCNET_MUST_CHECK;
/* Where every rank normalises its own images: rank 0's running statistics to all, as mmcv does
 * before it evaluates. */
encnet_status encnet__run_share_statistics(encnet__run *r) ENCNET_MUST_CHECK;
/* ENCNET_E_COMM where the ranks' weights are no longer the same bits. */
encnet_status encnet__run_check_same(encnet__run *r) ENCNET_MUST_CHECK;

/* Name of the log files. */
const char *encnet__run_name(const encnet__run *r);

#endif
