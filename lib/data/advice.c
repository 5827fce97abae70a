/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * advice.c - what the labels of a data set hold as a whole, and which key would make sense of it.
 *
 * A single bad value says little: id 3 of three classes may be one of ids 1..3, a grey level, or a
 * class too many.  The ids of all files tell them apart.
 */
#include "data/advice.h"

#include <stdio.h>
#include <string.h>

#include "options/options.h"

/* -- counting ---------------------------------------------------------------------------------- */

/* Counts a label that was stored in three equal channels by its ids. */
static void count_ids(encnet__census *c, const encnet__picture *label, bool is_raw)
{
    size_t n = (size_t)label->h * (size_t)label->w, step = (size_t)label->channels;

    for (size_t i = 0; i < n; i++) c->ids[is_raw][label->pixels[i * step]]++;
}

static bool is_grey(const encnet__picture *label)
{
    for (size_t i = 0; i < (size_t)label->h * (size_t)label->w; i++) {
        const uint8_t *p = label->pixels + 3 * i;
        if (p[0] != p[1] || p[0] != p[2]) return false;
    }
    return true;
}

encnet_status encnet__census_add(encnet__census *c, const encnet__dataset *d, int i,
                                 encnet__picture *label)
{
    const encnet__sample *s = &d->samples[i];
    encnet_status rc = ENCNET_OK;
    bool ids;

    if (!s->label) return ENCNET_OK; /* drawn labels are right */
    TRY(encnet__picture_read(label, s->label, d->max_pixels, d->label_reading));
    ids = label->channels == 1 || (!d->colours.only && d->colours.count == 0 && is_grey(label));
    if (ids) count_ids(c, label, s->is_raw);
    c->id_files += ids;
    if (encnet__labels_translate(d, label, s) != ENCNET_OK) goto done; /* its reader reports it */
    c->files++;
    for (size_t p = 0; p < (size_t)label->h * (size_t)label->w; p++) c->classes[label->pixels[p]]++;
done:
    return rc;
}

/* -- ids as words ------------------------------------------------------------------------------ */

/* Appends "0-3, 7, 255". */
static void add_ranges(encnet__text *out, const bool has[256])
{
    bool any = false;

    for (int v = 0; v < 256; v++) {
        int last = v;
        if (!has[v]) continue;
        while (last < 255 && has[last + 1]) last++;
        encnet__text_add(out, "%s%d", any ? ", " : "", v);
        if (last > v) encnet__text_add(out, "%s%d", last == v + 1 ? ", " : "-", last);
        any = true;
        v = last;
    }
}

/* Appends "0,127,255", as a key takes it. */
static void add_list(encnet__text *out, const bool has[256])
{
    bool any = false;

    for (int v = 0; v < 256; v++)
        if (has[v]) {
            encnet__text_add(out, "%s%d", any ? "," : "", v);
            any = true;
        }
}

static int divisor(int a, int b)
{
    return b ? divisor(b, a % b) : a;
}

/* The ids of the labels of one form, and what is known of them. */
typedef struct ids {
    bool has[256];                         /* that occur, without those that the options ignore */
    bool bad[256];                         /* ... and are no class */
    int count, n_bad, least, most, common; /* common: their greatest common divisor */
    uint64_t pixels, bad_pixels, pixels_255;
    bool ignored_255; /* 255 occurs, and is ignored only because nothing says otherwise */
    bool edges;       /* two classes, nearly all pixels are 0 or 255, and others are between */
} ids;

static void survey(ids *out, const encnet__census *c, const encnet__dataset *d,
                   const encnet_options *options)
{
    const uint64_t *n = c->ids[0];

    *out = (ids){.least = 256, .most = -1};
    for (int v = 0; v < 256; v++) out->pixels += n[v];
    out->pixels_255 = n[255];
    out->ignored_255 = n[255] && d->class_of[0][255] == ENCNET_IGNORE &&
                       !(options->data.ignore_labels && strstr(options->data.ignore_labels, "255"));
    for (int v = 0; v < 256; v++) {
        bool is_zero = v == 0 && options->data.reduce_zero_label; /* looked at all the same */
        if (!n[v] || (d->class_of[0][v] == ENCNET_IGNORE && !is_zero)) continue;
        out->has[v] = true;
        out->count++;
        if (v < out->least) out->least = v;
        out->most = v;
        out->common = divisor(out->common, v);
        if (d->class_of[0][v] != ENCNET__NO_CLASS) continue;
        out->bad[v] = true;
        out->n_bad++;
        out->bad_pixels += n[v];
    }
    out->edges = d->classes == 2 && out->ignored_255 && out->least == 0 && out->count > 1 &&
                 (n[0] + n[255]) * 5 > out->pixels * 4;
}

/* -- advice about ids -------------------------------------------------------------------------- */

/* The key that gives each id its class, 255 among them if `with_255`. */
static void propose_ids(encnet__text *out, const ids *i, bool with_255)
{
    bool all[256];

    memcpy(all, i->has, sizeof all);
    all[255] = all[255] || with_255;
    encnet__text_add(out, "data.label_ids = ");
    add_list(out, all);
    encnet__text_add(out, " makes them classes 0-%d", i->count + with_255 - 1);
}

enum { RESERVED = 250 }; /* programs give such ids to what is none of the classes */

/* What would make sense of ids that are no classes. */
static void propose(encnet__text *out, const ids *i, const encnet__dataset *d,
                    const encnet_options *options)
{
    int M = d->classes;
    bool shifted = options->data.reduce_zero_label || d->type->reduce_zero_label;
    bool given = options->data.label_ids && *options->data.label_ids;

    if (given) {
        encnet__text_add(out, "data.label_ids does not name them all");
    } else if (!shifted && i->least >= 1 && i->most == M) {
        encnet__text_add(out,
                         "ids that begin at 1: data.reduce_zero_label = yes takes one from each");
    } else if (!shifted && i->least >= 1 && i->count == i->most &&
               i->most <= ENCNET_MAX_PIXEL_CLASSES) {
        encnet__text_add(
            out,
            "ids that begin at 1: data.reduce_zero_label = yes takes one from each, and "
            "they are model.classes = %d",
            i->most);
    } else if (!shifted && i->least == 0 && i->most == M && i->count <= M + 1) {
        encnet__text_add(
            out,
            "if 0 is a class too, such as the background, they are model.classes = %d; if "
            "it counts for nothing, data.reduce_zero_label = yes",
            M + 1);
    } else if (i->edges) {
        encnet__text_add(
            out, "a mask of 0 and 255 whose edges were resized smoothly: make it again with "
                 "nearest-neighbour, and data.label_ids = 0,255 makes classes 0-1");
    } else if (i->count == M) {
        propose_ids(out, i, false);
    } else if (i->ignored_255 && i->count + 1 == M) {
        propose_ids(out, i, true);
    } else if (i->count > 3 * M && i->count > 20) {
        encnet__text_add(
            out, "so many look like a photo, like labels that were resized smoothly or saved "
                 "as JPEG (make them again, with nearest-neighbour and as PNG), or like "
                 "numbers of objects instead of classes");
    } else if (i->count < i->most + 1 && i->count <= 32) {
        encnet__text_add(out, "if each is a class, model.classes = %d and ", i->count);
        propose_ids(out, i, false);
    } else {
        encnet__text_add(out, "if each id is a class, model.classes = %d", i->most + 1 - shifted);
    }
    if (i->common > 1 && i->count > 1)
        encnet__text_add(
            out,
            "; they are multiples of %d, such as the grey levels of a mask that was made "
            "to be looked at",
            i->common);
    if (!given && !i->edges &&
        (i->bad_pixels * 20 < i->pixels || (i->n_bad == 1 && i->most >= RESERVED))) {
        encnet__text_add(
            out, "; if they count for nothing (%.2f %% of the pixels), data.ignore_labels = ",
            100.0 * (double)i->bad_pixels / (double)i->pixels);
        add_list(out, i->bad);
    }
}

/* "labels have the ids 0-3, 7" */
static void begin_sentence(encnet__text *out, const ids *i)
{
    encnet__text_add(out, "labels have the ids ");
    add_ranges(out, i->has);
}

/* How many stored ids are more frequent than 255. */
static int rank_of_255(const encnet__census *c)
{
    int rank = 0;

    for (int v = 0; v < 255; v++) rank += c->ids[0][v] > c->ids[0][255];
    return rank;
}

/* Ids that are all classes, but look as if they meant something else. */
static void doubt(encnet__text *out, const ids *i, const encnet__census *c,
                  const encnet__dataset *d, const encnet_options *options)
{
    bool taken = options->data.reduce_zero_label, shifted = taken || d->type->reduce_zero_label;
    bool own = d->type->n_classes == 0; /* nothing is known of this data set */
    double percent = i->pixels ? 100.0 * (double)i->pixels_255 / (double)i->pixels : 0;

    if (i->ignored_255 && i->least == 0 && i->count + 1 == d->classes && i->count <= 2) {
        begin_sentence(out, i);
        encnet__text_add(out,
                         " and 255, which counts for nothing (%.1f %% of the pixels): if it is a "
                         "class, ",
                         percent);
        propose_ids(out, i, true);
        encnet__text_add(out, "; if it is not, data.ignore_labels = 255 says so\n");
    } else if (own && !shifted && i->least >= 1 && i->count > 1) {
        begin_sentence(out, i);
        encnet__text_add(out,
                         ", and no pixel is class 0: if ids begin at 1, data.reduce_zero_label = "
                         "yes takes one from each\n");
    } else if (own && taken && i->has[0] && i->most == d->classes - 1) {
        begin_sentence(out, i);
        encnet__text_add(out,
                         ", and none %d: with data.reduce_zero_label = yes id 0 counts for "
                         "nothing, and class %d has no pixel\n",
                         d->classes, d->classes - 1);
    } else if (own && i->ignored_255 && rank_of_255(c) <= 1 && percent >= 5) {
        encnet__text_add(out, "%.1f %% of the pixels have the id 255, which counts for nothing\n",
                         percent);
    }
}

bool encnet__advise_ids(encnet__text *out, const encnet__census *c, const encnet__dataset *d,
                        const encnet_options *options)
{
    int shift = options->data.reduce_zero_label || d->type->reduce_zero_label;
    ids i;

    if (c->id_files == 0) return true;
    survey(&i, c, d, options);
    if (i.n_bad == 0) {
        doubt(out, &i, c, d, options);
        return true;
    }
    begin_sentence(out, &i);
    encnet__text_add(out, "%s, but model.classes = %d", i.ignored_255 ? " and 255" : "",
                     d->classes);
    if (!options->data.label_ids || !*options->data.label_ids)
        encnet__text_add(out, "%s makes ids %d-%d classes",
                         options->data.reduce_zero_label ? " with data.reduce_zero_label = yes"
                                                         : "",
                         shift, d->classes - 1 + shift);
    encnet__text_add(out, ": ");
    propose(out, &i, d, options);
    encnet__text_add(out, "\n");
    return false;
}

bool encnet__advise_ignored(encnet__text *out, const encnet__census *c,
                            const encnet_options *options)
{
    double values[256];
    bool lacks[256] = {false}, has[256] = {false}, any = false;
    int count = 0;

    if (c->id_files == 0 || !options->data.ignore_labels ||
        encnet__option_numbers(values, &count, ENCNET__OPTION_ROW(data.ignore_labels),
                               options->data.ignore_labels) != ENCNET_OK)
        return true;
    for (int v = 0; v < 256; v++) has[v] = c->ids[0][v] + c->ids[1][v] > 0;
    for (int i = 0; i < count; i++) {
        int v = (int)values[i];
        if (v == 255 || has[v]) continue;
        lacks[v] = any = true;
    }
    if (!any) return true;
    encnet__text_add(out, "data.ignore_labels = %s: no label has ", options->data.ignore_labels);
    add_ranges(out, lacks);
    encnet__text_add(out, "; the ids are ");
    add_ranges(out, has);
    encnet__text_add(out, "\n");
    return false;
}

/* -- advice about classes ---------------------------------------------------------------------- */

bool encnet__advise_classes(encnet__text *out, const encnet__census *c, const encnet__dataset *d,
                            const encnet__class *classes, bool complete)
{
    const char *split = encnet__split_word(d->split);
    uint64_t labelled = 0;
    int missing = 0, seen = 0;

    if (c->files == 0) return true;
    for (int m = 0; m < d->classes; m++) {
        labelled += c->classes[m];
        seen += c->classes[m] > 0;
        missing += c->classes[m] == 0;
    }
    if (!complete && labelled) return true; /* other files may have the classes */
    if (!labelled) {
        encnet__text_add(out, "no pixel of %s %d %s labels is of a class: all are ignored\n",
                         complete ? "the" : "a sample of", c->files, split);
        return !complete;
    }
    if (!missing) return true;
    encnet__text_add(out, "%d of %d classes have no pixel in the %s split:", missing, d->classes,
                     split);
    for (int m = 0, shown = 0; m < d->classes; m++)
        if (c->classes[m] == 0 && shown++ < 8)
            encnet__text_add(out, "%s %d %s", shown > 1 ? "," : "", m, classes[m].name);
    if (missing > 8) encnet__text_add(out, " and %d more", missing - 8);
    if (seen == 1) encnet__text_add(out, "; with one class there is nothing to learn");
    encnet__text_add(out, "\n");
    return seen > 1 || d->split != ENCNET__TRAIN;
}

/* -- a look at a sample of the files ----------------------------------------------------------- */

encnet_status encnet__data_look(encnet__text *out, const encnet__dataset *d,
                                const encnet_options *options)
{
    enum { FILES = 64 };
    const double patience = 2; /* seconds */
    encnet__census *c = encnet__alloc(1, sizeof *c);
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);
    encnet__picture label = {0};
    encnet_status rc = ENCNET_OK;
    double began = encnet__now();
    bool makes_sense;
    int looks = d->count < FILES ? d->count : FILES;

    if (!c || !classes) FAIL(ENCNET_E_NOMEM, "no memory to look at labels");
    TRY(encnet__classes_of(classes, options));
    for (int i = 0; i < looks && encnet__now() - began < patience; i++)
        if (encnet__census_add(c, d, (int)((int64_t)i * d->count / looks), &label) != ENCNET_OK)
            goto done; /* the loader reports it when it gets there */
    makes_sense = encnet__advise_ids(out, c, d, options) &&
                  encnet__advise_classes(out, c, d, classes, c->files == d->count);
    if (out->failed) FAIL(ENCNET_E_NOMEM, "no memory for advice");
    if (!makes_sense) {
        char *line;
        out->data[out->size - 1] = '\0';
        line = strrchr(out->data, '\n');
        FAIL(ENCNET_E_DATA, "%s", line ? line + 1 : out->data);
    }
done:
    encnet__picture_free(&label);
    encnet__free(c);
    encnet__free(classes);
    return rc;
}
