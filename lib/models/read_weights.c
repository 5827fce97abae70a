/* read_weights.c - weights from a file or a checkpoint directory, in the names of any program. */
#define _POSIX_C_SOURCE 200809L
#include "models/read_weights.h"

#include <sys/stat.h>

#include "files/names.h"

char *encnet__weights_path(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return encnet__path_join(path, "weights.safetensors");
    return encnet__strdup(path);
}

encnet_status encnet__read_weights(encnet__weights *weights, encnet__text *remarks,
                                   const char *path, const encnet__load *how)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;
    const encnet__dialect *dialect;
    char *file = encnet__weights_path(path);

    if (!file) FAIL(ENCNET_E_NOMEM, "%s: no host memory for its name", path);
    encnet__text_free(remarks);
    TRY(encnet__tensor_file_open(&f, file));
    TRY(encnet__translate_file(f, &dialect, remarks));
    if (dialect && encnet__dialect_is_foreign(dialect))
        encnet__text_add(remarks, "%s: translated from the names of %s\n", file,
                         encnet__dialect_name(dialect));
    TRY(encnet__weights_load(weights, f, how));
done:
    encnet__tensor_file_close(f);
    encnet__free(file);
    return rc;
}
