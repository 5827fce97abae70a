/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * names.h - the names of the tensors of a file, and mmsegmentation's names for them.
 *
 * A dialect is a way of naming the weights of these networks, that of another program for instance.
 * A file is recognised as one of a dialect by one name that every such file has, and its names are
 * translated by rules.  dialects.def has them all.
 */
#ifndef ENCNET__NAMES_H
#define ENCNET__NAMES_H

#include "files/tensor_file.h"

enum { ENCNET__NAME_SIZE = 256 }; /* bytes, more than the name of any weight has */

typedef struct encnet__dialect encnet__dialect;

/* What becomes of a tensor. */
typedef struct encnet__translation {
    char name[ENCNET__NAME_SIZE];
    bool left_out;   /* it belongs to no segmentation network, such as the classifier of ImageNet */
    bool transposed; /* the file holds the transposed matrix */
} encnet__translation;

/* Row `index` of dialects.def; NULL behind the last. */
const encnet__dialect *encnet__dialect_at(int index);
/* The dialect of a file, or NULL if it is of none.  In every dialect, names may begin with
 * "module." (PyTorch's DataParallel). */
const encnet__dialect *encnet__dialect_of(const encnet__tensor_file *f);
const char *encnet__dialect_name(const encnet__dialect *d);  /* "mmsegmentation" */
const char *encnet__dialect_mark(const encnet__dialect *d);  /* a name that every such file has */
const char *encnet__dialect_about(const encnet__dialect *d); /* what a configuration must say */
bool encnet__dialect_is_foreign(const encnet__dialect *d);   /* not mmsegmentation's */

/* Whether its files hold whole networks, and not a backbone alone. */
bool encnet__dialect_has_heads(const encnet__dialect *d);

/* Translates a name of dialect `d`, which may be NULL.  A name that fits no rule is kept, without
 * "module.".  Returns false, and leaves `out` as it is, if the result would be too long. */
bool encnet__translate(encnet__translation *out, const encnet__dialect *d, const char *name);

/* Removes what wraps all names, whatever program did it, averaged copies (EMA) of weights that are there
 * themselves, and tensors beside a wrapped network (unwrap.c), gives every tensor of a file
 * mmsegmentation's name and form, and removes the tensors that belong to no segmentation network.
 * `dialect` is set to that of the file, or NULL; a remark about what was left aside is added to
 * `remarks`, unless that is NULL.  ENCNET_E_CHECKPOINT: two tensors would have the same name. */
encnet_status encnet__translate_file(encnet__tensor_file *f, const encnet__dialect **dialect,
                                     encnet__text *remarks) ENCNET_MUST_CHECK;
/* Says each line of such remarks. */
void encnet__remarks_say(const encnet__text *remarks);

#endif
