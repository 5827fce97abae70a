/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * torch_write.h - write a file as torch.save() does since version 1.6: a ZIP archive of one pickled
 * object and the data of its tensors.
 *
 *   archive/data.pkl   the object; a tensor in it refers to its storage by a number
 *   archive/data/N     storage N: the elements of a tensor, row-major, little-endian
 *   archive/version    "3"
 *
 * Every version of torch.load() since 1.6 reads it, also with weights_only=True.  The object is
 * written first, then the data of each tensor, in the order of the object:
 *
 *     encnet__torch_writer_new(&w, path);
 *     p = encnet__torch_writer_object(w);          write to p with pickle_write.h,
 *     encnet__torch_writer_tensor(w, &tensor);     and each tensor with this
 *     encnet__torch_writer_begin(w);
 *     encnet__torch_writer_put(w, data, bytes);    once per tensor
 *     encnet__torch_writer_commit(w);
 */
#ifndef ENCNET__TORCH_WRITE_H
#define ENCNET__TORCH_WRITE_H

#include "files/pickle_write.h"
#include "files/tensor_file.h"

typedef struct encnet__torch_writer encnet__torch_writer;

/* Starts a file, which appears at `path` when it is committed.  ENCNET_E_IO, here and below: it
 * cannot be written, and no part of it is left; the message names it. */
encnet_status encnet__torch_writer_new(encnet__torch_writer **out,
                                       const char *path) ENCNET_MUST_CHECK;
/* The object to write to, owned by the writer. */
encnet__pickle *encnet__torch_writer_object(encnet__torch_writer *w);
/* Pushes a tensor onto the stack of the object; its name, type and dims are read.
 * ENCNET_E_CHECKPOINT: PyTorch 1.6 has no storage of this type. */
encnet_status encnet__torch_writer_tensor(encnet__torch_writer *w,
                                          const encnet__file_tensor *t) ENCNET_MUST_CHECK;
/* Call this when the object is complete. */
encnet_status encnet__torch_writer_begin(encnet__torch_writer *w) ENCNET_MUST_CHECK;
/* Writes all bytes of the next tensor. */
encnet_status encnet__torch_writer_put(encnet__torch_writer *w, const void *data,
                                       size_t bytes) ENCNET_MUST_CHECK;
encnet_status encnet__torch_writer_commit(encnet__torch_writer *w) ENCNET_MUST_CHECK;
void encnet__torch_writer_free(encnet__torch_writer *w); /* takes NULL; what was not committed is
                                                            removed */

#endif
