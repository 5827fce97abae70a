/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* start.c - everything before the first iteration.  Nothing but the lock is written to the work
 * directory until the configuration, the checkpoint, the data and the plan are known to be good. */
#define _XOPEN_SOURCE 700
#include "config/config.h"
#include "data/advice.h"
#include "eval/eval.h"
#include "files/weights_file.h"
#include "models/description.h"
#include "models/network.h"
#include "models/plan.h"
#include "options/options.h"
#include "models/pretrained.h"
#include "train/loss_scale.h"
#include "train/run.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB 1048576.0

/* Keeps a line for the log, which is opened later. */
static void note(void *user, const char *line)
{
    encnet__run *r = user;

    encnet__text_add(&r->notes, "%s\n", line);
}

const char *encnet__run_name(const encnet__run *r)
{
    return r->start && r->start->name ? r->start->name : "train";
}

/* -- which checkpoint -------------------------------------------------------------------------- */

/* Compares the configuration DIR/NAME with this run's options; notes what differs. */
static encnet_status compare_config(encnet__run *r, const char *dir, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet_config *saved = NULL;
    encnet__text before = r->notes;
    char *path = encnet__path_join(dir, name);

    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", dir);
    r->notes = (encnet__text){0};
    rc = encnet__config_load_saved(&saved, path, note, r);
    if (rc == ENCNET_OK)
        rc = encnet__experiment_compare(path, encnet_config_options(saved), r->options, note, r);
    if (before.size) encnet__text_bytes(&before, "", 0);
    if (r->notes.size)
        encnet__text_add(&before, "the configuration differs from %s:\n%s", path, r->notes.data);
    encnet__text_free(&r->notes);
    r->notes = before;
done:
    encnet_config_free(saved);
    encnet__free(path);
    return rc;
}

/* A run that ended before its first checkpoint may begin again if it has the same configuration. */
static encnet_status begin_again(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(r->work_dir, ENCNET__EXPERIMENT_FILE);

    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->work_dir);
    if (access(path, F_OK) == 0) {
        TRY(compare_config(r, r->work_dir, ENCNET__EXPERIMENT_FILE));
        note(r, "no checkpoint to resume from: the run begins anew");
    }
done:
    encnet__free(path);
    return rc;
}

/* Whether a checkpoint, possibly named by a link, lies in the work directory. */
static bool is_inside(const char *checkpoint, const char *work_dir)
{
    char *real = realpath(checkpoint, NULL), *dir = realpath(work_dir, NULL), *slash;
    bool inside = false;

    if (real && dir && (slash = strrchr(real, '/'))) {
        *slash = '\0';
        inside = strcmp(real, dir) == 0;
    }
    free(real);
    free(dir);
    return inside;
}

static encnet_status choose_checkpoint(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const char *resume = r->start ? r->start->resume : NULL;
    int iter;

    if (!resume) return encnet__workdir_is_free(r->work_dir);
    if (strcmp(resume, "auto") != 0) {
        TRY(encnet__path_resolve(&r->resumed_from, resume));
        TRY(encnet__checkpoint_verify(r->resumed_from));
        if (!is_inside(r->resumed_from, r->work_dir)) TRY(encnet__workdir_is_free(r->work_dir));
    } else {
        TRY(encnet__checkpoint_newest(&iter, r->work_dir, note, r));
        if (iter < 0) return begin_again(r);
        r->resumed_from = encnet__checkpoint_path(r->work_dir, iter);
    }
    if (!r->resumed_from) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->work_dir);
done:
    return rc;
}

/* Opens a file of the checkpoint to resume from. */
static encnet_status open_saved(encnet__tensor_file **out, const encnet__run *r, const char *name)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(r->resumed_from, name);

    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->resumed_from);
    TRY(encnet__tensor_file_open(out, path));
done:
    encnet__free(path);
    return rc;
}

/* The weights may be of a later version, whose network this one cannot build. */
static encnet_status check_description(const encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__description *d = encnet__alloc(1, sizeof *d);
    encnet__tensor_file *f = NULL;

    if (!d) FAIL(ENCNET_E_NOMEM, "%s: no memory to read it", r->resumed_from);
    TRY(open_saved(&f, r, ENCNET__WEIGHTS_FILE));
    TRY(encnet__description_read(d, f));
done:
    encnet__tensor_file_close(f);
    encnet__free(d);
    return rc;
}

/* Reads the state of the checkpoint, and checks that it belongs to the same network. */
static encnet_status read_state(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(r->resumed_from, ENCNET__STATE_FILE);

    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->resumed_from);
    TRY(compare_config(r, r->resumed_from, ENCNET__CONFIG_FILE));
    TRY(check_description(r));
    TRY(encnet__state_load(&r->state, path, r->device));
    encnet__device_stop_tuning(r->device);
    if (r->state.seed != r->options->train.seed)
        note(r,
             "train.seed differs from the checkpoint's: the run goes on with other random numbers");
    r->state.seed = r->options->train.seed;
    r->saved_iter = r->state.iter;
    r->saved = encnet__strdup(r->resumed_from);
    if (!r->saved) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->resumed_from);
done:
    encnet__free(path);
    return rc;
}

/* -- data, plan, model ------------------------------------------------------------------------- */

/* The images whose statistics a batch norm shares: with model.norm = local those of one rank, of
 * the rank that has the fewest. */
static int images_of_a_norm(const encnet__run *r)
{
    int least = r->part.total;

    for (int i = 0; r->ranks && r->ranks->local && i < r->comm->size; i++)
        if (r->ranks->images[i] < least) least = r->ranks->images[i];
    return least;
}

/* Over a single value there is no variance; PyTorch refuses to train then, too. */
static encnet_status check_batch(const encnet__run *r)
{
    const encnet__network *network = encnet__network_find(r->options->model.network);

    if (!network || !encnet__network_normalises_images(network) || images_of_a_norm(r) > 1)
        return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG,
                        "model.network = %s: batch norm behind the pooled image takes two images "
                        "or more; data.samples_per_device is %d, devices %d, model.norm %s",
                        network->name, r->options->data.samples_per_device, r->comm->size,
                        r->options->model.norm);
}

/* The plan of a step, and whether an evaluation fits beside it. */
static encnet_status check_plan(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet__batch *b = &r->batch;
    encnet_plan p;
    char line[400];

    TRY(encnet_plan_make_rank(&p, r->device, r->options, r->comm->size, b->n, b->h, b->w));
    encnet__print(
        line, sizeof line,
        "Plan for %d x %d x %d: weights %.1f, gradients %.1f, momentum %.1f, activations %.1f "
        "(stored %.1f), "
        "together %.1f of %.1f MiB; %llu numbers to train",
        b->n, b->h, b->w, (double)p.weights / MIB, (double)p.gradients / MIB,
        (double)p.momentum / MIB, (double)p.activations / MIB, (double)p.activations_stored / MIB,
        (double)p.total / MIB, (double)p.device_total / MIB, (unsigned long long)p.trainable);
    note(r, line);
    if (r->val) TRY(encnet__check_fit(r->device, r->options, r->val, p.total, false));
done:
    return rc;
}

/* Looks at the labels of a split, and notes what looks odd. */
static encnet_status look(encnet__run *r, const encnet__dataset *data)
{
    encnet_status rc = ENCNET_OK;
    encnet__text advice = {0};

    TRY(encnet__data_look(&advice, data, r->options));
    if (advice.size) encnet__text_add(&r->notes, "%s", advice.data);
done:
    encnet__text_free(&advice);
    return rc;
}

/* Finds errors of the first evaluation before hours of training. */
static encnet_status check_evaluation(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__passes passes;
    char line[64];

    TRY(encnet__passes_of(&passes, r->options));
    TRY(encnet__dataset_open(&r->val, r->options, ENCNET__VAL));
    TRY(encnet__agree_on_data(r->comm, r->val));
    TRY(look(r, r->val));
    snprintf(line, sizeof line, "Validation images: %d", encnet__dataset_size(r->val));
    note(r, line);
done:
    return rc;
}

encnet_status encnet__run_set_length(encnet__run *r, int images)
{
    const encnet_train_options *o = &r->options->train;
    int iters = images / r->part.total / o->accumulate;

    r->epoch_iters = r->state.epoch_iters = iters > 1 ? iters : 1;
    if (o->epochs > INT_MAX / r->epoch_iters)
        return encnet__fail(ENCNET_E_CONFIG, "train.epochs = %d: of %d iterations each, too many",
                            o->epochs, r->epoch_iters);
    r->max_iters = encnet__max_iters(o, r->epoch_iters);
    return ENCNET_OK;
}

int encnet__run_iters(const encnet__run *r, int interval)
{
    return r->options->train.epochs && interval < INT_MAX / r->epoch_iters
               ? interval * r->epoch_iters
               : interval;
}

static encnet_status open_data(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet__train_state *s = &r->state;
    char line[200];

    TRY(encnet__dataset_open(&r->data, r->options, ENCNET__TRAIN));
    TRY(encnet__check_labels(r->options, r->data));
    TRY(encnet__agree_on_data(r->comm, r->data));
    TRY(encnet__run_set_length(r, encnet__dataset_size(r->data)));
    TRY(look(r, r->data));
    TRY(encnet__loader_open(&r->loader, r->data, r->options, &r->part, s->images,
                            s->images ? 0 : s->batches));
    TRY(encnet__loader_next(r->loader, &r->batch));
    r->has_batch = true;
    snprintf(line, sizeof line, "Training images: %d; batch %d x %d, crop %d x %d",
             encnet__dataset_size(r->data), r->part.total, r->options->train.accumulate, r->batch.h,
             r->batch.w);
    note(r, line);
    if (r->options->train.eval_interval > 0) TRY(check_evaluation(r));
done:
    return rc;
}

static encnet_status name_classes(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);

    if (!classes) FAIL(ENCNET_E_NOMEM, "no memory for the names of the classes");
    TRY(encnet__classes_of(classes, r->options));
    for (int c = 0; c < r->options->model.classes; c++)
        encnet__model_name_class(r->model, c, classes[c].name, classes[c].rgb);
done:
    encnet__free(classes);
    return rc;
}

static encnet_status load_momentum(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;

    TRY(open_saved(&f, r, ENCNET__OPTIMIZER_FILE));
    TRY(encnet__weights_load(encnet__model_weights(r->model), f,
                             &(encnet__load){.scope = ENCNET__LOAD_MOMENTUM}));
done:
    encnet__tensor_file_close(f);
    return rc;
}

encnet_status encnet__run_make_model(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet_options options = *r->options;
    encnet__purpose purpose = encnet__training_purpose(&options, r->device, r->comm->size);
    encnet__tensor_file *saved = NULL;
    encnet__weights *w;

    if (r->resumed_from || !encnet__run_is_leader(r))
        options.model.checkpoint = options.model.pretrained = "";
    if (r->resumed_from) TRY(open_saved(&saved, r, ENCNET__WEIGHTS_FILE));
    r->updates = purpose == ENCNET__FOR_UPDATES;
    TRY(encnet__model_new_from(&r->model, r->device, &options, purpose, saved));
    encnet__model_set_ranks(r->model, r->ranks);
    TRY(encnet__loss_scale_begin(&r->answer, &r->state, r->device));
    w = encnet__model_weights(r->model);
    r->mults = encnet__alloc((size_t)encnet__weights_count(w), sizeof *r->mults);
    r->decays = encnet__alloc((size_t)encnet__weights_count(w), sizeof *r->decays);
    if (!r->mults || !r->decays) FAIL(ENCNET_E_NOMEM, "no memory for the learning rates");
    for (int i = 0; i < encnet__weights_count(w); i++)
        r->decays[i] = encnet__decay_mult(&r->options->optimizer, w, i);
    for (int i = 0; i < encnet__weights_count(w); i++)
        TRY(encnet__lr_mult(&r->mults[i], r->options->optimizer.lr_mult,
                            encnet__weights_at(w, i)->name));
done:
    encnet__tensor_file_close(saved);
    return rc;
}

/* Says that the backbone begins with random weights, which takes much longer to train. */
static void note_random(encnet__run *r)
{
    const encnet_model_options *o = &r->options->model;
    const char *address = encnet__pretrained_of(o->backbone);

    if (r->resumed_from || *o->checkpoint || *o->pretrained) return;
    encnet__text_add(&r->notes,
                     "The backbone %s begins with random weights; model.pretrained = FILE "
                     "begins with those of ImageNet%s%s\n",
                     o->backbone, address ? ", to be downloaded from " : "",
                     address ? address : "");
}

/* Says that a run has nothing left to do, and how to go on. */
static void note_finished(encnet__run *r)
{
    int most = r->max_iters, epochs = r->options->train.epochs;

    if (r->state.iter < most) return;
    encnet__text_add(&r->notes, "This run is finished: its checkpoint is of iteration %d, and ",
                     r->state.iter);
    if (epochs)
        encnet__text_add(&r->notes, "train.epochs = %d makes %d; more epochs go on\n", epochs,
                         most);
    else
        encnet__text_add(&r->notes, "train.max_iters is %d; a greater one goes on\n", most);
}

/* Loads or shares the weights that the run begins with, and names the classes. */
static encnet_status fill_model(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;

    encnet__text_add(&r->notes, "%s", encnet_model_remarks(r->model));
    note_random(r);
    note_finished(r);
    TRY(name_classes(r));
    if (r->resumed_from) TRY(load_momentum(r));
    TRY(encnet__run_share_weights(r));
done:
    return rc;
}

/* -- the work directory ------------------------------------------------------------------------ */

/* The next checkpoint stands beside those that are kept before one of them is removed. */
static encnet_status check_room(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet_train_options *o = &r->options->train;
    const encnet__weights *w = encnet__model_weights(r->model);
    encnet__room need = {.largest = encnet__weights_file_bytes(w, false)};
    int interval = encnet__run_iters(r, o->checkpoint_interval),
        left = r->max_iters - r->state.iter;
    int *iters = NULL, there = 0, more;

    if (left <= 0) goto done;
    need.checkpoint = need.largest + encnet__weights_file_bytes(w, true);
    TRY(encnet__checkpoint_list(&iters, &there, r->work_dir));
    while (there && iters[there - 1] > r->state.iter) there--;
    more = o->keep_checkpoints + 1 + (o->eval_interval > 0) - there;
    need.count = interval ? (left - 1) / interval + 1 : 1; /* the last one is of the end */
    if (need.count > more) need.count = more > 1 ? more : 1;
    TRY(encnet__workdir_check_room(r->work_dir, &need, note, r));
done:
    encnet__free(iters);
    return rc;
}

/* Makes the work directory this run's: checkpoints that do not belong to it are set aside, and the
 * links point to those that do. */
static encnet_status settle(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(r->work_dir, ENCNET__EXPERIMENT_FILE);

    if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->work_dir);
    encnet__checkpoint_tidy(r->work_dir, note, r);
    TRY(encnet__checkpoint_set_aside(r->work_dir, r->resumed_from ? r->state.iter : -1, note, r));
    if (!encnet__checkpoint_can_link(r->work_dir))
        note(r, "there are no symbolic links in the work directory: latest and best are files with "
                "the name of the checkpoint");
    if (r->resumed_from) {
        TRY(encnet__checkpoint_link(r->work_dir, "latest", r->state.iter, note, r));
        TRY(encnet__checkpoint_link(r->work_dir, "best",
                                    r->state.best_miou >= 0 ? r->state.best_iter : -1, note, r));
    }
    if (access(path, F_OK) != 0) TRY(encnet__file_write(path, r->config, strlen(r->config)));
done:
    encnet__free(path);
    return rc;
}

static void environment(encnet__text *t, const encnet__run *r)
{
    encnet_device_info d;

    encnet_device_describe(r->device, &d);
    encnet__text_add(t, "encnet: %s\ndevice: %s (%s)\nplatform: %s\ndriver: %s, %s\n",
                     encnet_version(), d.name, d.vendor, d.platform_name, d.driver, d.version);
    encnet__text_add(t, "device memory: %.0f MiB, at most %.0f MiB in one buffer\nunits: %llu\n",
                     (double)d.memory_bytes / MIB, (double)d.max_alloc_bytes / MIB,
                     (unsigned long long)d.units);
}

/* A link to a name that nothing has yet is a choice of the user's, but not one into a folder that is not there. */
static encnet_status check_link(const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *target = NULL, *slash;

    TRY(encnet__path_resolve(&target, path));
    slash = strrchr(target, '/');
    if (!slash || slash == target) goto done;
    *slash = '\0';
    if (!encnet__is_directory(target))
        FAIL(ENCNET_E_IO,
             "%s: the run writes a file of this name, and it is a link into the folder %s, which "
             "is not there; move it away",
             path, target);
done:
    encnet__free(target);
    return rc;
}

/* A folder cannot be written, and a pipe or a device of blocks would be waited for or lost; /dev/null is a choice. */
static encnet_status check_file(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) return lstat(path, &st) == 0 ? check_link(path) : ENCNET_OK;
    if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)) return ENCNET_OK;
    return encnet__fail(ENCNET_E_IO,
                        "%s: the run writes a file of this name, and there is something that is no "
                        "regular file; move it away",
                        path);
}

/* The events are files in a folder. */
static encnet_status check_folder(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0) return ENCNET_OK;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT) return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        return ENCNET_OK;
    }
    return encnet__fail(
        ENCNET_E_IO,
        "%s: the run makes a folder of this name, and there is something that is no "
        "folder; move it away, or set output.tensorboard = no",
        path);
}

/* Nothing that the run reads may have the name of something that it writes, and all that it writes must be files. */
static encnet_status check_outputs(const encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__guard guard = {.options = r->options, .trains = true};
    encnet__text paths[8] = {{0}};
    size_t files = 4; /* the others are checked, or set aside, where they are written */

    encnet__text_add(&paths[0], "%s/%s.log", r->work_dir, encnet__run_name(r));
    encnet__text_add(&paths[1], "%s/%s.log.json", r->work_dir, encnet__run_name(r));
    encnet__text_add(&paths[2], "%s/%s", r->work_dir, ENCNET__CURVES_FILE);
    encnet__text_add(&paths[3], "%s/%s", r->work_dir, ENCNET__EXPERIMENT_FILE);
    encnet__text_add(&paths[4], "%s/lock", r->work_dir);
    encnet__text_add(&paths[5], "%s/latest", r->work_dir);
    encnet__text_add(&paths[6], "%s/best", r->work_dir);
    encnet__text_add(&paths[7], "%s/" ENCNET__EVENTS_DIR, r->work_dir);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        if (paths[i].failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", r->work_dir);
        if (i < files) TRY(check_file(paths[i].data));
        TRY(encnet__guard_check(&guard, paths[i].data));
    }
    if (r->options->output.tensorboard) TRY(check_folder(paths[7].data));
done:
    encnet__guard_free(&guard);
    for (size_t i = 0; i < COUNT_OF(paths); i++) encnet__text_free(&paths[i]);
    return rc;
}

static encnet_status open_log(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet_options *o = r->options;
    encnet__text env = {0};

    TRY(encnet__log_open(&r->log, r->work_dir, encnet__run_name(r), o->output.tensorboard,
                         r->state.iter + 1, r->hooks));
    environment(&env, r);
    if (env.failed || r->notes.failed) FAIL(ENCNET_E_NOMEM, "no memory for the logs");
    encnet__log_text(r->log, "Environment:", env.data);
    encnet__log_text(r->log, "Config:", r->config);
    encnet__log_meta(r->log, encnet__run_name(r), env.data, o->train.seed, r->config);
    for (char *line = r->notes.data, *end; line && *line; line = end + 1) {
        if (!(end = strchr(line, '\n'))) break;
        *end = '\0';
        encnet__log_line(r->log, "%s", line);
    }
    if (r->resumed_from && r->state.iter < r->max_iters)
        encnet__log_line(r->log, "resumed from %s: iteration %d of %d", r->resumed_from,
                         r->state.iter, r->max_iters);
    else if (r->resumed_from)
        encnet__log_line(r->log, "resumed from %s: iteration %d", r->resumed_from, r->state.iter);
done:
    encnet__text_free(&env);
    return rc;
}

static encnet_status copy_texts(encnet__run *r)
{
    const encnet_options *o = r->options;
    encnet__text dir = {0};
    char *printed = NULL;
    bool named = o->output.work_dir && o->output.work_dir[0];

    if (!(r->start && r->start->config_text)) printed = encnet_options_print(o);
    encnet__text_add(&dir, "%s%s", named ? "" : "work_dirs/",
                     named ? o->output.work_dir : encnet__run_name(r));
    r->work_dir = dir.data;
    r->config = encnet__strdup(printed                             ? printed
                               : r->start && r->start->config_text ? r->start->config_text
                                                                   : "");
    free(printed);
    return r->work_dir && r->config ? ENCNET_OK
                                    : encnet__fail(ENCNET_E_NOMEM, "no memory to begin");
}

static encnet_status check_lr_mult(void *user, const encnet__weights *w)
{
    return encnet__network_check_lr_mult(w, ((const encnet__run *)user)->options);
}

/* What can be known without a device and a work directory. */
static encnet_status check_options(encnet__run *r)
{
    const encnet_options *o = r->options;
    bool cropped = o->augment.enabled || strcmp(o->data.type, "synthetic") != 0;

    return encnet__network_check(o, o->data.samples_per_device,
                                 cropped ? o->augment.crop_h : o->data.height,
                                 cropped ? o->augment.crop_w : o->data.width, check_lr_mult, r);
}

/* Locks the work directory, and chooses the checkpoint to resume from. */
static encnet_status take_work_dir(encnet__run *r)
{
    encnet_status rc;

    TRY(check_outputs(r));
    TRY(encnet__lock_take(&r->lock, r->work_dir));
    TRY(encnet__checkpoint_restore(r->work_dir));
    TRY(choose_checkpoint(r));
    if (r->resumed_from) TRY(read_state(r));
done:
    return rc;
}

encnet_status encnet__run_begin(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_options(r));
    r->state = (encnet__train_state){.seed = r->options->train.seed, .best_miou = -1};
    r->saved_iter = -1;
    TRY(copy_texts(r));
    if (encnet__run_is_leader(r)) TRY(take_work_dir(r));
    TRY(encnet__agree_on_options(r->comm, r->options));
    TRY(encnet__run_init_ranks(r));
    TRY(check_batch(r));
    TRY(encnet__run_share_state(r));
    TRY(open_data(r));
    TRY(check_plan(r));
    encnet__dataset_close(r->val);
    r->val = NULL;
    TRY(encnet__run_make_model(r));
    TRY(fill_model(r));
    if (encnet__run_is_leader(r)) {
        TRY(check_room(r));
        r->settled = true;
        TRY(settle(r));
        TRY(open_log(r));
    }
    r->first_iter = r->state.iter;
    r->began = encnet__now();
done:
    return rc;
}

void encnet__run_end(encnet__run *r)
{
    encnet__exchange_free(r->exchange); /* it borrows gradients of the model, */
    encnet_model_free(r->model);        /* whose graphs borrow the ranks */
    encnet__buffer_free(r->answer);
    encnet__run_free_ranks(r);
    encnet__loader_close(r->loader);
    encnet__dataset_close(r->data);
    encnet__dataset_close(r->val);
    encnet__log_close(r->log);
    if (r->settled)
        encnet__lock_release(r->lock);
    else
        encnet__lock_undo(r->lock);
    encnet__free(r->mults);
    encnet__free(r->decays);
    encnet__free(r->resumed_from);
    encnet__free(r->saved);
    encnet__free(r->work_dir);
    encnet__free(r->config);
    encnet__text_free(&r->notes);
}
