/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * pairs.c - data sets that are pairs of files: pictures in a folder or in a list file, and labels
 * in another folder, which are found by the names of the pictures.  Nothing is decoded before a
 * sample is read.
 */
#define _XOPEN_SOURCE 700
#include "data/dataset.h"
#include "data/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A place where files of a split are looked for. */
typedef struct place {
    const char *what, *key; /* "training images", and the option that names another place */
    char *path;             /* NULL: there is no such place */
} place;

/* What can be wrong with many files in the same way. */
typedef enum fault {
    NAME_TWICE,
    NAME_MISSING,
    NO_LABEL,
    NO_IMAGE,
    SHARED_LABEL,
    IMAGE_MISSING,
    LABEL_MISSING,
    FAULTS
} fault;

/* Files with one fault: the sentence about the first, and the names of some others. */
typedef struct faults {
    int count;
    encnet__text first, others;
} faults;

/* The search for the files of a split, or of the extra part of one. */
typedef struct search {
    encnet__dataset *d;
    const char *root;
    place images, labels, list;      /* `images` may also be a file of pairs */
    const char *image_ending;        /* NULL: .png, .jpg or .jpeg */
    const char *label_ending[2];     /* [is_raw], NULL: labels have no such ending */
    encnet__entries found, label[2]; /* [is_raw] */
    encnet__problems *problems;
    faults faults[FAULTS];
} search;

/* Notes a file that is wrong; `format` makes the sentence about it. */
__attribute__((format(printf, 4, 5))) static void note(search *s, fault kind, const char *name,
                                                       const char *format, ...)
{
    enum { NAMED = 5 };
    faults *f = &s->faults[kind];
    char line[sizeof s->problems->first];
    va_list ap;

    if (f->count++ == 0) {
        va_start(ap, format);
        encnet__vprint(line, sizeof line, format, ap);
        va_end(ap);
        encnet__text_add(&f->first, "%s", line);
    } else if (f->count <= NAMED) {
        encnet__text_add(&f->others, "%s%s", f->count > 2 ? ", " : "", name);
    } else if (f->count == NAMED + 1) {
        encnet__text_add(&f->others, " and others");
    }
}

/* Reports each fault once, with the number of files that have it. */
static void report_faults(search *s)
{
    static const char *const whats[FAULTS] = {
        [NAME_TWICE] = "names stand in the list twice",
        [NAME_MISSING] = "names of the list are of no image",
        [NO_LABEL] = "images have no label",
        [NO_IMAGE] = "labels have no image",
        [SHARED_LABEL] = "images share a label with another",
        [IMAGE_MISSING] = "images of the list are missing",
        [LABEL_MISSING] = "labels of the list are missing",
    };

    for (int i = 0; i < FAULTS; i++) {
        faults *f = &s->faults[i];
        if (f->count == 1)
            encnet__problem(s->problems, "%s", f->first.data ? f->first.data : whats[i]);
        else if (f->count)
            encnet__problem(s->problems, "%d %s: %s; and %s", f->count, whats[i],
                            f->first.data ? f->first.data : "",
                            f->others.data ? f->others.data : "");
        encnet__text_free(&f->first);
        encnet__text_free(&f->others);
    }
}

/* "folder/stem" and the ending, in memory of the caller. */
static char *join(const char *folder, const char *stem, int size, const char *ending)
{
    encnet__text t = {0};

    encnet__text_add(&t, "%s/%.*s%s", folder, size, stem, ending);
    if (t.failed) encnet__text_free(&t);
    return t.data;
}

/* Adds a sample that is named as its picture is, without the ending.  Takes over the paths, also on
 * failure. */
static encnet_status add(search *s, const encnet__entry *picture, char *image, char *label,
                         bool is_raw)
{
    char *name = image && label ? encnet__alloc((size_t)picture->stem + 1, 1) : NULL;

    if (name) memcpy(name, picture->path, (size_t)picture->stem);
    return encnet__dataset_add(s->d, (encnet__sample){name, image, label, is_raw});
}

/* -- folders ----------------------------------------------------------------------------------- */

/* The label of a picture, or NULL; *is_raw: it has the second ending. */
static encnet__entry *find_label(search *s, const encnet__entry *image, bool *is_raw)
{
    encnet__entry *hit[2];

    for (int k = 0; k < 2; k++)
        hit[k] = encnet__entries_find(&s->label[k], image->path, image->stem);
    if (hit[0] && hit[1]) hit[1]->used = true; /* it is no label without an image */
    *is_raw = !hit[0] && hit[1];
    return hit[*is_raw];
}

/* Reports that no picture has a label.  If there is a label whose name has more behind that of the
 * picture, the sentence says which key is missing. */
static void report_unpaired(const search *s, const encnet__entry *image, int count)
{
    int k = s->label[0].count ? 0 : 1; /* one of both has labels */
    const encnet__entries *labels = &s->label[k];
    const char *suffix = NULL;

    for (int i = 0; i < labels->count && !suffix; i++)
        if (strncmp(labels->at[i].path, image->path, (size_t)image->stem) == 0)
            suffix = labels->at[i].path + image->stem;
    encnet__problem(s->problems,
                    "%s: looked for labels with the names of the images and found none (%d images, "
                    "%d labels); that of %s would be %.*s%s, and the first one there is %s; "
                    "%s%s%s",
                    s->labels.path, count, labels->count, image->path, image->stem, image->path,
                    s->label_ending[k], labels->at[0].path,
                    suffix ? "data.label_suffix = "
                           : "data.image_suffix and data.label_suffix name what is behind the "
                             "common part, and ",
                    suffix ? suffix : s->images.key,
                    suffix ? " would pair them"
                           : " = a file of lines \"image label\" pairs any names");
}

/* Pairs one picture of a folder with its label. */
static encnet_status pair(search *s, const encnet__entry *image)
{
    const char *ending = s->label_ending[s->label_ending[1] ? 1 : 0];
    bool is_raw;
    encnet__entry *label = find_label(s, image, &is_raw);

    if (label && !label->used) {
        label->used = true;
        return add(s, image, encnet__path_join(s->images.path, image->path),
                   encnet__path_join(s->labels.path, label->path), is_raw);
    }
    if (label)
        note(s, SHARED_LABEL, image->path,
             "%s/%s: shares the label %s/%s with another image (data.image_suffix = the ending of "
             "one of both chooses)",
             s->images.path, image->path, s->labels.path, label->path);
    else
        note(s, NO_LABEL, image->path,
             "%s/%s: has no label %s/%.*s%s (%s, data.label_suffix; %s = a list of names leaves "
             "images out)",
             s->images.path, image->path, s->labels.path, image->stem, image->path, ending,
             s->labels.key, s->list.key);
    return ENCNET_OK;
}

/* Picture `index` of all, or that of a name, which may have the ending; NULL: there is no such picture. */
static const encnet__entry *image_at(search *s, const encnet__entries *names, int index)
{
    const encnet__entry *name, *hit;
    int stem;

    if (!names) return &s->found.at[index];
    name = &names->at[index];
    hit = encnet__entries_find(&s->found, name->path, name->stem);
    if (hit || (stem = encnet__picture_stem(name->path, s->image_ending)) < 0) return hit;
    hit = encnet__entries_find(&s->found, name->path, stem);
    return hit && strcmp(hit->path, name->path) == 0 ? hit : NULL;
}

/* Pairs all pictures, or those that the names choose; *labels: how many of them have a label. */
static encnet_status pair_images(search *s, const encnet__entries *names, int *labels)
{
    encnet_status rc = ENCNET_OK;
    int count = names ? names->count : s->found.count, images = 0;
    const encnet__entry *first = NULL;
    bool is_raw;

    *labels = 0;
    for (int i = 0; i < count; i++) {
        const encnet__entry *image = image_at(s, names, i);
        if (!image) continue;
        if (images++ == 0) first = image;
        *labels += find_label(s, image, &is_raw) != NULL;
    }
    if (images && !*labels) report_unpaired(s, first, images);
    for (int i = 0; i < count; i++) {
        const encnet__entry *image = image_at(s, names, i);
        if (names && i && strcmp(names->at[i].path, names->at[i - 1].path) == 0)
            note(s, NAME_TWICE, names->at[i].path, "%s:%d: names %s twice", s->list.path,
                 names->at[i].line, names->at[i].path);
        else if (image && *labels)
            TRY(pair(s, image));
        else if (!image)
            note(
                s, NAME_MISSING, names->at[i].path,
                "%s/%s%s: named in %s:%d, but missing (%s; a line of %s is the name of an image in "
                "this folder, and a list of pairs of paths belongs into %s)",
                s->images.path, names->at[i].path, s->image_ending ? s->image_ending : ".*",
                s->list.path, names->at[i].line, s->images.key, s->list.key, s->images.key);
    }
done:
    return rc;
}

/* Pairs all pictures; a label that is left over is a problem. */
static encnet_status pair_all(search *s)
{
    encnet_status rc = ENCNET_OK;
    int labels;

    TRY(pair_images(s, NULL, &labels));
    for (int k = 0; k < 2 && labels; k++)
        for (int i = 0; i < s->label[k].count; i++)
            if (!s->label[k].at[i].used)
                note(s, NO_IMAGE, s->label[k].at[i].path,
                     "%s/%s: a label without its image in %s (%s, data.image_suffix)",
                     s->labels.path, s->label[k].at[i].path, s->images.path, s->images.key);
done:
    return rc;
}

/* Pairs the pictures that the list names. */
static encnet_status pair_named(search *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__entries names = {0};
    char *text = NULL;
    size_t size;
    int labels;

    TRY(encnet__text_file_read(&text, &size, s->list.path, 1 << 28));
    TRY(encnet__names_parse(&names, text, size, s->list.path));
    if (names.count == 0) encnet__problem(s->problems, "%s: names no images", s->list.path);
    encnet__entries_index(&s->found);
    TRY(pair_images(s, &names, &labels));
done:
    encnet__entries_free(&names);
    encnet__free(text);
    return rc;
}

/* What the names of labels have more than those of their pictures, if a picture of a folder without labels
 * begins with the name of the one before it; or NULL. */
static const char *guess_suffix(const encnet__entries *pictures)
{
    for (int i = 1; i < pictures->count; i++) {
        const encnet__entry *before = &pictures->at[i - 1], *p = &pictures->at[i];
        const char *suffix = p->path + before->stem;
        if (strncmp(before->path, p->path, (size_t)before->stem) == 0 && strchr("_- ", *suffix) &&
            *suffix)
            return suffix;
    }
    return NULL;
}

/* Where the labels lie in the folder of the images or below it, no file is both.  *one: it is one
 * folder. */
static void divide(search *s, bool *one)
{
    char *images = realpath(s->images.path, NULL), *labels = realpath(s->labels.path, NULL);
    size_t n = images ? strlen(images) : 0;

    *one = images && labels && strcmp(images, labels) == 0;
    for (int k = 0; k < 2 && *one; k++)
        if (s->label_ending[k]) encnet__entries_divide(&s->found, &s->label[k], s->label_ending[k]);
    if (images && labels && !*one && strncmp(images, labels, n) == 0 && labels[n] == '/')
        encnet__entries_leave(&s->found, labels + n + 1);
    free(images);
    free(labels);
}

/* Reports that a folder has pictures without labels. */
static void report_one_folder(const search *s)
{
    const char *suffix = guess_suffix(&s->found);

    encnet__problem(s->problems,
                    "%s: images and labels lie in one folder, and no picture has a label of the "
                    "same name that ends in %s; data.image_suffix and data.label_suffix tell them "
                    "apart%s%s",
                    s->images.path, s->label_ending[s->label_ending[0] ? 0 : 1],
                    suffix ? ", such as data.label_suffix = " : "", suffix ? suffix : "");
}

static encnet_status pair_folders(search *s)
{
    const char *images[2] = {s->image_ending ? s->image_ending : ".png, .jpg", ".jpeg"};
    encnet_status rc = ENCNET_OK;
    bool one;

    if (s->image_ending) images[1] = NULL;
    TRY(encnet__list_folder(&s->found, s->images.path, s->image_ending));
    for (int k = 0; k < 2; k++)
        if (s->label_ending[k]) {
            TRY(encnet__list_folder(&s->label[k], s->labels.path, s->label_ending[k]));
            encnet__entries_index(&s->label[k]);
        }
    divide(s, &one);
    if (s->found.count == 0)
        encnet__layout_empty(s->problems, s->images.path, "images", images, "data.image_suffix");
    else if (one && s->label[0].count + s->label[1].count == 0)
        report_one_folder(s);
    else if (s->label[0].count + s->label[1].count == 0)
        encnet__layout_empty(s->problems, s->labels.path, "labels", s->label_ending,
                             "data.label_suffix");
    else
        TRY(s->list.path ? pair_named(s) : pair_all(s));
done:
    return rc;
}

/* -- files of pairs ---------------------------------------------------------------------------- */

/* Whether there is a file.  What says neither yes nor no is a problem of its own, and then there is. */
static bool is_there(const search *s, const char *path)
{
    if (access(path, F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    encnet__problem(s->problems, "%s: %s", path, strerror(errno));
    return true;
}

/* The label of a line: its second word, below data.root; or else a file in the label folder with
 * the picture's path, or with its base name. */
static char *label_of(const search *s, const encnet__entry *e)
{
    const char *base = e->path + e->stem;
    const char *ending = s->label_ending[s->label_ending[0] ? 0 : 1];
    char *label;

    if (e->label) return encnet__listed_path(s->root, e->label);
    label = join(s->labels.path, e->path, e->stem, ending);
    if (!label || is_there(s, label)) return label;
    encnet__free(label);
    while (base > e->path && base[-1] != '/') base--;
    return join(s->labels.path, base, (int)(e->path + e->stem - base), ending);
}

static encnet_status pair_line(search *s, const encnet__entry *e)
{
    char *image = encnet__listed_path(s->root, e->path), *label = label_of(s, e);

    if (image && !is_there(s, image))
        note(s, IMAGE_MISSING, e->path,
             "%s: named in %s:%d, but missing (paths of a list are below data.root = %s)", image,
             s->images.path, e->line, s->root);
    else if (label && !is_there(s, label))
        note(s, LABEL_MISSING, label, "%s: the label of %s (%s:%d) is missing (%s)", label, e->path,
             s->images.path, e->line, e->label ? "the second column" : s->labels.key);
    else
        return add(s, e, image, label,
                   label && s->label_ending[1] && encnet__has_ending(label, s->label_ending[1]));
    encnet__free(image);
    encnet__free(label);
    return ENCNET_OK;
}

static encnet_status pair_lines(search *s)
{
    encnet_status rc = ENCNET_OK;
    char *text = NULL;
    size_t size;

    TRY(encnet__text_file_read(&text, &size, s->images.path, 1 << 28));
    TRY(encnet__list_parse(&s->found, text, size, s->images.path));
    if (s->found.count == 0) encnet__problem(s->problems, "%s: names no images", s->images.path);
    for (int i = 0; i < s->found.count; i++) TRY(pair_line(s, &s->found.at[i]));
done:
    encnet__free(text);
    return rc;
}

/* -- a split ----------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Reports a place that is not there. */
static bool is_missing(const search *s, const place *at)
{
    struct stat st;

    if (!at->path || stat(at->path, &st) == 0 || errno != ENOENT) return false;
    encnet__layout_missing(s->problems, s->d->type, at->what, at->key, at->path);
    return true;
}

static bool is_set(const char *option)
{
    return option && *option;
}

/* What images and labels end in.  Raw labels count beside the others, unless the option says which
 * of both the labels are. */
static void set_endings(search *s, const encnet_data_options *o)
{
    const encnet__layout *layout = &s->d->type->layout;
    const char *raw = layout->raw_label_ending, *suffix = o->label_suffix;

    s->image_ending = is_set(o->image_suffix) ? o->image_suffix : layout->image_ending;
    s->label_ending[0] = is_set(suffix) ? suffix : layout->label_ending;
    s->label_ending[1] = raw;
    if (is_set(suffix)) s->label_ending[raw && strcmp(suffix, raw) == 0 ? 0 : 1] = NULL;
}

/* Where images, labels and list are looked for below data.root: where the options say, or else the
 * layout.  The extra images are among the training images. */
static encnet_status set_places(search *s, const encnet_data_options *o, bool extra)
{
    static const char *const whats[ENCNET__SPLITS][3] = {
        {"training images", "training labels", "list of training images"},
        {"validation images", "validation labels", "list of validation images"},
        {"test images", "test labels", "list of test images"}};
    static const char *const extras[3] = {"training images", "labels of the extra images",
                                          "list of extra images"};
    const encnet__layout *l = &s->d->type->layout;
    int split = (int)s->d->split;
    const encnet__split_options said = encnet__split_options_of(o, s->d->split);
    const char *const options[3] = {said.images, extra ? NULL : said.labels,
                                    extra ? NULL : said.list};
    const char *const keys[3] = {said.images_key, extra ? "data.train_extra" : said.labels_key,
                                 extra ? "data.train_extra" : said.list_key};
    const char *const layout[3] = {l->images[split], extra ? l->extra_labels : l->labels[split],
                                   extra ? l->extra_list : l->lists[split]};
    place *places[3] = {&s->images, &s->labels, &s->list};

    for (int i = 0; i < 3; i++) {
        const char *name = is_set(options[i]) ? options[i] : layout[i];
        *places[i] = (place){.what = extra ? extras[i] : whats[split][i], .key = keys[i]};
        if (name && !(places[i]->path = encnet__path_join(s->root, name)))
            return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its path", name);
    }
    return ENCNET_OK;
}

/* Adds the samples of a split, or the extra ones. */
static encnet_status find(encnet__dataset *d, const encnet_data_options *o,
                          encnet__problems *problems, bool extra)
{
    search s = {.d = d, .problems = problems};
    const char *list = encnet__split_options_of(o, d->split).list;
    encnet_status rc = ENCNET_OK;
    bool missing;

    s.root = is_set(o->root) ? o->root : ".";
    set_endings(&s, o);
    TRY(set_places(&s, o, extra));
    if (!s.images.path) TRY(encnet__split_missing(d->type, d->split, s.images.key));
    if (is_file(s.images.path)) {
        if (extra || is_set(list))
            FAIL(ENCNET_E_CONFIG, "%s chooses among the images of a folder, but %s is a file (%s)",
                 s.list.key, s.images.path, s.images.key);
        TRY(pair_lines(&s));
    } else {
        missing = is_missing(&s, &s.images);
        missing = is_missing(&s, &s.labels) || missing;
        missing = is_missing(&s, &s.list) || missing;
        if (!missing) TRY(pair_folders(&s));
    }
done:
    report_faults(&s);
    encnet__free(s.images.path);
    encnet__free(s.labels.path);
    encnet__free(s.list.path);
    encnet__entries_free(&s.found);
    encnet__entries_free(&s.label[0]);
    encnet__entries_free(&s.label[1]);
    return rc;
}

encnet_status encnet__pairs_find(encnet__dataset *d, const encnet_options *options,
                                 encnet__problems *problems)
{
    encnet_status rc = ENCNET_OK;

    TRY(find(d, &options->data, problems, false));
    if (options->data.train_extra && d->split == ENCNET__TRAIN)
        TRY(find(d, &options->data, problems, true));
done:
    return rc;
}

encnet_status encnet__pairs_read(const encnet__dataset *d, int i, encnet__picture *image,
                                 encnet__picture *label)
{
    const encnet__sample *s = &d->samples[i];
    encnet_status rc = ENCNET_OK;

    TRY(encnet__picture_read(image, s->image, d->max_pixels, d->image_reading));
    TRY(encnet__picture_read(label, s->label, d->max_pixels, d->label_reading));
    if (image->h != label->h || image->w != label->w)
        FAIL(ENCNET_E_DATA, "%s: a label of %d x %d pixels for the image %s of %d x %d%s", s->label,
             label->w, label->h, s->image, image->w, image->h,
             image->h != label->w || image->w != label->h ? ""
             : d->image_reading == ENCNET__READ_UPRIGHT
                 ? "; data.exif_orientation = no would not turn images"
                 : "; data.exif_orientation = yes would turn images as their Exif data say");
    TRY(encnet__labels_translate(d, label, s));
done:
    return rc;
}
