/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* read_weights.c - weights from a file or a checkpoint directory, in the names of any program. */
#define _POSIX_C_SOURCE 200809L
#include "models/read_weights.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/names.h"
#include "models/pretrained.h"

#define WEIGHTS "weights.safetensors"

static encnet_status absent(const char *path)
{
    if (errno == ENOENT || errno == ENOTDIR) return ENCNET_OK;
    return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
}

encnet_status encnet__look_for_directory(bool *found, const char *path)
{
    struct stat st;

    *found = false;
    if (stat(path, &st) != 0) return absent(path);
    *found = S_ISDIR(st.st_mode);
    return ENCNET_OK;
}

encnet_status encnet__weights_dir(char **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *weights = encnet__path_join(path, WEIGHTS), *latest = encnet__path_join(path, "latest");
    char *target = encnet__link_file_target(path);
    bool is_folder = false, is_checkpoint = false, is_work_dir = false;

    if (!weights || !latest) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    TRY(encnet__look_for_directory(&is_folder, path));
    if (is_folder) {
        is_checkpoint = access(weights, F_OK) == 0;
        if (!is_checkpoint) TRY(absent(weights));
        if (!is_checkpoint) TRY(encnet__look_for_directory(&is_work_dir, latest));
    }
    if (target) {
        *out = target;
        target = NULL;
    } else if (!is_folder || is_checkpoint) {
        *out = encnet__strdup(path);
        if (!*out) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    } else if ((*out = encnet__link_file_target(latest)) != NULL) {
        goto done;            /* a work directory on a disk without links */
    } else if (is_work_dir) { /* a work directory */
        *out = latest;
        latest = NULL;
    } else {
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: a folder without " WEIGHTS " and without latest; name a checkpoint, such as "
             "WORK_DIR/iter_1000, or the work directory of a training that has saved one",
             path);
    }
done:
    encnet__free(weights);
    encnet__free(latest);
    encnet__free(target);
    return rc;
}

encnet_status encnet__weights_path(char **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *dir = NULL;
    bool is_folder;

    TRY(encnet__pretrained_check(path));
    TRY(encnet__weights_dir(&dir, path));
    TRY(encnet__look_for_directory(&is_folder, dir));
    *out = is_folder ? encnet__path_join(dir, WEIGHTS) : encnet__strdup(dir);
    if (!*out) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
done:
    encnet__free(dir);
    return rc;
}

encnet_status encnet__read_weights_of(encnet__weights *weights, encnet__text *remarks,
                                      encnet__tensor_file *f, const encnet__load *how)
{
    encnet_status rc = ENCNET_OK;
    const encnet__dialect *dialect;

    encnet__text_free(remarks);
    TRY(encnet__translate_file(f, &dialect, remarks));
    if (dialect && encnet__dialect_is_foreign(dialect))
        encnet__text_add(remarks, "%s: translated from the names of %s\n", f->path,
                         encnet__dialect_name(dialect));
    TRY(encnet__weights_load(weights, f, how));
    encnet__remarks_say(remarks);
done:
    return rc;
}

encnet_status encnet__read_weights(encnet__weights *weights, encnet__text *remarks,
                                   const char *path, const encnet__load *how)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;
    char *file = NULL;

    TRY(encnet__weights_path(&file, path));
    TRY(encnet__tensor_file_open(&f, file));
    TRY(encnet__read_weights_of(weights, remarks, f, how));
done:
    encnet__tensor_file_close(f);
    encnet__free(file);
    return rc;
}
