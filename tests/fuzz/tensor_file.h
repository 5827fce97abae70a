/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* tensor_file.h - any bytes as a file of tensors: refused, or every tensor reads. */
#include <stdlib.h>

#include "files/tensor_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted holds at most 16 times the bytes of the file, so reading it all is bounded. */
static void read_all(const encnet__tensor_file *f)
{
    for (size_t i = 0; i < f->n_tensors; i++) {
        const encnet__file_tensor *t = &f->tensors[i];
        float *floats = encnet__alloc((size_t)t->count, sizeof *floats);
        int64_t *ints = encnet__alloc((size_t)t->count, sizeof *ints);
        if (!floats || !ints || encnet__tensor_file_find(f, t->name) != t) abort();
        if (encnet__tensor_file_read_floats(f, t, floats) == ENCNET_OK &&
            encnet__tensor_file_read_ints(f, t, ints) == ENCNET_OK)
            abort(); /* a type is one or the other */
        encnet__free(floats);
        encnet__free(ints);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encnet__tensor_file *f = NULL;

    if (encnet__tensor_file_open_memory(&f, data, size, "fuzz") != ENCNET_OK) return 0;
    read_all(f);
    if (encnet__tensor_file_verify(f) == ENCNET_OK) (void)encnet__tensor_file_metadata(f, "config");
    encnet__tensor_file_close(f);
    return 0;
}
