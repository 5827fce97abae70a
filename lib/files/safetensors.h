/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * safetensors.h - the file format of our weights: a streaming writer, and what the reader shares.
 *
 *   u64 little endian N | N bytes of JSON, padded with spaces | data
 *   {"__metadata__": {"key": "value"},
 *    "name": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]}, ...}
 *
 * The reader trusts nothing: every size is compared with that of the file before memory is
 * allocated, the tensors must cover the data to the end of the file without gaps and overlaps, and
 * their names must be unique and UTF-8.  The writer sorts tensors by decreasing element size, so
 * that each is aligned, starts the data at a multiple of 64 bytes, and stores a CRC-32 of the data
 * in the metadata ("encnet.crc32"), which the reader can verify.
 */
#ifndef ENCNET__SAFETENSORS_H
#define ENCNET__SAFETENSORS_H

#include "files/tensor_file.h"

#define ENCNET__ST_MAX_HEADER 100000000u /* bytes of JSON, as the reference reader allows */
#define ENCNET__ST_CRC_KEY "encnet.crc32"

/* Parses `size` bytes of JSON, which are decoded in place and must live as long as the file, and
 * checks them against the file, whose data begins at byte `data_at`. */
encnet_status encnet__st_parse_header(encnet__tensor_file *f, char *header, size_t size,
                                      uint64_t data_at) ENCNET_MUST_CHECK;

typedef struct encnet__st_writer encnet__st_writer;

/*
 * Starts a file with a header for `n` tensors.
 *
 *   tensors  name, type and dims are read, and count, strides and offset are filled in; borrowed
 *            until the writer is freed
 *   pairs    the metadata, to which the checksum is added
 *
 * The file appears at `path` when it is committed.  ENCNET_E_IO, here and below: it cannot be
 * written, and no part of it is left; the message names it.
 */
encnet_status encnet__st_writer_new(encnet__st_writer **out, const char *path,
                                    encnet__file_tensor *tensors, size_t n,
                                    const encnet__pair *pairs, size_t n_pairs) ENCNET_MUST_CHECK;
/* The index of the tensor to write next; -1 if all are written. */
int encnet__st_writer_next(const encnet__st_writer *w);
/* Writes all bytes of that tensor. */
encnet_status encnet__st_writer_put(encnet__st_writer *w, const void *data,
                                    size_t bytes) ENCNET_MUST_CHECK;
/* Stores the checksum and gives the file its name. */
encnet_status encnet__st_writer_commit(encnet__st_writer *w) ENCNET_MUST_CHECK;
/* Takes NULL; a file that was not committed is removed. */
void encnet__st_writer_free(encnet__st_writer *w);

#endif
