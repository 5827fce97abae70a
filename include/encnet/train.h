/*
 * encnet/train.h - train a network from options: loop, logs, checkpoints, evaluation in between.
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

/* How far a run is; handed to `progress` after every iteration. */
typedef struct encnet_train_progress {
    int iter, max_iters; /* iter counts from 1 */
    double loss, lr;
    double seconds_left; /* from the mean time per iteration since the start of this process */
    double seconds_per_iter;
} encnet_train_progress;

typedef struct encnet_train_hooks {
    /* one line, mmcv 1.x format; also goes to NAME.log */
    void (*log)(void *user, const char *line);
    void (*progress)(void *user, const encnet_train_progress *p);
    /* non-zero: finish the iteration, save, return ENCNET_E_STOPPED */
    const volatile sig_atomic_t *stop;
    void *user;
} encnet_train_hooks;

/* What to continue from. */
typedef struct encnet_train_start {
    /* stem of the log files: the config's file name without ending; NULL = "train" */
    const char *name;
    /* NULL = start anew; "auto" = newest whole checkpoint, or anew; or a directory */
    const char *resume;
    /* the ranks that train together, each in a call of its own; NULL = this one alone */
    const encnet_comm *comm;
    /* effective INI text kept in every checkpoint; NULL = made from the options */
    const char *config_text;
} encnet_train_start;

/* What came out. */
typedef struct encnet_train_result {
    int iters;             /* done, counted from the very beginning */
    double loss;           /* of the last iteration */
    double best_miou;      /* percent; negative when nothing was evaluated */
    char checkpoint[1024]; /* the last checkpoint directory */
} encnet_train_result;

/*
 * Trains.
 *
 * Ranks (start->comm) call this with a device each and the same options.  Rank 0 reads and writes the work directory; hooks->stop of any
 * rank stops all.  A rank on which it fails tells the others: start->comm->abort().
 *
 * ENCNET_E_BUSY        another process trains in this work_dir
 * ENCNET_E_CONFIG      the work_dir holds another experiment and `resume` is NULL
 * ENCNET_E_DATA        an image or a label is wrong (file, numbers)
 * ENCNET_E_DEVICE      the plan does not fit, or the device failed
 * ENCNET_E_DIVERGED    the loss is not finite; the last good checkpoint is untouched
 * ENCNET_E_CHECKPOINT  `resume` names nothing usable
 * ENCNET_E_IO          a checkpoint could not be written; the one before is intact
 * ENCNET_E_COMM        another rank failed or doesn't come (which, and why)
 * ENCNET_E_STOPPED     hooks->stop was set; a checkpoint was saved
 */
ENCNET_API encnet_status encnet_train(encnet_train_result *result, encnet_device *device,
                                      const encnet_options *options,
                                      const encnet_train_start *start,
                                      const encnet_train_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * The same on several devices of this process, each with its part of every batch in a thread of its own: the numbers are those
 * of one device with the whole batch.  Hooks are called from the thread of rank 0.
 *
 *   devices, count  of any vendors; their order is that of device.shares
 *
 * When a device fails, the status is that of its failure, and the message names its rank, the place in `devices`.  One that
 * hangs is given up after options->device.timeout, ENCNET_E_COMM: its thread cannot be ended and keeps all that was passed in,
 * so a program that gets this closes and frees nothing of it, and ends.
 */
ENCNET_API encnet_status encnet_train_on(encnet_train_result *result, encnet_device *const *devices,
                                         int count, const encnet_options *options,
                                         const encnet_train_start *start,
                                         const encnet_train_hooks *hooks) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
