/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* agree.c - ranks that work together have the same version, the same options and the same data. */
#include "comm/comm.h"
#include "eval/eval.h"
#include "graph/weights.h"
#include "models/models.h"
#include "models/option_rows.h"

#include <string.h>

/* Whether an option decides the result.  Paths may differ between hosts, what is behind them may not. */
static bool decides(const encnet__option *row)
{
    bool path = row->kind == ENCNET__KIND_TEXT && !row->choices && !row->choice && !row->form &&
                !row->most_numbers;

    if (strcmp(row->section, "device") == 0 && strcmp(row->key, "shares") == 0) return true;
    if (strcmp(row->section, "data") == 0 && strcmp(row->key, "workers") == 0) return false;
    return row->scope != ENCNET__SCOPE_HOST && !path;
}

encnet_status encnet__agree_on_options(const encnet_comm *comm, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__text facts = {0};
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);
    const encnet__option *row;

    if (comm->size == 1 || !classes) goto done;
    encnet__text_add(&facts, "the version = %s\n", encnet_version());
    for (int i = 0; (row = encnet__option_at(i)); i++) {
        if (!decides(row)) continue;
        encnet__text_add(&facts, "%s.%s = ", row->section, row->key);
        encnet__option_print(&facts, options, row);
        encnet__text_add(&facts, "\n");
    }
    TRY(encnet__classes_of(classes, options));
    for (int c = 0; c < options->model.classes; c++)
        encnet__text_add(&facts, "the name of class %d = %s\n", c, classes[c].name);
    if (facts.failed) FAIL(ENCNET_E_NOMEM, "no memory to compare the options of the ranks");
    TRY(encnet__comm_agree(comm, ENCNET_E_CONFIG, facts.data));
done:
    if (!classes) rc = encnet__fail(ENCNET_E_NOMEM, "no memory to compare the ranks");
    encnet__free(classes);
    encnet__text_free(&facts);
    return rc;
}

encnet_status encnet__agree_on_data(const encnet_comm *comm, const encnet__dataset *d)
{
    encnet_status rc = ENCNET_OK;
    encnet__text facts = {0};

    if (comm->size == 1) return ENCNET_OK;
    TRY(encnet__dataset_facts(&facts, d));
    if (facts.failed) FAIL(ENCNET_E_NOMEM, "no memory to compare the data of the ranks");
    TRY(encnet__comm_agree(comm, ENCNET_E_DATA, facts.data));
done:
    encnet__text_free(&facts);
    return rc;
}

encnet_status encnet__agree_on_weights(const encnet_comm *comm, encnet_model *model)
{
    encnet_status rc = ENCNET_OK;
    const encnet__weights *w = encnet__model_weights(model);
    encnet__text facts = {0};
    float *host = NULL;
    uint32_t crc = 0;

    if (comm->size == 1) return ENCNET_OK;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        size_t size = encnet__param_count(p) * sizeof *host;
        if (p->kind == ENCNET__COUNTER) continue;
        encnet__free(host);
        host = encnet__alloc(size, 1);
        if (!host) FAIL(ENCNET_E_NOMEM, "no memory to compare the weights of the ranks");
        TRY(encnet__read(host, p->value, 0, size));
        crc = encnet__crc(ENCNET__CRC32, crc, host, size);
    }
    encnet__text_add(&facts, "a checksum of the weights = %08x\n", (unsigned)crc);
    if (facts.failed) FAIL(ENCNET_E_NOMEM, "no memory to compare the weights of the ranks");
    TRY(encnet__comm_agree(comm, ENCNET_E_CHECKPOINT, facts.data));
done:
    encnet__free(host);
    encnet__text_free(&facts);
    return rc;
}
