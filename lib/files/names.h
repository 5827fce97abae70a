/*
 * names.h - whose names the tensors of a file have, and what mmsegmentation calls them.
 *
 * A dialect is a program that writes checkpoints of these networks under names of its own.  It is
 * recognised by one name that every file of it has, and translated by rules from a table.
 */
#ifndef ENCNET__NAMES_H
#define ENCNET__NAMES_H

#include "files/tensor_file.h"

enum { ENCNET__NAME_SIZE = 256 }; /* bytes; no weight of any network has a name as long */

typedef struct encnet__dialect encnet__dialect;

/* What becomes of a tensor. */
typedef struct encnet__translation {
    char name[ENCNET__NAME_SIZE];
    bool left_out;   /* it belongs to no segmentation network, such as the classifier of ImageNet */
    bool transposed; /* the file holds the matrix the other way round */
} encnet__translation;

/* The dialect of a file; NULL: none that is known.  Names may begin with "module." (PyTorch's
 * DataParallel) in every dialect. */
const encnet__dialect *encnet__dialect_of(const encnet__tensor_file *f);
const char *encnet__dialect_name(const encnet__dialect *d); /* "mmsegmentation" */
bool encnet__dialect_is_foreign(const encnet__dialect *d);  /* not mmsegmentation's */

/* A name of `d`, which may be NULL, in mmsegmentation's words.  What no rule knows keeps its name,
 * but for "module."; false: so does what is too long to be translated, and `out` is not written. */
bool encnet__translate(encnet__translation *out, const encnet__dialect *d, const char *name);

/* Gives all tensors of a file the names, and the matrices the form, that mmsegmentation has; what
 * belongs to no segmentation network is no longer among them.  `dialect` is what they were in, or
 * NULL.  ENCNET_E_CHECKPOINT: two tensors get the same name. */
encnet_status encnet__translate_file(encnet__tensor_file *f,
                                     const encnet__dialect **dialect) ENCNET_MUST_CHECK;

#endif
