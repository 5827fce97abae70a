/*
 * weights_file.h - the weights of a model to a safetensors file, and from a file of any format.
 */
#ifndef ENCNET__WEIGHTS_FILE_H
#define ENCNET__WEIGHTS_FILE_H

#include "files/tensor_file.h"
#include "graph/weights.h"

/* All weights (or, with `momentum`, the momentum of the trainable ones) as safetensors under mmsegmentation's names;
 * written aside, fsynced, renamed. */
encnet_status encnet__weights_save(const encnet__weights *w, const char *path, bool momentum,
                                   const encnet__pair *pairs, int n_pairs) ENCNET_MUST_CHECK;

typedef enum encnet__load_scope {
    ENCNET__LOAD_ALL, /* every weight, nothing else */
    /* what begins with "backbone."; anything else in the file is left alone */
    ENCNET__LOAD_BACKBONE,
    ENCNET__LOAD_MOMENTUM /* into momentum, every trainable weight */
} encnet__load_scope;

/* What is loaded, and how strictly. */
typedef struct encnet__load {
    encnet__load_scope scope;
    /* "prefix,prefix": weights that stay as they are, whatever the file holds; NULL = none */
    const char *fresh;
    /* NULL: strict; else what fits is loaded, and a line on what does not is added here */
    encnet__text *left_out;
} encnet__load;

/* Whether a name begins with one of the prefixes in "prefix,prefix"; NULL = none. */
bool encnet__name_begins(const char *name, const char *prefixes);

/* Whether a file fits: what encnet__weights_load() finds before it changes anything. */
encnet_status encnet__weights_check(const encnet__weights *w, const encnet__tensor_file *f,
                                    const encnet__load *how) ENCNET_MUST_CHECK;
/* Counters of batches may lack if the file has none at all; they stay as they are.
 * ENCNET_E_CHECKPOINT: the file is damaged, or lists every missing, extra and misshapen name, or nothing fits.  Nothing
 * is changed on failure: the whole file is checked first. */
encnet_status encnet__weights_load(encnet__weights *w, const encnet__tensor_file *f,
                                   const encnet__load *how) ENCNET_MUST_CHECK;

#endif
