/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_unpickle.c - any bytes as a pickle: refused, or a graph that can be walked. */
#include <stdlib.h>

#include "files/unpickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every value that is reached in a few steps; the graph may have cycles. */
static size_t walk(const encnet__value *v, int depth)
{
    size_t n = 1;

    if (!v || depth == 0) return 0;
    n += walk(v->state, depth - 1);
    (void)encnet__value_text(v);
    (void)encnet__value_get(v, "state_dict");
    if (v->kind == ENCNET__VALUE_CALL) n += walk(v->call.args, depth - 1);
    if (v->kind == ENCNET__VALUE_PERSISTENT) n += walk(v->id, depth - 1);
    if (v->kind != ENCNET__VALUE_LIST && v->kind != ENCNET__VALUE_TUPLE &&
        v->kind != ENCNET__VALUE_DICT)
        return n;
    if (v->kind == ENCNET__VALUE_DICT && v->n % 2) abort();
    for (size_t i = 0; i < v->n && i < 10; i++) n += walk(v->items[i], depth - 1);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "fuzz";
    encnet__tensor_file f = {.path = path, .fd = -1, .memory = data, .bytes = size};
    encnet__unpickled *p = NULL;

    if (encnet__unpickle_read(&p, &f, 0, size) != ENCNET_OK) return 0;
    if (walk(encnet__unpickle_root(p), 4) == 0 || encnet__unpickle_end(p) > size) abort();
    for (size_t i = 0; encnet__unpickle_persistent(p, i); i++)
        (void)walk(encnet__unpickle_persistent(p, i), 2);
    encnet__unpickle_free(p);
    return 0;
}
