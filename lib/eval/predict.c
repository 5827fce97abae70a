/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * predict.c - predicts an image, a tree of images or a list of images.
 *
 * A file that cannot be predicted is one more entry, with the reason; the others go on.
 */
#define _POSIX_C_SOURCE 200809L
#include "eval/eval.h"
#include "eval/photos.h"
#include "eval/segment.h"
#include "models/models.h"
#include "options/options.h"

#include <string.h>

typedef struct source {
    const encnet__photos *list;
    int *wanted; /* the inputs that are read, in order */
    int count;
    int64_t max_pixels;
    encnet__reading reading;
} source;

static encnet_status read_image(const void *user, int i, encnet__picture *image,
                                encnet__picture *label)
{
    const source *s = user;

    (void)label;
    return encnet__picture_read(image, s->list->at[s->wanted[i]].path, s->max_pixels, s->reading);
}

/* Where and how predictions are written. */
typedef struct target {
    const char *out_dir, *dump_logits;
    encnet__format format;
} target;

/* Segments an image into `ids`, and keeps what is needed to write it. */
static encnet_status one(encnet__picture *ids, encnet__picture *kept, const target *t,
                         encnet__segmenter *segmenter, const encnet__picture *image,
                         const char *name)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__picture_new(ids, image->h, image->w, 1));
    TRY(encnet__segment(segmenter, t->out_dir ? ids->pixels : NULL, image, t->dump_logits, name));
    if (t->out_dir && t->format.is_overlay) TRY(encnet__picture_copy(kept, image));
done:
    return rc;
}

/* The path of the output of an input, owned by the caller; NULL if there is none. */
static char *output_of(const target *t, const encnet__photo *in)
{
    encnet__text path = {0};

    if (!t->out_dir) return NULL;
    encnet__text_add(&path, "%s/%s.png", *t->out_dir ? t->out_dir : ".", in->name);
    return path.data;
}

/* Tells the caller what became of an input; `answer` has what a classifier found, and may be NULL. */
static void tell(const target *t, const encnet__photo *in, const encnet_eval_hooks *hooks,
                 const encnet_predicted *answer)
{
    encnet_predicted told = answer ? *answer : (encnet_predicted){.path = NULL};
    char *output;

    if (!hooks || !hooks->file) return;
    output =
        in->outcome == ENCNET_PREDICTED || in->outcome == ENCNET_SKIPPED ? output_of(t, in) : NULL;
    told.path = in->path;
    told.output = output;
    told.outcome = in->outcome;
    told.why = in->why ? in->why : "";
    hooks->file(hooks->user, &told);
    encnet__free(output);
}

/* What the threads that write and the caller have to do with an image. */
typedef struct run {
    encnet__photos *list;
    const source *from;
    const target *to;
    const encnet_eval_hooks *hooks;
    int predicted;
    encnet__segmenter *segmenter;   /* of a network that labels pixels */
    encnet__classifier *classifier; /* of one that labels whole images */
    encnet__class *classes;         /* [M], likewise */
    const char **names;             /* [M], theirs */
    int next;                       /* the first image without an answer, likewise */
} run;

static encnet_status write_one(void *user, encnet__writers *w, uint64_t number, int i,
                               const encnet__picture *ids, const encnet__picture *image)
{
    const run *r = user;
    encnet_status rc = ENCNET_OK;
    char *path = NULL;

    (void)w, (void)number;
    if (!r->to->out_dir) return ENCNET_OK;
    TRY(encnet__output_path(&path, r->to->out_dir, r->list->at[r->from->wanted[i]].name, ".png"));
    TRY(encnet__prediction_write(path, &r->to->format, ids, image));
done:
    encnet__free(path);
    return rc;
}

/* Whether an error is that of one image, so that others may still be predicted. */
static bool is_of_image(encnet_status rc)
{
    return rc == ENCNET_E_DATA || rc == ENCNET_E_DEVICE || rc == ENCNET_E_NOMEM;
}

static encnet_status written(void *user, int i, encnet_status rc)
{
    run *r = user;
    encnet__photo *in = &r->list->at[r->from->wanted[i]];

    if (rc != ENCNET_OK) encnet__photo_set_outcome(in, ENCNET_FAILED, rc);
    r->predicted += rc == ENCNET_OK;
    tell(r->to, in, r->hooks, NULL);
    return is_of_image(rc) ? ENCNET_OK : rc;
}

/* Chooses the inputs that are read, and tells of the others. */
static encnet_status choose(source *s, encnet__photos *list, const target *t,
                            const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;

    s->wanted = encnet__alloc((size_t)list->count, sizeof *s->wanted);
    if (!s->wanted)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count);
    for (int i = 0; i < list->count; i++) {
        encnet__photo *in = &list->at[i];
        TRY(encnet__photos_check_stop(hooks));
        if (in->outcome == ENCNET_PREDICTED && hooks && hooks->wanted) {
            char *output = output_of(t, in);
            if (!hooks->wanted(hooks->user, in->path, output)) in->outcome = ENCNET_SKIPPED;
            encnet__free(output);
        }
        if (in->outcome == ENCNET_PREDICTED)
            s->wanted[s->count++] = i;
        else
            tell(t, in, hooks, NULL);
    }
done:
    return rc;
}

/* The status of the whole: an error if an input failed. */
static encnet_status conclude(const encnet__photos *list)
{
    const encnet__photo *first = NULL;
    int failed = 0, right = 0;

    for (int i = 0; i < list->count; i++) {
        const encnet__photo *in = &list->at[i];
        if (in->outcome == ENCNET_FAILED && failed++ == 0) first = in;
        right += in->outcome == ENCNET_PREDICTED || in->outcome == ENCNET_SKIPPED;
    }
    if (failed == 0) return ENCNET_OK;
    if (failed == 1 && right == 0)
        return encnet__fail(first->status, "%s", first->why ? first->why : first->path);
    return encnet__fail(right ? ENCNET_E_PARTIAL : first->status,
                        "%d of %d images could not be predicted, the first: %s", failed,
                        failed + right, first->why ? first->why : first->path);
}

/* -- of networks that label pixels ------------------------------------------------------------- */

/* Segments the images and writes what is found, several at a time. */
static encnet_status segment_all(run *r, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    const source *from = r->from;
    encnet__prefetch *prefetch = NULL;
    encnet__writers *writers = NULL;
    const encnet__picture *image, *none;
    encnet__picture *ids, *kept;
    double began = encnet__now();

    TRY(encnet__prefetch_open(&prefetch, read_image, from, from->count, options->data.workers + 1));
    TRY(encnet__writers_open(&writers, write_one, written, r, options->eval.jobs));
    for (int i = 0; i < from->count; i++) {
        TRY(encnet__writers_place(writers, &ids, &kept));
        rc = encnet__prefetch_next(prefetch, &image, &none);
        if (rc == ENCNET_OK)
            rc = one(ids, kept, r->to, r->segmenter, image, r->list->at[from->wanted[i]].name);
        encnet__writers_start(writers, i, rc);
        if (rc != ENCNET_OK && !is_of_image(rc)) goto done;
        TRY(encnet__step_done(r->hooks, i + 1, from->count, began));
    }
    TRY(encnet__writers_finish(writers));
done:
    if (writers && rc != ENCNET_OK) encnet__writers_finish_after(writers, rc);
    encnet__writers_close(writers);
    encnet__prefetch_close(prefetch);
    return rc;
}

/* -- of networks that label whole images ------------------------------------------------------- */

static encnet_status answered(void *user, int i, const float *probs)
{
    run *r = user;
    encnet_predicted answer = {.probs = probs, .class_names = r->names};

    r->predicted++;
    r->next = i + 1;
    tell(r->to, &r->list->at[r->from->wanted[i]], r->hooks, &answer);
    return ENCNET_OK;
}

static encnet_status open_classifier(run *r, encnet_model *model, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;

    r->classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *r->classes);
    r->names = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *r->names);
    if (!r->classes || !r->names) FAIL(ENCNET_E_NOMEM, "no memory for the names of the classes");
    TRY(encnet__classes_of_model(r->classes, model, options));
    for (int m = 0; m < options->model.classes; m++) r->names[m] = r->classes[m].name;
    TRY(encnet__classifier_new(&r->classifier, model, options, answered, r));
done:
    return rc;
}

/* Takes the failure of all images before `end` that have no answer. */
static encnet_status take_failure(run *r, int end, encnet_status rc)
{
    encnet_status told = ENCNET_OK;

    for (; rc != ENCNET_OK && told == ENCNET_OK && r->next < end; r->next++)
        told = written(r, r->next, rc);
    return told;
}

/* An image that cannot be read, or is too small for a scale, waits for the answers of those before it. */
static encnet_status pass_over(run *r, int i, encnet_status why)
{
    encnet_status rc = ENCNET_OK;
    encnet__photo *in = &r->list->at[r->from->wanted[i]];

    if (!is_of_image(why)) return why;
    encnet__photo_set_outcome(in, ENCNET_FAILED, why);
    TRY(take_failure(r, i, encnet__classifier_flush(r->classifier)));
    r->next = i + 1;
    tell(r->to, in, r->hooks, NULL);
done:
    return rc;
}

/* Classifies the images, several at a time. */
static encnet_status classify_all(run *r, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    const source *from = r->from;
    encnet__prefetch *prefetch = NULL;
    const encnet__picture *image, *none;
    double began = encnet__now();
    bool is_read;

    TRY(encnet__prefetch_open(&prefetch, read_image, from, from->count, options->data.workers + 1));
    for (int i = 0; i < from->count; i++) {
        rc = encnet__prefetch_next(prefetch, &image, &none);
        is_read = rc == ENCNET_OK;
        if (is_read) rc = encnet__classify(r->classifier, i, image);
        if (!is_read || rc == ENCNET_E_DATA)
            TRY(pass_over(r, i, rc));
        else
            TRY(take_failure(r, i + 1, rc));
        TRY(encnet__step_done(r->hooks, i + 1, from->count, began));
    }
    TRY(take_failure(r, from->count, encnet__classifier_flush(r->classifier)));
done:
    encnet__prefetch_close(prefetch);
    return rc;
}

static encnet_status predict_images(encnet_model *model, const encnet_options *options,
                                    const char *path, const char *out_dir, const char *format,
                                    const char *dump_logits, int *count,
                                    const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    bool whole = encnet_model_labels_images(model);
    encnet__photos list = {.hooks = hooks, .writes_none = whole};
    encnet__guard guard = {.options = options};
    source from = {.list = &list,
                   .max_pixels = options->data.max_pixels,
                   .reading =
                       options->data.exif_orientation ? ENCNET__READ_UPRIGHT : ENCNET__READ_STORED};
    target *to = encnet__alloc(1, sizeof *to);
    run r = {.list = &list, .from = &from, .to = to, .hooks = hooks};

    if (!to) FAIL(ENCNET_E_NOMEM, "no memory to predict");
    if (whole && (out_dir || dump_logits))
        FAIL(ENCNET_E_ARG,
             "predict: model.network = %s labels whole images, not their pixels: %s would stay "
             "empty",
             options->model.network, out_dir ? out_dir : dump_logits);
    if (!whole && !out_dir && !dump_logits) FAIL(ENCNET_E_ARG, "predict: no output folder");
    to->out_dir = out_dir;
    to->dump_logits = dump_logits;
    TRY(whole ? open_classifier(&r, model, options)
              : encnet__segmenter_new(&r.segmenter, encnet__model_runner(model), options));
    if (out_dir) TRY(encnet__format_of_model(&to->format, format, model, options));
    TRY(encnet__photos_gather(&list, path, out_dir));
    if (out_dir) TRY(encnet__photos_check_outputs(&list, &guard, out_dir, ".png"));
    if (dump_logits) TRY(encnet__photos_check_outputs(&list, &guard, dump_logits, ".npy"));
    TRY(choose(&from, &list, to, hooks));
    TRY((whole ? classify_all : segment_all)(&r, options));
    TRY(conclude(&list));
done:
    if (count) *count = r.predicted;
    encnet__classifier_free(r.classifier);
    encnet__segmenter_free(r.segmenter);
    encnet__free(r.classes);
    encnet__free(r.names);
    encnet__photos_free(&list);
    encnet__guard_free(&guard);
    encnet__free(from.wanted);
    encnet__free(to);
    return rc;
}

encnet_status encnet_predict(encnet_model *model, const encnet_options *options, const char *path,
                             const char *out_dir, const char *format, const char *dump_logits,
                             int *count, const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    char *strings = NULL;

    NEED(model);
    NEED(options);
    NEED(path);
    TRY(encnet__model_check_open(model));
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(predict_images(model, &copy, path, out_dir, format, dump_logits, count, hooks));
done:
    encnet__free(strings);
    return rc;
}
