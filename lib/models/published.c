/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* published.c - the networks with recipes for Cityscapes, from published.def. */
#include <assert.h>
#include <encnet/model.h>

#include "base/base.h"

enum { MOST_OPTIONS = 10 };

typedef struct row {
    const char *name;
    double miou;
    struct {
        const char *key, *value;
    } options[MOST_OPTIONS]; /* up to the first without a key */
} row;

static const row rows[] = {
#define PUBLISHED(name, miou, ...) {name, miou, {__VA_ARGS__}},
#include "models/published.def"
};

bool encnet_model_published_at(int index, encnet_model_published *out)
{
    const row *r;

    if (!out || index < 0 || index >= (int)COUNT_OF(rows)) return false;
    r = &rows[index];
    out->name = r->name;
    out->miou = r->miou;
    encnet_options_default(&out->options);
    for (int i = 0; i < MOST_OPTIONS && r->options[i].key; i++) {
        encnet_status rc =
            encnet_options_set(&out->options, r->options[i].key, r->options[i].value);
        assert(rc == ENCNET_OK);
        (void)rc;
    }
    return true;
}
