/*
 * dataset.c - a split as a list of images with their labels, read one by one.
 *
 * Opening walks the folders and pairs names; nothing is decoded.  What a stored label value means
 * is one table of 256 entries, made when the data set is opened.
 */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"
#include "data/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every kind of data set; data.type is the first column. */
static const encnet__dataset_kind kinds[] = {
    {.name = "synthetic", .draw = encnet__synthetic_draw, .name_class = encnet__synthetic_class},
    {.name = "folder",
     .images = {"images/train", "images/val"},
     .labels = {"annotations/train", "annotations/val"},
     .label_ending = ".png"},
    {.name = "cityscapes",
     .images = {"leftImg8bit/train", "leftImg8bit/val"},
     .labels = {"gtFine/train", "gtFine/val"},
     .image_ending = "_leftImg8bit.png",
     .label_ending = "_gtFine_labelTrainIds.png",
     .raw_label_ending = "_gtFine_labelIds.png",
     .classes = encnet__cityscapes_classes,
     .n_classes = ENCNET__CITYSCAPES},
    {.name = "ade20k",
     .images = {"images/training", "images/validation"},
     .labels = {"annotations/training", "annotations/validation"},
     .label_ending = ".png",
     .classes = encnet__ade20k_classes,
     .n_classes = ENCNET__ADE20K,
     .reduce_zero_label = true},
};

enum { OUTSIDE = 256, RAW_LABELS = 34 }; /* an id of no class; Cityscapes' raw ids are 0..33 */

typedef struct item {
    char *name, *image, *label; /* paths are NULL when drawn */
    bool raw;                   /* the label holds submission ids */
} item;

struct encnet__dataset {
    const encnet__dataset_kind *kind;
    encnet__drawing drawing;
    item *items;
    int count, classes;
    int64_t max_pixels;
    uint16_t meaning[2][256]; /* [raw][stored value]: class, ENCNET_IGNORE or OUTSIDE */
};

static const char *text_of(const char *text)
{
    return text ? text : "";
}

encnet_status encnet__dataset_kind_of(const encnet__dataset_kind **out,
                                      const encnet_options *options)
{
    const char *type = text_of(options->data.type);
    int classes = options->model.classes;

    if (classes < 2 || classes > ENCNET_MAX_CLASSES)
        return encnet__fail(ENCNET_E_CONFIG, "model.classes=%d, not in 2..%d", classes,
                            ENCNET_MAX_CLASSES);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(kinds[i].name, type) != 0) continue;
        if (kinds[i].n_classes && kinds[i].n_classes != classes)
            return encnet__fail(ENCNET_E_CONFIG,
                                "data.type=%s has %d classes, but model.classes=%d", type,
                                kinds[i].n_classes, classes);
        *out = &kinds[i];
        return ENCNET_OK;
    }
    return encnet__fail(
        ENCNET_E_CONFIG,
        "data.type=%s is unknown; there are synthetic, folder, cityscapes and ade20k", type);
}

void encnet__problem(encnet__problems *p, const char *format, ...)
{
    char line[sizeof p->first];
    va_list ap;

    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    if (p->count++ == 0) memcpy(p->first, line, sizeof line);
    if (p->report) p->report(p->user, line);
}

/* -- label values ------------------------------------------------------------------------------ */

encnet_status encnet__ignore_parse(bool marks[256], const char *text)
{
    const char *at = text;

    while (*at) {
        char *end;
        long id = strtol(at, &end, 10);
        if (end == at || id < 0 || id > 255 || (*end != '\0' && *end != ','))
            return encnet__fail(ENCNET_E_CONFIG,
                                "data.ignore_labels=%s: expected ids 0..255 such as 0,11", text);
        marks[id] = true;
        at = *end ? end + 1 : end;
    }
    return ENCNET_OK;
}

/* In this order, as the values stand in the file: ignored ids, the zero label taken out, what is
 * left must be a class. */
static encnet_status learn_meanings(encnet__dataset *d, const encnet_options *options)
{
    bool ignored[256] = {[ENCNET_IGNORE] = true}, reduce;
    encnet_status rc = encnet__ignore_parse(ignored, text_of(options->data.ignore_labels));

    if (rc != ENCNET_OK) return rc;
    reduce = d->kind->reduce_zero_label || options->data.reduce_zero_label;
    for (int v = 0; v < 256; v++) {
        int id = reduce ? v - 1 : v;
        d->meaning[0][v] = (uint16_t)(ignored[v] || id < 0 ? ENCNET_IGNORE
                                      : id < d->classes    ? id
                                                           : OUTSIDE);
        d->meaning[1][v] = ignored[v] || v < RAW_LABELS ? ENCNET_IGNORE : OUTSIDE;
    }
    for (int i = 0; i < d->kind->n_classes; i++)
        if (!ignored[d->kind->classes[i].submit_id])
            d->meaning[1][d->kind->classes[i].submit_id] = (uint16_t)i;
    return ENCNET_OK;
}

/* -- lists of files ---------------------------------------------------------------------------- */

/* Where a split's files are, while it is opened. */
typedef struct search {
    encnet__dataset *d;
    const char *root;
    char *images, *labels;           /* a folder, or for `images` a list file */
    encnet__entries found, label[2]; /* [raw] */
    encnet__problems *problems;
} search;

/* "folder/stem" with two strings behind it, in memory of the caller. */
static char *join(const char *folder, const char *stem, int size, const char *ending)
{
    encnet__text t = {0};

    encnet__text_add(&t, "%s/%.*s%s", folder, size, stem, ending);
    if (t.failed) encnet__text_free(&t);
    return t.data;
}

/* Takes over `image` and `label`, also when it fails. */
static encnet_status keep(search *s, int index, const encnet__entry *e, char *image, char *label,
                          bool raw)
{
    item *it = &s->d->items[index];

    it->name = encnet__alloc((size_t)e->stem + 1, 1);
    it->image = image;
    it->label = label;
    it->raw = raw;
    s->d->count = index + 1;
    if (!it->name || !image || !label)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for a list of files");
    memcpy(it->name, e->path, (size_t)e->stem);
    return ENCNET_OK;
}

/* The label of one image of a folder; what is missing becomes a problem. */
static encnet_status pair(search *s, const encnet__entry *image)
{
    const encnet__dataset_kind *kind = s->d->kind;
    const char *endings[2] = {kind->label_ending, kind->raw_label_ending};
    encnet__entry *hit[2], *label;
    bool raw;

    for (int k = 0; k < 2; k++)
        hit[k] = encnet__entries_find(&s->label[k], image->path, image->stem);
    raw = !hit[0] && hit[1];
    label = raw ? hit[1] : hit[0];
    if (!label) {
        encnet__problem(s->problems, "%s/%s: has no label %s/%.*s%s", s->images, image->path,
                        s->labels, image->stem, image->path,
                        endings[kind->raw_label_ending != NULL]);
        return ENCNET_OK;
    }
    if (label->used) {
        encnet__problem(s->problems, "%s/%s: shares the label %s/%s with another image", s->images,
                        image->path, s->labels, label->path);
        return ENCNET_OK;
    }
    for (int k = 0; k < 2; k++)
        if (hit[k]) hit[k]->used = true;
    return keep(s, s->d->count, image, encnet__path_join(s->images, image->path),
                encnet__path_join(s->labels, label->path), raw);
}

static encnet_status pair_folders(search *s)
{
    const char *endings[2] = {s->d->kind->label_ending, s->d->kind->raw_label_ending};
    encnet_status rc = ENCNET_OK;

    for (int k = 0; k < 2; k++)
        if (endings[k]) {
            TRY(encnet__list_folder(&s->label[k], s->labels, endings[k]));
            encnet__entries_index(&s->label[k]);
        }
    for (int i = 0; i < s->found.count; i++) TRY(pair(s, &s->found.at[i]));
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < s->label[k].count; i++)
            if (!s->label[k].at[i].used)
                encnet__problem(s->problems, "%s/%s: a label without its image in %s", s->labels,
                                s->label[k].at[i].path, s->images);
done:
    return rc;
}

/* A line of a list file: its second word below data.root, or the file with the image's name among
 * the labels. */
static encnet_status pair_line(search *s, const encnet__entry *e)
{
    const char *ending = s->d->kind->label_ending, *base = e->path + e->stem;
    char *image = encnet__path_join(s->root, e->path), *label;

    while (base > e->path && base[-1] != '/') base--;
    if (e->label) {
        label = encnet__path_join(s->root, e->label);
    } else {
        label = join(s->labels, e->path, e->stem, ending);
        if (label && access(label, F_OK) != 0) {
            encnet__free(label);
            label = join(s->labels, base, (int)(e->path + e->stem - base), ending);
        }
    }
    if (image && access(image, F_OK) != 0)
        encnet__problem(s->problems, "%s: named in %s, but missing", image, s->images);
    else if (label && access(label, F_OK) != 0)
        encnet__problem(s->problems, "%s: the label of %s is missing", label, e->path);
    else
        return keep(s, s->d->count, e, image, label, false);
    encnet__free(image);
    encnet__free(label);
    return ENCNET_OK;
}

static encnet_status pair_list(search *s)
{
    encnet_status rc = ENCNET_OK;
    char *text = NULL;
    size_t size;

    TRY(encnet__file_read(&text, &size, s->images, 1 << 28));
    TRY(encnet__list_parse(&s->found, text, size, s->images));
    if (s->found.count) s->d->items = encnet__alloc((size_t)s->found.count, sizeof *s->d->items);
    if (s->found.count && !s->d->items)
        FAIL(ENCNET_E_NOMEM, "no memory for %d images", s->found.count);
    for (int i = 0; i < s->found.count; i++) TRY(pair_line(s, &s->found.at[i]));
done:
    encnet__free(text);
    return rc;
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static encnet_status find_files(search *s, const encnet_options *options, encnet__split split)
{
    const encnet_data_options *o = &options->data;
    const char *images = text_of(split == ENCNET__TRAIN ? o->train_images : o->val_images);
    const char *labels = text_of(split == ENCNET__TRAIN ? o->train_labels : o->val_labels);
    encnet_status rc = ENCNET_OK;

    s->root = o->root && *o->root ? o->root : ".";
    s->images = encnet__path_join(s->root, *images ? images : s->d->kind->images[split]);
    s->labels = encnet__path_join(s->root, *labels ? labels : s->d->kind->labels[split]);
    if (!s->images || !s->labels) FAIL(ENCNET_E_NOMEM, "no memory for the names of folders");
    if (is_file(s->images)) {
        TRY(pair_list(s));
    } else {
        TRY(encnet__list_folder(&s->found, s->images, s->d->kind->image_ending));
        s->d->items = encnet__alloc((size_t)s->found.count, sizeof *s->d->items);
        if (!s->d->items) FAIL(ENCNET_E_NOMEM, "no memory for %d images", s->found.count);
        TRY(pair_folders(s));
    }
    if (s->found.count == 0)
        encnet__problem(s->problems, "%s: no images (%s)", s->images,
                        s->d->kind->image_ending ? s->d->kind->image_ending : ".png, .jpg, .jpeg");
done:
    encnet__free(s->images);
    encnet__free(s->labels);
    encnet__entries_free(&s->found);
    encnet__entries_free(&s->label[0]);
    encnet__entries_free(&s->label[1]);
    return rc;
}

/* Data sets that are drawn: names are numbers. */
static encnet_status count_drawings(encnet__dataset *d, const encnet_options *options,
                                    encnet__split split)
{
    const encnet_data_options *o = &options->data;
    int count = split == ENCNET__TRAIN ? o->train_count : o->val_count;

    if (count < 1 || o->width < 1 || o->height < 1)
        return encnet__fail(ENCNET_E_CONFIG, "data.type=%s: %d images of %d x %d", d->kind->name,
                            count, o->width, o->height);
    d->drawing =
        (encnet__drawing){o->seed, (int)split, options->model.classes, o->height, o->width};
    d->items = encnet__alloc((size_t)count, sizeof *d->items);
    if (!d->items) return encnet__fail(ENCNET_E_NOMEM, "no memory for %d images", count);
    for (; d->count < count; d->count++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%06d", d->kind->name, d->count);
        d->items[d->count].name = encnet__strdup(name);
        if (!d->items[d->count].name)
            return encnet__fail(ENCNET_E_NOMEM, "no memory for %d images", count);
    }
    return ENCNET_OK;
}

/* -- opening ----------------------------------------------------------------------------------- */

encnet_status encnet__dataset_scan(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split, encnet__problems *problems)
{
    encnet_status rc = ENCNET_OK;
    encnet__dataset *d = encnet__alloc(1, sizeof *d);
    search s = {.d = d, .problems = problems};

    if (!d) FAIL(ENCNET_E_NOMEM, "no memory for a data set");
    TRY(encnet__dataset_kind_of(&d->kind, options));
    d->classes = options->model.classes;
    d->max_pixels = options->data.max_pixels;
    TRY(learn_meanings(d, options));
    if (d->kind->draw)
        TRY(count_drawings(d, options, split));
    else
        TRY(find_files(&s, options, split));
    *out = d;
    d = NULL;
done:
    encnet__dataset_close(d);
    return rc;
}

encnet_status encnet__dataset_open(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split)
{
    encnet_status rc = ENCNET_OK;
    encnet__problems problems = {0};
    encnet__dataset *d = NULL;

    TRY(encnet__dataset_scan(&d, options, split, &problems));
    if (problems.count > 1)
        FAIL(ENCNET_E_DATA, "%s (and %d more such problems)", problems.first, problems.count - 1);
    if (problems.count) FAIL(ENCNET_E_DATA, "%s", problems.first);
    *out = d;
    d = NULL;
done:
    encnet__dataset_close(d);
    return rc;
}

void encnet__dataset_close(encnet__dataset *d)
{
    if (!d) return;
    for (int i = 0; i < d->count; i++) {
        encnet__free(d->items[i].name);
        encnet__free(d->items[i].image);
        encnet__free(d->items[i].label);
    }
    encnet__free(d->items);
    encnet__free(d);
}

int encnet__dataset_size(const encnet__dataset *d)
{
    return d->count;
}

const char *encnet__dataset_name(const encnet__dataset *d, int i)
{
    return d->items[i].name;
}

const char *encnet__dataset_image_path(const encnet__dataset *d, int i)
{
    return d->items[i].image;
}

const char *encnet__dataset_label_path(const encnet__dataset *d, int i)
{
    return d->items[i].label;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* The sentence about the first value that means no class, with how often it occurs. */
static encnet_status outside(const encnet__dataset *d, const encnet__picture *label,
                             const char *path, size_t first)
{
    int id = label->pixels[first];
    size_t count = 0;

    for (size_t i = first; i < (size_t)label->h * (size_t)label->w; i++)
        count += label->pixels[i] == id;
    return encnet__fail(
        ENCNET_E_DATA,
        "%s: id %d is none of the %d classes (%zu pixels, the first at x=%zu, y=%zu); "
        "data.ignore_labels can leave ids out",
        path, id, d->classes, count, first % (size_t)label->w, first / (size_t)label->w);
}

static encnet_status translate(const encnet__dataset *d, encnet__picture *label, const item *it)
{
    const uint16_t *meaning = d->meaning[it->raw];
    size_t n = (size_t)label->h * (size_t)label->w, bad = n;

    for (size_t i = n; i-- > 0;) /* backwards, so that `bad` ends as the first */
        if (meaning[label->pixels[i]] == OUTSIDE) bad = i;
    if (bad < n) return outside(d, label, it->label, bad);
    for (size_t i = 0; i < n; i++) label->pixels[i] = (uint8_t)meaning[label->pixels[i]];
    return ENCNET_OK;
}

encnet_status encnet__dataset_read(const encnet__dataset *d, int i, encnet__picture *image,
                                   encnet__picture *label)
{
    const item *it = &d->items[i];
    encnet_status rc = ENCNET_OK;

    if (d->kind->draw) return d->kind->draw(image, label, &d->drawing, i);
    TRY(encnet__picture_read(image, it->image, d->max_pixels));
    TRY(encnet__labels_read(label, it->label, d->max_pixels));
    if (image->h != label->h || image->w != label->w)
        FAIL(ENCNET_E_DATA, "%s: a label of %d x %d pixels for the image %s of %d x %d", it->label,
             label->w, label->h, it->image, image->w, image->h);
    TRY(translate(d, label, it));
done:
    return rc;
}
