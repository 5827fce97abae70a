/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* checkpoint.c - the configuration that a checkpoint brings along. */
#define _POSIX_C_SOURCE 200809L
#include "config/config.h"

#include <string.h>
#include <unistd.h>

#include "models/description.h"
#include "models/mmseg_meta.h"
#include "models/option_rows.h"
#include "models/read_weights.h"

#define CLASSES_FILE "data.classes_file="

typedef struct override_list {
    const char **items; /* borrowed */
    char **owned;
    int n, n_owned;
} override_list;

typedef struct hooks {
    void (*problem)(void *user, const char *line);
    void *user;
} hooks;

static void overrides_free(override_list *o)
{
    for (int i = 0; i < o->n_owned; i++) encnet__free(o->owned[i]);
    encnet__free(o->owned);
    encnet__free(o->items);
}

/* Room for as many more as there are options, and then `more`. */
static encnet_status overrides_new(override_list *o, int more)
{
    size_t n = (size_t)more + 1;

    for (int i = 0; encnet__option_at(i); i++) n++;
    *o = (override_list){.items = encnet__alloc(n, sizeof *o->items),
                         .owned = encnet__alloc(n, sizeof *o->owned)};
    return o->items && o->owned ? ENCNET_OK
                                : encnet__fail(ENCNET_E_NOMEM, "no memory for a configuration");
}

static encnet_status add(override_list *o, const char *section, const char *key, const char *value)
{
    encnet__text text = {0};

    encnet__text_add(&text, "%s.%s=%s", section, key, value);
    if (text.failed) return encnet__fail(ENCNET_E_NOMEM, "no memory for a configuration");
    o->owned[o->n_owned++] = text.data;
    o->items[o->n++] = text.data;
    return ENCNET_OK;
}

/* The options that a file of ours records. */
static encnet_status add_description(override_list *o, const encnet__description *d)
{
    encnet_status rc = ENCNET_OK;
    encnet__text value = {0};
    const encnet__option *row;

    for (int i = 0; (row = encnet__option_at(i)); i++) {
        if (row->scope != ENCNET__SCOPE_IDENTITY && row->scope != ENCNET__SCOPE_RECORDED) continue;
        if (!encnet__option_is_read(&d->options, row)) continue;
        encnet__text_free(&value);
        encnet__option_print(&value, &d->options, row);
        if (value.failed) FAIL(ENCNET_E_NOMEM, "no memory for a configuration");
        TRY(add(o, row->section, row->key, value.data ? value.data : ""));
    }
done:
    encnet__text_free(&value);
    return rc;
}

static encnet_status load_file(encnet_config **out, encnet__tensor_file *f,
                               const char *const *given, int n, const hooks *h)
{
    encnet_status rc = ENCNET_OK;
    encnet__description *d = encnet__alloc(1, sizeof *d);
    encnet__mmseg *m = NULL;
    override_list all = {0};

    if (n < 0 || (n && !given)) FAIL(ENCNET_E_ARG, "%s: %d overrides", f->path, n);
    if (!d) FAIL(ENCNET_E_NOMEM, "%s: no memory to read it", f->path);
    TRY(overrides_new(&all, n));
    TRY(encnet__description_read(d, f));
    if (*d->reason) FAIL(ENCNET_E_CHECKPOINT, "%s", d->reason);
    if (!d->has_network)
        FAIL(ENCNET_E_CHECKPOINT, "%s: does not say which network it is; name a configuration",
             f->path);
    if (d->from_mmseg) {
        TRY(encnet__mmseg_of_file(&m, f));
        TRY(encnet__mmseg_map(m, ENCNET__MMSEG_NETWORK | ENCNET__MMSEG_EVAL));
    }
    TRY(add(&all, "data", "type", "folder")); /* which may have any classes */
    if (!m) TRY(add_description(&all, d));
    for (int i = 0; i < n; i++) all.items[all.n++] = given[i];
    if (m)
        TRY(encnet__config_load_mmseg(out, m, all.items, all.n, h->problem, h->user));
    else
        TRY(encnet_config_load(out, NULL, all.items, all.n, h->problem, h->user));
done:
    encnet__mmseg_free(m);
    overrides_free(&all);
    encnet__free(d);
    return rc;
}

/* Whether the classes file that a saved configuration names is no longer where it was. */
static encnet_status lacks_classes(bool *out, const encnet_config *config)
{
    const encnet_data_options *o = &encnet_config_options(config)->data;
    char *below = encnet__path_join(o->root, o->classes_file);

    if (!below) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", o->classes_file);
    *out = *o->classes_file && access(below, F_OK) != 0 && access(o->classes_file, F_OK) != 0;
    encnet__free(below);
    return ENCNET_OK;
}

/* Loads the saved configuration of a checkpoint; without its data.classes_file where that is gone, because
 * the weights are filed with names and colours. */
static encnet_status load_saved(encnet_config **out, const char *path, const char *const *given,
                                int n, const hooks *h)
{
    encnet_status rc = ENCNET_OK;
    encnet_config *config = NULL;
    override_list all = {0};
    bool lacks = false, says = false;

    TRY(encnet__config_override_saved(&config, path, given, n, h->problem, h->user));
    for (int i = 0; i < n; i++) says |= strncmp(given[i], CLASSES_FILE, strlen(CLASSES_FILE)) == 0;
    TRY(lacks_classes(&lacks, config));
    if (lacks && !says) {
        encnet_config_free(config);
        config = NULL;
        TRY(overrides_new(&all, n));
        all.items[all.n++] = CLASSES_FILE;
        for (int i = 0; i < n; i++) all.items[all.n++] = given[i];
        TRY(encnet__config_override_saved(&config, path, all.items, all.n, h->problem, h->user));
    }
    *out = config;
    config = NULL;
done:
    encnet_config_free(config);
    overrides_free(&all);
    return rc;
}

encnet_status encnet_config_load_checkpoint(encnet_config **out, const char *path,
                                            const char *const *overrides, int n_overrides,
                                            void (*problem)(void *user, const char *line),
                                            void *user)
{
    encnet_status rc = ENCNET_OK;
    hooks h = {problem, user};
    char *dir = NULL, *saved = NULL, *file = NULL;
    encnet__tensor_file *f = NULL;

    NEED(out);
    NEED(path);
    TRY(encnet__weights_dir(&dir, path));
    TRY(encnet__weights_path(&file, path));
    saved = encnet__path_join(dir, ENCNET__CONFIG_FILE);
    if (!saved) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    if (access(saved, F_OK) == 0) {
        TRY(load_saved(out, saved, overrides, n_overrides, &h));
        goto done;
    }
    TRY(encnet__tensor_file_open(&f, file));
    TRY(load_file(out, f, overrides, n_overrides, &h));
done:
    encnet__tensor_file_close(f);
    encnet__free(dir);
    encnet__free(saved);
    encnet__free(file);
    return rc;
}
