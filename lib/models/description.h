/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * description.h - what a file says of its network, beside the weights.
 */
#ifndef ENCNET__DESCRIPTION_H
#define ENCNET__DESCRIPTION_H

#include "base/base.h"
#include "files/tensor_file.h"
#include <encnet/options.h>

/* Lines of metadata, and the bytes of a key and of a value; names and colours of classes are longer. */
enum { ENCNET__MAX_DESCRIPTION = 64, ENCNET__MAX_LINE_KEY = 48, ENCNET__MAX_LINE_VALUE = 96 };

typedef struct encnet__class_label {
    char name[64];
    uint8_t rgb[3];
} encnet__class_label;

typedef struct encnet__description {
    bool has_network;
    bool from_mmseg;        /* by a configuration of mmsegmentation, not by this library */
    encnet_options options; /* the recorded options; the others have their defaults */
    int n_names, n_colours; /* of `classes`; colours for every name, or none */
    encnet__class_label classes[ENCNET_MAX_CLASSES];
    /* why the configuration of mmsegmentation in a file does not describe the network, or "" */
    char reason[768];
} encnet__description;

/*
 * Reads what a file says: its description by this library or, if it has none, the configuration of
 * a training by mmsegmentation.  A file that says nothing is no failure.  An option that the file
 * does not record has its default, so that files of earlier versions load.  Strings of the options
 * live as long as the file.
 *
 * ENCNET_E_CHECKPOINT: a value is none that the option can have, or the file, of a later version,
 * records an option of the network's identity that this version does not have.  Any line
 * "encnet.KEY" is taken for one unless its key is known or holds a further dot.
 */
encnet_status encnet__description_read(encnet__description *out,
                                       encnet__tensor_file *f) ENCNET_MUST_CHECK;

/* A description as lines for a file: "encnet.KEY" for every option whose scope says so, names and
 * colours of classes, the version of the library. */
typedef struct encnet__metadata {
    encnet__pair pairs[ENCNET__MAX_DESCRIPTION];
    int n;
    char keys[ENCNET__MAX_DESCRIPTION][ENCNET__MAX_LINE_KEY];
    char values[ENCNET__MAX_DESCRIPTION][ENCNET__MAX_LINE_VALUE];
    encnet__text names, colours;
} encnet__metadata;

encnet_status encnet__description_write(encnet__metadata *out,
                                        const encnet__description *d) ENCNET_MUST_CHECK;
void encnet__metadata_free(encnet__metadata *m); /* takes one that is {0} */

#endif
