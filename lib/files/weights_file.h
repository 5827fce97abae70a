/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * weights_file.h - save the weights of a model to a safetensors file, and load them from a file of
 * any format.
 */
#ifndef ENCNET__WEIGHTS_FILE_H
#define ENCNET__WEIGHTS_FILE_H

#include "files/tensor_file.h"
#include "graph/weights.h"

/* Writes all weights, or with `momentum` the momentum of the trainable ones, to a safetensors file
 * with mmsegmentation's names.  The file appears whole or not at all. */
encnet_status encnet__weights_save(const encnet__weights *w, const char *path, bool momentum,
                                   const encnet__pair *pairs, int n_pairs) ENCNET_MUST_CHECK;
/* The bytes of the tensors in such a file; the file has some more. */
uint64_t encnet__weights_file_bytes(const encnet__weights *w, bool momentum);

typedef enum encnet__load_scope {
    ENCNET__LOAD_ALL,      /* every weight; the file may have nothing else */
    ENCNET__LOAD_BACKBONE, /* names that begin with "backbone."; the file may have others */
    ENCNET__LOAD_MOMENTUM  /* the momentum of every trainable weight */
} encnet__load_scope;

/* Which weights to load, and how strictly. */
typedef struct encnet__load {
    encnet__load_scope scope;
    /* "prefix,prefix": the weights with these names are not loaded; NULL = none */
    const char *fresh;
    /* NULL: everything must fit.  Otherwise what fits is loaded, and a line that lists the rest is
     * added here */
    encnet__text *left_out;
    /* "prefix,prefix": weights that may lack in the file, and then become 0, or be there besides the
     * model's, because nothing reads them; NULL = none */
    const char *spare;
} encnet__load;

/* ENCNET_E_CONFIG unless the name of a weight begins with prefix[length], which stands in the option
 * `key`; the message says what is nearest, and what there is. */
encnet_status encnet__weights_begin(const encnet__weights *w, const char *key, const char *prefix,
                                    size_t length) ENCNET_MUST_CHECK;

/* What the names of a backbone and of an auxiliary head begin with. */
#define ENCNET__BACKBONE "backbone."
#define ENCNET__AUXILIARY "auxiliary_head."

/* Whether a name begins with one of the prefixes of "prefix,prefix"; NULL stands for none. */
bool encnet__name_begins(const char *name, const char *prefixes);

/* The checks that encnet__weights_load() makes before it changes anything. */
encnet_status encnet__weights_check(const encnet__weights *w, const encnet__tensor_file *f,
                                    const encnet__load *how) ENCNET_MUST_CHECK;
/* Loads weights.  If the file has no counters of batches at all, those of the model stay as they
 * are. ENCNET_E_CHECKPOINT: the file is damaged, weights are missing, extra or of another shape,
 * which the message counts, with the first names, what the file seems to be of and which keys would
 * take it; or nothing fits.  The whole file is checked first, and nothing is
 * changed on failure. */
encnet_status encnet__weights_load(encnet__weights *w, const encnet__tensor_file *f,
                                   const encnet__load *how) ENCNET_MUST_CHECK;

#endif
