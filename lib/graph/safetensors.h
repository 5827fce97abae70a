/*
 * safetensors.h - the file format of weights: a strict reader and a streaming writer.
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

#include "base/base.h"
#include "graph/weights.h"

#define ENCNET__ST_MAX_HEADER 100000000u /* bytes of JSON; what the format's own reader allows */
#define ENCNET__ST_MAX_DIMS 8
#define ENCNET__ST_CRC_KEY "encnet.crc32"

/* X(name in files, bytes of an element) */
/* clang-format off */
#define ENCNET__DTYPE_LIST(X)                                                                      \
    X(BOOL, 1) X(U8, 1) X(I8, 1) X(F8_E5M2, 1) X(F8_E4M3, 1) X(I16, 2) X(U16, 2) X(F16, 2)         \
    X(BF16, 2) X(I32, 4) X(U32, 4) X(F32, 4) X(F64, 8) X(I64, 8) X(U64, 8)
/* clang-format on */

typedef enum encnet__dtype {
#define ENCNET__DTYPE_ROW(name, bytes) ENCNET__##name,
    ENCNET__DTYPE_LIST(ENCNET__DTYPE_ROW)
#undef ENCNET__DTYPE_ROW
} encnet__dtype;

const char *encnet__dtype_name(encnet__dtype type);
size_t encnet__dtype_bytes(encnet__dtype type);                /* of one element */
bool encnet__dtype_find(encnet__dtype *out, const char *name); /* false: no such type */

typedef struct encnet__st_tensor {
    const char *name;
    encnet__dtype type;
    int n_dims; /* 0 = scalar */
    uint64_t dims[ENCNET__ST_MAX_DIMS];
    uint64_t count;         /* elements */
    uint64_t offset, bytes; /* within the data */
} encnet__st_tensor;

/* -- reader ------------------------------------------------------------------------------------ */

/* An open file.  Tensors stand in the order of the data; pairs in the order of the header.  Strings
 * live as long as the struct. */
typedef struct encnet__st_file {
    encnet__st_tensor *tensors;
    encnet__pair *pairs;
    size_t n_tensors, n_pairs;
    /* the reader's own */
    char *path, *header;
    int fd; /* -1: `memory` is the file */
    const uint8_t *memory;
    uint64_t data_at, data_bytes;
    size_t *by_name; /* indices of tensors, sorted by name */
} encnet__st_file;

/* Opens and checks everything but the numbers themselves.  ENCNET_E_CHECKPOINT: it is missing, or
 * what is wrong, with numbers; ENCNET_E_IO: reading fails.  `out` is owned by the caller, closed with
 * encnet__st_close(). */
encnet_status encnet__st_open(encnet__st_file **out, const char *path) ENCNET_MUST_CHECK;
/* The same for a file in memory, borrowed until closed; `name` stands in messages. */
encnet_status encnet__st_open_memory(encnet__st_file **out, const void *bytes, size_t size,
                                     const char *name) ENCNET_MUST_CHECK;
void encnet__st_close(encnet__st_file *f); /* takes NULL */

const encnet__st_tensor *encnet__st_find(const encnet__st_file *f, const char *name); /* or NULL */
const char *encnet__st_metadata(const encnet__st_file *f, const char *key);           /* or NULL */

/* All elements as float: F32, F16, BF16 and F64 (rounded to nearest).  ENCNET_E_CHECKPOINT for any
 * other type. */
encnet_status encnet__st_read_floats(const encnet__st_file *f, const encnet__st_tensor *t,
                                     float *out) ENCNET_MUST_CHECK;
/* All elements as int64: I64, I32, U8 ... and U64 below 2^63. */
encnet_status encnet__st_read_ints(const encnet__st_file *f, const encnet__st_tensor *t,
                                   int64_t *out) ENCNET_MUST_CHECK;
/* Compares the data with the CRC-32 in the metadata; ENCNET_OK when there is none. */
encnet_status encnet__st_verify(const encnet__st_file *f) ENCNET_MUST_CHECK;

/* The header's part of opening: parses the `size` bytes at f->header and checks them against
 * f->data_bytes. */
encnet_status encnet__st_parse(encnet__st_file *f, size_t size) ENCNET_MUST_CHECK;

/* -- writer ------------------------------------------------------------------------------------ */

typedef struct encnet__st_writer encnet__st_writer;

/*
 * Starts PATH.tmp with a header for `n` tensors, whose name, type and dims are set; the rest is
 * filled in.
 *
 *   tensors  borrowed until the writer ends
 *   pairs    metadata; the checksum is added to it
 *
 * ENCNET_E_IO  names the file; nothing is left behind, here and in every other call
 */
encnet_status encnet__st_writer_new(encnet__st_writer **out, const char *path,
                                    encnet__st_tensor *tensors, size_t n, const encnet__pair *pairs,
                                    size_t n_pairs) ENCNET_MUST_CHECK;
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
