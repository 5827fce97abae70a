/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * torch.h - what a pickle of PyTorch describes: storages, tensors that are views of them, and which
 * of these are weights.  The ZIP format (torch_zip.c) and the legacy one (torch_legacy.c) differ
 * only in where the storages are.
 */
#ifndef ENCNET__TORCH_H
#define ENCNET__TORCH_H

#include "files/unpickle.h"

/* A piece of memory that tensors are views of. */
typedef struct encnet__torch_storage {
    const char *key;
    encnet__type type;
    bool has_type;  /* false if the type is unknown */
    uint64_t count; /* elements */
    uint64_t at;    /* its first byte in the file, which the format sets */
    bool is_placed; /* whether `at` is set */
} encnet__torch_storage;

/* Sorted by key; memory of the tensor file. */
typedef struct encnet__torch_storages {
    encnet__torch_storage *at;
    size_t n;
} encnet__torch_storages;

/* Lists the storages of a pickle, each once.  ENCNET_E_CHECKPOINT: one is described in two ways. */
encnet_status encnet__torch_storages_of(encnet__torch_storages *out, encnet__tensor_file *f,
                                        const encnet__unpickled *p) ENCNET_MUST_CHECK;
encnet__torch_storage *encnet__torch_storage_find(const encnet__torch_storages *s,
                                                  const char *key); /* or NULL */

/* Adds the tensors under "state_dict" of the root, or of the root itself if it has no such key, and
 * the metadata under "meta", where mmcv and mmengine have the names of the classes and the
 * iteration. */
encnet_status encnet__torch_add_weights(encnet__tensor_file *f, const encnet__unpickled *p,
                                        const encnet__torch_storages *s) ENCNET_MUST_CHECK;

#endif
