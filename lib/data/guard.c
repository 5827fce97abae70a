/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* guard.c - an output never takes the place of an input. */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"

#include <string.h>
#include <sys/stat.h>

#include "options/options.h"

/* Adds a file that may be below data.root or where its path says. */
static encnet_status add_file(encnet__inputs *in, const encnet_options *o, const char *file)
{
    encnet_status rc = ENCNET_OK;
    char *below;

    if (!file || !*file) return ENCNET_OK;
    below = encnet__path_join(o->data.root, file);
    if (!below) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", file);
    TRY(encnet__inputs_add(in, below));
    TRY(encnet__inputs_add(in, file));
done:
    encnet__free(below);
    return rc;
}

/* Adds every image and label.  What is wrong with the data set is said when it is read. */
static encnet_status add_split(encnet__inputs *in, const encnet_options *o, encnet__split split)
{
    encnet_status rc = ENCNET_OK;
    encnet__problems problems = {0};
    encnet__dataset *d = NULL;

    if (encnet__dataset_scan(&d, o, split, &problems) != ENCNET_OK) return ENCNET_OK;
    for (int i = 0; i < d->count; i++) {
        if (d->samples[i].image) TRY(encnet__inputs_add(in, d->samples[i].image));
        if (d->samples[i].label) TRY(encnet__inputs_add(in, d->samples[i].label));
    }
done:
    encnet__dataset_close(d);
    return rc;
}

static encnet_status list_inputs(encnet__inputs *in, const encnet_options *o)
{
    encnet_status rc = ENCNET_OK;
    const encnet__dataset_type *type = encnet__dataset_type_named(o->data.type);
    const char *const files[] = {o->data.classes_file,
                                 o->data.train_list,
                                 o->data.val_list,
                                 o->data.test_list,
                                 type ? type->layout.lists[0] : NULL,
                                 type ? type->layout.lists[1] : NULL,
                                 type ? type->layout.extra_list : NULL};

    for (size_t i = 0; i < COUNT_OF(files); i++) TRY(add_file(in, o, files[i]));
    if (*o->model.checkpoint) TRY(encnet__inputs_add(in, o->model.checkpoint));
    if (*o->model.pretrained) TRY(encnet__inputs_add(in, o->model.pretrained));
    TRY(add_split(in, o, ENCNET__TRAIN));
    TRY(add_split(in, o, ENCNET__VAL));
    TRY(add_split(in, o, ENCNET__TEST));
done:
    return rc;
}

encnet_status encnet__guard_check(encnet__guard *g, const char *output)
{
    encnet_status rc = ENCNET_OK;
    struct stat st;

    if (stat(output, &st) != 0 || !S_ISREG(st.st_mode)) return ENCNET_OK;
    if (!g->listed) TRY(list_inputs(&g->inputs, g->options));
    if (!g->listed) encnet__inputs_sort(&g->inputs);
    g->listed = true;
    TRY(encnet__inputs_refuse(&g->inputs, output));
    if (!g->trains) TRY(encnet__training_refuse(output));
done:
    return rc;
}

void encnet__guard_free(encnet__guard *g)
{
    encnet__inputs_free(&g->inputs);
}

encnet_status encnet_output_check(const encnet_options *options, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    encnet__guard guard = {.options = &copy};
    char *strings = NULL;

    NEED(options);
    NEED(path);
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(encnet__guard_check(&guard, path));
done:
    encnet__guard_free(&guard);
    encnet__free(strings);
    return rc;
}

encnet_status encnet_output_write(const char *path, const void *data, size_t size)
{
    encnet_status rc = ENCNET_OK;

    NEED(path);
    NEED(data);
    TRY(encnet__check_bytes(size, path));
    TRY(encnet__file_write(path, data, size));
done:
    return rc;
}
