/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* describe.c - what a checkpoint says of itself, in whatever format and by whatever program. */
#define _POSIX_C_SOURCE 200809L
#include "config/config.h"
#include "files/format.h"
#include "files/guess.h"
#include "files/names.h"
#include "models/description.h"
#include "models/network.h"
#include "models/read_weights.h"
#include "train/train.h"

#include <encnet/checkpoint.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALIDATION "{\"mode\": \"val\"" /* how a line of NAME.log.json with scores begins */
#define MAX_LOG ((size_t)256 << 20)

/* -- the file -------------------------------------------------------------------------------- */

/* Whether a weight is a statistic, which no gradient changes. */
static bool is_statistic(const char *name)
{
    return encnet__ends_in(name, "running_mean") || encnet__ends_in(name, "running_var") ||
           encnet__ends_in(name, "num_batches_tracked");
}

static void count(encnet_checkpoint_info *info, const encnet__tensor_file *f)
{
    info->format = f->format->name;
    info->bytes = f->bytes;
    info->tensors = (int)f->n_tensors;
    for (size_t i = 0; i < f->n_tensors; i++)
        if (!is_statistic(f->tensors[i].name)) info->parameters += f->tensors[i].count;
}

/* The program that wrote the weights, and the one whose weights these were before. */
static void name_program(encnet_checkpoint_info *info, const encnet__tensor_file *f,
                         const encnet__dialect *dialect)
{
    const char *ours = encnet__tensor_file_metadata(f, ENCNET__VERSION_KEY),
               *mmseg = encnet__tensor_file_metadata(f, "mmseg_version"),
               *engine = encnet__tensor_file_metadata(f, "mmengine_version");
    bool foreign = dialect && encnet__dialect_is_foreign(dialect);
    char other[96] = "";

    if (mmseg)
        snprintf(other, sizeof other, "mmsegmentation %.60s", mmseg);
    else if (engine)
        snprintf(other, sizeof other, "mmengine %.60s", engine);
    else if (encnet__tensor_file_metadata(f, ENCNET__MMCV_CONFIG_KEY))
        snprintf(other, sizeof other, "mmsegmentation");
    else if (foreign)
        snprintf(other, sizeof other, "%.90s", encnet__dialect_name(dialect));
    if (ours)
        snprintf(info->program, sizeof info->program, "encnet-cl %.20s%s%s", ours,
                 *other ? ", converted from " : "", other);
    else
        snprintf(info->program, sizeof info->program, "%s", other);
}

static encnet_status take_classes(encnet_checkpoint_info *info, const encnet__description *d)
{
    if (d->n_names == 0 || (info->classes && d->n_names != info->classes)) return ENCNET_OK;
    info->class_list = encnet__alloc((size_t)d->n_names, sizeof *info->class_list);
    if (!info->class_list)
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its classes", info->path);
    info->classes = info->named = d->n_names;
    info->coloured = d->n_colours == d->n_names;
    for (int i = 0; i < d->n_names; i++) {
        snprintf(info->class_list[i].name, sizeof info->class_list[i].name, "%s",
                 d->classes[i].name);
        memcpy(info->class_list[i].rgb, d->classes[i].rgb, sizeof info->class_list[i].rgb);
    }
    return ENCNET_OK;
}

static void take_network(encnet_checkpoint_info *info, const encnet_options *o)
{
    info->guessed = false;
    info->missing[0] = '\0';
    snprintf(info->network, sizeof info->network, "%s", o->model.network);
    snprintf(info->backbone, sizeof info->backbone, "%s", o->model.backbone);
    info->classes = o->model.classes;
    info->score = encnet__labels_images(o) ? "top1" : "mIoU";
}

static void guess(encnet_checkpoint_info *info, const encnet__tensor_file *f)
{
    encnet__guess g;

    encnet__guess_file(&g, f);
    info->guessed = true;
    snprintf(info->network, sizeof info->network, "%s", g.network);
    snprintf(info->backbone, sizeof info->backbone, "%s", g.backbone);
    info->classes = g.classes;
}

static encnet_status describe_file(encnet_checkpoint_info *info, encnet__tensor_file *f,
                                   encnet__description *d)
{
    encnet_status rc = ENCNET_OK;
    const encnet__dialect *dialect;

    TRY(encnet__tensor_file_verify(f));
    TRY(encnet__translate_file(f, &dialect, NULL));
    TRY(encnet__description_read(d, f));
    count(info, f);
    name_program(info, f, dialect);
    info->iteration = encnet__tensor_file_iteration(f);
    snprintf(info->missing, sizeof info->missing, "%s",
             *d->reason ? d->reason : "the file does not say it");
    if (d->has_network)
        take_network(info, &d->options);
    else
        guess(info, f);
    TRY(take_classes(info, d));
done:
    return rc;
}

/* -- the files beside it --------------------------------------------------------------------- */

/* The saved configuration, which says more than the weights do; epoch_iters 0: not known. */
static encnet_status read_config(encnet_checkpoint_info *info, const char *path, int epoch_iters)
{
    encnet_status rc = ENCNET_OK;
    encnet_config *config = NULL;
    const encnet_options *o;

    rc = encnet__config_load_saved(&config, path, NULL, NULL);
    if (rc == ENCNET_E_CONFIG) FAIL(ENCNET_E_CHECKPOINT, "%s", encnet_last_error());
    TRY(rc);
    o = encnet_config_options(config);
    if (info->guessed) take_network(info, o);
    if (epoch_iters || !o->train.epochs)
        info->max_iters = encnet__max_iters(&o->train, epoch_iters);
done:
    encnet_config_free(config);
    return rc;
}

static encnet_status read_state(encnet_checkpoint_info *info, const char *path, int *epoch_iters)
{
    encnet_status rc = ENCNET_OK;
    encnet__train_state s;

    TRY(encnet__state_load(&s, path, NULL));
    info->iteration = s.iter;
    *epoch_iters = s.epoch_iters;
    info->loss = s.loss;
    if (s.best_miou < 0) goto done;
    info->best = s.best_miou;
    info->best_iteration = s.best_iter;
done:
    return rc;
}

/* -- the log of the training ----------------------------------------------------------------- */

/* Takes the scores in a line that encnet_train() has logged after this evaluation. */
static void take_scores(encnet_checkpoint_info *info, const char *line)
{
    static const char *const names[] = {"mIoU", "aAcc", "mAcc", "top1", "top5"};
    int n = 0;

    for (size_t i = 0; i < COUNT_OF(names) && n < (int)COUNT_OF(info->scores); i++) {
        char member[16];
        const char *at, *end;
        double value;
        snprintf(member, sizeof member, "\"%s\": ", names[i]);
        at = strstr(line, member);
        if (!at) continue;
        if (encnet__real(&value, at + strlen(member), &end))
            info->scores[n++] = (encnet_checkpoint_score){names[i], 100 * value};
    }
    if (n) info->n_scores = n;
}

/* A log that cannot be read tells no scores; of a resumed run's lines the last counts. */
static void read_log(encnet_checkpoint_info *info, const char *path)
{
    char *text = NULL, *line, *next, iteration[48];
    size_t size;

    snprintf(iteration, sizeof iteration, "\"iter\": %lld,", (long long)info->iteration);
    if (encnet__file_read(&text, &size, path, MAX_LOG) != ENCNET_OK) return;
    for (line = text; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if (strncmp(line, VALIDATION, strlen(VALIDATION)) == 0 && strstr(line, iteration))
            take_scores(info, line);
    }
    encnet__free(text);
}

/* Reads the logs in the work directory that a checkpoint is in. */
static void read_logs(encnet_checkpoint_info *info, const char *dir)
{
    char *up = encnet__path_join(dir, "..");
    DIR *work_dir = up ? opendir(up) : NULL;
    struct dirent *entry;

    while (work_dir && (entry = readdir(work_dir))) {
        char *path = encnet__ends_in(entry->d_name, ".log.json")
                         ? encnet__path_join(up, entry->d_name)
                         : NULL;
        if (path) read_log(info, path);
        encnet__free(path);
    }
    if (work_dir) closedir(work_dir);
    encnet__free(up);
}

/* -------------------------------------------------------------------------------------------- */

/* Checksums, state and configuration of a checkpoint directory; a folder of encnet_convert() has only
 * the configuration, and a file by itself none of them. */
static encnet_status describe_directory(encnet_checkpoint_info *info, const char *dir)
{
    encnet_status rc = ENCNET_OK;
    char *config = encnet__path_join(dir, ENCNET__CONFIG_FILE),
         *state = encnet__path_join(dir, ENCNET__STATE_FILE);
    int epoch_iters = 0;

    if (!config || !state) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", dir);
    if (access(state, F_OK) == 0) {
        TRY(encnet__checkpoint_verify(dir));
        TRY(read_state(info, state, &epoch_iters));
        TRY(read_config(info, config, epoch_iters));
        read_logs(info, dir);
    } else if (access(config, F_OK) == 0) {
        TRY(read_config(info, config, 0));
        info->max_iters = -1; /* of no training that was */
    }
done:
    encnet__free(config);
    encnet__free(state);
    return rc;
}

/* The checkpoint directory of the weights, owned by the caller; NULL: they are a file by itself. */
static encnet_status directory_of(char **out, const char *path, const char *weights)
{
    encnet_status rc = ENCNET_OK;
    char *dir = NULL, *slash;

    TRY(encnet__weights_dir(&dir, path));
    if (!encnet__is_directory(dir) && encnet__ends_in(weights, "/" ENCNET__WEIGHTS_FILE)) {
        slash = strrchr(dir, '/');
        if (slash) *slash = '\0';
    }
    if (encnet__is_directory(dir)) {
        *out = dir;
        dir = NULL;
    }
done:
    encnet__free(dir);
    return rc;
}

encnet_status encnet_checkpoint_describe(encnet_checkpoint_info **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet_checkpoint_info *info = NULL;
    encnet__description *d = NULL;
    encnet__tensor_file *f = NULL;
    char *dir = NULL;

    NEED(out);
    NEED(path);
    info = encnet__alloc(1, sizeof *info);
    d = encnet__alloc(1, sizeof *d);
    if (!info || !d) FAIL(ENCNET_E_NOMEM, "%s: no memory to describe it", path);
    info->iteration = info->max_iters = info->best_iteration = -1;
    info->loss = info->best = NAN;
    info->score = "mIoU";
    TRY(encnet__weights_path(&info->path, path));
    TRY(directory_of(&dir, path, info->path));
    TRY(encnet__tensor_file_open(&f, info->path));
    TRY(describe_file(info, f, d));
    if (dir) TRY(describe_directory(info, dir));
    *out = info;
    info = NULL;
done:
    encnet_checkpoint_info_free(info);
    encnet__tensor_file_close(f);
    encnet__free(d);
    encnet__free(dir);
    return rc;
}

void encnet_checkpoint_info_free(encnet_checkpoint_info *info)
{
    if (!info) return;
    encnet__free(info->path);
    encnet__free(info->class_list);
    encnet__free(info);
}
