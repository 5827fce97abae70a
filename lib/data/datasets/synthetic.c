/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* synthetic.c - data.type = synthetic: scenes that are drawn when they are asked for. */
#include "data/dataset.h"
#include "data/synthetic.h"

#include <stdio.h>

/* A sample's name is its number. */
static encnet_status find(encnet__dataset *d, const encnet_options *options,
                          encnet__problems *problems)
{
    const encnet_data_options *o = &options->data;
    int count = d->split == ENCNET__TRAIN ? o->train_count : o->val_count;
    encnet_status rc = ENCNET_OK;
    encnet__drawing *drawing;

    (void)problems;
    if (count < 1 || o->width < 1 || o->height < 1)
        FAIL(ENCNET_E_CONFIG, "data.type=%s: %d images of %d x %d", d->type->name, count, o->width,
             o->height);
    d->own = drawing = encnet__alloc(1, sizeof *drawing);
    if (!drawing) FAIL(ENCNET_E_NOMEM, "no memory for %d images", count);
    *drawing =
        (encnet__drawing){o->seed, (int)d->split, options->model.classes, o->height, o->width};
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%06d", d->type->name, i);
        TRY(encnet__dataset_add(d, (encnet__sample){.name = encnet__strdup(name)}));
    }
done:
    return rc;
}

static encnet_status read(const encnet__dataset *d, int i, encnet__picture *image,
                          encnet__picture *label)
{
    return encnet__synthetic_draw(image, label, d->own, i);
}

const encnet__dataset_type encnet__dataset_synthetic = {
    .name = "synthetic",
    .name_class = encnet__synthetic_class,
    .find = find,
    .read = read,
};
