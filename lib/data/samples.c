/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* samples.c - what all kinds of data sets use to build their lists: samples and problems. */
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

void encnet__problem(encnet__problems *p, const char *format, ...)
{
    char line[sizeof p->first];
    va_list ap;

    va_start(ap, format);
    encnet__vprint(line, sizeof line, format, ap);
    va_end(ap);
    if (p->count++ == 0) memcpy(p->first, line, sizeof line);
    if (p->report) p->report(p->user, line);
}

encnet_status encnet__dataset_add(encnet__dataset *d, encnet__sample sample)
{
    encnet__sample *grown = NULL;

    if (sample.name) grown = encnet__grow(d->samples, &d->capacity, d->count + 1, sizeof *grown);
    if (grown) {
        d->samples = grown;
        d->samples[d->count++] = sample;
        return ENCNET_OK;
    }
    encnet__free(sample.name);
    encnet__free(sample.image);
    encnet__free(sample.label);
    return encnet__fail(ENCNET_E_NOMEM, "no memory for a list of files");
}
