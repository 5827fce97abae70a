/*
 * torch_write.h - a file as torch.save() writes it since version 1.6: a ZIP archive of one pickled
 * object and the numbers of its tensors.
 *
 *   archive/data.pkl   the object; a tensor in it refers to its storage by a number
 *   archive/data/N     the storage: numbers of the tensor, row-major, little-endian
 *   archive/version    "3"
 *
 * Every version of torch.load() since 1.6 reads it, also with weights_only=True.  First the object
 * is put together, then come the numbers of each tensor in the order in which they were put into
 * it:
 *
 *     encnet__torch_writer_new(&w, path);
 *     p = encnet__torch_writer_object(w);          pickle_write.h, and
 *     encnet__torch_writer_tensor(w, &tensor);     tensors on its stack
 *     encnet__torch_writer_begin(w);
 *     encnet__torch_writer_put(w, data, bytes);    once per tensor
 *     encnet__torch_writer_commit(w);
 */
#ifndef ENCNET__TORCH_WRITE_H
#define ENCNET__TORCH_WRITE_H

#include "files/pickle_write.h"
#include "files/tensor_file.h"

typedef struct encnet__torch_writer encnet__torch_writer;

/* Begins to write PATH.  ENCNET_E_IO names the file, here and in the other calls; nothing is left
 * behind. */
encnet_status encnet__torch_writer_new(encnet__torch_writer **out,
                                       const char *path) ENCNET_MUST_CHECK;
/* The object, begun; owned by the writer. */
encnet__pickle *encnet__torch_writer_object(encnet__torch_writer *w);
/* Puts a tensor on the object's stack: name, type and dims are read.  ENCNET_E_CHECKPOINT: PyTorch
 * 1.6 has no storage of such a type. */
encnet_status encnet__torch_writer_tensor(encnet__torch_writer *w,
                                          const encnet__file_tensor *t) ENCNET_MUST_CHECK;
/* The object is complete. */
encnet_status encnet__torch_writer_begin(encnet__torch_writer *w) ENCNET_MUST_CHECK;
/* All bytes of the next tensor. */
encnet_status encnet__torch_writer_put(encnet__torch_writer *w, const void *data,
                                       size_t bytes) ENCNET_MUST_CHECK;
encnet_status encnet__torch_writer_commit(encnet__torch_writer *w) ENCNET_MUST_CHECK;
void encnet__torch_writer_free(encnet__torch_writer *w); /* takes NULL; what was not committed is
                                                            removed */

#endif
