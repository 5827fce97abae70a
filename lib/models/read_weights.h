/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* read_weights.h - weights from a file or a checkpoint directory. */
#ifndef ENCNET__READ_WEIGHTS_H
#define ENCNET__READ_WEIGHTS_H

#include "files/weights_file.h"

/* The checkpoint directory or file that a path names, owned by the caller: of a work directory, its
 * `latest`.  ENCNET_E_CHECKPOINT: a folder that is neither. */
encnet_status encnet__weights_dir(char **out, const char *path) ENCNET_MUST_CHECK;
/* Whether a path names a directory.  ENCNET_E_IO: it cannot be said. */
encnet_status encnet__look_for_directory(bool *found, const char *path) ENCNET_MUST_CHECK;
/* The file of weights that a path names, owned by the caller. */
encnet_status encnet__weights_path(char **out, const char *path) ENCNET_MUST_CHECK;

/* Reads weights from a file of any format and dialect (files/names.h), or from a checkpoint
 * directory.  `remarks` is replaced by what there is to say about them; `how->left_out` may be the
 * same text. */
encnet_status encnet__read_weights(encnet__weights *weights, encnet__text *remarks,
                                   const char *path, const encnet__load *how) ENCNET_MUST_CHECK;
/* The same from a file that is open, whose tensors get mmsegmentation's names. */
encnet_status encnet__read_weights_of(encnet__weights *weights, encnet__text *remarks,
                                      encnet__tensor_file *f,
                                      const encnet__load *how) ENCNET_MUST_CHECK;

#endif
