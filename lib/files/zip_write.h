/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * zip_write.h - stream a ZIP archive of stored (not compressed) entries to a file.
 *
 * As in PyTorch's own files, the data of every entry begins at a multiple of 64 bytes, so that a
 * reader can map it; an extra field "FB" pads the local header.  Sizes and offsets of 4 GiB and
 * more are in ZIP64 fields, and the ZIP64 end record is always written.  All time stamps are
 * 1980-01-01, so that the same content gives the same bytes.
 */
#ifndef ENCNET__ZIP_WRITE_H
#define ENCNET__ZIP_WRITE_H

#include "base/base.h"

typedef struct encnet__zip_writer encnet__zip_writer;

/* Starts a file, which appears at `path` when it is committed.  ENCNET_E_IO, here and below: it
 * cannot be written, and no part of it is left; the message names it. */
encnet_status encnet__zip_writer_new(encnet__zip_writer **out, const char *path) ENCNET_MUST_CHECK;
/* Adds one entry.  `name` is copied. */
encnet_status encnet__zip_writer_add(encnet__zip_writer *z, const char *name, const void *data,
                                     size_t size) ENCNET_MUST_CHECK;
/* Reserves `size` bytes on the disk, so that a full disk is noticed before anything is written. */
encnet_status encnet__zip_writer_reserve(encnet__zip_writer *z, uint64_t size) ENCNET_MUST_CHECK;
/* Writes the directory and gives the file its name. */
encnet_status encnet__zip_writer_commit(encnet__zip_writer *z) ENCNET_MUST_CHECK;
void encnet__zip_writer_free(
    encnet__zip_writer *z); /* takes NULL; what was not committed is removed */

#endif
