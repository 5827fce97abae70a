/* read_weights.h - weights from a file or a checkpoint directory. */
#ifndef ENCNET__READ_WEIGHTS_H
#define ENCNET__READ_WEIGHTS_H

#include "files/weights_file.h"

/* "weights.safetensors" within a checkpoint directory, else the path itself; owned by the caller.
 * NULL: no memory. */
char *encnet__weights_path(const char *path);

/* Reads weights from a file of any format and dialect (files/names.h), or from a checkpoint
 * directory.  `remarks` is replaced by what there is to say about them; `how->left_out` may be the
 * same text. */
encnet_status encnet__read_weights(encnet__weights *weights, encnet__text *remarks,
                                   const char *path, const encnet__load *how) ENCNET_MUST_CHECK;

#endif
