/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* largest.c - the largest image of a split, by what the files state. */
#include "data/dataset.h"

encnet_status encnet__dataset_largest(int *sample, int *h, int *w, const encnet__dataset *d)
{
    const double patience = 3; /* seconds */
    double began = encnet__now();
    encnet__picture image = {0}, label = {0};
    encnet_status rc = ENCNET_OK;

    *sample = *h = *w = 0;
    if (d->count == 0) return ENCNET_OK;
    if (!d->samples[0].image) { /* drawn: all have one size */
        TRY(encnet__dataset_read(d, 0, &image, &label));
        *h = image.h;
        *w = image.w;
    }
    for (int i = 0; i < d->count && encnet__now() - began < patience; i++) {
        int rows, columns;
        if (!d->samples[i].image || !encnet__picture_size(&rows, &columns, d->samples[i].image))
            continue;
        if ((int64_t)rows * columns <= (int64_t)*h * *w) continue;
        *sample = i;
        *h = rows;
        *w = columns;
    }
done:
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    return rc;
}
