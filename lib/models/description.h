/*
 * description.h - what a file says of its network, beside the weights.
 */
#ifndef ENCNET__DESCRIPTION_H
#define ENCNET__DESCRIPTION_H

#include "base/base.h"
#include "files/tensor_file.h"
#include <encnet/options.h>

enum { ENCNET__MAX_DESCRIPTION = 20 }; /* lines of metadata */

typedef struct encnet__class_label {
    char name[64];
    uint8_t rgb[3];
} encnet__class_label;

typedef struct encnet__description {
    bool has_network;
    encnet_options options; /* [model] and the normalisation, the rest as by default */
    int n_names, n_colours; /* of `classes`; colours for every name, or none */
    encnet__class_label classes[ENCNET_MAX_CLASSES];
} encnet__description;

/* A file that says nothing is no failure.  Strings of the options live as long as the file.
 * ENCNET_E_CHECKPOINT: it says nonsense, or half of it. */
encnet_status encnet__description_read(encnet__description *out,
                                       const encnet__tensor_file *f) ENCNET_MUST_CHECK;

/* A description as lines for a file. */
typedef struct encnet__metadata {
    encnet__pair pairs[ENCNET__MAX_DESCRIPTION];
    int n;
    char values[ENCNET__MAX_DESCRIPTION][64];
    encnet__text names, colours;
} encnet__metadata;

encnet_status encnet__description_write(encnet__metadata *out,
                                        const encnet__description *d) ENCNET_MUST_CHECK;
void encnet__metadata_free(encnet__metadata *m); /* takes one that is {0} */

#endif
