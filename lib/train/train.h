/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * train.h - the parts of the training loop: learning rates, checkpoints, the work directory, logs.
 *
 *   work_dir/lock             locked by the process that trains here
 *   work_dir/experiment.ini   the configuration that the run began with
 *   work_dir/NAME.log         the log for people        } appended to, one write per record,
 *   work_dir/NAME.log.json    the same for programs     } also after a resume
 *   work_dir/tf_logs/         TensorBoard events
 *   work_dir/iter_N/          a checkpoint: weights.safetensors, optimizer.safetensors, state.ini,
 *                             config.ini, checksums
 *   work_dir/latest, best     links to checkpoints
 */
#ifndef ENCNET__TRAIN_H
#define ENCNET__TRAIN_H

#include "config/config.h" /* ENCNET__CONFIG_FILE */
#include "base/base.h"
#include "graph/weights.h"
#include <encnet/eval.h>
#include <encnet/train.h>

/* -- schedule.c -------------------------------------------------------------------------------- */

/* Returns the learning rate of iteration, or epoch, `at` of `total`, counted from 0, as mmcv computes
 * it:
 *
 *   poly    (lr mult - min_lr) (1 - at / total)^power + min_lr
 *   cosine  (lr mult - min_lr) (1 + cos(pi at / total)) / 2 + min_lr
 *   step    lr mult gamma^(number of steps up to `at`), at least min_lr
 *
 * and during the warm-up that times a factor that rises linearly from warmup_ratio to 1.  A `mult`
 * of 0 freezes the weight: the rate is 0. */
double encnet__lr_at(const encnet_optimizer_options *o, double mult, int at, int total);
/* Returns that rate for iteration `it`, from 0, of a run of max_iters iterations, with so many in an epoch. */
double encnet__lr_of(const encnet_optimizer_options *o, double mult, int it, int max_iters,
                     int epoch_iters);
/* Whether the schedule counts epochs. */
bool encnet__by_epoch(const encnet_optimizer_options *o);
/* The iterations of a run whose epochs have so many. */
int encnet__max_iters(const encnet_train_options *o, int epoch_iters);
/* The factor of weight decay for the weight i: 0 or 1, by norm_decay and bias_decay. */
double encnet__decay_mult(const encnet_optimizer_options *o, const encnet__weights *w, int i);
/* Looks up the factor of the weight `name`: that of the longest prefix in "prefix:factor,..." with
 * which its name begins, else 1.  ENCNET_E_CONFIG names an entry that cannot be parsed. */
encnet_status encnet__lr_mult(double *mult, const char *list, const char *name) ENCNET_MUST_CHECK;

/* -- checkpoint.c, state.c --------------------------------------------------------------------- */

/* The state of a run.  Random numbers are drawn by counter from (seed, iteration), so these
 * numbers, the weights and their momentum are all that a resume needs. */
typedef struct encnet__train_state {
    int iter;           /* optimiser steps done */
    int evaluated_iter; /* the iteration of the last evaluation */
    uint64_t batches;   /* consumed from the loader */
    uint64_t images;    /* consumed from the order of images; if 0 although there were batches, the
                           checkpoint is of an older version and does not say */
    uint64_t seed;
    double loss;      /* of the last iteration */
    double best_miou; /* percent, where whole images are labelled top-1; negative = none yet */
    int best_iter;
    double loss_scale; /* see loss_scale.h; 0 = losses are not scaled */
    int scaled_steps;  /* since loss_scale has changed */
    int epoch_iters; /* iterations of an epoch; 0 = the checkpoint is of an older version and does not say */
} encnet__train_state;

/* With the state go the measured choices of a device; load() gives them to `dev`, which may be NULL. */
encnet_status encnet__state_save(const char *path, const encnet__train_state *s,
                                 const encnet_device *dev) ENCNET_MUST_CHECK;
encnet_status encnet__state_load(encnet__train_state *s, const char *path,
                                 encnet_device *dev) ENCNET_MUST_CHECK;

#define ENCNET__EXPERIMENT_FILE "experiment.ini" /* in the work directory, and curves.png */
#define ENCNET__CURVES_FILE "curves.png"
#define ENCNET__EVENTS_DIR "tf_logs"
#define ENCNET__WEIGHTS_FILE "weights.safetensors"
#define ENCNET__OPTIMIZER_FILE "optimizer.safetensors"
#define ENCNET__STATE_FILE "state.ini"
#define ENCNET__CHECKSUMS_FILE "checksums"

/* What the user of a run should know, but what does not end it: a line of the log. */
typedef void encnet__tell(void *user, const char *line);

/*
 * Makes WORK_DIR/iter_N: `fill` writes the files to a temporary directory, their checksums are
 * added, everything is fsynced and renamed into place, and `latest` is pointed at it.  On failure
 * nothing of it remains and nothing else has changed.
 */
encnet_status encnet__checkpoint_make(const char *work_dir, int iter,
                                      encnet_status (*fill)(void *user, const char *dir),
                                      encnet__tell *tell, void *user) ENCNET_MUST_CHECK;
/* Verifies that all files exist with the sizes and checksums with which they were written.
 * ENCNET_E_CHECKPOINT: one is missing or damaged; it names the file and the numbers.  ENCNET_E_IO:
 * one cannot be read, and may be whole. */
encnet_status encnet__checkpoint_verify(const char *dir) ENCNET_MUST_CHECK;
/* Finds the newest checkpoint in work_dir that passes verification; *iter is -1 if there is none.
 * `skipped` is called for each one that does not pass.  ENCNET_E_IO: one cannot be read. */
encnet_status encnet__checkpoint_newest(int *iter, const char *work_dir, encnet__tell *skipped,
                                        void *user) ENCNET_MUST_CHECK;
/* Of the checkpoints up to `iter`, removes all but the newest `keep` and that of `best_iter`.  Tells
 * which of them stay, because they hold something else or cannot be removed. */
void encnet__checkpoint_prune(const char *work_dir, int iter, int keep, int best_iter,
                              encnet__tell *tell, void *user);
/* Whether the file system of work_dir has symbolic links. */
bool encnet__checkpoint_can_link(const char *work_dir);
/* Points the link `name` in work_dir at iter_N, or removes it if there is no such checkpoint.  Where
 * there are no links, a file stands for it (encnet__link_file_target).  What has this name and is neither
 * is moved aside. */
encnet_status encnet__checkpoint_link(const char *work_dir, const char *name, int iter,
                                      encnet__tell *tell, void *user) ENCNET_MUST_CHECK;
/* Renames the checkpoints after `iter`, which are damaged or were abandoned by a resume, to
 * iter_M.aside; `renamed` is called for each. */
encnet_status encnet__checkpoint_set_aside(const char *work_dir, int iter, encnet__tell *renamed,
                                           void *user) ENCNET_MUST_CHECK;
/* Gives a checkpoint its name back, where a process was killed while it replaced it.  The caller holds
 * the lock, here and below. */
encnet_status encnet__checkpoint_restore(const char *work_dir) ENCNET_MUST_CHECK;
/* Removes what a killed process left unfinished: checkpoints, and files of the work directory under the
 * temporary name of a process that lives no more. */
void encnet__checkpoint_tidy(const char *work_dir, encnet__tell *tell, void *user);
/* Returns WORK_DIR/iter_N, owned by the caller; NULL if there is not enough memory. */
char *encnet__checkpoint_path(const char *work_dir, int iter);
/* Lists the iterations of the checkpoints in work_dir, ascending; owned by the caller. */
encnet_status encnet__checkpoint_list(int **iters, int *count,
                                      const char *work_dir) ENCNET_MUST_CHECK;

/* -- workdir.c, experiment.c ------------------------------------------------------------------- */

typedef struct encnet__lock encnet__lock;

/* Locks work_dir, and creates it if it is missing.  ENCNET_E_BUSY names the process that holds
 * it. */
encnet_status encnet__lock_take(encnet__lock **out, const char *work_dir) ENCNET_MUST_CHECK;
/*
 * To be called before anything in the work directory is changed: is it still the one that was locked?
 * Where it was renamed, *work_dir becomes its new path, and `tell` says so.  ENCNET_E_IO: it was
 * removed, or another run has taken its place.
 */
encnet_status encnet__lock_check(encnet__lock *l, char **work_dir, encnet__tell *tell,
                                 void *user) ENCNET_MUST_CHECK;
void encnet__lock_release(encnet__lock *l); /* takes NULL */
/* The same for a run whose start was refused: also removes the lock file and the directories that
 * encnet__lock_take() has made, the latter if they are empty. */
void encnet__lock_undo(encnet__lock *l);

/* What the checkpoints of a run take at least. */
typedef struct encnet__room {
    uint64_t checkpoint; /* bytes of one */
    uint64_t largest;    /* bytes of its largest file */
    int count;           /* how many more there will be at most at one time, >= 1 */
} encnet__room;

/* ENCNET_E_IO: the disk has no room for a single checkpoint, or a file of it exceeds the limit of the
 * process.  Tells if there is not enough for all of them. */
encnet_status encnet__workdir_check_room(const char *work_dir, const encnet__room *need,
                                         encnet__tell *tell, void *user) ENCNET_MUST_CHECK;
/* ENCNET_E_CONFIG if work_dir holds an earlier run. */
encnet_status encnet__workdir_is_free(const char *work_dir) ENCNET_MUST_CHECK;

/*
 * Compares the options of a run with those that an earlier run saved as the file `name`.
 *
 *   differs  called for every option that belongs to a run and differs, with
 *            "section.key: OLD -> NEW"
 *
 * ENCNET_E_CONFIG  options that make up the network differ; the sentence names all of them
 */
encnet_status encnet__experiment_compare(const char *name, const encnet_options *before,
                                         const encnet_options *now,
                                         void (*differs)(void *user, const char *line),
                                         void *user) ENCNET_MUST_CHECK;

/* -- events.c: TensorBoard --------------------------------------------------------------------- */

typedef struct encnet__scalar {
    const char *name;
    double value;
} encnet__scalar;

/* Each function appends one record (length, masked checksums, protobuf Event) to `out`. */
void encnet__event_version(encnet__text *out, double wall_time);
/* Puts `prefix` and a slash before every name. */
void encnet__event_scalars(encnet__text *out, double wall_time, int64_t step, const char *prefix,
                           const encnet__scalar *scalars, int n);
void encnet__event_image(encnet__text *out, double wall_time, int64_t step, const char *tag, int h,
                         int w, const void *png, size_t png_bytes);
/* Marks that a run starts at `step`: TensorBoard drops earlier records from that step on. */
void encnet__event_start(encnet__text *out, double wall_time, int64_t step);

/* -- logfile.c --------------------------------------------------------------------------------- */

typedef struct encnet__log encnet__log;

/* Opens NAME.log and NAME.log.json to append to them, and starts a file of events.  `first_iter` is
 * the first iteration to be logged.  `hooks` is borrowed and may be NULL. */
encnet_status encnet__log_open(encnet__log **out, const char *work_dir, const char *name,
                               bool tensorboard, int first_iter,
                               const encnet_train_hooks *hooks) ENCNET_MUST_CHECK;
void encnet__log_close(encnet__log *l); /* takes NULL */

/* A log that cannot be written does not end a training: the hook gets one line about it. */

/* Writes "2026-01-31 12:00:00,000 - encnet - INFO - ..." to NAME.log and to the hook. */
void encnet__log_line(encnet__log *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes a text of several lines to NAME.log only. */
void encnet__log_text(encnet__log *l, const char *title, const char *text);
/* Writes the line in NAME.log.json that starts a run. */
void encnet__log_meta(encnet__log *l, const char *name, const char *environment, uint64_t seed,
                      const char *config);

/* The mean over the iterations since the last record. */
typedef struct encnet__train_record {
    int iter, max_iters, epoch; /* from 1 */
    double lr, seconds_left, seconds, data_seconds;
    int memory_mib;
    const encnet__scalar *terms; /* losses and accuracies, and "loss" last */
    int n_terms;
} encnet__train_record;

void encnet__log_train(encnet__log *l, const encnet__train_record *r);
/* Writes scores, given in percent, as fractions, as mmsegmentation does. */
void encnet__log_val(encnet__log *l, int iter, int epoch, double lr, const encnet_scores *scores);
/* Writes a PNG to the events. */
void encnet__log_image(encnet__log *l, int iter, const char *tag, int h, int w, const void *png,
                       size_t png_bytes);

#endif
