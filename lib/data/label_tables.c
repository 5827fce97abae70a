/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* label_tables.c - the class of each stored label value: a table of 256 entries for each form of
 * labels, and one of colours, made when a data set is opened. */
#include "data/dataset.h"

#include "options/options.h"

#include <string.h>

/* The ids that data.label_ids gives the classes. */
static encnet_status learn_ids(encnet__dataset *d, const encnet_options *options, bool *given)
{
    encnet_status rc = ENCNET_OK;
    double ids[256];
    int n;

    TRY(encnet__option_numbers(ids, &n, ENCNET__OPTION_ROW(data.label_ids),
                               options->data.label_ids));
    *given = n > 0;
    if (n && n != d->classes)
        FAIL(ENCNET_E_CONFIG, "data.label_ids = %s: %d ids for model.classes = %d",
             options->data.label_ids, n, d->classes);
    if (n && options->data.reduce_zero_label)
        FAIL(ENCNET_E_CONFIG, "data.label_ids names the id of each class: data.reduce_zero_label "
                              "cannot take one from it");
    for (int v = 0; n && v < 256; v++)
        d->class_of[0][v] = v == ENCNET_IGNORE ? v : ENCNET__NO_CLASS;
    for (int i = 0; i < n; i++) d->class_of[0][(int)ids[i]] = (uint16_t)i;
done:
    return rc;
}

static void add_colour(encnet__colours *c, const encnet__class *class, int stands)
{
    uint32_t rgb = (uint32_t) class->rgb[0] << 16 | (uint32_t) class->rgb[1] << 8 | class->rgb[2];

    if (class->in_labels) c->at[c->count++] = (struct encnet__colour){rgb, (uint16_t)stands};
}

static encnet_status learn_colours(encnet__dataset *d, const encnet_options *options)
{
    const char *format = options->data.label_format ? options->data.label_format : "auto";
    encnet_status rc = ENCNET_OK;
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes), ignored;
    encnet__colours *c = &d->colours;

    if (!classes) FAIL(ENCNET_E_NOMEM, "no memory for the colours of classes");
    c->only = strcmp(format, "colours") == 0;
    d->label_reading = c->only ? ENCNET__READ_STORED : ENCNET__READ_LABEL;
    if (strcmp(format, "ids") == 0) goto done;
    rc = encnet__classes_and_ignored(classes, &ignored, options);
    if (rc == ENCNET_E_DATA)
        rc = ENCNET_OK; /* whoever needs the classes themselves reports it */
    else if (rc == ENCNET_OK)
        for (int i = 0; i < d->classes; i++) add_colour(c, &classes[i], i);
    TRY(rc);
    add_colour(c, &ignored, ENCNET_IGNORE);
    encnet__colours_sort(c);
    if (c->only && c->count == 0)
        FAIL(ENCNET_E_CONFIG,
             "data.label_format = colours: data.classes_file must state the colours, "
             "index,name,r,g,b");
done:
    encnet__free(classes);
    return rc;
}

encnet_status encnet__labels_learn(encnet__dataset *d, const encnet_options *options)
{
    const encnet__dataset_type *type = d->type;
    bool ignored[256] = {[ENCNET_IGNORE] = true}, given;
    int shift = type->reduce_zero_label || options->data.reduce_zero_label ? 1 : 0;
    encnet_status rc = ENCNET_OK;
    double ids[256];
    int n;

    for (int v = 0; v < 256; v++) {
        int id = v - shift;
        d->class_of[0][v] = (uint16_t)(ignored[v] || id < 0 ? ENCNET_IGNORE
                                       : id < d->classes    ? id
                                                            : ENCNET__NO_CLASS);
        d->class_of[1][v] =
            ignored[v] || v < type->layout.n_raw_ids ? ENCNET_IGNORE : ENCNET__NO_CLASS;
    }
    for (int i = 0; i < type->n_classes; i++)
        d->class_of[1][type->classes[i].submit_id] = (uint16_t)i;
    TRY(learn_ids(d, options, &given));
    TRY(encnet__option_numbers(ids, &n, ENCNET__OPTION_ROW(data.ignore_labels),
                               options->data.ignore_labels));
    for (int i = 0; i < n; i++)
        d->class_of[0][(int)ids[i]] = d->class_of[1][(int)ids[i]] = ENCNET_IGNORE;
    TRY(learn_colours(d, options));
done:
    return rc;
}
