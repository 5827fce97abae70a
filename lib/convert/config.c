/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* config.c - a configuration of mmsegmentation, by itself or in a checkpoint, as an INI file of ours.
 */
#include "convert/config.h"

#include "config/config.h"
#include "data/data.h"
#include "models/description.h"
#include "models/mmseg_meta.h"

#include <encnet/convert.h>
#include <stdio.h>
#include <string.h>

/* A line of a comment, without what an INI file cannot have. */
static void add_comment(encnet__text *out, const char *sentence)
{
    bool valid = encnet__is_utf8(sentence, strlen(sentence));

    encnet__text_add(out, "# ");
    for (; *sentence; sentence++) {
        unsigned char c = (unsigned char)*sentence;
        bool odd = c < ' ' || c == 127 || (!valid && c > 127);
        encnet__text_bytes(out, odd ? "?" : sentence, 1);
    }
    encnet__text_add(out, "\n");
}

/* The text of the INI file; `overrides` come on top of what `m` says. */
static encnet_status print(encnet__text *out, const encnet__mmseg *m, const char *name,
                           const char *const *overrides, int n)
{
    encnet_status rc = ENCNET_OK;
    encnet_config *config = NULL;
    encnet__text options = {0}, first = {0};
    const char *remark;

    TRY(encnet__config_load_mmseg(&config, m, overrides, n, NULL, NULL));
    TRY(encnet__config_print_set(&options, config));
    encnet__text_add(&first, "Converted from %s.", encnet__base_name(name));
    add_comment(out, first.failed ? "" : first.data);
    for (int i = 0; (remark = encnet__mmseg_remark_at(m, i)); i++) add_comment(out, remark);
    encnet__text_bytes(out, options.data, options.size);
    if (out->failed || first.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to convert it", name);
done:
    encnet_config_free(config);
    encnet__text_free(&options);
    encnet__text_free(&first);
    return rc;
}

/* -- from a checkpoint ------------------------------------------------------------------------- */

/* Whether the data set is a folder, whose classes encnet-cl does not know. */
static bool is_folder(const encnet__mmseg *m)
{
    const encnet__mmseg_setting *s;

    for (int i = 0; (s = encnet__mmseg_setting_at(m, i)); i++)
        if (strcmp(s->key, "data.type") == 0) return strcmp(s->value, "folder") == 0;
    return false;
}

/* Writes the classes that the checkpoint names to `path`; *written is false if it names none. */
static encnet_status write_classes(bool *written, const char *path, const encnet__description *d)
{
    encnet_status rc = ENCNET_OK;
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);

    if (!classes) FAIL(ENCNET_E_NOMEM, "%s: no memory for the classes", path);
    *written = d->n_names > 0 && d->n_colours == d->n_names;
    for (int i = 0; *written && i < d->n_names; i++) {
        *written = *d->classes[i].name != '\0';
        snprintf(classes[i].name, sizeof classes[i].name, "%s", d->classes[i].name);
        memcpy(classes[i].rgb, d->classes[i].rgb, sizeof classes[i].rgb);
    }
    if (*written) TRY(encnet__classes_write(path, classes, d->n_names));
done:
    encnet__free(classes);
    return rc;
}

/* The configuration of an open checkpoint.  `dir` is where classes may be written, or NULL. */
static encnet_status print_checkpoint(encnet__text *out, encnet__tensor_file *f, const char *dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = NULL;
    encnet__description *d = encnet__alloc(1, sizeof *d);
    char *path = dir ? encnet__path_join(dir, "classes.csv") : NULL;
    encnet__text override = {0};
    bool written = false;

    if (!d || (dir && !path)) FAIL(ENCNET_E_NOMEM, "%s: no memory to convert it", f->path);
    TRY(encnet__mmseg_of_file(&m, f));
    if (!m)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: has no configuration of mmsegmentation under meta.config or meta.cfg", f->path);
    TRY(encnet__mmseg_map(m, ENCNET__MMSEG_ALL));
    TRY(encnet__description_read(d, f));
    if (dir) TRY(encnet__make_dirs(dir));
    if (dir && is_folder(m)) TRY(write_classes(&written, path, d));
    encnet__text_add(&override, "data.classes_file=%s", path ? path : "");
    if (override.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to convert it", f->path);
    TRY(print(out, m, f->path, (const char *const[]){override.data}, written));
done:
    encnet__mmseg_free(m);
    encnet__free(d);
    encnet__free(path);
    encnet__text_free(&override);
    return rc;
}

encnet_status encnet__convert_print(encnet__text *out, const char *in, const char *dir)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;

    TRY(encnet__tensor_file_open(&f, in));
    TRY(print_checkpoint(out, f, dir));
done:
    encnet__tensor_file_close(f);
    return rc;
}

/* ---------------------------------------------------------------------------------------------- */

static encnet_status print_python(encnet__text *out, const char *in)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = NULL;

    TRY(encnet__mmseg_read(&m, in));
    TRY(encnet__mmseg_map(m, ENCNET__MMSEG_ALL));
    TRY(print(out, m, in, NULL, 0));
done:
    encnet__mmseg_free(m);
    return rc;
}

encnet_status encnet_convert_config(const char *out, const char *in)
{
    encnet_status rc = ENCNET_OK;
    encnet__text text = {0};
    size_t size;

    encnet__inputs inputs = {0};

    NEED(out);
    NEED(in);
    size = strlen(in);
    TRY(encnet__inputs_add(&inputs, in));
    TRY(encnet__inputs_refuse(&inputs, out));
    TRY(encnet__training_refuse(out));
    if (size > 3 && strcmp(in + size - 3, ".py") == 0)
        TRY(print_python(&text, in));
    else
        TRY(encnet__convert_print(&text, in, NULL));
    TRY(encnet__file_write(out, text.data, text.size));
done:
    encnet__inputs_free(&inputs);
    encnet__text_free(&text);
    return rc;
}
