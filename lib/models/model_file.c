/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* model_file.c - a model in a safetensors file: weights under mmsegmentation's names, and a
 * description in the metadata. */
#include "models/internal.h"

#include <string.h>

#include "models/description.h"
#include "models/read_weights.h"

static void describe(encnet__description *d, const encnet_model *m)
{
    int classes = m->options.model.classes;

    *d = (encnet__description){.has_network = true,
                               .options = m->options,
                               .n_names = classes,
                               .n_colours = m->has_colours ? classes : 0};
    memcpy(d->classes, m->classes, sizeof d->classes);
}

encnet_status encnet_model_save(encnet_model *m, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__metadata metadata = {.n = 0};
    encnet__description *d = NULL;

    NEED(m);
    NEED(path);
    TRY(encnet__device_check_open(m->device));
    d = encnet__alloc(1, sizeof *d);
    if (!d) FAIL(ENCNET_E_NOMEM, "%s: no host memory to describe the network", path);
    describe(d, m);
    TRY(encnet__description_write(&metadata, d));
    TRY(encnet__weights_save(m->weights, path, false, metadata.pairs, metadata.n));
done:
    encnet__metadata_free(&metadata);
    encnet__free(d);
    return rc;
}

/* The model that an open file describes. */
static encnet_status load(encnet_model **out, encnet_device *device, encnet__tensor_file *f,
                          bool in_memory)
{
    encnet_status rc = ENCNET_OK;
    encnet__description *d = encnet__alloc(1, sizeof *d);
    encnet_model *m = NULL;

    if (!d) FAIL(ENCNET_E_NOMEM, "%s: no host memory to read it", f->path);
    TRY(encnet__description_read(d, f));
    if (*d->reason) FAIL(ENCNET_E_CHECKPOINT, "%s", d->reason);
    if (!d->has_network)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: does not say which network it is; build the network from options and name the "
             "file in model.checkpoint, or let encnet-cl-convert --config add the description",
             f->path);
    if (!in_memory) d->options.model.checkpoint = f->path;
    rc = encnet__model_new_from(&m, device, &d->options, ENCNET__FOR_INFERENCE, f);
    if (rc == ENCNET_E_ARG) FAIL(ENCNET_E_CHECKPOINT, "%s: %s", f->path, encnet_last_error());
    TRY(rc);
    for (int c = 0; c < d->n_names; c++)
        encnet__model_name_class(m, c, d->classes[c].name, d->n_colours ? d->classes[c].rgb : NULL);
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    encnet__free(d);
    return rc;
}

encnet_status encnet_model_load(encnet_model **out, encnet_device *device, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;
    char *file = NULL;

    NEED(out);
    NEED(device);
    NEED(path);
    TRY(encnet__weights_path(&file, path));
    TRY(encnet__tensor_file_open(&f, file));
    TRY(load(out, device, f, false));
done:
    encnet__tensor_file_close(f);
    encnet__free(file);
    return rc;
}

encnet_status encnet_model_load_memory(encnet_model **out, encnet_device *device, const void *bytes,
                                       size_t size)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;

    NEED(out);
    NEED(device);
    NEED(bytes);
    TRY(encnet__check_bytes(size, "the model in memory"));
    TRY(encnet__tensor_file_open_memory(&f, bytes, size, "the model in memory"));
    TRY(load(out, device, f, true));
done:
    encnet__tensor_file_close(f);
    return rc;
}

encnet_status encnet_model_read_weights(encnet_model *m, const char *path)
{
    encnet_status rc = ENCNET_OK;

    NEED(m);
    NEED(path);
    TRY(encnet__device_check_open(m->device));
    rc = encnet__read_weights(m->weights, &m->remarks, path,
                              &(encnet__load){.scope = ENCNET__LOAD_ALL});
    encnet__model_weights_changed(m);
done:
    return rc;
}
