/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* dataset.c - a split as a list of samples that are read one by one. */
#include "data/dataset.h"

encnet_status encnet__dataset_scan(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split, encnet__problems *problems)
{
    encnet_status rc = ENCNET_OK;
    encnet__dataset *d = encnet__alloc(1, sizeof *d);

    if (!d) FAIL(ENCNET_E_NOMEM, "no memory for a data set");
    TRY(encnet__dataset_type_of(&d->type, options));
    d->split = split;
    d->classes = options->model.classes;
    d->max_pixels = options->data.max_pixels;
    d->image_reading = options->data.exif_orientation ? ENCNET__READ_UPRIGHT : ENCNET__READ_STORED;
    TRY(encnet__labels_learn(d, options));
    TRY(d->type->find(d, options, problems));
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
        FAIL(ENCNET_E_DATA, "%s (and %d more such problem%s)", problems.first, problems.count - 1,
             problems.count == 2 ? "" : "s");
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
        encnet__free(d->samples[i].name);
        encnet__free(d->samples[i].image);
        encnet__free(d->samples[i].label);
    }
    encnet__free(d->samples);
    encnet__free(d->own);
    encnet__free(d);
}

int encnet__dataset_size(const encnet__dataset *d)
{
    return d->count;
}

const char *encnet__dataset_name(const encnet__dataset *d, int i)
{
    return d->samples[i].name;
}

bool encnet__dataset_labels_images(const encnet__dataset *d)
{
    return d->type->labels_images;
}

int encnet__dataset_class(const encnet__dataset *d, int i)
{
    return d->samples[i].class_index;
}

const char *encnet__dataset_image_path(const encnet__dataset *d, int i)
{
    return d->samples[i].image;
}

const char *encnet__dataset_label_path(const encnet__dataset *d, int i)
{
    return d->samples[i].label;
}

encnet_status encnet__dataset_read(const encnet__dataset *d, int i, encnet__picture *image,
                                   encnet__picture *label)
{
    if (d->type->labels_images) label->h = label->w = 0;
    return d->type->read(d, i, image, label);
}
