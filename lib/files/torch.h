/*
 * torch.h - what PyTorch's files mean by their pickles: storages, tensors over them, and which of
 * them are weights.  The zip format (torch_zip.c) and the legacy one (torch_legacy.c) differ only
 * in where storages are.
 */
#ifndef ENCNET__TORCH_H
#define ENCNET__TORCH_H

#include "files/unpickle.h"

/* A piece of memory that tensors are views of. */
typedef struct encnet__torch_storage {
    const char *key;
    encnet__type type;
    bool has_type;  /* else of a type that is not known here */
    uint64_t count; /* elements */
    uint64_t at;    /* byte of the file; set by the format */
    bool is_placed; /* whether it was set */
} encnet__torch_storage;

/* Sorted by key; memory of the tensor file. */
typedef struct encnet__torch_storages {
    encnet__torch_storage *at;
    size_t n;
} encnet__torch_storages;

/* Every storage that the pickle names, each once.  ENCNET_E_CHECKPOINT when one is described in two
 * ways. */
encnet_status encnet__torch_storages_of(encnet__torch_storages *out, encnet__tensor_file *f,
                                        const encnet__unpickled *p) ENCNET_MUST_CHECK;
encnet__torch_storage *encnet__torch_storage_find(const encnet__torch_storages *s,
                                                  const char *key); /* or NULL */

/* Adds the tensors below "state_dict" of the pickle's root (or of the root itself, when it has no
 * such key) and, as metadata, the names of classes and the iteration that mmcv and mmengine leave
 * in "meta". */
encnet_status encnet__torch_add_weights(encnet__tensor_file *f, const encnet__unpickled *p,
                                        const encnet__torch_storages *s) ENCNET_MUST_CHECK;

#endif
