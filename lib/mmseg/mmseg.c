/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* mmseg.c - a configuration from its text to the list of settings. */
#include "mmseg/mmseg.h"

#include <string.h>

#include "mmseg/config.h"
#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;

/* -- reading ----------------------------------------------------------------------------------- */

static encnet_status begin(encnet__mmseg **out, const char *name)
{
    encnet__mmseg *m = encnet__alloc(1, sizeof *m);

    if (m) m->memory = encnet__py_memory_new();
    if (m && m->memory) {
        *out = m;
        return ENCNET_OK;
    }
    encnet__free(m);
    return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to read it", name);
}

encnet_status encnet__mmseg_read(encnet__mmseg **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = NULL;

    TRY(begin(&m, path));
    TRY(encnet__py_config_read(&m->root, m->memory, path));
    *out = m;
    m = NULL;
done:
    encnet__mmseg_free(m);
    return rc;
}

encnet_status encnet__mmseg_parse(encnet__mmseg **out, const char *name, const char *text,
                                  size_t size)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = NULL;

    TRY(begin(&m, name));
    TRY(encnet__py_config_parse(&m->root, m->memory, name, text, size));
    *out = m;
    m = NULL;
done:
    encnet__mmseg_free(m);
    return rc;
}

void encnet__mmseg_free(encnet__mmseg *m)
{
    if (m) encnet__py_memory_free(m->memory);
    encnet__free(m);
}

/* -- mapping ----------------------------------------------------------------------------------- */

/* model.pretrained, or init_cfg of 1.x: weights that encnet-cl cannot fetch. */
static encnet_status map_pretrained(const place *model)
{
    encnet_status rc = ENCNET_OK;
    place backbone = encnet__mmseg_at(model, "backbone"),
          init = encnet__mmseg_at(&backbone, "init_cfg");
    const char *from, *inner;

    TRY(encnet__mmseg_text(&from, model, "pretrained", NULL));
    TRY(encnet__mmseg_text(&inner, &backbone, "pretrained", from));
    if (encnet__py_is(init.value, ENCNET__PY_DICT))
        TRY(encnet__mmseg_text(&inner, &init, "checkpoint", inner));
    if (!inner) goto done;
    if (strstr(inner, "://"))
        TRY(encnet__mmseg_remark(model->m,
                                 "The run starts from %s: name that file in "
                                 "model.pretrained.",
                                 inner));
    else
        TRY(encnet__mmseg_set(model->m, backbone.value, "model.pretrained", "%s", inner));
done:
    return rc;
}

static encnet_status map_network(encnet__mmseg *m, bool run)
{
    static const rule rules[] = {
        {"type", "'EncoderDecoder'|'CascadeEncoderDecoder'"},
        {"data_preprocessor", NULL},
        {"pretrained", NULL},
        {"backbone", NULL},
        {"neck", "None"},
        {"decode_head", NULL},
        {"auxiliary_head", NULL},
        {"num_stages", NULL},
        {"train_cfg", "None|{}"},
        {"test_cfg", NULL},
        {"init_cfg", "None"},
    };
    encnet_status rc = ENCNET_OK;
    place root = encnet__mmseg_root(m), model = encnet__mmseg_at(&root, "model"),
          backbone = encnet__mmseg_at(&model, "backbone");
    bool joined;

    if (!model.value) return encnet__mmseg_refuse(&model, "it is no configuration of a network");
    TRY(encnet__mmseg_check(&model, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_backbone(&joined, &backbone));
    TRY(encnet__mmseg_heads(&model, joined, run));
    TRY(encnet__mmseg_normalisation(m));
    if (run) TRY(map_pretrained(&model));
done:
    return rc;
}

/* Names of the whole configuration that change results and that encnet-cl has not.  What else it
 * has no use for is about logs and machines, or a name that the configuration itself uses. */
static encnet_status check_names(encnet__mmseg *m)
{
    static const rule rules[] = {
        {"custom_hooks", "None|[]"},
        {"workflow", "[['train', 1]]"},
    };
    place root = encnet__mmseg_root(m);

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        place p = encnet__mmseg_at(&root, rules[i].key);
        if (p.value && !encnet__mmseg_is(p.value, rules[i].only))
            return encnet__mmseg_refuse(&p, "encnet-cl has no such setting");
    }
    return ENCNET_OK;
}

encnet_status encnet__mmseg_map(encnet__mmseg *m, int parts)
{
    encnet_status rc = ENCNET_OK;
    place train = encnet__mmseg_dataset(m, "train"),
          pipeline = encnet__mmseg_at(&train, "pipeline");

    if (parts & ENCNET__MMSEG_NETWORK) TRY(map_network(m, parts & ENCNET__MMSEG_RUN));
    if (parts & ENCNET__MMSEG_EVAL) TRY(encnet__mmseg_evaluation(m));
    if (parts & ENCNET__MMSEG_RUN) {
        TRY(check_names(m));
        TRY(encnet__mmseg_data(m));
        TRY(encnet__mmseg_augmentation(&pipeline));
        TRY(encnet__mmseg_schedule(m));
    }
done:
    return rc;
}

const encnet__mmseg_setting *encnet__mmseg_setting_at(const encnet__mmseg *m, int index)
{
    return index >= 0 && index < m->n_settings ? &m->settings[index] : NULL;
}

const char *encnet__mmseg_remark_at(const encnet__mmseg *m, int index)
{
    return index >= 0 && index < m->n_remarks ? m->remarks[index] : NULL;
}
