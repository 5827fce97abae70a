/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/train.h - train a network: the loop with its logs, checkpoints and evaluations.
 */
#ifndef ENCNET_TRAIN_H
#define ENCNET_TRAIN_H

#include <signal.h>
#include <encnet/comm.h>
#include <encnet/options.h>
#include <encnet/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The progress of a run. */
typedef struct encnet_train_progress {
    int iter, max_iters; /* iter counts from 1 */
    double loss, lr;
    double seconds_left; /* estimated from the mean time per iteration of this process */
    double seconds_per_iter;
} encnet_train_progress;

/* Callbacks of a run, called by rank 0 in the thread of its encnet_train(). */
typedef struct encnet_train_hooks {
    /* called with each line of the log, in the format of mmcv 1.x, without a newline; the line also
     * goes to NAME.log.  May be NULL */
    void (*log)(void *user, const char *line);
    /* called after each iteration; may be NULL */
    void (*progress)(void *user, const encnet_train_progress *p);
    /* polled by every rank: non-zero finishes the iteration, saves a checkpoint and ends the run
     * with ENCNET_E_STOPPED; may be NULL */
    const volatile sig_atomic_t *stop;
    void *user;        /* passed to the callbacks */
    void *reserved[4]; /* NULL */
} encnet_train_hooks;

/* How a run starts.  All strings are borrowed for the call. */
typedef struct encnet_train_start {
    const char *name;        /* stem of the log files, without a slash; NULL = "train" */
    const char *resume;      /* a checkpoint directory to resume from; "auto" = the newest complete
                                one, or a new run if there is none; NULL = a new run */
    const encnet_comm *comm; /* the ranks that train together; each rank makes the call.  NULL = a
                                single rank */
    const char *config_text; /* INI text that is stored in each checkpoint; NULL = made from the
                                options */
    void *reserved[4];       /* NULL */
} encnet_train_start;

/* The outcome of a run. */
typedef struct encnet_train_result {
    int iters;             /* iterations done, including those before a resume */
    int first_iter;        /* iterations done before this call; equal to `iters`: none was left */
    double loss;           /* of the last iteration */
    const char *score;     /* "mIoU", or "top1" where whole images are labelled */
    double best_miou;      /* that score, percent; negative if nothing was evaluated */
    char checkpoint[1024]; /* the last checkpoint directory; "" if none was saved */
} encnet_train_result;

/*
 * Trains a network as `options` say, in the work directory options->output.work_dir.
 *
 *   result   filled once the run has started, also on failure; may be NULL
 *   device   borrowed for the call
 *   options  borrowed for the call
 *   start    may be NULL: a new run of a single rank
 *   hooks    may be NULL
 *
 * With several ranks, each calls this with its own device and the same options.  Rank 0 reads and
 * writes the work directory; hooks->stop of any rank stops all.  If the call fails on a rank, that
 * rank calls start->comm->abort(), so that the others fail too instead of waiting for it.
 *
 * ENCNET_E_ARG         an option has a value that its row of encnet/options.def does not allow
 * ENCNET_E_BUSY        another process trains in this work directory
 * ENCNET_E_CONFIG      the work directory holds another experiment, or start->resume is NULL and it
 *                      holds a run; or the options contradict each other
 * ENCNET_E_DATA        an image or a label is missing or damaged; the message names it
 * ENCNET_E_DEVICE      the plan does not fit, or the device failed
 * ENCNET_E_DIVERGED    the loss is not finite; the last good checkpoint is untouched
 * ENCNET_E_CHECKPOINT  start->resume names no usable checkpoint
 * ENCNET_E_IO          a checkpoint cannot be written; the one before is intact
 * ENCNET_E_COMM        another rank failed or did not arrive in time; the message says which and
 *                      why
 * ENCNET_E_STOPPED     hooks->stop was set; a checkpoint has been saved
 * ENCNET_E_NOMEM       not enough host memory
 */
ENCNET_API encnet_status encnet_train(encnet_train_result *result, encnet_device *device,
                                      const encnet_options *options,
                                      const encnet_train_start *start,
                                      const encnet_train_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * Like encnet_train(), on several devices of this process, with one rank in one thread per device.
 * Each device trains on its part of every batch; the result equals training on the whole batch.
 *
 *   devices, count  devices of any vendors, in the order of device.shares
 *   start           start->comm is ignored
 *   hooks           called in the thread of rank 0
 *
 * When a device fails, its status is returned, and the message names its rank, its index in
 * `devices`.  A device that hangs is given up after options->device.timeout seconds, with
 * ENCNET_E_COMM.  Its thread cannot be ended and still uses the arguments: free none of them, close
 * no device, and end the program.
 */
ENCNET_API encnet_status encnet_train_on(encnet_train_result *result, encnet_device *const *devices,
                                         int count, const encnet_options *options,
                                         const encnet_train_start *start,
                                         const encnet_train_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * Computes how many images of a batch each rank of a training gets: options->data.samples_per_device, or
 * what options->device.shares says of that times `count`.
 *
 *   images  [count], filled on success
 *   count   ranks, >= 1
 *
 * ENCNET_E_ARG     count or options->data.samples_per_device is out of range
 * ENCNET_E_CONFIG  device.shares has not `count` numbers above 0, or their sum does not divide the batch
 */
ENCNET_API encnet_status encnet_train_images(int *images, int count,
                                             const encnet_options *options) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
