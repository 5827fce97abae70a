/*
 * zip_write.h - a ZIP archive of stored (not compressed) entries, streamed to a file.
 *
 * The data of every entry begins at a multiple of 64 bytes, so that a reader can map it, as
 * PyTorch's own writer has it: the local header is filled up with an extra field "FB".  Sizes and
 * places of 4 GiB and more stand in ZIP64 fields; the ZIP64 end record is always written.  Time
 * stamps are those of no time (1980-01-01), so that the same content gives the same bytes.
 */
#ifndef ENCNET__ZIP_WRITE_H
#define ENCNET__ZIP_WRITE_H

#include "base/base.h"

typedef struct encnet__zip_writer encnet__zip_writer;

/* Begins to write PATH.  ENCNET_E_IO names the file, here and in the other calls; nothing is left
 * behind. */
encnet_status encnet__zip_writer_new(encnet__zip_writer **out, const char *path) ENCNET_MUST_CHECK;
/* One whole entry.  `name` is copied. */
encnet_status encnet__zip_writer_add(encnet__zip_writer *z, const char *name, const void *data,
                                     size_t size) ENCNET_MUST_CHECK;
/* Asks the disk for `size` bytes in all, so that there is no room found before most is written. */
encnet_status encnet__zip_writer_reserve(encnet__zip_writer *z, uint64_t size) ENCNET_MUST_CHECK;
/* Writes the directory, fsyncs and gives the file its name. */
encnet_status encnet__zip_writer_commit(encnet__zip_writer *z) ENCNET_MUST_CHECK;
void encnet__zip_writer_free(
    encnet__zip_writer *z); /* takes NULL; what was not committed is removed */

#endif
