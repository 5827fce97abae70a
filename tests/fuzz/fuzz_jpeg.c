/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* Any bytes as a JPEG: a whole picture or a status, and never more pixels than allowed. */
#include <stdlib.h>
#include <string.h>

#include "data/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PIXELS = 1 << 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encnet__encoded in = {data, size, "fuzz", MAX_PIXELS, false};
    encnet__picture p = {0};
    uint8_t sum = 0;

    if (size && encnet__codec_jpeg.decode(&p, &in) == ENCNET_OK) {
        if (p.channels != 3 || (int64_t)p.h * p.w > MAX_PIXELS) abort();
        for (int i = 0; i < 3 * p.h * p.w; i++) sum ^= p.pixels[i]; /* every pixel was written */
        if (sum == 1 && p.h == 0) abort();
    }
    encnet__picture_free(&p);
    return 0;
}
