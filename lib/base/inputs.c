/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* inputs.c - the files that a run reads, known by device and inode, so that no link hides one. */
#define _XOPEN_SOURCE 700
#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct encnet__input {
    dev_t device;
    ino_t node;
    char *path;
};

static bool is(const struct encnet__input *input, const struct stat *st)
{
    return input->device == st->st_dev && input->node == st->st_ino;
}

static int by_node(const void *a, const void *b)
{
    const struct encnet__input *p = a, *q = b;

    if (p->device != q->device) return p->device < q->device ? -1 : 1;
    return p->node < q->node ? -1 : p->node > q->node;
}

static encnet_status add(encnet__inputs *inputs, const char *path, const struct stat *st)
{
    struct encnet__input *at;
    char *copy;

    /* the thousands of records of a file come one after the other */
    if (inputs->count && is(&inputs->at[inputs->count - 1], st)) return ENCNET_OK;
    at = encnet__grow(inputs->at, &inputs->capacity, (size_t)inputs->count + 1, sizeof *at);
    copy = encnet__strdup(path);
    if (at) inputs->at = at;
    if (!at || !copy) {
        encnet__free(copy);
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    }
    at[inputs->count++] = (struct encnet__input){st->st_dev, st->st_ino, copy};
    inputs->sorted = false;
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
    for (;;) {
        TRY(encnet__dir_next(&entry, dir, path));
        if (!entry) break;
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

void encnet__inputs_sort(encnet__inputs *inputs)
{
    if (inputs->count) qsort(inputs->at, (size_t)inputs->count, sizeof *inputs->at, by_node);
    inputs->sorted = true;
}

static const struct encnet__input *find(const encnet__inputs *inputs, const struct stat *st)
{
    struct encnet__input wanted = {.device = st->st_dev, .node = st->st_ino};

    if (inputs->sorted && inputs->count)
        return bsearch(&wanted, inputs->at, (size_t)inputs->count, sizeof wanted, by_node);
    for (int i = 0; i < inputs->count; i++)
        if (is(&inputs->at[i], st)) return &inputs->at[i];
    return NULL;
}

/* Whether `name` is that of a file which a training keeps in its work directory or in a checkpoint. */
static bool is_of_training(const char *name, bool in_checkpoint)
{
    static const char *const kept[] = {"weights.safetensors", "optimizer.safetensors", "state.ini",
                                       "config.ini", "checksums"};

    if (!in_checkpoint)
        return strcmp(name, "experiment.ini") == 0 || strcmp(name, "lock") == 0 ||
               encnet__ends_in(name, ".log") || encnet__ends_in(name, ".log.json");
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (strcmp(name, kept[i]) == 0) return true;
    return false;
}

static bool has_file(const char *folder, const char *name)
{
    char *path = encnet__path_join(folder, name);
    struct stat st;
    bool has = path && stat(path, &st) == 0 && S_ISREG(st.st_mode);

    encnet__free(path);
    return has;
}

encnet_status encnet__training_refuse(const char *output)
{
    encnet_status rc = ENCNET_OK;
    char *real = realpath(output, NULL), *slash = real ? strrchr(real, '/') : NULL;

    if (!slash) goto done;
    *slash = '\0';
    if (is_of_training(slash + 1, true) && has_file(real, "checksums") &&
        has_file(real, "state.ini"))
        FAIL(ENCNET_E_ARG,
             "%s would be written over, a file of the checkpoint %s: choose another place", output,
             real);
    if (is_of_training(slash + 1, false) && has_file(real, "experiment.ini"))
        FAIL(ENCNET_E_ARG,
             "%s would be written over, a file of the training in %s: choose another place", output,
             real);
done:
    free(real);
    return rc;
}

encnet_status encnet__inputs_refuse(const encnet__inputs *inputs, const char *output)
{
    const struct encnet__input *found;
    struct stat st;

    if (stat(output, &st) != 0 || !(found = find(inputs, &st))) return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG,
                        "%s would be written over %s, which is read: choose another place", output,
                        found->path);
}

void encnet__inputs_free(encnet__inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++) encnet__free(inputs->at[i].path);
    encnet__free(inputs->at);
    *inputs = (encnet__inputs){0};
}
