/*
 * format.h - what a format of tensor files is, and what its parser builds with.
 *
 * A new format is one file here and one row in tensor_file.c.
 */
#ifndef ENCNET__FORMAT_H
#define ENCNET__FORMAT_H

#include "files/tensor_file.h"

#define ENCNET__SNIFF_BYTES 512u

struct encnet__file_format {
    const char *name;
    /* Whether a file that begins with these bytes (at most ENCNET__SNIFF_BYTES) is of this format.
     */
    bool (*sniff)(const uint8_t *head, size_t size);
    /* Adds the file's tensors and pairs. */
    encnet_status (*parse)(encnet__tensor_file *f);
    /* Compares the numbers with their checksums; NULL: the format has none. */
    encnet_status (*verify)(const encnet__tensor_file *f);
};

extern const encnet__file_format encnet__format_safetensors, encnet__format_torch_zip,
    encnet__format_torch_legacy, encnet__format_paddle;

/* Bytes of the file.  ENCNET_E_CHECKPOINT when [at, at + size) is not within it. */
encnet_status encnet__file_bytes(const encnet__tensor_file *f, void *out, uint64_t at,
                                 size_t size) ENCNET_MUST_CHECK;
/* CRC-32 of bytes of the file. */
encnet_status encnet__file_crc(const encnet__tensor_file *f, uint32_t *out, uint64_t at,
                               uint64_t size) ENCNET_MUST_CHECK;
/* Zeroed memory that lives as long as the file; NULL when there is none. */
void *encnet__file_memory(encnet__tensor_file *f, size_t size) ENCNET_MUST_CHECK;
/* No overlong forms, surrogates or codes above 10FFFF. */
bool encnet__is_utf8(const char *text, size_t size);
/* Both keep the strings' addresses, which live as long as the file. */
encnet_status encnet__file_add_tensor(encnet__tensor_file *f,
                                      const encnet__file_tensor *t) ENCNET_MUST_CHECK;
encnet_status encnet__file_add_pair(encnet__tensor_file *f, encnet__pair pair) ENCNET_MUST_CHECK;

#endif
