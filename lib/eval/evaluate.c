/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* evaluate.c - runs a split of a data set through a model: scores, and optionally logits and a
 * report. */
#include "comm/comm.h"
#include "eval/eval.h"
#include "eval/segment.h"
#include "models/models.h"
#include "models/network.h"
#include "options/options.h"

#include <stdio.h>
#include <string.h>

encnet_status encnet__check_labels(const encnet_options *options, const encnet__dataset *data)
{
    static const char *const what[2] = {"pixels", "whole images"};
    bool network = encnet__labels_images(options), set = encnet__dataset_labels_images(data);

    if (network == set) return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG, "model.network = %s labels %s, and data.type = %s labels %s",
                        options->model.network, what[network], options->data.type, what[set]);
}

encnet_status encnet__step_done(const encnet_eval_hooks *hooks, int done, int all, double began)
{
    if (!hooks) return ENCNET_OK;
    if (hooks->progress)
        hooks->progress(hooks->user, done, all, (encnet__now() - began) / done * (all - done));
    if (hooks->stop && *hooks->stop && done < all)
        return encnet__fail(ENCNET_E_STOPPED, "stopped after %d of %d images", done, all);
    return ENCNET_OK;
}

static encnet_status split_of(encnet__split *out, const char *name)
{
    if (strcmp(name, "val") == 0)
        *out = ENCNET__VAL;
    else if (strcmp(name, "train") == 0)
        *out = ENCNET__TRAIN;
    else if (strcmp(name, "test") == 0)
        *out = ENCNET__TEST;
    else
        return encnet__fail(ENCNET_E_ARG, "split %s: wants val, train or test", name);
    return ENCNET_OK;
}

/* Whether image i is in the report, which shows images spread evenly over the split. */
static bool shown(int i, int count)
{
    return i == 0 || (int64_t)i * ENCNET__REPORT_ROWS / count !=
                         (int64_t)(i - 1) * ENCNET__REPORT_ROWS / count;
}

/* An evaluation on one rank. */
typedef struct job {
    const encnet_comm *comm;
    encnet__dataset *data;
    encnet__segmenter *segmenter;   /* of pixels, or */
    encnet__classifier *classifier; /* of whole images */
    encnet_scores *scores;          /* to which counts are added */
    encnet__prefetch *prefetch;
    encnet__report *report;
    const char *report_dir;
    bool has_pages; /* of an encoding layer, in the report */
    encnet_model *model;
    const encnet_options *options;
    const encnet__class *classes;
    encnet__picture ids;
    const char *dump_logits;
    int count; /* images of this rank, every comm->size-th of the split */
} job;

static int image_of(const job *j, int i)
{
    return j->comm->rank + i * j->comm->size;
}

static encnet_status read_sample(const void *user, int i, encnet__picture *image,
                                 encnet__picture *label)
{
    const job *j = user;

    return encnet__dataset_read(j->data, image_of(j, i), image, label);
}

/* Counts the class that was found for a whole image. */
static encnet_status found(void *user, int i, const float *probs)
{
    job *j = user;
    encnet_scores *s = j->scores;
    int M = s->classes, label = encnet__dataset_class(j->data, image_of(j, i)), best = 0;

    for (int m = 1; m < M; m++)
        if (probs[m] > probs[best]) best = m;
    s->confusion[(size_t)label * (size_t)M + (size_t)best]++;
    s->confusion[(size_t)M * (size_t)M] += encnet__is_among(probs, M, label, 5);
    if (!j->report || !shown(i, j->count)) return ENCNET_OK;
    return encnet__report_answer(j->report, label, probs);
}

static encnet_status one_image(job *j, int i)
{
    encnet_status rc = ENCNET_OK;
    const encnet__picture *image, *label;

    TRY(encnet__prefetch_next(j->prefetch, &image, &label));
    if (j->report && shown(i, j->count))
        TRY(encnet__report_image(j->report, encnet__dataset_name(j->data, image_of(j, i)), image));
    TRY(encnet__classify(j->classifier, i, image));
    if (i == j->count - 1) TRY(encnet__classifier_flush(j->classifier));
done:
    return rc;
}

static encnet_status one(job *j, int i)
{
    encnet_status rc = ENCNET_OK;
    encnet_scores *scores = j->scores;
    const encnet__picture *image, *label;
    const char *name = encnet__dataset_name(j->data, image_of(j, i));

    if (j->classifier) return one_image(j, i);
    TRY(encnet__prefetch_next(j->prefetch, &image, &label));
    TRY(encnet__picture_new(&j->ids, image->h, image->w, 1));
    TRY(encnet__segment(j->segmenter, j->ids.pixels, image, j->dump_logits, name));
    TRY(encnet__confusion_add(scores->confusion, scores->classes, label->pixels, j->ids.pixels,
                              (size_t)image->h * (size_t)image->w));
    if (!j->report || !shown(i, j->count)) goto done;
    TRY(encnet__report_add(j->report, name, image, label, &j->ids));
    if (j->has_pages)
        TRY(encnet__encoding_page(&j->has_pages, j->report_dir, name, j->model, j->options,
                                  j->classes, image, label));
done:
    return rc;
}

/* Refuses to write over anything that is read, before anything is. */
static encnet_status check_outputs(const job *j, const encnet_options *options, const char *report)
{
    encnet_status rc = ENCNET_OK;
    encnet__guard guard = {.options = options};
    encnet__text path = {0};

    for (int i = 0; i < j->count; i++) {
        const char *name = encnet__dataset_name(j->data, image_of(j, i));
        if (report && shown(i, j->count)) TRY(encnet__report_check(&guard, report, name));
        if (!j->dump_logits) continue;
        path.size = 0;
        encnet__text_add(&path, "%s/%s.npy", j->dump_logits, name);
        if (path.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", name);
        TRY(encnet__guard_check(&guard, path.data));
    }
done:
    encnet__guard_free(&guard);
    encnet__text_free(&path);
    return rc;
}

/* Counts of a job: the confusion matrix and the images whose label is among the best five. */
static size_t cells_of(int M)
{
    return (size_t)M * (size_t)M + 1;
}

/* Adds up the counts of all ranks, on each of them. */
static encnet_status add_ranks(encnet_scores *scores, const encnet_comm *comm)
{
    encnet_status rc = ENCNET_OK;
    size_t cells = cells_of(scores->classes), ranks = (size_t)comm->size;
    uint64_t *all = encnet__alloc(ranks, cells * sizeof *all);
    size_t *sizes = encnet__alloc(ranks, sizeof *sizes);

    if (!all || !sizes) FAIL(ENCNET_E_NOMEM, "no memory for the counts of %d ranks", comm->size);
    for (size_t r = 0; r < ranks; r++) sizes[r] = cells * sizeof *all;
    TRY(comm->allgather(comm, all, scores->confusion, sizes));
    memset(scores->confusion, 0, cells * sizeof *all);
    for (size_t i = 0; i < cells * ranks; i++) scores->confusion[i % cells] += all[i];
done:
    encnet__free(all);
    encnet__free(sizes);
    return rc;
}

static encnet_status evaluate(encnet_scores *scores, encnet_model *model,
                              const encnet_options *options, const char *split,
                              const char *dump_logits, const char *report, const encnet_comm *comm,
                              const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    job j = {.comm = comm, .dump_logits = dump_logits};
    int M = options->model.classes;
    encnet_scores *made = encnet__alloc(1, sizeof *made);
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);
    double began = encnet__now();
    encnet__split which = ENCNET__VAL;

    if (!made || !classes) FAIL(ENCNET_E_NOMEM, "no memory for the scores of %d classes", M);
    TRY(split_of(&which, split));
    made->labels_images = encnet_model_labels_images(model);
    if (made->labels_images && dump_logits)
        FAIL(ENCNET_E_ARG, "%s: logits are dumped of networks that label pixels", dump_logits);
    TRY(made->labels_images ? encnet__classifier_new(&j.classifier, model, options, found, &j)
                            : encnet__segmenter_new(&j.segmenter, encnet__model_runner(model),
                                                    options)); /* check M */
    TRY(encnet__classes_of(classes, options));
    j.scores = made;
    j.model = model;
    j.options = options;
    j.classes = classes;
    j.report_dir = report;
    j.has_pages = true;
    made->classes = M;
    made->class_score = encnet__alloc((size_t)M, sizeof *made->class_score);
    made->confusion = encnet__alloc(cells_of(M), sizeof *made->confusion);
    if (!made->class_score || !made->confusion)
        FAIL(ENCNET_E_NOMEM, "no memory for the counts of %d classes", M);
    for (int m = 0; m < M; m++)
        snprintf(made->class_score[m].name, sizeof made->class_score[m].name, "%s",
                 classes[m].name);
    TRY(encnet__dataset_open(&j.data, options, which));
    TRY(encnet__check_labels(options, j.data));
    made->images = encnet__dataset_size(j.data);
    TRY(encnet__agree_on_data(comm, j.data));
    j.count = (made->images - j.comm->rank + j.comm->size - 1) / j.comm->size;
    TRY(check_outputs(&j, options, j.comm->rank == 0 ? report : NULL));
    if (!encnet__model_has_inference(model)) /* else it has the memory of an earlier one */
        TRY(encnet__check_fit(encnet__model_device(model), options, j.data,
                              encnet__device_memory(encnet__model_device(model)).bytes,
                              dump_logits != NULL));
    if (report && j.comm->rank == 0)
        TRY(encnet__report_open(&j.report, report, classes, M, options->eval.opacity));
    TRY(encnet__prefetch_open(&j.prefetch, read_sample, &j, j.count, options->data.workers + 1));
    for (int i = 0; i < j.count; i++) {
        TRY(one(&j, i));
        TRY(encnet__step_done(hooks, i + 1, j.count, began));
    }
    TRY(add_ranks(made, j.comm));
    encnet__scores_derive(made);
    if (j.report) TRY(encnet__report_finish(j.report, made));
    if (j.report) TRY(encnet__report_page(j.report, made, options, split));
    *scores = *made;
    *made = (encnet_scores){.images = 0};
done:
    encnet__prefetch_close(j.prefetch);
    encnet__dataset_close(j.data);
    encnet__segmenter_free(j.segmenter);
    encnet__classifier_free(j.classifier);
    encnet__report_free(j.report);
    encnet__picture_free(&j.ids);
    encnet_scores_free(made);
    encnet__free(made);
    encnet__free(classes);
    return rc;
}

encnet_status encnet_evaluate(encnet_scores *scores, encnet_model *model,
                              const encnet_options *options, const char *split,
                              const char *dump_logits, const char *report, const encnet_comm *comm,
                              const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    char *strings = NULL;

    NEED(scores);
    NEED(model);
    NEED(options);
    NEED(split);
    if (!comm) comm = &encnet__comm_single;
    TRY(encnet__comm_check(comm));
    TRY(encnet__model_check_open(model));
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(encnet__agree_on_options(comm, &copy));
    TRY(encnet__agree_on_weights(comm, model));
    TRY(evaluate(scores, model, &copy, split, dump_logits, report, comm, hooks));
done:
    encnet__free(strings);
    return rc;
}

/* -- several devices of this process ----------------------------------------------------------- */

typedef struct evaluation {
    encnet_scores scores; /* of rank 0 */
    encnet_model *const *models;
    const encnet_options *options;
    const char *split, *dump_logits, *report;
    const encnet_eval_hooks *hooks;
} evaluation;

static encnet_status evaluate_rank(void *user, const encnet_comm *comm)
{
    evaluation *e = user;
    encnet_scores other = {0};
    encnet_eval_hooks hooks = {0};
    encnet_status rc;

    if (e->hooks) hooks = *e->hooks;
    if (comm->rank) hooks.progress = NULL;
    rc = encnet_evaluate(comm->rank ? &other : &e->scores, e->models[comm->rank], e->options,
                         e->split, e->dump_logits, e->report, comm, &hooks);
    encnet_scores_free(&other);
    return rc;
}

/* A device is used by one thread at a time. */
static encnet_status check_devices(encnet_model *const *models, int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (encnet__model_device(models[i]) == encnet__model_device(models[k]))
                return encnet__fail(ENCNET_E_ARG, "models[%d] and models[%d] are on one device", k,
                                    i);
    return ENCNET_OK;
}

encnet_status encnet_evaluate_on(encnet_scores *scores, encnet_model *const *models, int count,
                                 const encnet_options *options, const char *split,
                                 const char *dump_logits, const char *report,
                                 const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    evaluation e = {.models = models,
                    .options = options,
                    .split = split,
                    .dump_logits = dump_logits,
                    .report = report,
                    .hooks = hooks};

    NEED(scores);
    NEED(options);
    NEED(split);
    TRY(encnet__team_check((const void *const *)models, count, "models"));
    TRY(check_devices(models, count));
    TRY(encnet__team_run(count, options->device.timeout, evaluate_rank, &e));
    *scores = e.scores;
    e.scores = (encnet_scores){.images = 0};
done:
    encnet_scores_free(&e.scores);
    return rc;
}
