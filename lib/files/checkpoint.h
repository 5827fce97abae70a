/*
 * checkpoint.h - a checkpoint in a pickle: a dictionary of tensors, or a dictionary that has one
 * under "state_dict", whatever else it holds.
 */
#ifndef ENCNET__CHECKPOINT_H
#define ENCNET__CHECKPOINT_H

#include "files/unpickle.h"

#define ENCNET__MAX_TENSORS 100000u

/* The dictionary of tensors below the root.  ENCNET_E_CHECKPOINT says what the root is instead. */
encnet_status encnet__checkpoint_weights(const encnet__value **out, const encnet__tensor_file *f,
                                         const encnet__value *root) ENCNET_MUST_CHECK;
/* Adds a tensor under the name that `key` is, which is copied. */
encnet_status encnet__checkpoint_add(encnet__tensor_file *f, encnet__file_tensor *t,
                                     const encnet__value *key) ENCNET_MUST_CHECK;
/* ENCNET_E_CHECKPOINT when there is no tensor, with the keys that there are. */
encnet_status encnet__checkpoint_check(const encnet__tensor_file *f,
                                       const encnet__value *weights) ENCNET_MUST_CHECK;
/* What "meta" says as metadata: names and colours of classes, the iteration, and every text. */
encnet_status encnet__checkpoint_add_meta(encnet__tensor_file *f,
                                          const encnet__value *root) ENCNET_MUST_CHECK;

#endif
