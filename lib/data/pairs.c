/*
 * pairs.c - data sets that are pairs of files: pictures in a folder or in a list file, and labels
 * in another folder, which are found by the names of the pictures.  Nothing is decoded before a
 * sample is read.
 */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"
#include "data/list.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The search for the files of a split. */
typedef struct search {
    encnet__dataset *d;
    const encnet__layout *layout;
    const char *root;
    char *images, *labels;           /* folders; `images` may also be a list file */
    encnet__entries found, label[2]; /* [is_raw] */
    encnet__problems *problems;
} search;

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

/* Pairs one picture of a folder with its label. */
static encnet_status pair(search *s, const encnet__entry *image)
{
    const encnet__layout *layout = s->layout;
    encnet__entry *hit[2], *label;
    bool is_raw;

    for (int k = 0; k < 2; k++)
        hit[k] = encnet__entries_find(&s->label[k], image->path, image->stem);
    is_raw = !hit[0] && hit[1];
    label = is_raw ? hit[1] : hit[0];
    if (!label) {
        encnet__problem(s->problems, "%s/%s: has no label %s/%.*s%s", s->images, image->path,
                        s->labels, image->stem, image->path,
                        layout->raw_label_ending ? layout->raw_label_ending : layout->label_ending);
        return ENCNET_OK;
    }
    if (label->used) {
        encnet__problem(s->problems, "%s/%s: shares the label %s/%s with another image", s->images,
                        image->path, s->labels, label->path);
        return ENCNET_OK;
    }
    for (int k = 0; k < 2; k++)
        if (hit[k]) hit[k]->used = true;
    return add(s, image, encnet__path_join(s->images, image->path),
               encnet__path_join(s->labels, label->path), is_raw);
}

static encnet_status pair_folders(search *s)
{
    const char *endings[2] = {s->layout->label_ending, s->layout->raw_label_ending};
    encnet_status rc = ENCNET_OK;

    TRY(encnet__list_folder(&s->found, s->images, s->layout->image_ending));
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

/* -- list files -------------------------------------------------------------------------------- */

/* The label of a line: its second word, below data.root; or else a file in the label folder with
 * the picture's path, or with its base name. */
static char *label_of(const search *s, const encnet__entry *e)
{
    const char *base = e->path + e->stem;
    char *label;

    if (e->label) return encnet__path_join(s->root, e->label);
    label = join(s->labels, e->path, e->stem, s->layout->label_ending);
    if (!label || access(label, F_OK) == 0) return label;
    encnet__free(label);
    while (base > e->path && base[-1] != '/') base--;
    return join(s->labels, base, (int)(e->path + e->stem - base), s->layout->label_ending);
}

static encnet_status pair_line(search *s, const encnet__entry *e)
{
    char *image = encnet__path_join(s->root, e->path), *label = label_of(s, e);

    if (image && access(image, F_OK) != 0)
        encnet__problem(s->problems, "%s: named in %s, but missing", image, s->images);
    else if (label && access(label, F_OK) != 0)
        encnet__problem(s->problems, "%s: the label of %s is missing", label, e->path);
    else
        return add(s, e, image, label, false);
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

/* The folder that an option names, or else that of the layout, below data.root. */
static char *place(const search *s, const char *option, const char *folder)
{
    return encnet__path_join(s->root, option && *option ? option : folder);
}

encnet_status encnet__pairs_find(encnet__dataset *d, const encnet_options *options,
                                 encnet__problems *problems)
{
    const encnet_data_options *o = &options->data;
    bool train = d->split == ENCNET__TRAIN;
    search s = {.d = d, .layout = &d->type->layout, .problems = problems};
    const char *ending = s.layout->image_ending;
    encnet_status rc = ENCNET_OK;

    s.root = o->root && *o->root ? o->root : ".";
    s.images = place(&s, train ? o->train_images : o->val_images, s.layout->images[d->split]);
    s.labels = place(&s, train ? o->train_labels : o->val_labels, s.layout->labels[d->split]);
    if (!s.images || !s.labels) FAIL(ENCNET_E_NOMEM, "no memory for the names of folders");
    TRY(is_file(s.images) ? pair_list(&s) : pair_folders(&s));
    if (s.found.count == 0)
        encnet__problem(problems, "%s: no images (%s)", s.images,
                        ending ? ending : ".png, .jpg, .jpeg");
done:
    encnet__free(s.images);
    encnet__free(s.labels);
    encnet__entries_free(&s.found);
    encnet__entries_free(&s.label[0]);
    encnet__entries_free(&s.label[1]);
    return rc;
}

encnet_status encnet__pairs_read(const encnet__dataset *d, int i, encnet__picture *image,
                                 encnet__picture *label)
{
    const encnet__sample *s = &d->samples[i];
    encnet_status rc = ENCNET_OK;

    TRY(encnet__picture_read(image, s->image, d->max_pixels));
    TRY(encnet__labels_read(label, s->label, d->max_pixels));
    if (image->h != label->h || image->w != label->w)
        FAIL(ENCNET_E_DATA, "%s: a label of %d x %d pixels for the image %s of %d x %d", s->label,
             label->w, label->h, s->image, image->w, image->h);
    TRY(encnet__labels_translate(d, label, s));
done:
    return rc;
}
