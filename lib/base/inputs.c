/* inputs.c - the files that a run reads, known by device and inode, so that no link hides one. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <dirent.h>
#include <sys/stat.h>

struct encnet__input {
    dev_t device;
    ino_t node;
    char *path;
};

static encnet_status add(encnet__inputs *inputs, const char *path, const struct stat *st)
{
    struct encnet__input *at =
        encnet__grow(inputs->at, &inputs->capacity, (size_t)inputs->count + 1, sizeof *at);
    char *copy = encnet__strdup(path);

    if (at) inputs->at = at;
    if (!at || !copy) {
        encnet__free(copy);
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    }
    at[inputs->count++] = (struct encnet__input){st->st_dev, st->st_ino, copy};
    return ENCNET_OK;
}

encnet_status encnet__inputs_add(encnet__inputs *inputs, const char *path)
{
    encnet_status rc = ENCNET_OK;
    struct dirent *entry;
    struct stat st;
    DIR *dir = NULL;
    char *file = NULL;

    if (stat(path, &st) != 0) return ENCNET_OK;
    if (S_ISREG(st.st_mode)) return add(inputs, path, &st);
    if (!S_ISDIR(st.st_mode) || !(dir = opendir(path))) return ENCNET_OK;
    while ((entry = readdir(dir))) {
        encnet__free(file);
        file = encnet__path_join(path, entry->d_name);
        if (!file) FAIL(ENCNET_E_NOMEM, "%s: no memory for the names in it", path);
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode)) TRY(add(inputs, file, &st));
    }
done:
    closedir(dir);
    encnet__free(file);
    return rc;
}

encnet_status encnet__inputs_refuse(const encnet__inputs *inputs, const char *output)
{
    struct stat st;

    if (stat(output, &st) != 0) return ENCNET_OK;
    for (int i = 0; i < inputs->count; i++)
        if (inputs->at[i].device == st.st_dev && inputs->at[i].node == st.st_ino)
            return encnet__fail(ENCNET_E_ARG,
                                "%s would be written over %s, which is read: choose another place",
                                output, inputs->at[i].path);
    return ENCNET_OK;
}

void encnet__inputs_free(encnet__inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++) encnet__free(inputs->at[i].path);
    encnet__free(inputs->at);
    *inputs = (encnet__inputs){0};
}
