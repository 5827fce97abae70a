/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* mmseg_meta.c - from the metadata of a checkpoint to options. */
#include "models/mmseg_meta.h"

#include <string.h>

#include "files/format.h"

encnet_status encnet__mmseg_of_file(encnet__mmseg **out, const encnet__tensor_file *f)
{
    static const char *const keys[] = {ENCNET__MMCV_CONFIG_KEY, ENCNET__MMENGINE_CONFIG_KEY};
    encnet_status rc = ENCNET_OK;
    encnet__text name = {0};

    *out = NULL;
    for (size_t i = 0; i < COUNT_OF(keys) && !*out; i++) {
        const char *text = encnet__tensor_file_metadata(f, keys[i]);
        if (!text) continue;
        name.size = 0;
        encnet__text_add(&name, "%s[meta.%s]", f->path, keys[i]);
        if (name.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its configuration", f->path);
        TRY(encnet__mmseg_parse(out, name.data, text, strlen(text)));
    }
done:
    encnet__text_free(&name);
    return rc;
}

static encnet_status set(encnet_options *out, encnet__tensor_file *f,
                         const encnet__mmseg_setting *s)
{
    size_t size = strlen(s->value) + 1;
    char *value = encnet__file_memory(f, size);

    if (!value) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its configuration", f->path);
    memcpy(value, s->value, size);
    if (encnet_options_set(out, s->key, value) == ENCNET_OK) return ENCNET_OK;
    return encnet__fail(ENCNET_E_CONFIG, "%s:%d: %s", s->file, s->line, encnet_last_error());
}

encnet_status encnet__mmseg_options_of_file(encnet_options *out, bool *found,
                                            encnet__tensor_file *f, int parts)
{
    encnet_status rc = ENCNET_OK;
    const encnet__mmseg_setting *s;
    encnet__mmseg *m = NULL;

    TRY(encnet__mmseg_of_file(&m, f));
    *found = m != NULL;
    if (!m) goto done;
    TRY(encnet__mmseg_map(m, parts));
    for (int i = 0; (s = encnet__mmseg_setting_at(m, i)); i++) TRY(set(out, f, s));
done:
    encnet__mmseg_free(m);
    return rc;
}
