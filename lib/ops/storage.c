/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* storage.c - the kernel option for the element type of a tensor. */
#include "ops/storage.h"

#include <assert.h>
#include <stdio.h>

encnet__options encnet__storage(encnet__type type, const char *options)
{
    encnet__options out;
    int size = type == ENCNET__F32 ? snprintf(out.text, sizeof out.text, "%s", options)
                                   : snprintf(out.text, sizeof out.text, "%s -DSTORAGE=%s", options,
                                              encnet__type_name(type));

    assert(size >= 0 && (size_t)size < sizeof out.text);
    (void)size;
    return out;
}
