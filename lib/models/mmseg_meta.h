/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* mmseg_meta.h - the configuration of a training by mmsegmentation, in the metadata of a checkpoint. */
#ifndef ENCNET__MMSEG_META_H
#define ENCNET__MMSEG_META_H

#include "files/tensor_file.h"
#include "mmseg/mmseg.h"
#include <encnet/options.h>

/* Reads the configuration of a file; *out is owned by the caller, and NULL if the file has none.
 * ENCNET_E_CONFIG: it cannot be read. */
encnet_status encnet__mmseg_of_file(encnet__mmseg **out,
                                    const encnet__tensor_file *f) ENCNET_MUST_CHECK;

/* Sets the options that the configuration of a file says, of these parts.  *found is false if the
 * file has none.  Strings of the options live as long as the file.  ENCNET_E_CONFIG: it says
 * something that encnet-cl does not have. */
encnet_status encnet__mmseg_options_of_file(encnet_options *out, bool *found,
                                            encnet__tensor_file *f, int parts) ENCNET_MUST_CHECK;

#endif
