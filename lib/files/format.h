/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * format.h - what a format of checkpoint files is, and what its parser builds with.
 *
 * A new format is a file here and a row of formats.def.
 */
#ifndef ENCNET__FORMAT_H
#define ENCNET__FORMAT_H

#include "files/tensor_file.h"

#define ENCNET__SNIFF_BYTES 512u

struct encnet__file_format {
    const char *name; /* "PyTorch zip" */
    const char
        *ending;       /* what such files are usually named, ".pth"; several formats may share it */
    const char *about; /* for users: who writes it, and what is checked */
    /* Whether a file that begins with these bytes (at most ENCNET__SNIFF_BYTES) is of this format.
     */
    bool (*sniff)(const uint8_t *head, size_t size);
    /* Adds the tensors and the metadata of the file. */
    encnet_status (*parse)(encnet__tensor_file *f);
    /* Compares the data with the checksums in the file; NULL: the format has none. */
    encnet_status (*verify)(const encnet__tensor_file *f);
};

#define FORMAT(name) extern const encnet__file_format encnet__format_##name;
#include "files/formats.def"
#undef FORMAT

/* Row `index` of formats.def; NULL behind the last. */
const encnet__file_format *encnet__file_format_at(int index);

/* Reads bytes of the file.  ENCNET_E_CHECKPOINT: [at, at + size) is not within it. */
encnet_status encnet__file_bytes(const encnet__tensor_file *f, void *out, uint64_t at,
                                 size_t size) ENCNET_MUST_CHECK;
/* The CRC-32 of a part of the file. */
encnet_status encnet__file_crc(const encnet__tensor_file *f, uint32_t *out, uint64_t at,
                               uint64_t size) ENCNET_MUST_CHECK;
/* Zeroed memory that lives as long as the file; NULL when memory is short. */
void *encnet__file_memory(encnet__tensor_file *f, size_t size) ENCNET_MUST_CHECK;
/* These two keep the addresses of the strings, which must live as long as the file. */
encnet_status encnet__file_add_tensor(encnet__tensor_file *f,
                                      const encnet__file_tensor *t) ENCNET_MUST_CHECK;
encnet_status encnet__file_add_pair(encnet__tensor_file *f, encnet__pair pair) ENCNET_MUST_CHECK;

#endif
