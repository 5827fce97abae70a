/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* experiment.c - is this run the one that a checkpoint belongs to? */
#include "models/option_rows.h"
#include "train/train.h"

static void describe(encnet__text *out, const encnet__option *row, const encnet_options *before,
                     const encnet_options *now)
{
    encnet__text_add(out, "%s.%s: ", row->section, row->key);
    encnet__option_print(out, before, row);
    encnet__text_add(out, " -> ");
    encnet__option_print(out, now, row);
}

encnet_status encnet__experiment_compare(const char *name, const encnet_options *before,
                                         const encnet_options *now,
                                         void (*differs)(void *user, const char *line), void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__text fatal = {0}, line = {0};
    const encnet__option *row;

    for (int i = 0; (row = encnet__option_at(i)); i++) {
        bool identity = row->scope == ENCNET__SCOPE_IDENTITY;
        if (row->scope == ENCNET__SCOPE_HOST || !encnet__option_applies(now, row)) continue;
        if (encnet__option_equal(before, now, row)) continue;
        line.size = 0;
        if (identity && fatal.size) encnet__text_add(&fatal, "; ");
        describe(identity ? &fatal : &line, row, before, now);
        if (!identity && !line.failed) differs(user, line.data);
    }
    if (fatal.failed || line.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to compare it", name);
    if (fatal.size)
        FAIL(ENCNET_E_CONFIG,
             "%s is of another network (%s): put the keys back, or choose another output.work_dir",
             name, fatal.data);
done:
    encnet__text_free(&fatal);
    encnet__text_free(&line);
    return rc;
}
