/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * zip.h - read the directory of a ZIP archive whose entries are stored, not compressed.
 *
 * The central directory is checked: it ends the file, every entry lies within the file where its
 * local header says so too, and no two entries overlap or share a name.  Compressed and encrypted
 * entries are refused, because tensors are read directly from the archive; PyTorch writes none.
 */
#ifndef ENCNET__ZIP_H
#define ENCNET__ZIP_H

#include "files/tensor_file.h"

typedef struct encnet__zip_entry {
    const char *name;
    uint64_t at, bytes; /* where its data is in the file */
    uint64_t header_at; /* where its local header is */
    uint32_t crc;
} encnet__zip_entry;

/* The entries, in the order of the file; freed with the tensor file. */
typedef struct encnet__zip {
    encnet__zip_entry *entries;
    const encnet__zip_entry **by_name;
    size_t n;
} encnet__zip;

encnet_status encnet__zip_read(encnet__zip *out, encnet__tensor_file *f) ENCNET_MUST_CHECK;
const encnet__zip_entry *encnet__zip_find(const encnet__zip *z, const char *name); /* or NULL */
/* Compares an entry's data with its CRC. */
encnet_status encnet__zip_verify(const encnet__tensor_file *f,
                                 const encnet__zip_entry *e) ENCNET_MUST_CHECK;

#endif
