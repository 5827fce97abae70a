/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* pixels.c - memory for pictures, and how large a picture may be. */
#include "data/codec.h"

#include <string.h>

void encnet__picture_free(encnet__picture *p)
{
    encnet__free(p->pixels);
    *p = (encnet__picture){0};
}

encnet_status encnet__picture_new(encnet__picture *out, int h, int w, int channels)
{
    size_t bytes;

    if (h < 1 || w < 1 || channels < 1 || !encnet__mul(&bytes, (size_t)h, (size_t)w) ||
        !encnet__mul(&bytes, bytes, (size_t)channels))
        return encnet__fail(ENCNET_E_ARG, "a picture of %d x %d x %d", w, h, channels);
    if (bytes > out->capacity) {
        encnet__picture_free(out); /* not realloc: the old pixels are of no use */
        out->pixels = encnet__alloc(bytes, 1);
        if (!out->pixels)
            return encnet__fail(ENCNET_E_NOMEM, "no memory for a picture of %d x %d", w, h);
        out->capacity = bytes;
    }
    out->h = h;
    out->w = w;
    out->channels = channels;
    return ENCNET_OK;
}

encnet_status encnet__picture_copy(encnet__picture *out, const encnet__picture *in)
{
    encnet_status rc = encnet__picture_new(out, in->h, in->w, in->channels);

    if (rc == ENCNET_OK)
        memcpy(out->pixels, in->pixels, (size_t)in->h * (size_t)in->w * (size_t)in->channels);
    return rc;
}

encnet_status encnet__size_check(const encnet__encoded *in, int64_t h, int64_t w)
{
    if (h < 1 || w < 1)
        return encnet__fail(ENCNET_E_DATA, "%s: an image of %lld x %lld pixels", in->name,
                            (long long)w, (long long)h);
    if (h > ENCNET__MAX_SIDE || w > ENCNET__MAX_SIDE)
        return encnet__fail(ENCNET_E_DATA, "%s: %lld x %lld pixels, a side is longer than %d",
                            in->name, (long long)w, (long long)h, ENCNET__MAX_SIDE);
    if (h * w > in->max_pixels)
        return encnet__fail(ENCNET_E_DATA, "%s: %lld x %lld pixels, more than data.max_pixels=%lld",
                            in->name, (long long)w, (long long)h, (long long)in->max_pixels);
    return ENCNET_OK;
}
