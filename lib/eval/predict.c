/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * predict.c - predicts an image, a tree of images or a list of images.
 *
 * The names of all outputs are computed before the first image is read, so that of two images with the
 * same output only one is predicted, and an output that is an input is refused before anything is written.
 * A file that cannot be predicted is one more entry, with the reason; the others go on.
 */
#define _POSIX_C_SOURCE 200809L
#include "data/list.h"
#include "eval/eval.h"
#include "eval/segment.h"
#include "models/models.h"
#include "options/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LIST_BYTES ((size_t)256 << 20)

typedef struct input {
    char *path;
    char *name;   /* of the output, without ending */
    bool is_read; /* it begins like a picture of a format that is read */
    encnet_outcome outcome;
    encnet_status status; /* of one that failed */
    char *why;
} input;

typedef struct inputs {
    input *at;
    int count, capacity;
    struct stat out; /* the output folder, which is skipped in a tree */
    bool has_out;
} inputs;

static void inputs_free(inputs *list)
{
    for (int i = 0; i < list->count; i++) {
        encnet__free(list->at[i].path);
        encnet__free(list->at[i].name);
        encnet__free(list->at[i].why);
    }
    encnet__free(list->at);
}

/* Notes what became of an input, and why: the last error. */
static void set_outcome(input *in, encnet_outcome outcome, encnet_status status)
{
    in->outcome = outcome;
    in->status = status;
    in->why = encnet__strdup(encnet_last_error()); /* without memory, there is no reason */
}

/* Adds a file, whose output is `name` with another ending.  `must`: it is to be predicted whatever it
 * is; otherwise it is left out if it is no picture. */
static encnet_status add(inputs *list, const char *path, const char *name, bool must)
{
    encnet_status rc = ENCNET_OK;
    input in = {0}, *at;
    struct stat st = {0};
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.'), *what = NULL;

    at = encnet__grow(list->at, &list->capacity, list->count + 1, sizeof *at);
    if (!at) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count + 1);
    list->at = at;
    in.path = encnet__strdup(path);
    in.name = encnet__strdup(name);
    if (!in.path || !in.name) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    if (dot && dot > (slash ? slash + 1 : name)) in.name[dot - name] = '\0';
    if (stat(path, &st) != 0)
        set_outcome(&in, ENCNET_FAILED,
                    encnet__fail(ENCNET_E_DATA, "%s: %s", path, strerror(errno)));
    else if (!S_ISREG(st.st_mode))
        set_outcome(&in, must ? ENCNET_FAILED : ENCNET_LEFT_OUT,
                    encnet__fail(ENCNET_E_DATA, "%s: not a file", path));
    else
        in.is_read = encnet__picture_is(path, &what);
    if (in.outcome == ENCNET_PREDICTED && !must && !in.is_read && !what &&
        encnet__picture_stem(name, NULL) < 0)
        set_outcome(&in, ENCNET_LEFT_OUT, encnet__fail(ENCNET_E_DATA, "%s: not a picture", path));
    list->at[list->count++] = in;
    in = (input){0};
done:
    encnet__free(in.path);
    encnet__free(in.name);
    return rc;
}

/* A folder that is being listed, and those that contain it. */
typedef struct level {
    const struct level *above;
    struct stat st;
} level;

/* Whether to list a folder.  Links are followed, but not into a folder that contains them and not
 * into the output. */
static bool enters(const inputs *list, const level *around, const struct stat *st)
{
    if (list->has_out && st->st_dev == list->out.st_dev && st->st_ino == list->out.st_ino)
        return false;
    for (; around; around = around->above)
        if (st->st_dev == around->st.st_dev && st->st_ino == around->st.st_ino) return false;
    return true;
}

/* Adds a folder that cannot be listed; the last error says why. */
static encnet_status add_failure(inputs *list, const char *path, const char *name)
{
    char *why = encnet__strdup(encnet_last_error());
    encnet_status rc = add(list, path, name, true);

    if (rc == ENCNET_OK) {
        encnet__free(list->at[list->count - 1].why);
        list->at[list->count - 1].why = why;
        why = NULL;
    }
    encnet__free(why);
    return rc;
}

/* Adds every file below `dir`, whose path below the root is `below`, "" for the root itself. */
static encnet_status add_tree(inputs *list, const char *dir, const char *below, const level *around)
{
    encnet_status rc = ENCNET_OK;
    level here = {.above = around};
    struct dirent *entry;
    struct stat st;
    char *path = NULL;
    encnet__text name = {0};
    DIR *d = opendir(dir);

    if (!d || stat(dir, &here.st) != 0) {
        rc = encnet__fail(ENCNET_E_DATA, "%s: %s", dir, strerror(errno));
        if (around) rc = add_failure(list, dir, below); /* the others can be read */
        goto done;
    }
    for (;;) {
        rc = encnet__dir_next(&entry, d, dir);
        if (rc == ENCNET_E_IO) rc = ENCNET_E_DATA;
        TRY(rc);
        if (!entry) break;
        if (encnet__is_clutter(entry->d_name)) continue;
        encnet__free(path);
        encnet__text_free(&name);
        path = encnet__path_join(dir, entry->d_name);
        encnet__text_add(&name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        if (!path || name.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", dir);
        if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
            TRY(add(list, path, name.data, false));
        } else if (enters(list, &here, &st)) {
            TRY(add_tree(list, path, name.data, &here));
        }
    }
done:
    if (d) closedir(d);
    encnet__free(path);
    encnet__text_free(&name);
    return rc;
}

/* Whether a path stays below the folder that it is relative to. */
static bool stays_below(const char *path)
{
    if (*path == '/') return false;
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0')) return false;
    }
    return true;
}

/* Adds the files of a list.  Outputs keep the subfolders of their paths unless these leave the
 * output folder. */
static encnet_status read_list(inputs *list, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *text = NULL, *named = NULL, *next, *line;
    size_t size;
    int number = 0;

    TRY(encnet__text_file_read(&text, &size, path, MAX_LIST_BYTES));
    if (strlen(text) != size) FAIL(ENCNET_E_DATA, "%s: a zero byte, not a list of files", path);
    for (line = text; line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] ? line + length + 1 : NULL;
        number++;
        if (length > PATH_MAX)
            FAIL(ENCNET_E_DATA, "%s:%d: a line of %zu characters, longer than any path", path,
                 number, length);
        while (length && strchr(" \t\r", line[length - 1])) length--;
        line[length] = '\0';
        line += strspn(line, " \t");
        if (*line == '\0') continue;
        encnet__free(named);
        named = encnet__line_path(line);
        if (!named) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", path);
        line = named;
        while (line[0] == '.' && line[1] == '/') line += 2;
        TRY(add(list, line, stays_below(line) ? line : encnet__base_name(line), true));
    }
done:
    encnet__free(named);
    encnet__free(text);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const input *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->path, y->path);
}

static bool is_list(const char *path)
{
    static const char *const endings[] = {".txt", ".lst", ".list", ".csv"};

    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (encnet__has_ending(path, endings[i])) return true;
    return false;
}

/* Of two inputs with the same output one is predicted, if it can be; returns it. */
static input *choose_one(input *a, input *b)
{
    input *kept = a->outcome == ENCNET_PREDICTED && (a->is_read || !b->is_read) ? a : b;
    input *other = kept == a ? b : a;

    if (other->outcome == ENCNET_PREDICTED)
        set_outcome(other, ENCNET_FAILED,
                    encnet__fail(ENCNET_E_DATA, "%s: it would become %s as well as %s", other->path,
                                 other->name, kept->path));
    return kept;
}

static encnet_status gather(inputs *list, const char *path, const char *out_dir)
{
    encnet_status rc = ENCNET_OK;
    input *before = NULL;
    struct stat st;

    list->has_out = out_dir && stat(out_dir, &list->out) == 0;
    if (stat(path, &st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        TRY(add_tree(list, path, "", NULL));
    else if (is_list(path))
        TRY(read_list(list, path));
    else
        TRY(add(list, path, encnet__base_name(path), true));
    if (list->count) qsort(list->at, (size_t)list->count, sizeof *list->at, by_name);
    for (int i = 0; i < list->count; i++) {
        input *in = &list->at[i];
        if (in->outcome == ENCNET_LEFT_OUT) continue;
        before = before && strcmp(before->name, in->name) == 0 ? choose_one(before, in) : in;
    }
    if (!before) FAIL(ENCNET_E_DATA, "%s: no picture in it (%d other files)", path, list->count);
done:
    return rc;
}

/* Adds the files that are read. */
static encnet_status list_pictures(encnet__inputs *out, const inputs *list)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < list->count; i++)
        if (list->at[i].outcome == ENCNET_PREDICTED) TRY(encnet__inputs_add(out, list->at[i].path));
    encnet__inputs_sort(out);
done:
    return rc;
}

/* Fails if an output is an input, under whatever name. */
static encnet_status check_outputs(const inputs *list, encnet__guard *guard, const char *out_dir,
                                   const char *ending)
{
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};
    encnet__inputs pictures = {0};
    struct stat st;

    for (int i = 0; i < list->count; i++) {
        if (list->at[i].outcome == ENCNET_LEFT_OUT) continue;
        encnet__text_free(&path);
        encnet__text_add(&path, "%s/%s%s", *out_dir ? out_dir : ".", list->at[i].name, ending);
        if (path.failed) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count);
        if (stat(path.data, &st) != 0) continue; /* it does not exist yet */
        TRY(encnet__guard_check(guard, path.data));
        if (!pictures.sorted) TRY(list_pictures(&pictures, list));
        TRY(encnet__inputs_refuse(&pictures, path.data));
    }
done:
    encnet__inputs_free(&pictures);
    encnet__text_free(&path);
    return rc;
}

typedef struct source {
    const inputs *list;
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
static char *output_of(const target *t, const input *in)
{
    encnet__text path = {0};

    if (!t->out_dir) return NULL;
    encnet__text_add(&path, "%s/%s.png", *t->out_dir ? t->out_dir : ".", in->name);
    return path.data;
}

/* Tells the caller what became of an input. */
static void tell(const target *t, const input *in, const encnet_eval_hooks *hooks)
{
    char *output;

    if (!hooks || !hooks->file) return;
    output =
        in->outcome == ENCNET_PREDICTED || in->outcome == ENCNET_SKIPPED ? output_of(t, in) : NULL;
    hooks->file(hooks->user,
                &(encnet_predicted){in->path, output, in->outcome, in->why ? in->why : ""});
    encnet__free(output);
}

/* What the threads that write and the caller have to do with an image. */
typedef struct run {
    inputs *list;
    const source *from;
    const target *to;
    const encnet_eval_hooks *hooks;
    int predicted;
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
    input *in = &r->list->at[r->from->wanted[i]];

    if (rc != ENCNET_OK) set_outcome(in, ENCNET_FAILED, rc);
    r->predicted += rc == ENCNET_OK;
    tell(r->to, in, r->hooks);
    return is_of_image(rc) ? ENCNET_OK : rc;
}

/* Chooses the inputs that are read, and tells of the others. */
static encnet_status choose(source *s, inputs *list, const target *t,
                            const encnet_eval_hooks *hooks)
{
    s->wanted = encnet__alloc((size_t)list->count, sizeof *s->wanted);
    if (!s->wanted)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count);
    for (int i = 0; i < list->count; i++) {
        input *in = &list->at[i];
        if (in->outcome == ENCNET_PREDICTED && hooks && hooks->wanted) {
            char *output = output_of(t, in);
            if (!hooks->wanted(hooks->user, in->path, output)) in->outcome = ENCNET_SKIPPED;
            encnet__free(output);
        }
        if (in->outcome == ENCNET_PREDICTED)
            s->wanted[s->count++] = i;
        else
            tell(t, in, hooks);
    }
    return ENCNET_OK;
}

/* The status of the whole: an error if an input failed. */
static encnet_status conclude(const inputs *list)
{
    const input *first = NULL;
    int failed = 0, right = 0;

    for (int i = 0; i < list->count; i++) {
        const input *in = &list->at[i];
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

static encnet_status predict_images(encnet_model *model, const encnet_options *options,
                                    const char *path, const char *out_dir, const char *format,
                                    const char *dump_logits, int *count,
                                    const encnet_eval_hooks *hooks)
{
    encnet_status rc = ENCNET_OK;
    inputs list = {0};
    encnet__guard guard = {.options = options};
    source from = {.list = &list,
                   .max_pixels = options->data.max_pixels,
                   .reading =
                       options->data.exif_orientation ? ENCNET__READ_UPRIGHT : ENCNET__READ_STORED};
    encnet__segmenter *segmenter = NULL;
    encnet__prefetch *prefetch = NULL;
    encnet__writers *writers = NULL;
    target *to = encnet__alloc(1, sizeof *to);
    run r = {&list, &from, to, hooks, 0};
    const encnet__picture *image, *none;
    encnet__picture *ids, *kept;
    double began = encnet__now();

    if (!to) FAIL(ENCNET_E_NOMEM, "no memory to predict");
    if (encnet_model_labels_images(model))
        FAIL(ENCNET_E_ARG, "predict: model.network = %s labels whole images, not their pixels",
             options->model.network);
    if (!out_dir && !dump_logits) FAIL(ENCNET_E_ARG, "predict: no output folder");
    to->out_dir = out_dir;
    to->dump_logits = dump_logits;
    TRY(encnet__segmenter_new(&segmenter, encnet__model_runner(model), options)); /* checks M */
    if (out_dir) TRY(encnet__format_of_model(&to->format, format, model, options));
    TRY(gather(&list, path, out_dir));
    if (out_dir) TRY(check_outputs(&list, &guard, out_dir, ".png"));
    if (dump_logits) TRY(check_outputs(&list, &guard, dump_logits, ".npy"));
    TRY(choose(&from, &list, to, hooks));
    TRY(encnet__prefetch_open(&prefetch, read_image, &from, from.count, options->data.workers + 1));
    TRY(encnet__writers_open(&writers, write_one, written, &r, options->eval.jobs));
    for (int i = 0; i < from.count; i++) {
        TRY(encnet__writers_place(writers, &ids, &kept));
        rc = encnet__prefetch_next(prefetch, &image, &none);
        if (rc == ENCNET_OK)
            rc = one(ids, kept, to, segmenter, image, list.at[from.wanted[i]].name);
        encnet__writers_start(writers, i, rc);
        if (rc != ENCNET_OK && !is_of_image(rc)) goto done;
        TRY(encnet__step_done(hooks, i + 1, from.count, began));
    }
    TRY(encnet__writers_finish(writers));
    TRY(conclude(&list));
done:
    if (writers && rc != ENCNET_OK) encnet__writers_finish_after(writers, rc);
    if (count) *count = r.predicted;
    encnet__writers_close(writers);
    encnet__prefetch_close(prefetch);
    encnet__segmenter_free(segmenter);
    inputs_free(&list);
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
