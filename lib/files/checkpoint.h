/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * checkpoint.h - a checkpoint in a pickle: a dictionary of tensors, or one that has such a
 * dictionary under "state_dict".
 */
#ifndef ENCNET__CHECKPOINT_H
#define ENCNET__CHECKPOINT_H

#include "files/unpickle.h"

#define ENCNET__MAX_TENSORS 100000u

/* Finds the dictionary of tensors.  ENCNET_E_CHECKPOINT: there is none; the message says what the
 * root is instead. */
encnet_status encnet__checkpoint_weights(const encnet__value **out, const encnet__tensor_file *f,
                                         const encnet__value *root) ENCNET_MUST_CHECK;
/* Adds a tensor with the name `key`, which is copied. */
encnet_status encnet__checkpoint_add(encnet__tensor_file *f, encnet__file_tensor *t,
                                     const encnet__value *key) ENCNET_MUST_CHECK;
/* ENCNET_E_CHECKPOINT: what stands under `key` is a tensor of a kind that is not read, so that it would be
 * left out in silence; the message names what makes it.  Anything else beside the weights may be skipped. */
encnet_status encnet__checkpoint_may_skip(const encnet__tensor_file *f, const encnet__value *key,
                                          const encnet__value *v) ENCNET_MUST_CHECK;
/* ENCNET_E_CHECKPOINT: no tensor was added; the message lists the keys of the dictionary. */
encnet_status encnet__checkpoint_check(const encnet__tensor_file *f,
                                       const encnet__value *weights) ENCNET_MUST_CHECK;
/* Adds the metadata under "meta": names and colours of the classes, the iteration, and every text.
 */
encnet_status encnet__checkpoint_add_meta(encnet__tensor_file *f,
                                          const encnet__value *root) ENCNET_MUST_CHECK;

#endif
