/*
 * tensor_file.h - named tensors in a file, whatever its format.
 *
 * The format is found from the first bytes, never from the ending of the name: safetensors,
 * PyTorch's zip and legacy files, Paddle's pickles (one encnet__file_format each, format.h).
 * Opening reads names, types, shapes and places; the numbers stay in the file until they are asked
 * for.  A file is not believed: every size is compared with the file's own before memory is asked
 * for, and what is refused is refused with a sentence.
 */
#ifndef ENCNET__TENSOR_FILE_H
#define ENCNET__TENSOR_FILE_H

#include "base/base.h"
#include "base/type.h"

#define ENCNET__MAX_DIMS 8

/* One tensor.  It may be a view: transposed, a part of something larger, or sharing its numbers
 * with another. */
typedef struct encnet__file_tensor {
    const char *name;
    encnet__type type;
    int n_dims; /* 0 = scalar */
    uint64_t dims[ENCNET__MAX_DIMS];
    uint64_t strides[ENCNET__MAX_DIMS]; /* in elements */
    uint64_t count;                     /* elements */
    uint64_t offset;       /* bytes to the first element: in the file, or in `memory` */
    const uint8_t *memory; /* NULL: the numbers are in the file */
} encnet__file_tensor;

/* Row-major strides and the count of a tensor whose dims are set; false when the numbers of such a
 * tensor would take more than 63 bits of bytes. */
bool encnet__file_tensor_pack(encnet__file_tensor *t);
uint64_t encnet__file_tensor_bytes(const encnet__file_tensor *t); /* count * bytes of an element */

/* One line of metadata. */
typedef struct encnet__pair {
    const char *key, *value;
} encnet__pair;

/* Keys that mean the same in files of every format. */
#define ENCNET__CLASS_NAMES_KEY "encnet.class_names" /* joined by newlines */
#define ENCNET__PALETTE_KEY "encnet.palette"         /* "R,G,B" of each class, joined by newlines */
#define ENCNET__ITERATION_KEY "encnet.iteration"     /* steps of training behind it */

typedef struct encnet__file_format encnet__file_format;
typedef struct encnet__file_block encnet__file_block;

/* An open file.  Tensors stand in the order of the format's own; strings live as long as the file.
 */
typedef struct encnet__tensor_file {
    encnet__file_tensor *tensors;
    encnet__pair *pairs;
    size_t n_tensors, n_pairs;
    const encnet__file_format *format;
    char *path;
    /* the room's own */
    uint64_t bytes; /* of the file */
    int fd;         /* -1: `memory` is the file */
    const uint8_t *memory;
    size_t tensor_room, pair_room;
    size_t *by_name;            /* indices of tensors, sorted by name */
    encnet__file_block *blocks; /* what lives as long as the file */
    void *format_data;          /* what the format keeps for its verify(); one of the blocks */
} encnet__tensor_file;

/* Opens and checks everything but the numbers themselves.  ENCNET_E_CHECKPOINT: it is missing, or
 * what is wrong, with numbers; ENCNET_E_IO: reading fails.  `out` is owned by the caller, closed
 * with encnet__tensor_file_close(). */
encnet_status encnet__tensor_file_open(encnet__tensor_file **out,
                                       const char *path) ENCNET_MUST_CHECK;
/* The same for a file in memory, borrowed until closed; `name` stands in messages. */
encnet_status encnet__tensor_file_open_memory(encnet__tensor_file **out, const void *bytes,
                                              size_t size, const char *name) ENCNET_MUST_CHECK;
void encnet__tensor_file_close(encnet__tensor_file *f); /* takes NULL */

const encnet__file_tensor *encnet__tensor_file_find(const encnet__tensor_file *f,
                                                    const char *name); /* or NULL */
const char *encnet__tensor_file_metadata(const encnet__tensor_file *f,
                                         const char *key); /* or NULL */

/* Gives tensor `i` another name, copied.  After the last of them encnet__tensor_file_sort() makes
 * names findable again; it fails when two tensors have the same one. */
encnet_status encnet__tensor_file_rename(encnet__tensor_file *f, size_t i,
                                         const char *name) ENCNET_MUST_CHECK;
encnet_status encnet__tensor_file_sort(encnet__tensor_file *f) ENCNET_MUST_CHECK;
/* Swaps the two dims of matrix `i`; its numbers are then read transposed. */
void encnet__tensor_file_transpose(encnet__tensor_file *f, size_t i);

/* All elements in row-major order as float: F32, F16, BF16 and F64 (rounded to nearest).
 * ENCNET_E_CHECKPOINT for any other type. */
encnet_status encnet__tensor_file_read_floats(const encnet__tensor_file *f,
                                              const encnet__file_tensor *t,
                                              float *out) ENCNET_MUST_CHECK;
/* All elements as int64: I64, I32, U8 ... and U64 below 2^63. */
encnet_status encnet__tensor_file_read_ints(const encnet__tensor_file *f,
                                            const encnet__file_tensor *t,
                                            int64_t *out) ENCNET_MUST_CHECK;
/* All elements as they are, encnet__file_tensor_bytes() of them, row-major. */
encnet_status encnet__tensor_file_read(const encnet__tensor_file *f, const encnet__file_tensor *t,
                                       void *out) ENCNET_MUST_CHECK;
/* Compares the numbers with the checksums that the file holds; ENCNET_OK when it holds none. */
encnet_status encnet__tensor_file_verify(const encnet__tensor_file *f) ENCNET_MUST_CHECK;

#endif
