/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* dataset_types.c - the rows of datasets.def as a table. */
#include "data/dataset.h"

#include <string.h>

#include "options/options.h"

#define DATASET(name, about) extern const encnet__dataset_type encnet__dataset_##name;
#include "data/datasets.def"
#undef DATASET

static const struct {
    const encnet__dataset_type *type;
    const char *about;
} rows[] = {
#define DATASET(name, about) {&encnet__dataset_##name, about},
#include "data/datasets.def"
#undef DATASET
};

const encnet__dataset_type *encnet__dataset_type_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].type->name, name) == 0) return rows[i].type;
    return NULL;
}

/* "data.type=x is unknown; there are a, b and c" */
static encnet_status unknown(const char *name)
{
    encnet__text names = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        encnet__text_add(&names, "%s%s",
                         i == 0                    ? ""
                         : i + 1 == COUNT_OF(rows) ? " and "
                                                   : ", ",
                         rows[i].type->name);
    (void)encnet__fail(ENCNET_E_CONFIG, "data.type=%s is unknown; there are %s", name,
                       names.data ? names.data : "others");
    encnet__text_free(&names);
    return ENCNET_E_CONFIG;
}

encnet_status encnet__dataset_type_of(const encnet__dataset_type **out,
                                      const encnet_options *options)
{
    const char *name = options->data.type ? options->data.type : "";
    const encnet__dataset_type *type = encnet__dataset_type_named(name);
    int classes = options->model.classes, has;
    bool reduces;
    encnet_status rc = encnet__option_check(options, ENCNET__OPTION_ROW(model.classes));

    if (rc != ENCNET_OK) return rc;
    if (!type) return unknown(name);
    if (classes > ENCNET_MAX_PIXEL_CLASSES && !type->labels_images)
        return encnet__fail(ENCNET_E_CONFIG,
                            "model.classes=%d: data.type=%s labels pixels, with at most %d classes",
                            classes, name, ENCNET_MAX_PIXEL_CLASSES);
    reduces = options->data.reduce_zero_label && !type->reduce_zero_label;
    if (reduces && type->n_classes && !type->has_background)
        return encnet__fail(ENCNET_E_CONFIG,
                            "data.reduce_zero_label=yes, but class 0 of data.type=%s is %s, and no "
                            "background",
                            name, type->classes[0].name);
    has = type->n_classes - (reduces && type->n_classes ? 1 : 0);
    if (has && has != classes)
        return encnet__fail(ENCNET_E_CONFIG, "data.type=%s has %d classes%s, but model.classes=%d",
                            name, has,
                            !type->has_background ? ""
                            : reduces             ? " without the background"
                                                  : " (data.reduce_zero_label=no)",
                            classes);
    if (options->data.train_extra && !type->layout.extra_list)
        return encnet__fail(ENCNET_E_CONFIG,
                            "data.train_extra=yes, but data.type=%s has no extra training images",
                            name);
    *out = type;
    return ENCNET_OK;
}

bool encnet__submission_at(encnet__submission *out, int index)
{
    for (size_t i = 0; index >= 0 && i < COUNT_OF(rows); i++) {
        const encnet__dataset_type *type = rows[i].type;
        if (!type->submission || index-- > 0) continue;
        *out = (encnet__submission){type->name, type->classes, type->n_classes, type->is_indexed};
        return true;
    }
    return false;
}

bool encnet_dataset_at(int index, encnet_dataset_info *out)
{
    const encnet__dataset_type *type;

    if (!out || index < 0 || index >= (int)COUNT_OF(rows)) return false;
    type = rows[index].type;
    *out = (encnet_dataset_info){.name = type->name,
                                 .about = rows[index].about,
                                 .classes = type->n_classes,
                                 .has_background = type->has_background,
                                 .submission = type->submission,
                                 .image_ending = type->layout.image_ending,
                                 .label_ending = type->layout.label_ending};
    for (int split = 0; split < 2; split++) {
        out->images[split] = type->layout.images[split];
        out->labels[split] = type->layout.labels[split];
        out->lists[split] = type->layout.lists[split];
    }
    return true;
}
