/* model_file.c - a model in a safetensors file: weights under mmsegmentation's names, and a
 * description in the metadata. */
#define _POSIX_C_SOURCE 200809L
#include "models/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "models/description.h"
#include "files/names.h"

/* "weights.safetensors" within a checkpoint directory, else the path itself; owned by the caller.
 */
static char *weights_path(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return encnet__path_join(path, "weights.safetensors");
    return encnet__strdup(path);
}

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
    encnet__description *d = encnet__alloc(1, sizeof *d);

    if (!d) FAIL(ENCNET_E_NOMEM, "%s: no host memory to describe the network", path);
    describe(d, m);
    TRY(encnet__description_write(&metadata, d));
    TRY(encnet__weights_save(m->weights, path, false, metadata.pairs, metadata.n));
done:
    encnet__metadata_free(&metadata);
    encnet__free(d);
    return rc;
}

encnet_status encnet_model_load(encnet_model **out, encnet_device *device, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__description *d = encnet__alloc(1, sizeof *d);
    encnet__tensor_file *f = NULL;
    encnet_model *m = NULL;
    char *file = weights_path(path);

    if (!file || !d) FAIL(ENCNET_E_NOMEM, "%s: no host memory to read it", path);
    TRY(encnet__tensor_file_open(&f, file));
    TRY(encnet__description_read(d, f));
    if (!d->has_network)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: does not say which network it is; build the network from options and name the "
             "file in model.checkpoint, or let encnet-cl-convert --config add the description",
             file);
    d->options.model.checkpoint = file;
    rc = encnet_model_new(&m, device, &d->options);
    if (rc == ENCNET_E_ARG) FAIL(ENCNET_E_CHECKPOINT, "%s: %s", file, encnet_last_error());
    TRY(rc);
    for (int c = 0; c < d->n_names; c++)
        encnet__model_name_class(m, c, d->classes[c].name, d->n_colours ? d->classes[c].rgb : NULL);
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    encnet__tensor_file_close(f);
    encnet__free(file);
    encnet__free(d);
    return rc;
}

encnet_status encnet__model_read_file(encnet_model *m, const char *path, const encnet__load *how)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;
    const encnet__dialect *dialect;
    char *file = weights_path(path);

    if (!file) FAIL(ENCNET_E_NOMEM, "%s: no host memory for its name", path);
    encnet__text_free(&m->remarks);
    TRY(encnet__tensor_file_open(&f, file));
    TRY(encnet__translate_file(f, &dialect));
    if (dialect && encnet__dialect_is_foreign(dialect))
        encnet__text_add(&m->remarks, "%s: translated from the names of %s\n", file,
                         encnet__dialect_name(dialect));
    TRY(encnet__weights_load(m->weights, f, how));
    encnet__model_weights_changed(m);
done:
    encnet__tensor_file_close(f);
    encnet__free(file);
    return rc;
}

encnet_status encnet_model_read_weights(encnet_model *m, const char *path)
{
    return encnet__model_read_file(m, path, &(encnet__load){.scope = ENCNET__LOAD_ALL});
}
