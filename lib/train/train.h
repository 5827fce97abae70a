/*
 * train.h - the parts that the training loop is made of: learning rates, checkpoint directories,
 * the work directory, logs.
 *
 *   work_dir/lock             held by the process that trains here
 *   work_dir/experiment.ini   the configuration that the run began with
 *   work_dir/NAME.log         what a person reads         } appended to, one write per
 *   work_dir/NAME.log.json    the same for programs       } record, also after a resume
 *   work_dir/tf_logs/         TensorBoard events
 *   work_dir/iter_N/          a checkpoint: weights.safetensors, optimizer.safetensors, state.ini,
 *                             config.ini, checksums
 *   work_dir/latest, best     links to checkpoints
 */
#ifndef ENCNET__TRAIN_H
#define ENCNET__TRAIN_H

#include "base/base.h"
#include <encnet/eval.h>
#include <encnet/train.h>

/* -- schedule.c -------------------------------------------------------------------------------- */

/* Learning rate of iteration `it` (from 0): (lr mult - min_lr) (1 - it / max_iters)^power + min_lr,
 * as mmcv has it, within the warm-up times a factor that rises linearly from warmup_ratio.  A
 * `mult` of 0 gives 0: frozen. */
double encnet__lr_at(const encnet_optimizer_options *o, double mult, int it, int max_iters);
/* The factor of a weight: that of the longest prefix in "prefix:factor,..." which its name begins
 * with, else 1. ENCNET_E_CONFIG names the entry that cannot be read. */
encnet_status encnet__lr_mult(double *mult, const char *list, const char *name) ENCNET_MUST_CHECK;

/* -- checkpoint.c, state.c --------------------------------------------------------------------- */

/* Where a run is.  Everything random in it is drawn by counter from (seed, iteration), so these
 * numbers and the weights are all that a run is made of. */
typedef struct encnet__train_state {
    int iter;           /* optimiser steps done */
    int evaluated_iter; /* the last one after which an evaluation was made */
    uint64_t batches;   /* consumed from the loader */
    /* of the order behind; 0 after some batches: an old checkpoint's, not told */
    uint64_t images;
    uint64_t seed;
    double loss;      /* of the last iteration */
    double best_miou; /* percent; negative: none yet */
    int best_iter;
} encnet__train_state;

encnet_status encnet__state_save(const char *path, const encnet__train_state *s) ENCNET_MUST_CHECK;
encnet_status encnet__state_load(encnet__train_state *s, const char *path) ENCNET_MUST_CHECK;

#define ENCNET__WEIGHTS_FILE "weights.safetensors"
#define ENCNET__OPTIMIZER_FILE "optimizer.safetensors"
#define ENCNET__STATE_FILE "state.ini"
#define ENCNET__CONFIG_FILE "config.ini"
#define ENCNET__CHECKSUMS_FILE "checksums"

/*
 * Makes WORK_DIR/iter_N: `fill` writes the files into a directory beside it, their checksums are
 * added, all is fsynced and renamed into place, then `latest` is pointed at it.  On failure nothing
 * of it is left and nothing else has changed.
 */
encnet_status encnet__checkpoint_make(const char *work_dir, int iter,
                                      encnet_status (*fill)(void *user, const char *dir),
                                      void *user) ENCNET_MUST_CHECK;
/* Whether all files are there with the sizes and checksums they were written with:
 * ENCNET_E_CHECKPOINT names the file and the numbers. */
encnet_status encnet__checkpoint_verify(const char *dir) ENCNET_MUST_CHECK;
/* Iteration of the newest checkpoint in work_dir that verifies; -1 when there is none.  `skipped`
 * is told of each that does not. */
encnet_status encnet__checkpoint_newest(int *iter, const char *work_dir,
                                        void (*skipped)(void *user, const char *why),
                                        void *user) ENCNET_MUST_CHECK;
/* Removes all but the newest `keep` checkpoints up to `iter` and that of `best_iter`. */
encnet_status encnet__checkpoint_prune(const char *work_dir, int iter, int keep,
                                       int best_iter) ENCNET_MUST_CHECK;
/* Points the link `name` in work_dir at iter_N; removes it when there is no such checkpoint. */
encnet_status encnet__checkpoint_link(const char *work_dir, const char *name,
                                      int iter) ENCNET_MUST_CHECK;
/* Renames the checkpoints after `iter` (damaged, or of a future that is given up) to iter_M.aside;
 * `told` hears of each. */
encnet_status encnet__checkpoint_set_aside(const char *work_dir, int iter,
                                           void (*told)(void *user, const char *what),
                                           void *user) ENCNET_MUST_CHECK;
/* Finishes or undoes what a killed process left half done.  Only for who holds the lock. */
encnet_status encnet__checkpoint_recover(const char *work_dir) ENCNET_MUST_CHECK;
/* WORK_DIR/iter_N in memory of the caller; NULL when memory is short. */
char *encnet__checkpoint_path(const char *work_dir, int iter);
/* Iterations of the checkpoints in work_dir, rising; owned by the caller. */
encnet_status encnet__checkpoint_list(int **iters, int *count,
                                      const char *work_dir) ENCNET_MUST_CHECK;

/* -- workdir.c, experiment.c ------------------------------------------------------------------- */

typedef struct encnet__lock encnet__lock;

/* Makes work_dir if needed and locks it.  ENCNET_E_BUSY names the process that holds it. */
encnet_status encnet__lock_take(encnet__lock **out, const char *work_dir) ENCNET_MUST_CHECK;
void encnet__lock_release(encnet__lock *l); /* takes NULL */

/* ENCNET_E_CONFIG when an earlier run left something in work_dir. */
encnet_status encnet__workdir_is_free(const char *work_dir) ENCNET_MUST_CHECK;

/*
 * Compares the options with those of an earlier configuration file.
 *
 *   differs  called for every other key that differs, with "section.key: OLD -> NEW"
 *
 * ENCNET_E_CONFIG  keys that make up the shape of the model differ; names all of them
 */
encnet_status encnet__experiment_compare(const char *config_path, const encnet_options *options,
                                         void (*differs)(void *user, const char *line),
                                         void *user) ENCNET_MUST_CHECK;

/* -- events.c: TensorBoard --------------------------------------------------------------------- */

typedef struct encnet__scalar {
    const char *name;
    double value;
} encnet__scalar;

/* One record (length, masked checksums, protobuf Event) each, appended to `out`. */
void encnet__event_version(encnet__text *out, double wall_time);
/* `prefix` and a slash go before every name. */
void encnet__event_scalars(encnet__text *out, double wall_time, int64_t step, const char *prefix,
                           const encnet__scalar *scalars, int n);
void encnet__event_image(encnet__text *out, double wall_time, int64_t step, const char *tag, int h,
                         int w, const void *png, size_t png_bytes);
/* A run starts at `step`: what was recorded at or after it is dropped by TensorBoard. */
void encnet__event_start(encnet__text *out, double wall_time, int64_t step);

/* -- logfile.c --------------------------------------------------------------------------------- */

typedef struct encnet__log encnet__log;

/* Opens (or goes on with) NAME.log and NAME.log.json, and starts a file of events.  `first_iter` is
 * the first iteration that is going to be logged; `hooks` may be NULL and is borrowed. */
encnet_status encnet__log_open(encnet__log **out, const char *work_dir, const char *name,
                               bool tensorboard, int first_iter,
                               const encnet_train_hooks *hooks) ENCNET_MUST_CHECK;
void encnet__log_close(encnet__log *l); /* takes NULL */

/* A log never stops a training: when it cannot be written, the hook is told once and that is all.
 */

/* "2026-01-31 12:00:00,000 - encnet - INFO - ..." to NAME.log and the hook. */
void encnet__log_line(encnet__log *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same to NAME.log alone, for texts of several lines. */
void encnet__log_text(encnet__log *l, const char *title, const char *text);
/* The line of a start in NAME.log.json. */
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
/* Scores in percent, written as shares of 1 as mmsegmentation does. */
void encnet__log_val(encnet__log *l, int iter, int epoch, double lr, const encnet_scores *scores);
/* A PNG among the events. */
void encnet__log_image(encnet__log *l, int iter, const char *tag, int h, int w, const void *png,
                       size_t png_bytes);

#endif
