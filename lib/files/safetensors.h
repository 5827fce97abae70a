/*
 * safetensors.h - the file format of weights: a streaming writer, and what its reader shares.
 *
 *   u64 little endian N | N bytes of JSON, padded with spaces | data
 *   {"__metadata__": {"key": "value"},
 *    "name": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]}, ...}
 *
 * The reader takes nothing on trust: every size is compared with the file's before memory is asked
 * for, the tensors must cover the data without a hole or an overlap, names must be unique UTF-8 and
 * the file must end where they end. The writer lays tensors out by falling element size, so that
 * each is aligned, starts the data at a multiple of 64 bytes, and keeps a CRC-32 of the data in the
 * metadata ("encnet.crc32"), which the reader can verify.
 */
#ifndef ENCNET__SAFETENSORS_H
#define ENCNET__SAFETENSORS_H

#include "files/tensor_file.h"

#define ENCNET__ST_MAX_HEADER 100000000u /* bytes of JSON; what the format's own reader allows */
#define ENCNET__ST_CRC_KEY "encnet.crc32"

/* Parses the `size` bytes of JSON at `header`, which live as long as the file and are decoded in
 * place, and checks them against the file, whose data begins at byte `data_at`. */
encnet_status encnet__st_parse_header(encnet__tensor_file *f, char *header, size_t size,
                                      uint64_t data_at) ENCNET_MUST_CHECK;

typedef struct encnet__st_writer encnet__st_writer;

/*
 * Starts PATH.tmp with a header for `n` tensors, whose name, type and dims are set; its count,
 * strides and offset are filled in.
 *
 *   tensors  borrowed until the writer ends
 *   pairs    metadata; the checksum is added to it
 *
 * ENCNET_E_IO  names the file; nothing is left behind, here and in every other call
 */
encnet_status encnet__st_writer_new(encnet__st_writer **out, const char *path,
                                    encnet__file_tensor *tensors, size_t n,
                                    const encnet__pair *pairs, size_t n_pairs) ENCNET_MUST_CHECK;
/* Index of the tensor whose data is wanted next; -1 when all are written. */
int encnet__st_writer_next(const encnet__st_writer *w);
/* All bytes of that tensor. */
encnet_status encnet__st_writer_put(encnet__st_writer *w, const void *data,
                                    size_t bytes) ENCNET_MUST_CHECK;
/* Stores the checksum, fsyncs, renames PATH.tmp over PATH and fsyncs the directory. */
encnet_status encnet__st_writer_commit(encnet__st_writer *w) ENCNET_MUST_CHECK;
/* Takes NULL; what was not committed is removed. */
void encnet__st_writer_free(encnet__st_writer *w);

#endif
