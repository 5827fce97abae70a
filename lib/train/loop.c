/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * loop.c - the training loop: batch, forward, backward, optimiser step; and between the iterations
 * records, evaluations and checkpoints.
 *
 *   for it = 0 ... max_iters - 1
 *     for each of the `accumulate` batches: add up the gradients of the mean loss
 *     p, v = sgd(p, v, gradients / accumulate, lr(it)), see also loss_scale.h
 */
#define _POSIX_C_SOURCE 200809L
#include "files/weights_file.h"
#include "train/loss_scale.h"
#include "train/run.h"
#include "train/sgd.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FAILED_SAVES = 3 /* in a row, before the run ends */ };

/* This rank has been asked to stop. */
static bool stop_asked(const encnet__run *r)
{
    return r->hooks && r->hooks->stop && *r->hooks->stop;
}

/* Whether to stop: a single rank stops at once, several when all of them know. */
static bool stop_wanted(const encnet__run *r)
{
    return r->comm->size == 1 ? stop_asked(r) : r->stops;
}

static double mean_seconds(const encnet__run *r)
{
    int done = r->state.iter - r->first_iter;

    return done > 0 ? (encnet__now() - r->began) / done : 0;
}

/* -- an iteration ------------------------------------------------------------------------------ */

static encnet_status next_batch(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    double began = encnet__now();

    if (r->loader && !r->has_batch) TRY(encnet__loader_next(r->loader, &r->batch));
    r->has_batch = false;
    r->sums.data_seconds += encnet__now() - began;
done:
    return rc;
}

/* The learning rate of iteration `it`, from 0, of a weight with this factor. */
static double lr_of(const encnet__run *r, double mult, int it)
{
    return encnet__lr_of(&r->options->optimizer, mult, it, r->max_iters, r->epoch_iters);
}

static encnet_status update_weights(void *user, const encnet__update *updates, int n)
{
    encnet__run *r = user;
    const encnet__weights *w = encnet__model_weights(r->model);
    const encnet_optimizer_options *o = &r->options->optimizer;
    encnet__sgd_weights moved[ENCNET__SGD_MOST];
    encnet__sgd_rule rule = {(float)o->momentum, r->grad_scale, o->nesterov};
    int n_moved = 0;

    _Static_assert((int)ENCNET__UPDATES <= (int)ENCNET__SGD_MOST, "one launch");
    for (int k = 0; k < n; k++) {
        int i = updates[k].param;
        const encnet__param *p = encnet__weights_at(w, i);
        if (!p->trainable || r->mults[i] == 0) continue;
        moved[n_moved++] = (encnet__sgd_weights){p->value,
                                                 p->momentum,
                                                 updates[k].gradient,
                                                 encnet__param_count(p),
                                                 (float)lr_of(r, r->mults[i], r->state.iter),
                                                 (float)(o->weight_decay * r->decays[i])};
    }
    return encnet__sgd_step(r->device, moved, n_moved, rule);
}

/* Runs the backward pass, which perhaps updates the weights. */
static encnet_status backward(encnet__run *r, encnet__graph *g, int i)
{
    encnet__graph_callback callback = {.update = update_weights, .user = r};

    if (!r->updates)
        return encnet__run_backward(r, g, i > 0, i == r->options->train.accumulate - 1);
    r->whole = false;
    return encnet__graph_backward(g, false, &callback);
}

/* Runs the forward and the backward pass of r->batch, the i-th batch of this iteration. */
static encnet_status run_passes(encnet__graph **out, encnet__run *r, int i)
{
    encnet_status rc = ENCNET_OK;
    const encnet__batch *b = &r->batch;
    size_t pixels = (size_t)b->n * (size_t)b->h * (size_t)b->w;
    encnet__tensor label;
    encnet__graph *g;

    TRY(encnet__model_training_graph(&g, r->model, b->n, b->h, b->w));
    TRY(encnet__write(encnet__graph_tensor(g, "image").buffer, 0, b->x, pixels * 3 * sizeof *b->x));
    label = encnet__graph_tensor(g, "label");
    TRY(encnet__write(label.buffer, 0, b->y, encnet__shape_count(label.shape) * sizeof *b->y));
    r->grad_scale = 1.0f / (float)(r->options->train.accumulate * encnet__loss_scale_of(&r->state));
    TRY(encnet__graph_scale_loss(g, encnet__loss_scale_of(&r->state)));
    TRY(encnet__graph_forward(g, r->state.seed, (uint32_t)r->state.batches));
    TRY(backward(r, g, i));
    r->state.batches++;
    r->state.images = b->images;
    *out = g;
done:
    return rc;
}

/* With scaled losses: whether the gradients can be used; adapts the scale, and says so. */
static encnet_status check_gradients(bool *usable, encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    double scale = r->state.loss_scale;

    *usable = true;
    if (!r->answer) return ENCNET_OK;
    TRY(encnet__gradients_finite(usable, encnet__model_weights(r->model), r->device, r->answer));
    TRY(encnet__loss_scale_adapt(&r->state, *usable));
    if (r->log && r->state.loss_scale != scale)
        encnet__log_line(r->log, "iteration %d: %s; the loss scale was %g and is %g now",
                         r->state.iter + 1,
                         *usable ? "no gradient has overflowed for a while"
                                 : "gradients overflowed float16, the weights stay as they are",
                         scale, r->state.loss_scale);
done:
    return rc;
}

/* Updates the weights after the backward pass of the last batch, unless it has. */
static encnet_status update(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *w = encnet__model_weights(r->model);
    encnet__update updates[ENCNET__UPDATES];
    bool usable;

    if (r->updates) goto done;
    TRY(check_gradients(&usable, r));
    for (int i = 0, n = 0; usable && i < encnet__weights_count(w); i++) {
        updates[n++] = (encnet__update){i, encnet__weights_at(w, i)->grad};
        if (n < ENCNET__UPDATES && i + 1 < encnet__weights_count(w)) continue;
        TRY(update_weights(r, updates, n));
        n = 0;
    }
done:
    return rc;
}

/* Reports a loss that is not finite: iteration, terms, images, and the last checkpoint. */
static encnet_status diverged(const encnet__run *r, const encnet__term *terms, int n)
{
    encnet__text t = {0};

    for (int i = 0; i < n; i++)
        if (terms[i].is_loss)
            encnet__text_add(&t, "%s%s %g", t.size ? ", " : "", terms[i].name, terms[i].value);
    encnet__text_add(&t, "; images");
    for (int i = 0; r->data && i < r->batch.n; i++)
        encnet__text_add(&t, "%s %s", i ? "," : "",
                         encnet__dataset_name(r->data, r->batch.samples[i]));
    if (r->saved_iter >= 0)
        encnet__text_add(&t, "; the checkpoint of iteration %d is kept", r->saved_iter);
    else
        encnet__text_add(&t, "; no checkpoint was made yet");
    (void)encnet__fail(ENCNET_E_DIVERGED, "iteration %d: the loss is not finite: %s",
                       r->state.iter + 1, t.failed ? "" : t.data);
    encnet__text_free(&t);
    return ENCNET_E_DIVERGED;
}

/* Waits for the device, adds the terms to the sums, and fails if the loss is not finite. */
static encnet_status read_terms(encnet__run *r, encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    encnet__term terms[ENCNET__MAX_TERMS];
    encnet__sums *s = &r->sums;
    double total;
    int n;

    TRY(encnet__graph_terms(g, terms, &n, &total));
    TRY(encnet__run_reduce_terms(r, terms, n, &total, stop_asked(r)));
    if (!isfinite(total)) return diverged(r, terms, n);
    for (int i = 0; i < n; i++) {
        snprintf(s->names[i], sizeof s->names[i], "%s", terms[i].name);
        s->values[i] += terms[i].value;
    }
    snprintf(s->names[n], sizeof s->names[n], "loss");
    s->values[n] += total;
    s->n_terms = n + 1;
    s->n_batches++;
    r->state.loss = total;
done:
    return rc;
}

encnet_status encnet__run_iterate(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    int batches = r->options->train.accumulate;
    double began = encnet__now();
    encnet__graph *g;

    for (int i = 0; i < batches; i++) {
        TRY(next_batch(r));
        TRY(run_passes(&g, r, i));
        /* before the wait for the terms, so that the queue stays full */
        r->whole = i < batches - 1;
        if (!r->whole) TRY(update(r));
        TRY(read_terms(r, g));
    }
    r->state.iter++;
    r->whole = true;
    r->sums.n_iters++;
    r->sums.seconds += encnet__now() - began;
done:
    return rc;
}

/* -- records ----------------------------------------------------------------------------------- */

static double lr_now(const encnet__run *r)
{
    return lr_of(r, 1, r->state.iter - 1);
}

static void record(encnet__run *r)
{
    encnet__sums *s = &r->sums;
    encnet__scalar terms[ENCNET__MAX_TERMS + 1];
    encnet__train_record record = {.iter = r->state.iter,
                                   .max_iters = r->max_iters,
                                   .epoch = (int)r->batch.epoch + 1,
                                   .lr = lr_now(r),
                                   .terms = terms,
                                   .n_terms = s->n_terms};

    for (int i = 0; i < s->n_terms; i++)
        terms[i] = (encnet__scalar){s->names[i], s->values[i] / s->n_batches};
    record.seconds = s->seconds / s->n_iters;
    record.data_seconds = s->data_seconds / s->n_iters;
    record.seconds_left = mean_seconds(r) * (record.max_iters - record.iter);
    record.memory_mib = (int)((encnet__device_memory(r->device).peak_bytes + 1048575) / 1048576);
    encnet__log_train(r->log, &record);
    *s = (encnet__sums){0};
}

static void report_progress(const encnet__run *r)
{
    encnet_train_progress p = {
        .iter = r->state.iter, .max_iters = r->max_iters, .loss = r->state.loss};

    if (!encnet__run_is_leader(r) || !r->hooks || !r->hooks->progress) return;
    p.lr = lr_now(r);
    p.seconds_per_iter = mean_seconds(r);
    p.seconds_left = p.seconds_per_iter * (p.max_iters - p.iter);
    r->hooks->progress(r->hooks->user, &p);
}

/* -- evaluations and checkpoints --------------------------------------------------------------- */

/* Whether something is due that happens every `interval` iterations (0 = never), and after the last
 * one if `at_end`.  An interval of evaluations and checkpoints counts epochs if train.epochs does. */
static bool due(const encnet__run *r, int interval, bool at_end)
{
    if (r->state.iter == r->max_iters) return at_end;
    return interval > 0 && r->state.iter % interval == 0;
}

/* Evaluates; sets *best if the score is better than any before. */
static encnet_status evaluate(encnet__run *r, bool *best)
{
    encnet_status rc = ENCNET_OK;
    encnet_eval_hooks hooks = {0};
    encnet_scores *scores = encnet__alloc(1, sizeof *scores);

    if (!scores) FAIL(ENCNET_E_NOMEM, "no memory for the scores");
    TRY(encnet__run_share_statistics(r));
    encnet__model_weights_changed(r->model);
    /* several ranks agree to stop only at the end of an iteration */
    if (r->hooks && r->comm->size == 1) hooks.stop = r->hooks->stop;
    rc = encnet_evaluate(scores, r->model, r->options, "val", NULL, NULL, r->comm, &hooks);
    if (rc == ENCNET_OK && encnet__run_is_leader(r) && r->options->output.tensorboard &&
        !scores->labels_images && encnet__snapshot(r) != ENCNET_OK)
        encnet__log_line(r->log, "no picture is recorded: %s", encnet_last_error());
    encnet__model_drop_inference(r->model);
    if (rc != ENCNET_OK) goto done;
    if (encnet__run_is_leader(r))
        encnet__log_val(r->log, r->state.iter, (int)r->batch.epoch + 1, lr_now(r), scores);
    r->state.evaluated_iter = r->state.iter;
    if (encnet__scores_main(scores) > r->state.best_miou) {
        r->state.best_miou = encnet__scores_main(scores);
        r->state.best_iter = r->state.iter;
        *best = true;
    }
done:
    if (scores) encnet_scores_free(scores);
    encnet__free(scores);
    return rc;
}

/* Fails if a weight is not finite, so that no checkpoint of it replaces a good one. */
static encnet_status check_finite(const encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *w = encnet__model_weights(r->model);
    float *host = NULL;
    size_t room = 0;

    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        size_t count = encnet__param_count(p);
        if (p->kind == ENCNET__COUNTER) continue;
        if (count > room) {
            encnet__free(host);
            host = encnet__alloc(room = count, sizeof *host);
            if (!host) FAIL(ENCNET_E_NOMEM, "no memory to check the weights");
        }
        TRY(encnet__read(host, p->value, 0, count * sizeof *host));
        for (size_t k = 0; k < count; k++)
            if (!isfinite(host[k]))
                FAIL(ENCNET_E_DIVERGED,
                     "iteration %d: %s holds numbers that are not finite; no checkpoint is made",
                     r->state.iter, p->name);
    }
done:
    encnet__free(host);
    return rc;
}

static void tell(void *user, const char *line)
{
    const encnet__run *r = user;

    encnet__log_line(r->log, "%s", line);
}

/* The work directory may not have become another while the files were written. */
static encnet_status check_place(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    char *before = encnet__strdup(r->work_dir);

    if (!before) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", r->work_dir);
    TRY(encnet__lock_check(r->lock, &r->work_dir, tell, r));
    if (strcmp(before, r->work_dir) != 0)
        FAIL(ENCNET_E_IO, "%s: renamed while a checkpoint was written", before);
done:
    encnet__free(before);
    return rc;
}

/* Writes the files of a checkpoint to `dir`. */
static encnet_status fill(void *user, const char *dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__run *r = user;
    char *weights = encnet__path_join(dir, ENCNET__WEIGHTS_FILE),
         *state = encnet__path_join(dir, ENCNET__STATE_FILE);
    char *momentum = encnet__path_join(dir, ENCNET__OPTIMIZER_FILE);
    char *config = encnet__path_join(dir, ENCNET__CONFIG_FILE);

    if (!weights || !state || !momentum || !config)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for names", dir);
    TRY(encnet_model_save(r->model, weights));
    TRY(encnet__weights_save(encnet__model_weights(r->model), momentum, true, NULL, 0));
    TRY(encnet__state_save(state, &r->state, r->device));
    TRY(encnet__file_write(config, r->config, strlen(r->config)));
    TRY(check_place(r));
done:
    encnet__free(weights);
    encnet__free(state);
    encnet__free(momentum);
    encnet__free(config);
    return rc;
}

/* Draws WORK_DIR/curves.png from the log so far.  A failure does not end the training. */
static void draw(const encnet__run *r)
{
    encnet__text json = {0};
    char *png = encnet__path_join(r->work_dir, ENCNET__CURVES_FILE);

    encnet__text_add(&json, "%s/%s.log.json", r->work_dir, encnet__run_name(r));
    if (png && !json.failed && encnet_draw_curves(png, json.data) != ENCNET_OK)
        encnet__log_line(r->log, "no curves are drawn: %s", encnet_last_error());
    encnet__text_free(&json);
    encnet__free(png);
}

/* Of rank 0 alone. */
static encnet_status write_checkpoint(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet__train_state *s = &r->state;

    TRY(check_finite(r));
    TRY(encnet__lock_check(r->lock, &r->work_dir, tell, r));
    rc = encnet__checkpoint_make(r->work_dir, s->iter, fill, tell, r);
    if (rc == ENCNET_E_IO)
        FAIL(rc, "%s; %s", encnet_last_error(),
             r->saved_iter >= 0 ? "the checkpoint before is as it was"
                                : "there is no earlier checkpoint");
    if (rc != ENCNET_OK) goto done;
    r->saved_iter = s->iter;
    encnet__free(r->saved);
    r->saved = encnet__checkpoint_path(r->work_dir, s->iter);
    if (!r->saved) FAIL(ENCNET_E_NOMEM, "%s: no memory for a name", r->work_dir);
    if (s->best_miou >= 0 && s->best_iter == s->iter)
        TRY(encnet__checkpoint_link(r->work_dir, "best", s->iter, tell, r));
    encnet__checkpoint_prune(r->work_dir, s->iter, r->options->train.keep_checkpoints,
                             s->best_miou >= 0 ? s->best_iter : -1, tell, r);
    encnet__log_line(r->log, "Saved %s", r->saved);
    draw(r);
done:
    return rc;
}

/* A checkpoint that cannot be written, on a disk that is full for a while, is tried again when the next
 * is due, unless it is the last one or several have failed. */
static encnet_status try_checkpoint(encnet__run *r, int *saved)
{
    encnet_status rc = write_checkpoint(r);

    *saved = rc == ENCNET_OK;
    r->failed_saves = *saved ? 0 : r->failed_saves + 1;
    if (rc != ENCNET_E_IO || stop_wanted(r) || r->failed_saves == MAX_FAILED_SAVES ||
        r->state.iter == r->max_iters ||
        encnet__lock_check(r->lock, &r->work_dir, tell, r) != ENCNET_OK)
        return rc;
    encnet__log_line(r->log, "no checkpoint of iteration %d: %s; trying again at the next",
                     r->state.iter, encnet_last_error());
    return ENCNET_OK;
}

/* Saves a checkpoint; no rank continues or ends before it exists, or all know that it does not. */
static encnet_status save(encnet__run *r, bool *done_so)
{
    encnet_status rc = ENCNET_OK;
    int saved = 0;

    TRY(encnet__run_share_statistics(r));
    TRY(encnet__run_check_same(r));
    if (encnet__run_is_leader(r)) TRY(try_checkpoint(r, &saved));
    TRY(r->comm->broadcast(r->comm, &saved, sizeof saved, 0));
    if (saved) r->saved_iter = r->state.iter;
    *done_so = saved;
done:
    return rc;
}

static bool evaluation_due(const encnet__run *r)
{
    int interval = encnet__run_iters(r, r->options->train.eval_interval);

    return due(r, interval, interval > 0) && r->state.evaluated_iter != r->state.iter;
}

/* If an evaluation fails, the iterations before it are saved before the run ends. */
static encnet_status evaluate_or_save(encnet__run *r, bool *best)
{
    encnet_status rc = evaluate(r, best);
    char *why;

    if (rc == ENCNET_OK || rc == ENCNET_E_STOPPED || r->saved_iter == r->state.iter ||
        !encnet__run_is_leader(r))
        return rc;
    why = encnet__strdup(encnet_last_error());
    if (write_checkpoint(r) != ENCNET_OK)
        encnet__log_text(r->log, "No checkpoint either:", encnet_last_error());
    if (why) (void)encnet__fail(rc, "%s", why);
    encnet__free(why);
    return rc;
}

/* Evaluates and saves what is due after an iteration, and ends the run if it is to stop.  An
 * evaluation that a stop interrupts is repeated after the resume. */
static encnet_status after(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet_train_options *o = &r->options->train;
    bool best = false, saved = true,
         save_due = due(r, encnet__run_iters(r, o->checkpoint_interval), true);
    double best_miou = r->state.best_miou;
    int best_iter = r->state.best_iter;

    if (evaluation_due(r) && !stop_wanted(r)) {
        rc = evaluate_or_save(r, &best);
        if (rc != ENCNET_OK && rc != ENCNET_E_STOPPED) goto done;
        rc = ENCNET_OK;
    }
    if (best || (r->saved_iter != r->state.iter && (save_due || stop_wanted(r))))
        TRY(save(r, &saved));
    if (!saved) { /* what is not on disk is not the best there is */
        r->state.best_miou = best_miou;
        r->state.best_iter = best_iter;
    }
    if (stop_wanted(r) && (r->state.iter < r->max_iters || evaluation_due(r)))
        FAIL(ENCNET_E_STOPPED, "stopped after iteration %d of %d; saved %s", r->state.iter,
             r->max_iters, r->saved ? r->saved : "by rank 0");
done:
    return rc;
}

/* One iteration.  If its images cannot be read, the iterations before it are saved before the run
 * ends. */
static encnet_status iterate_or_save(encnet__run *r)
{
    encnet__train_state before = r->state;
    encnet_status rc = encnet__run_iterate(r);
    char *why;

    if ((rc != ENCNET_E_DATA && rc != ENCNET_E_IO) || r->comm->size > 1 || !r->whole ||
        before.iter == 0 || r->saved_iter == before.iter)
        return rc;
    why = encnet__strdup(encnet_last_error());
    r->state = before;
    if (write_checkpoint(r) != ENCNET_OK)
        encnet__log_text(r->log, "No checkpoint either:", encnet_last_error());
    if (why) (void)encnet__fail(rc, "%s", why);
    encnet__free(why);
    return rc;
}

static encnet_status loop(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    const encnet_train_options *o = &r->options->train;

    r->whole = true;
    if (r->state.iter > 0) TRY(after(r));
    while (r->state.iter < r->max_iters) {
        TRY(iterate_or_save(r));
        if (encnet__run_is_leader(r) && due(r, o->log_interval, true)) record(r);
        report_progress(r);
        TRY(after(r));
    }
done:
    return rc;
}

static void fill_result(encnet_train_result *out, const encnet__run *r)
{
    *out = (encnet_train_result){.iters = r->state.iter,
                                 .first_iter = r->first_iter,
                                 .loss = r->state.loss,
                                 .score = encnet__labels_images(r->options) ? "top1" : "mIoU",
                                 .best_miou = r->state.best_miou};
    if (r->saved) snprintf(out->checkpoint, sizeof out->checkpoint, "%s", r->saved);
}

static encnet_status check_arguments(const encnet_device *device, const encnet_options *options,
                                     const encnet_train_start *start, const encnet_comm *comm)
{
    encnet_status rc = ENCNET_OK;
    const char *name = start ? start->name : NULL;

    if (!device || !options)
        FAIL(ENCNET_E_ARG, "encnet_train: %s is NULL", device ? "options" : "device");
    if (name && (!*name || strchr(name, '/')))
        FAIL(ENCNET_E_ARG, "encnet_train: start->name \"%s\" begins no name of a file", name);
    TRY(encnet__device_check_open(device));
    TRY(encnet__comm_check(comm));
done:
    return rc;
}

encnet_status encnet_train(encnet_train_result *result, encnet_device *device,
                           const encnet_options *options, const encnet_train_start *start,
                           const encnet_train_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    char *strings = NULL;
    encnet__run r = {.device = device,
                     .options = &copy,
                     .start = start,
                     .hooks = hooks,
                     .comm = start && start->comm ? start->comm : &encnet__comm_single};

    TRY(check_arguments(device, options, start, r.comm));
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(encnet__run_begin(&r));
    rc = loop(&r);
    if (rc != ENCNET_OK && r.log) encnet__log_text(r.log, "Ended early:", encnet_last_error());
    if (result) fill_result(result, &r);
done:
    encnet__run_end(&r);
    encnet__free(strings);
    return rc;
}
