/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tensor_file.h - named tensors in a file, whatever its format.
 *
 * The format is recognised by the first bytes, never by the ending of the name; formats.def lists
 * the formats.  Opening a file reads names, types, shapes and offsets; the data stays in the file
 * until it is read.  Files are not trusted: every size that a file states is compared with its
 * actual size before memory is allocated, and the message of an error says what is wrong.
 */
#ifndef ENCNET__TENSOR_FILE_H
#define ENCNET__TENSOR_FILE_H

#include "base/base.h"
#include "base/type.h"

#define ENCNET__MAX_DIMS 8

/* One tensor.  It may be a view: transposed, a part of a larger tensor, or one that shares its data
 * with another. */
typedef struct encnet__file_tensor {
    const char *name;
    encnet__type type;
    int n_dims; /* 0 for a scalar */
    uint64_t dims[ENCNET__MAX_DIMS];
    uint64_t strides[ENCNET__MAX_DIMS]; /* in elements */
    uint64_t count;                     /* elements */
    uint64_t offset; /* of the first element, in bytes from the start of the file or of `memory` */
    const uint8_t *memory; /* NULL if the data is in the file */
} encnet__file_tensor;

/* Sets the row-major strides and the count of a tensor whose dims are set; returns false if its
 * size in bytes does not fit into 63 bits. */
bool encnet__file_tensor_pack(encnet__file_tensor *t);
uint64_t encnet__file_tensor_bytes(const encnet__file_tensor *t); /* count * bytes of an element */

/* One entry of the metadata. */
typedef struct encnet__pair {
    const char *key, *value;
} encnet__pair;

/* Keys of the metadata that mean the same in all formats. */
#define ENCNET__CLASS_NAMES_KEY "encnet.class_names" /* joined by newlines */
#define ENCNET__PALETTE_KEY "encnet.palette"         /* "R,G,B" of each class, joined by newlines */
#define ENCNET__ITERATION_KEY "encnet.iteration"     /* number of training steps */
#define ENCNET__VERSION_KEY "encnet.version"         /* of the library that wrote the file */

/* The text of the configuration of a training by mmsegmentation: of 0.x and of 1.x. */
#define ENCNET__MMCV_CONFIG_KEY "config"
#define ENCNET__MMENGINE_CONFIG_KEY "cfg"

typedef struct encnet__file_format encnet__file_format;
typedef struct encnet__file_block encnet__file_block;

/* An open file.  The tensors are in the order of the file.  Strings live as long as the file. */
typedef struct encnet__tensor_file {
    encnet__file_tensor *tensors;
    encnet__pair *pairs;
    size_t n_tensors, n_pairs;
    const encnet__file_format *format;
    char *path;
    /* used by lib/files only */
    uint64_t bytes; /* of the file */
    int fd;         /* -1 if the file is in `memory` */
    const uint8_t *memory;
    int tensor_room, pair_room;
    size_t *by_name;            /* indices of the tensors, sorted by name */
    encnet__file_block *blocks; /* memory that is freed with the file */
    void *format_data;          /* what the format keeps for verify(); one of the blocks */
} encnet__tensor_file;

/* Opens a file and checks everything but the data itself.  `out` is owned by the caller, who closes
 * it with encnet__tensor_file_close().  ENCNET_E_CHECKPOINT: the file is missing or damaged, or of
 * no known format.  ENCNET_E_IO: reading failed. */
encnet_status encnet__tensor_file_open(encnet__tensor_file **out,
                                       const char *path) ENCNET_MUST_CHECK;
/* The same for a file in memory, which is borrowed until it is closed; `name` stands for its path
 * in messages. */
encnet_status encnet__tensor_file_open_memory(encnet__tensor_file **out, const void *bytes,
                                              size_t size, const char *name) ENCNET_MUST_CHECK;
void encnet__tensor_file_close(encnet__tensor_file *f); /* takes NULL */

const encnet__file_tensor *encnet__tensor_file_find(const encnet__tensor_file *f,
                                                    const char *name); /* or NULL */
const char *encnet__tensor_file_metadata(const encnet__tensor_file *f,
                                         const char *key); /* or NULL */

/* The training steps that a file states; -1 if it states none, or no number. */
int64_t encnet__tensor_file_iteration(const encnet__tensor_file *f);

/* Gives tensor `i` another name, which is copied.  Call encnet__tensor_file_sort() after the last
 * one, so that tensors can be found again; it fails if two have the same name. */
encnet_status encnet__tensor_file_rename(encnet__tensor_file *f, size_t i,
                                         const char *name) ENCNET_MUST_CHECK;
encnet_status encnet__tensor_file_sort(encnet__tensor_file *f) ENCNET_MUST_CHECK;
/* Swaps the two dims of matrix `i`, which is then read transposed. */
void encnet__tensor_file_transpose(encnet__tensor_file *f, size_t i);

/* Reads all elements in row-major order as float: F32, F16, BF16, or F64 rounded to nearest.
 * ENCNET_E_CHECKPOINT: the type is another one. */
encnet_status encnet__tensor_file_read_floats(const encnet__tensor_file *f,
                                              const encnet__file_tensor *t,
                                              float *out) ENCNET_MUST_CHECK;
/* Whether numbers can be the weight `name` of a network: all are finite, and no variance is negative.
 * Otherwise *at is the first that cannot. */
bool encnet__tensor_is_sound(const char *name, const float *x, size_t count, size_t *at);
/* Reads all elements as int64.  ENCNET_E_CHECKPOINT: the type is no integer, or a value is 2^63 or
 * more. */
encnet_status encnet__tensor_file_read_ints(const encnet__tensor_file *f,
                                            const encnet__file_tensor *t,
                                            int64_t *out) ENCNET_MUST_CHECK;
/* Reads all elements unconverted, in row-major order: encnet__file_tensor_bytes() bytes. */
encnet_status encnet__tensor_file_read(const encnet__tensor_file *f, const encnet__file_tensor *t,
                                       void *out) ENCNET_MUST_CHECK;
/* Compares the data with the checksums in the file; ENCNET_OK if it has none.  ENCNET_E_CHECKPOINT:
 * they differ. */
encnet_status encnet__tensor_file_verify(const encnet__tensor_file *f) ENCNET_MUST_CHECK;

#endif
