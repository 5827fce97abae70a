/*
 * predict.c - predicts an image, a tree of images or a list of images.
 *
 * The names of all outputs are computed before the first image is read, so that two images with the
 * same output, or an output that is an input, are refused before anything is written.
 */
#define _POSIX_C_SOURCE 200809L
#include "eval/eval.h"
#include "models/models.h"
#include "options/options.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define MAX_LIST_BYTES ((size_t)256 << 20)

typedef struct input {
    char *path;
    char *name; /* of the output, without ending */
    dev_t dev;  /* identify the file, by whatever path */
    ino_t ino;
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
    }
    encnet__free(list->at);
}

/* Returns the ending of an image file, such as ".png"; NULL for other files. */
static const char *image_ending(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < COUNT_OF(endings); i++)
        if (strcasecmp(dot, endings[i]) == 0) return dot;
    return NULL;
}

/* Adds a file, whose output is `name` with another ending. */
static encnet_status add(inputs *list, const char *path, const char *name)
{
    encnet_status rc = ENCNET_OK;
    input in = {0}, *at;
    struct stat st;
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');

    if (stat(path, &st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ENCNET_E_DATA, "%s: not a file", path);
    at = encnet__grow(list->at, &list->capacity, list->count + 1, sizeof *at);
    if (!at) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count + 1);
    list->at = at;
    in.dev = st.st_dev;
    in.ino = st.st_ino;
    in.path = encnet__strdup(path);
    in.name = encnet__strdup(name);
    if (!in.path || !in.name) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    if (dot && dot > (slash ? slash + 1 : name)) in.name[dot - name] = '\0';
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

/* Adds every image below `dir`, whose path below the root is `below`, "" for the root itself. */
static encnet_status add_tree(inputs *list, const char *dir, const char *below, const level *around)
{
    encnet_status rc = ENCNET_OK;
    level here = {.above = around};
    struct dirent *entry;
    struct stat st;
    char *path = NULL;
    encnet__text name = {0};
    DIR *d = opendir(dir);

    if (!d || stat(dir, &here.st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", dir, strerror(errno));
    while ((errno = 0, entry = readdir(d))) {
        if (entry->d_name[0] == '.') continue;
        encnet__free(path);
        encnet__text_free(&name);
        path = encnet__path_join(dir, entry->d_name);
        encnet__text_add(&name, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        if (!path || name.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", dir);
        if (stat(path, &st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
        if (!S_ISDIR(st.st_mode)) {
            if (image_ending(entry->d_name)) TRY(add(list, path, name.data));
        } else if (enters(list, &here, &st)) {
            TRY(add_tree(list, path, name.data, &here));
        }
    }
    if (errno) FAIL(ENCNET_E_DATA, "%s: %s", dir, strerror(errno));
done:
    if (d) closedir(d);
    encnet__free(path);
    encnet__text_free(&name);
    return rc;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
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
    char *text = NULL, *next, *line;
    size_t size;

    TRY(encnet__text_file_read(&text, &size, path, MAX_LIST_BYTES));
    if (strlen(text) != size) FAIL(ENCNET_E_DATA, "%s: a zero byte, not a list of files", path);
    for (line = text; line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] ? line + length + 1 : NULL;
        while (length && strchr(" \t\r", line[length - 1])) length--;
        line[length] = '\0';
        line += strspn(line, " \t");
        if (*line == '\0') continue;
        while (line[0] == '.' && line[1] == '/') line += 2;
        TRY(add(list, line, stays_below(line) ? line : base_name(line)));
    }
done:
    encnet__free(text);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const input *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->path, y->path);
}

static encnet_status gather(inputs *list, const char *path, const char *out_dir)
{
    encnet_status rc = ENCNET_OK;
    const char *dot = strrchr(base_name(path), '.');
    struct stat st;

    list->has_out = out_dir && stat(out_dir, &list->out) == 0;
    if (stat(path, &st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        TRY(add_tree(list, path, "", NULL));
    else if (dot && strcasecmp(dot, ".txt") == 0)
        TRY(read_list(list, path));
    else
        TRY(add(list, path, base_name(path)));
    if (list->count == 0) FAIL(ENCNET_E_DATA, "%s: no .png, .jpg or .jpeg in it", path);
    qsort(list->at, (size_t)list->count, sizeof *list->at, by_name);
    for (int i = 1; i < list->count; i++)
        if (strcmp(list->at[i - 1].name, list->at[i].name) == 0)
            FAIL(ENCNET_E_DATA, "%s and %s would both become %s", list->at[i - 1].path,
                 list->at[i].path, list->at[i].name);
done:
    return rc;
}

/* Fails if an output is an input, under whatever name. */
static encnet_status check_outputs(const inputs *list, encnet__guard *guard, const char *out_dir,
                                   const char *ending)
{
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};
    struct stat st;

    for (int i = 0; i < list->count; i++) {
        encnet__text_free(&path);
        encnet__text_add(&path, "%s/%s%s", *out_dir ? out_dir : ".", list->at[i].name, ending);
        if (path.failed) FAIL(ENCNET_E_NOMEM, "no memory for the names of %d images", list->count);
        if (stat(path.data, &st) != 0) continue; /* it does not exist yet */
        TRY(encnet__guard_check(guard, path.data));
        for (int k = 0; k < list->count; k++)
            if (list->at[k].dev == st.st_dev && list->at[k].ino == st.st_ino)
                FAIL(ENCNET_E_ARG, "%s is an input: choose another output folder", path.data);
    }
done:
    encnet__text_free(&path);
    return rc;
}

typedef struct source {
    const inputs *list;
    int64_t max_pixels;
    encnet__reading reading;
} source;

static encnet_status read_image(const void *user, int i, encnet__picture *image,
                                encnet__picture *label)
{
    const source *s = user;

    (void)label;
    return encnet__picture_read(image, s->list->at[i].path, s->max_pixels, s->reading);
}

/* Where and how predictions are written. */
typedef struct target {
    const char *out_dir, *dump_logits;
    encnet__format format;
    encnet__class classes[ENCNET_MAX_CLASSES];
    encnet__picture ids;
} target;

static encnet_status one(target *t, encnet__segmenter *segmenter, const encnet__picture *image,
                         const char *name)
{
    encnet_status rc = ENCNET_OK;
    char *path = NULL;

    TRY(encnet__picture_new(&t->ids, image->h, image->w, 1));
    TRY(encnet__segment(segmenter, t->out_dir ? t->ids.pixels : NULL, image, t->dump_logits, name));
    if (!t->out_dir) goto done;
    TRY(encnet__output_path(&path, t->out_dir, name, ".png"));
    TRY(encnet__prediction_write(path, &t->format, &t->ids, image));
done:
    encnet__free(path);
    return rc;
}

/* Names and colours of a model that was loaded from a file that says them. */
static void take_classes(encnet__class *classes, const encnet_model *model)
{
    for (int c = 0; c < encnet_model_classes(model); c++)
        if (encnet__model_colour(classes[c].rgb, model, c))
            snprintf(classes[c].name, sizeof classes[c].name, "%s",
                     encnet_model_class_name(model, c));
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
    target *to = encnet__alloc(1, sizeof *to);
    const encnet__picture *image, *none;
    double began = encnet__now();
    int done_count = 0;

    if (!to) FAIL(ENCNET_E_NOMEM, "no memory to predict");
    if (encnet_model_labels_images(model))
        FAIL(ENCNET_E_ARG, "predict: model.network = %s labels whole images, not their pixels",
             options->model.network);
    if (!out_dir && !dump_logits) FAIL(ENCNET_E_ARG, "predict: no output folder");
    to->out_dir = out_dir;
    to->dump_logits = dump_logits;
    TRY(encnet__segmenter_new(&segmenter, model, options)); /* checks M */
    TRY(encnet__classes_of(to->classes, options));
    if (!*options->data.classes_file) take_classes(to->classes, model);
    if (out_dir) TRY(encnet__format_of(&to->format, format, to->classes, options->model.classes));
    TRY(gather(&list, path, out_dir));
    if (out_dir) TRY(check_outputs(&list, &guard, out_dir, ".png"));
    if (dump_logits) TRY(check_outputs(&list, &guard, dump_logits, ".npy"));
    TRY(encnet__prefetch_open(&prefetch, read_image, &from, list.count, options->data.workers + 1));
    for (int i = 0; i < list.count; i++) {
        TRY(encnet__prefetch_next(prefetch, &image, &none));
        TRY(one(to, segmenter, image, list.at[i].name));
        done_count++;
        TRY(encnet__step_done(hooks, done_count, list.count, began));
    }
done:
    if (count) *count = done_count;
    encnet__prefetch_close(prefetch);
    encnet__segmenter_free(segmenter);
    inputs_free(&list);
    encnet__guard_free(&guard);
    if (to) encnet__picture_free(&to->ids);
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
